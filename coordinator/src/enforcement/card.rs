//! Telling reviewers of an alert, in the channel that was chosen for it.
//!
//! **Invariant:** an alert has one card; what changes is changed there.

use shared::ids::AlertId;

use super::deed::Done;
use super::messages::{self, Review, To};
use super::posting::post_once;
use super::subject::{self, Subject};
use super::{Enforcement, click};
use crate::slack::blocks::Mrkdwn;
use crate::slack::client::{Posted, Session, SlackError};
use crate::store::alerts::{self, Activity, Alert};
use crate::store::cards::{self, Card};
use crate::store::held::{self, HeldMessage};
use crate::store::outbox::StoredAction;
use crate::store::{Conn, StoreError, StoreResult, users};

/// What was done last, as far as a card tells.
const NEWS: u32 = 30;
/// Messages that are looked at.
const MESSAGES: u32 = 100;

/// What a card is made of.
struct Known {
    alert: Alert,
    subject: Subject,
    held: Vec<HeldMessage>,
    news: Vec<Mrkdwn>,
    posted: Option<Card>,
}

impl Enforcement {
    pub(super) async fn card(
        &self,
        action: &StoredAction,
        alert: AlertId,
    ) -> Result<Done, StoreError> {
        let installation = self.parts.installations.of(&action.workspace);
        let Some(installation) = installation else {
            return Ok(Done::nothing_more());
        };
        let Some(channel) = &installation.review_channel else {
            // Nobody asked for cards.
            return Ok(Done::nothing_more());
        };
        let token = match self.bot_of(&action.workspace) {
            Ok(token) => token,
            Err(outcome) => return Ok(Done::of(outcome)),
        };
        let reading = move |conn: &mut Conn| load(conn, alert);
        let Some(known) = self.parts.store.read(reading).await? else {
            return Ok(Done::nothing_more());
        };
        let session = self.parts.client.with(&token, &action.workspace);
        match self.show(session, action, (channel, &known)).await {
            Ok(posted) => {
                let card = Card {
                    alert_id: alert,
                    workspace: action.workspace.clone(),
                    channel_id: posted.channel,
                    message_ts: posted.ts,
                };
                Ok(Done::with(move |conn| cards::note(conn, &card)))
            }
            Err(error) => Ok(Done::refused(&error)),
        }
    }

    async fn show(
        &self,
        session: Session<'_>,
        action: &StoredAction,
        (channel, known): (&str, &Known),
    ) -> Result<Posted, SlackError> {
        let card = messages::card(&Review {
            alert: &known.alert,
            subject: &known.subject,
            held: &known.held,
            news: known.news.clone(),
            public_url: self.parts.public_url.as_ref(),
        });
        if let Some(posted) = &known.posted {
            let to = To {
                channel: &posted.channel_id,
                thread: None,
            };
            let message = messages::message(&card, &to);
            return session.update_message(&posted.message_ts, &message).await;
        }
        let to = To {
            channel,
            thread: None,
        };
        post_once(session, action, messages::message(&card, &to)).await
    }
}

fn load(conn: &mut Conn, id: AlertId) -> StoreResult<Option<Known>> {
    let Some(alert) = alerts::get(conn, id)? else {
        return Ok(None);
    };
    // An alert of a firewall has no message.
    let Some(job) = alert.job_id else {
        return Ok(None);
    };
    let Some(subject) = subject::load(conn, job, alert.policy_id)? else {
        return Ok(None);
    };
    let news = news(conn, &alert)?;
    Ok(Some(Known {
        held: held::of_alert(conn, id, MESSAGES)?,
        posted: cards::of_alert(conn, id)?,
        alert,
        subject,
        news,
    }))
}

/// The last words of the author, and how it ended.
fn news(conn: &mut Conn, alert: &Alert) -> StoreResult<Vec<Mrkdwn>> {
    let recent = alerts::recent_activity(conn, alert.id, NEWS)?;
    let mut news: Vec<Mrkdwn> = recent.iter().find_map(of_author).into_iter().collect();
    if alert.status.is_closed() {
        let by = recent.iter().find_map(|activity| activity.user_id);
        let by = match by {
            Some(user) => users::get(conn, user)?.map(|user| user.email),
            None => None,
        };
        news.extend(messages::ended(alert, by.as_deref()));
    }
    Ok(news)
}

fn of_author(activity: &Activity) -> Option<Mrkdwn> {
    let said = match activity.kind.as_str() {
        click::WILL_FIX => "The author says that they will fix it.",
        click::RELEASE_REQUESTED => "The author asks for its release.",
        click::REPORTED => "The author reports a false positive.",
        _ => return None,
    };
    let said = Mrkdwn::own(said);
    Some(match &activity.text {
        Some(words) => said
            .then(&Mrkdwn::own(" “"))
            .then(&Mrkdwn::said(words))
            .then(&Mrkdwn::own("”")),
        None => said,
    })
}
