//! Whose sessions were ended lately, as every request asks.
//!
//! Owns a snapshot that is read again each second and after each change that this process makes. An access
//! token is good without a look at the database for as long as nobody ended its session; this is how it is not
//! good for longer.
//! **Invariant:** snapshots are published in the order in which the database was read.

use std::collections::HashMap;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use shared::ids::{TokenId, UserId};
use tokio::sync::Mutex;

use crate::api::auth::{ACCESS_TOKEN_LIFETIME, Identity};
use crate::store::users::{self, EndedSessions as Ended};
use crate::store::{Store, StoreError};

/// For so long after its session was ended a token can still be in its time. The clock of the database and
/// that of a process may differ by some.
const REMEMBERED: Duration = ACCESS_TOKEN_LIFETIME.saturating_add(Duration::from_mins(5));

/// Whose sessions were ended lately.
#[derive(Debug, Default)]
pub struct EndedSessions {
    current: ArcSwap<HashMap<UserId, End>>,
    reading: Mutex<()>,
}

/// What is good of somebody's sessions.
#[derive(Clone, Copy, Debug)]
struct End {
    since: DateTime<Utc>,
    spared: Option<TokenId>,
}

impl EndedSessions {
    /// Whether the session of a token was ended after the token was issued.
    pub fn has_ended(&self, identity: &Identity) -> bool {
        let current = self.current.load();
        current
            .get(&identity.user)
            .is_some_and(|end| identity.since < end.since && end.spared != Some(identity.session))
    }

    /// Reads them again.
    ///
    /// # Errors
    /// Transient if the database cannot be read; the snapshot stays.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let _in_order = self.reading.lock().await;
        let ended = store
            .read(|conn| users::sessions_ended_within(conn, REMEMBERED))
            .await?;
        self.publish(ended);
        Ok(())
    }

    fn publish(&self, ended: Vec<Ended>) {
        let by_user = ended.into_iter().map(|ended| {
            let Ended {
                user,
                since,
                spared,
            } = ended;
            (user, End { since, spared })
        });
        self.current
            .store(by_user.collect::<HashMap<_, _>>().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roles::Role;

    fn at(micros: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(micros).unwrap()
    }

    fn token(user: UserId, session: TokenId, since: i64) -> Identity {
        Identity {
            user,
            role: Role::Analyst,
            session,
            since: at(since),
        }
    }

    #[test]
    fn what_was_issued_before_has_ended_and_what_came_after_has_not() {
        let (sessions, user) = (EndedSessions::default(), UserId::fresh());
        let session = TokenId::fresh();
        assert!(!sessions.has_ended(&token(user, session, 6)));
        sessions.publish(vec![Ended {
            user,
            since: at(7),
            spared: None,
        }]);
        assert!(sessions.has_ended(&token(user, session, 6)));
        assert!(!sessions.has_ended(&token(user, session, 7)));
        assert!(!sessions.has_ended(&token(UserId::fresh(), session, 6)));
    }

    #[test]
    fn the_session_that_is_spared_goes_on_and_no_other() {
        let (sessions, user) = (EndedSessions::default(), UserId::fresh());
        let (own, other) = (TokenId::fresh(), TokenId::fresh());
        sessions.publish(vec![Ended {
            user,
            since: at(7),
            spared: Some(own),
        }]);
        assert!(!sessions.has_ended(&token(user, own, 6)));
        assert!(sessions.has_ended(&token(user, other, 6)));
    }
}
