//! What people press in Slack.
//!
//! Owns who may press what: reviewers' buttons need the right in Weir that the same deed needs there, by the account
//! that has their address; an author's buttons are for the author. Leaves deciding to `releases`.
//! **Invariant:** who somebody is, Slack says at that moment, and nothing of what came with the click is believed
//! but who pressed which button of which alert.

use serde_json::json;
use shared::ids::{AlertId, UserId, WorkspaceId};
use shared::secret::ExposeSecret;

use super::deed::Done;
use super::{Enforcement, messages};
use crate::alert_work::{WorkError, Worker};
use crate::domain::roles::{Permission, Role};
use crate::releases::{self, Decision, Verdict};
use crate::slack::client::User;
use crate::store::alerts::NewActivity;
use crate::store::audit::NewAuditEvent;
use crate::store::held::HeldMessage;
use crate::store::outbox::StoredAction;
use crate::store::slack_actions::{Click, Row, SlackActions, SlackDeed, Whisper};
use crate::store::{Conn, StoreError, StoreResult, alerts, audit, clock, held, outbox, users};

/// An author will mend it.
pub(super) const WILL_FIX: &str = "author_will_fix";
/// An author wants it back.
pub(super) const RELEASE_REQUESTED: &str = "release_requested";
/// An author says that it is no leak.
pub(super) const REPORTED: &str = "false_positive_reported";

const NO_ACCOUNT: &str = "You have no Weir account with your Slack address, so you cannot decide here. Ask an admin of Weir for one.";
const NO_RIGHT: &str = "Your Weir account may not decide about alerts. Ask an admin of Weir.";
const TOO_LATE: &str = "This alert has been decided already.";
const GONE: &str = "There is no such alert any more.";
const NOT_YOURS: &str = "Only the author of the message can do that.";

/// What a button is for.
enum Button {
    Decide(Verdict),
    Author(&'static str),
}

impl Button {
    fn of(action: &str) -> Option<Self> {
        Some(match action {
            messages::RELEASE => Self::Decide(Verdict::Release),
            messages::KEEP => Self::Decide(Verdict::KeepBlocked),
            messages::FALSE_POSITIVE => Self::Decide(Verdict::FalsePositive),
            messages::WILL_FIX => Self::Author(WILL_FIX),
            messages::REQUEST_RELEASE => Self::Author(RELEASE_REQUESTED),
            messages::REPORT => Self::Author(REPORTED),
            _ => return None,
        })
    }
}

impl Enforcement {
    pub(super) async fn click(
        &self,
        action: &StoredAction,
        click: Click,
    ) -> Result<Done, StoreError> {
        match Button::of(&click.action) {
            Some(Button::Decide(verdict)) => self.decide(action, click, verdict).await,
            Some(Button::Author(kind)) => Ok(self.author_says(action, click, kind)),
            // A link opens by itself.
            None => Ok(Done::nothing_more()),
        }
    }

    async fn decide(
        &self,
        action: &StoredAction,
        click: Click,
        verdict: Verdict,
    ) -> Result<Done, StoreError> {
        let who = match self.user(&action.workspace, &click.user).await {
            Ok(who) => who,
            Err(done) => return Ok(done),
        };
        let email = who.and_then(|user| user.email);
        let email = email.map(|address| address.expose_secret().to_lowercase());
        let (actions, times) = (self.parts.actions.clone(), self.parts.times);
        let workspace = action.workspace.clone();
        Ok(Done::with(move |conn| {
            let user = match reviewer(conn, email.as_deref())? {
                Ok(user) => user,
                Err(told) => return refuse(conn, &actions, (&workspace, &click), told),
            };
            let worker = Worker { user, times };
            let Some(alert) = alerts::lock(conn, &[click.alert])?.pop() else {
                return refuse(conn, &actions, (&workspace, &click), GONE);
            };
            let decision = Decision {
                verdict,
                comment: None,
            };
            match releases::decide_on(conn, alert, &decision, (worker, &actions))? {
                Ok(_) => Ok(()),
                Err(WorkError::Store(error)) => Err(error),
                Err(_) => refuse(conn, &actions, (&workspace, &click), TOO_LATE),
            }
        }))
    }

    /// Who somebody is, if they are of ours; or how the row ends without knowing.
    async fn user(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<User>, Done> {
        let token = self.bot_of(workspace).map_err(Done::of)?;
        let session = self.parts.client.with(&token, workspace);
        let user = session.urgently().user_info(id).await;
        let user = user.map_err(|error| Done::refused(&error))?;
        let guest = user.is_restricted || user.is_ultra_restricted;
        let ours = !(user.is_stranger || user.is_bot || user.deleted || guest);
        Ok(ours.then_some(user))
    }

    fn author_says(&self, action: &StoredAction, click: Click, kind: &'static str) -> Done {
        let (actions, workspace) = (self.parts.actions.clone(), action.workspace.clone());
        Done::with(move |conn| {
            let theirs: Vec<HeldMessage> = held::of_alert(conn, click.alert, 500)?
                .into_iter()
                .filter(|held| {
                    held.user_id.as_ref() == Some(&click.user) && held.workspace == workspace
                })
                .collect();
            if theirs.is_empty() {
                return refuse(conn, &actions, (&workspace, &click), NOT_YOURS);
            }
            note(conn, &click, kind)?;
            tell(conn, &actions, (&workspace, &theirs), (&click, kind))
        })
    }
}

/// The account of whoever has that address, if they may decide.
fn reviewer(conn: &mut Conn, email: Option<&str>) -> StoreResult<Result<UserId, &'static str>> {
    let Some(email) = email else {
        return Ok(Err(NO_ACCOUNT));
    };
    let Some(user) = users::by_email(conn, email)?.filter(|user| !user.disabled) else {
        return Ok(Err(NO_ACCOUNT));
    };
    let role: Option<Role> = user.role.parse().ok();
    let may = role.is_some_and(|role| role.permissions().allow(Permission::AlertsWrite));
    Ok(if may { Ok(user.id) } else { Err(NO_RIGHT) })
}

fn note(conn: &mut Conn, click: &Click, kind: &'static str) -> StoreResult<()> {
    let now = clock::now(conn)?;
    let activity = NewActivity {
        alert: click.alert,
        by: None,
        kind,
        text: click.words.clone(),
        data: json!({ "slack_user": click.user }),
    };
    alerts::note(conn, &[activity], now)?;
    let data = json!({ "what": kind, "slack_user": click.user, "words": click.words.is_some() });
    let subject = click.alert.to_string();
    let deed = NewAuditEvent::deed("alert.answered_by_author", None, subject, data);
    audit::append(conn, [deed]);
    Ok(())
}

/// Shows reviewers and author what the author said.
fn tell(
    conn: &mut Conn,
    actions: &SlackActions,
    (workspace, theirs): (&WorkspaceId, &[HeldMessage]),
    (click, kind): (&Click, &'static str),
) -> StoreResult<()> {
    let alert: AlertId = click.alert;
    let key = format!("card/{alert}/{kind}/{}", click.message_ts);
    let row = Row::new(key, workspace).about(Some(alert));
    let mut rows = vec![actions.row(&SlackDeed::Card { alert }, row)?];
    for held in theirs {
        let Some(policy) = held.policy_id else {
            continue;
        };
        let deed = SlackDeed::NotifyAuthor {
            job: held.job_id,
            policy,
        };
        let key = format!("author/{}/{kind}/{}", held.id, click.message_ts);
        let row = Row::new(key, workspace).about(Some(alert));
        rows.push(actions.row(&deed, row)?);
    }
    let now = clock::now(conn)?;
    outbox::enqueue(conn, &rows, now)
}

/// Tells whoever pressed it why nothing happened, and the trail that they tried.
fn refuse(
    conn: &mut Conn,
    actions: &SlackActions,
    (workspace, click): (&WorkspaceId, &Click),
    told: &'static str,
) -> StoreResult<()> {
    let whisper = Whisper {
        user: click.user.clone(),
        channel: click.channel.clone(),
        text: told.to_owned(),
    };
    let key = format!(
        "whisper/{}/{}/{}/{}",
        click.alert, click.message_ts, click.user, click.action
    );
    let row = Row::new(key, workspace).about(Some(click.alert));
    let row = actions.row(&SlackDeed::Whisper(whisper), row)?;
    let now = clock::now(conn)?;
    outbox::enqueue(conn, &[row], now)?;
    let data = json!({ "action": click.action, "slack_user": click.user, "why": told });
    let subject = click.alert.to_string();
    let deed = NewAuditEvent::deed("alert.click_refused", None, subject, data);
    audit::append(conn, [deed]);
    Ok(())
}
