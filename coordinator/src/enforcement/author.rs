//! Telling its author what became of a message.
//!
//! **Invariant:** an author has one message about each message of theirs; what changes is changed there.

use shared::ids::{JobId, PolicyId};

use super::Enforcement;
use super::deed::Done;
use super::messages::{self, To};
use super::posting::post_once;
use super::subject::{self, Subject};
use crate::slack::blocks::Mrkdwn;
use crate::slack::client::{Posted, Session, SlackError};
use crate::store::alerts;
use crate::store::held::{self, HeldMessage};
use crate::store::outbox::StoredAction;
use crate::store::{Conn, StoreError, StoreResult};

/// What there is to tell, and what was told.
struct Told {
    subject: Subject,
    held: Option<HeldMessage>,
    /// What the author said about it.
    noted: Option<Mrkdwn>,
}

impl Enforcement {
    pub(super) async fn tell_author(
        &self,
        action: &StoredAction,
        job: JobId,
        policy: PolicyId,
    ) -> Result<Done, StoreError> {
        let reading = move |conn: &mut Conn| load(conn, job, policy);
        let Some(told) = self.parts.store.write(reading).await? else {
            return Ok(Done::failed("message_forgotten"));
        };
        let Some(user) = told.subject.job.place.user_id.clone() else {
            // An app wrote it, and reads nothing.
            return Ok(Done::nothing_more());
        };
        let token = match self.bot_of(&action.workspace) {
            Ok(token) => token,
            Err(outcome) => return Ok(Done::of(outcome)),
        };
        let session = self.parts.client.with(&token, &action.workspace);
        match tell(session, action, &user, &told).await {
            Ok(posted) => Ok(Done::with(move |conn| {
                remember(conn, told.held.as_ref(), &posted)
            })),
            Err(error) => Ok(Done::refused(&error)),
        }
    }
}

async fn tell(
    session: Session<'_>,
    action: &StoredAction,
    user: &str,
    told: &Told,
) -> Result<Posted, SlackError> {
    let card = messages::to_author(&told.subject, told.held.as_ref(), told.noted.as_ref());
    let before = told.held.as_ref().and_then(|held| {
        let (channel, ts) = (held.author_channel_id.as_ref()?, held.author_ts.as_ref()?);
        Some((channel.clone(), ts.clone()))
    });
    if let Some((channel, ts)) = before {
        let to = To {
            channel: &channel,
            thread: None,
        };
        let message = messages::message(&card, &to);
        session.update_message(&ts, &message).await?;
        return Ok(Posted { channel, ts });
    }
    let channel = session.open_dm(user).await?;
    let to = To {
        channel: &channel,
        thread: None,
    };
    post_once(session, action, messages::message(&card, &to)).await
}

fn load(conn: &mut Conn, job: JobId, policy: PolicyId) -> StoreResult<Option<Told>> {
    let Some(subject) = subject::load(conn, job, Some(policy))? else {
        return Ok(None);
    };
    let place = &subject.job.place;
    let held = match (&place.channel_id, &place.message_ts) {
        (Some(channel), Some(ts)) => held::of_message(conn, &subject.job.workspace, (channel, ts))?,
        _ => None,
    };
    let noted = match subject.alert {
        Some(alert) => said(conn, alert)?,
        None => None,
    };
    Ok(Some(Told {
        subject,
        held,
        noted,
    }))
}

/// What the author answered last.
fn said(conn: &mut Conn, alert: shared::ids::AlertId) -> StoreResult<Option<Mrkdwn>> {
    let all = alerts::recent_activity(conn, alert, 30)?;
    Ok(all
        .iter()
        .find_map(|activity| match activity.kind.as_str() {
            super::click::WILL_FIX => {
                Some(Mrkdwn::own("You said that you will fix it. Thank you."))
            }
            super::click::RELEASE_REQUESTED => Some(Mrkdwn::own(
                "You asked for its release. The reviewers were told.",
            )),
            super::click::REPORTED => Some(Mrkdwn::own(
                "You reported a false positive. The reviewers were told.",
            )),
            _ => None,
        }))
}

fn remember(conn: &mut Conn, held: Option<&HeldMessage>, posted: &Posted) -> StoreResult<()> {
    let Some(held) = held else { return Ok(()) };
    let Some(mut held) = held::lock(conn, held.id)? else {
        return Ok(());
    };
    held.author_channel_id = Some(posted.channel.clone());
    held.author_ts = Some(posted.ts.clone());
    held::update(conn, &held)
}
