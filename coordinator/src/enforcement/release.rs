//! Giving a message back.
//!
//! Owns how, by the way in which it was taken away. **Invariant:** a message is given back once; what cannot be given
//! back is said, and stays held.

use std::sync::Arc;

use shared::content::TextUnit;
use shared::ids::{HeldId, UserId};

use super::Enforcement;
use super::deed::{Done, outcome_of};
use super::messages::{self, To};
use super::posting::post_once;
use super::subject::{self, Subject};
use crate::domain::block::Strategy;
use crate::outgoing::Outcome;
use crate::slack::client::{NewMessage, SlackError, Spot};
use crate::store::alerts::NewActivity;
use crate::store::audit::NewAuditEvent;
use crate::store::held::{self, HeldMessage, HeldState};
use crate::store::outbox::StoredAction;
use crate::store::slack_actions::{Row, SlackActions, SlackDeed};
use crate::store::{Conn, StoreError, StoreResult, alerts, audit, clock, originals, outbox};

/// What there is to give back.
struct Known {
    held: HeldMessage,
    subject: Subject,
    sealed: Option<Vec<u8>>,
}

impl Enforcement {
    pub(super) async fn release(
        &self,
        action: &StoredAction,
        id: HeldId,
        by: Option<UserId>,
    ) -> Result<Done, StoreError> {
        let reading = move |conn: &mut Conn| load(conn, id);
        let Some(known) = self.parts.store.write(reading).await? else {
            return Ok(Done::failed("message_forgotten"));
        };
        if known.held.state != HeldState::Held {
            return Ok(Done::nothing_more());
        }
        let given = match known.held.strategy {
            Some(Strategy::DiscoveryTombstone) => self.restore(&known.held).await,
            _ => self.repost(action, &known).await,
        };
        let actions = self.parts.actions.clone();
        Ok(match given {
            Ok(()) => Done::with(move |conn| released(conn, &actions, known.held.id, by)),
            Err(outcome) => not_released(action, &known.held, outcome),
        })
    }

    /// What was tried too often stays held, and whoever wanted it back is told.
    pub(super) async fn release_given_up(
        &self,
        action: &StoredAction,
        id: HeldId,
        code: &str,
    ) -> Result<Done, StoreError> {
        let reading = move |conn: &mut Conn| held::lock(conn, id);
        let outcome = Outcome::Failed(code.to_owned());
        Ok(match self.parts.store.write(reading).await? {
            Some(held) => not_released(action, &held, outcome),
            None => Done::of(outcome),
        })
    }

    async fn restore(&self, held: &HeldMessage) -> Result<(), Outcome> {
        let token = self.admin_of(&held.workspace)?;
        let session = self.parts.client.with(&token, &held.workspace);
        let spot = Spot {
            team: held.team_id.as_deref(),
            channel: &held.channel_id,
            ts: &held.message_ts,
        };
        give_up_on(session.discovery_chat_restore(spot).await)
    }

    async fn repost(&self, action: &StoredAction, known: &Known) -> Result<(), Outcome> {
        let failed = |code: &str| Outcome::Failed(code.to_owned());
        let token = self.bot_of(&known.held.workspace)?;
        let sealed = known
            .sealed
            .as_deref()
            .ok_or_else(|| failed("original_not_kept"))?;
        let opened = self.parts.originals.open(known.held.job_id, sealed);
        let units =
            opened.map_err(|error| Outcome::failed(error.class(), "original_unreadable"))?;
        let held = &known.held;
        let thread = held.thread_ts.as_deref();
        let to = To {
            channel: &held.channel_id,
            thread: thread.filter(|thread| *thread != held.message_ts),
        };
        let card = messages::reposted(&known.subject, &text_of(&units));
        let message: NewMessage = messages::message(&card, &to);
        let session = self.parts.client.with(&token, &held.workspace);
        let posted = post_once(session, action, message).await;
        let posted = posted.map_err(|error| given_up(&error))?;
        let shared = self.files_back(session, action, (held, &posted)).await;
        shared.map_err(after_posting)
    }
}

/// It will be tried again, or stays held and everybody is told why.
fn not_released(action: &StoredAction, held: &HeldMessage, outcome: Outcome) -> Done {
    let Outcome::Failed(code) = &outcome else {
        return Done::of(outcome);
    };
    tracing::error!(action = %action.id, code, "a message cannot be given back");
    let (alert, job, code) = (held.alert_id, held.job_id, code.clone());
    Done {
        outcome,
        then: Arc::new(move |conn| {
            let data = serde_json::json!({ "message": job, "code": code });
            note(conn, alert, ("release_failed", None), data.clone())?;
            let deed = NewAuditEvent::deed("message.release_failed", None, job.to_string(), data);
            audit::append(conn, [deed]);
            Ok(())
        }),
    }
}

/// What was posted counts as tried: whoever comes next has to look for it first.
fn after_posting(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::PutOff(code, _) => Outcome::Later(code),
        other => other,
    }
}

fn given_up(error: &SlackError) -> Outcome {
    outcome_of(error).unwrap_or_else(|| Outcome::Failed(error.code().to_owned()))
}

fn give_up_on(called: Result<(), SlackError>) -> Result<(), Outcome> {
    match called {
        Ok(()) => Ok(()),
        Err(error) => outcome_of(&error).map_or(Ok(()), Err),
    }
}

fn load(conn: &mut Conn, id: HeldId) -> StoreResult<Option<Known>> {
    let Some(held) = held::lock(conn, id)? else {
        return Ok(None);
    };
    let Some(subject) = subject::load(conn, held.job_id, held.policy_id)? else {
        return Ok(None);
    };
    let sealed = originals::sealed(conn, held.job_id)?;
    Ok(Some(Known {
        held,
        subject,
        sealed,
    }))
}

/// What a message says to who reads it: its `text`, which most messages have, or all that was found in it.
fn text_of(units: &[TextUnit]) -> String {
    let is_text = |unit: &&TextUnit| {
        let pointer = unit.location.pointer.as_deref();
        matches!(pointer, Some("/event/text" | "/event/message/text"))
    };
    if let Some(text) = units.iter().find(is_text) {
        return text.text.clone();
    }
    let all: Vec<&str> = units.iter().map(|unit| unit.text.as_str()).collect();
    all.join("\n")
}

/// What is written of a message that was given back, and who is shown it.
fn released(
    conn: &mut Conn,
    actions: &SlackActions,
    id: HeldId,
    by: Option<UserId>,
) -> StoreResult<()> {
    let Some(mut held) = held::lock(conn, id)? else {
        return Ok(());
    };
    let now = clock::now(conn)?;
    held.state = HeldState::Released;
    held.released_at = Some(now);
    held.released_by = by;
    held::update(conn, &held)?;
    let data = serde_json::json!({ "message": held.job_id, "strategy": held.strategy });
    note(conn, held.alert_id, ("released", by), data.clone())?;
    let deed = NewAuditEvent::deed("message.released", by, held.id.to_string(), data);
    audit::append(conn, [deed]);
    let mut rows = Vec::new();
    let workspace = &held.workspace;
    if held.notice_ts.is_some() {
        let key = format!("notice/{id}/released/{}", held.job_id);
        let row = Row::new(key, workspace).within(&held.channel_id);
        rows.push(actions.row(&SlackDeed::Notice { held: id }, row)?);
    }
    if let Some(policy) = held.policy_id {
        let deed = SlackDeed::NotifyAuthor {
            job: held.job_id,
            policy,
        };
        let key = format!("author/{id}/released/{}", held.job_id);
        rows.push(actions.row(&deed, Row::new(key, workspace))?);
    }
    if let Some(alert) = held.alert_id {
        let key = format!("card/{alert}/released/{}", held.job_id);
        rows.push(actions.row(&SlackDeed::Card { alert }, Row::new(key, workspace))?);
    }
    outbox::enqueue(conn, &rows, now)
}

fn note(
    conn: &mut Conn,
    alert: Option<shared::ids::AlertId>,
    (kind, by): (&'static str, Option<UserId>),
    data: serde_json::Value,
) -> StoreResult<()> {
    let Some(alert) = alert else { return Ok(()) };
    let now = clock::now(conn)?;
    let activity = NewActivity {
        alert,
        by,
        kind,
        text: None,
        data,
    };
    alerts::note(conn, &[activity], now)
}

#[cfg(test)]
mod tests {
    use shared::content::Location;

    use super::*;

    fn unit(pointer: &str, text: &str) -> TextUnit {
        TextUnit {
            text: text.to_owned(),
            base: 0,
            location: Location::pointer(pointer),
        }
    }

    #[test]
    fn a_message_is_given_back_as_its_text_and_not_twice_as_its_blocks() {
        let units = [
            unit("/event/blocks/0/elements/0", "pay *4111*"),
            unit("/event/text", "pay 4111"),
        ];
        assert_eq!(text_of(&units), "pay 4111");
        let edited = [unit("/event/message/text", "b")];
        assert_eq!(text_of(&edited), "b");
    }

    #[test]
    fn a_wait_after_posting_counts_as_tried_so_that_nothing_is_posted_twice() {
        let wait = Outcome::PutOff("ratelimited".to_owned(), std::time::Duration::from_secs(1));
        let later = Outcome::Later("ratelimited".to_owned());
        assert_eq!(after_posting(wait), later);
    }

    #[test]
    fn a_message_without_text_is_given_back_by_all_its_parts() {
        let units = [
            unit("/event/attachments/0/text", "a"),
            unit("/event/attachments/1/text", "b"),
        ];
        assert_eq!(text_of(&units), "a\nb");
    }
}
