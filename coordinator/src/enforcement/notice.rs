//! Saying in a message's place that it is away.
//!
//! **Invariant:** one notice for each message.

use shared::ids::HeldId;

use super::deed::Done;
use super::messages::{self, To};
use super::posting::post_once;
use super::{Enforcement, subject};
use crate::store::held::{self, HeldState};
use crate::store::outbox::StoredAction;
use crate::store::slack_actions::Whisper;
use crate::store::{Conn, StoreError};

impl Enforcement {
    pub(super) async fn notice(
        &self,
        action: &StoredAction,
        id: HeldId,
    ) -> Result<Done, StoreError> {
        let reading = move |conn: &mut Conn| {
            let Some(held) = held::lock(conn, id)? else {
                return Ok(None);
            };
            let subject = subject::load(conn, held.job_id, held.policy_id)?;
            Ok(subject.map(|subject| (held, subject)))
        };
        let Some((held, subject)) = self.parts.store.write(reading).await? else {
            return Ok(Done::failed("message_forgotten"));
        };
        let token = match self.bot_of(&held.workspace) {
            Ok(token) => token,
            Err(outcome) => return Ok(Done::of(outcome)),
        };
        let session = self.parts.client.with(&token, &held.workspace);
        // A thread goes on below its first message, whatever became of that.
        let thread = held.thread_ts.as_deref();
        let to = To {
            channel: &held.channel_id,
            thread: thread.filter(|thread| *thread != held.message_ts),
        };
        if let Some(ts) = &held.notice_ts {
            let card = match held.state {
                HeldState::Released => messages::notice_of_release(&subject),
                _ => messages::notice(&subject),
            };
            let updated = session
                .update_message(ts, &messages::message(&card, &to))
                .await;
            return Ok(updated.map_or_else(|error| Done::refused(&error), |_| Done::nothing_more()));
        }
        if held.state != HeldState::Held {
            return Ok(Done::nothing_more());
        }
        let message = messages::message(&messages::notice(&subject), &to);
        match post_once(session, action, message).await {
            Ok(posted) => Ok(Done::with(move |conn| {
                let Some(mut held) = held::lock(conn, id)? else {
                    return Ok(());
                };
                held.notice_ts = Some(posted.ts.clone());
                held::update(conn, &held)
            })),
            Err(error) => Ok(Done::refused(&error)),
        }
    }

    /// Tells somebody alone. Nobody keeps it, so nothing is lost if it is told twice.
    pub(super) async fn whisper(
        &self,
        action: &StoredAction,
        whisper: Whisper,
    ) -> Result<Done, StoreError> {
        let token = match self.bot_of(&action.workspace) {
            Ok(token) => token,
            Err(outcome) => return Ok(Done::of(outcome)),
        };
        let session = self.parts.client.with(&token, &action.workspace);
        let message = crate::slack::client::NewMessage {
            channel: whisper.channel,
            text: whisper.text,
            ..crate::slack::client::NewMessage::default()
        };
        match session.post_ephemeral(&whisper.user, &message).await {
            Ok(_) => Ok(Done::nothing_more()),
            Err(error) => Ok(Done::refused(&error)),
        }
    }
}
