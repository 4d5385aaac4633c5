//! What mail and webhooks have in common: a claimed row of the outbox, opened, carried out, and settled.
//!
//! Owns opening payloads, turning what happened into what is recorded, and counting it (`metrics`). Sending is for
//! `mail` and `webhooks`.
//! **Invariant:** a row is recorded after it was carried out, so a process that dies in between does it again;
//! what is sent is named after the row, so that receivers can tell.

mod metrics;

use std::time::Duration;

use serde::de::DeserializeOwned;
use shared::job::RetryClass;
use shared::seal::Sealer;

use crate::domain::notice::Retry;
use crate::store::outbox::{Attempt, StoredAction};

pub use metrics::{DeliveryMetrics, Kind};

/// What happened to something that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// Not now.
    Later(String),
    /// Nobody could try it now; again after that time, and this was no attempt.
    PutOff(String, Duration),
    /// Not ever.
    Failed(String),
}

/// How a row is recorded: an outcome, and the pause if it is tried again.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Which row.
    pub action: StoredAction,
    outcome: Outcome,
    pause: Duration,
    exhausted: bool,
}

impl Outcome {
    /// What a failure of this class means.
    pub fn failed(class: RetryClass, code: impl Into<String>) -> Self {
        match class {
            RetryClass::Transient => Self::Later(code.into()),
            RetryClass::Permanent | RetryClass::Poison => Self::Failed(code.into()),
        }
    }
}

impl Settlement {
    /// How `action` is recorded after `outcome`; what was tried too often is given up.
    pub fn of(action: StoredAction, outcome: Outcome, retry: Retry) -> Self {
        let attempts = u32::try_from(action.attempts).unwrap_or_default();
        let pause = retry.pause_after(attempts, fastrand::f64());
        let (outcome, exhausted) = match (outcome, pause) {
            (Outcome::Later(code), None) => (Outcome::Failed(code), true),
            (outcome, _) => (outcome, false),
        };
        Self {
            action,
            outcome,
            pause: pause.unwrap_or_default(),
            exhausted,
        }
    }

    /// The same for the store.
    pub fn attempt(&self) -> Attempt<'_> {
        match &self.outcome {
            Outcome::Done => Attempt::Done,
            Outcome::Later(code) => Attempt::Later {
                code,
                delay: self.pause,
            },
            Outcome::PutOff(code, delay) => Attempt::PutOff {
                code,
                delay: *delay,
            },
            Outcome::Failed(code) => Attempt::Failed { code },
        }
    }

    /// Whether nothing more is to be done, and it was not done.
    pub fn is_given_up(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }

    /// Whether it is given up although another try might have helped; with the word of the last failure.
    pub fn exhausted(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Failed(code) if self.exhausted => Some(code),
            _ => None,
        }
    }
}

/// Opens what rests in a row.
///
/// # Errors
/// What to record: another process may have the key, or nobody can ever read it.
pub fn open<T: DeserializeOwned>(
    sealer: &Sealer,
    action: &StoredAction,
    payload: Option<&[u8]>,
) -> Result<T, Outcome> {
    let unreadable = || Outcome::Failed("payload_unreadable".to_owned());
    let payload = payload.ok_or_else(unreadable)?;
    let plain = sealer
        .open(action.action_key.as_bytes(), payload)
        .map_err(|error| Outcome::failed(error.class(), "payload_unreadable"))?;
    serde_json::from_slice(&plain).map_err(|_quotes_input| unreadable())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use serde_json::{Value, json};
    use shared::ids::{ActionId, WorkspaceId};
    use shared::seal::{KeyRing, Purpose};

    use super::*;
    use crate::store::outbox::ActionState;

    const RETRY: Retry = Retry {
        first: Duration::from_secs(10),
    };

    fn claimed(attempts: i32) -> StoredAction {
        StoredAction {
            id: ActionId::fresh(),
            action_key: "mail/1".to_owned(),
            kind: "mail".to_owned(),
            job_id: None,
            target: None,
            alert_id: None,
            workspace: WorkspaceId::api(),
            state: ActionState::Pending,
            due_at: DateTime::UNIX_EPOCH,
            attempts,
            last_error_code: None,
            created_at: DateTime::UNIX_EPOCH,
            settled_at: None,
            first_tried_at: None,
            last_tried_at: None,
        }
    }

    fn sealer() -> Sealer {
        Sealer::new(&KeyRing::generate().unwrap(), Purpose::Database).unwrap()
    }

    #[test]
    fn what_failed_for_now_is_tried_again_until_it_was_tried_too_often() {
        let later = || Outcome::Later("timeout".to_owned());
        let first = Settlement::of(claimed(1), later(), RETRY);
        assert!(
            matches!(first.attempt(), Attempt::Later { code: "timeout", delay } if delay >= Duration::from_secs(7))
        );
        let last = Settlement::of(claimed(24), later(), RETRY);
        assert_eq!(last.attempt(), Attempt::Failed { code: "timeout" });
        assert!(last.is_given_up() && !first.is_given_up());
        assert_eq!(
            (last.exhausted(), first.exhausted()),
            (Some("timeout"), None)
        );
        let never = Settlement::of(claimed(1), Outcome::Failed("gone".to_owned()), RETRY);
        assert!(never.is_given_up() && never.exhausted().is_none());
    }

    #[test]
    fn what_is_done_is_done_however_often_it_was_tried() {
        let done = Settlement::of(claimed(99), Outcome::Done, RETRY);
        assert_eq!(done.attempt(), Attempt::Done);
    }

    #[test]
    fn a_payload_opens_only_under_its_own_key() {
        let sealer = sealer();
        let bytes = sealer
            .seal(b"mail/1", json!({"a": 1}).to_string().as_bytes())
            .unwrap();
        assert_eq!(
            open::<Value>(&sealer, &claimed(1), Some(&bytes)),
            Ok(json!({"a": 1}))
        );
        let other = StoredAction {
            action_key: "mail/2".to_owned(),
            ..claimed(1)
        };
        let unreadable = Outcome::Failed("payload_unreadable".to_owned());
        assert_eq!(
            open::<Value>(&sealer, &other, Some(&bytes)),
            Err(unreadable.clone())
        );
        assert_eq!(open::<Value>(&sealer, &claimed(1), None), Err(unreadable));
    }

    #[test]
    fn a_payload_of_an_unknown_key_waits_for_who_has_it() {
        let mut ring = KeyRing::generate().unwrap();
        let before = Sealer::new(&ring, Purpose::Database).unwrap();
        ring.rotate().unwrap();
        let after = Sealer::new(&ring, Purpose::Database).unwrap();
        let sealed = after.seal(b"mail/1", b"{}").unwrap();
        let outcome = open::<Value>(&before, &claimed(1), Some(&sealed));
        assert_eq!(
            outcome,
            Err(Outcome::Later("payload_unreadable".to_owned()))
        );
    }
}
