//! People and programs that sign in: what is done to them, each deed in one transaction with its audit entry.
//!
//! Owns signing in and out (`sessions`), checking and counting (`checked`), passwords (`passwords`), people
//! (`people`), forgetting them (`erasure`) and API tokens (`machines`), for the API and the command line alike. Leaves
//! reading requests to the API, what is legal to `domain`, rows to `store`.
//! **Invariant:** transactions lock in one order: users, then failures, then tokens, then alerts, then the audit
//! chain.

mod checked;
mod erasure;
mod error;
mod machines;
mod passwords;
mod people;
mod sessions;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use shared::ids::UserId;
use shared::seal::Sealer;

use crate::api::auth::{OpaqueTokens, Passwords};
use crate::domain::address::folded;
use crate::ended_sessions::EndedSessions;
use crate::store::Store;
use crate::store::audit::NewAuditEvent;

pub use erasure::Erased;
pub use error::AccountError;
pub use machines::{MAX_TOKENS, NewMachine, add_token, revoke_token};
pub use people::{NewPerson, add_person, change_person, set_password};
pub use sessions::SignedIn;

/// How long a session lasts without being used.
pub const REFRESH_LIFETIME: Duration = Duration::from_hours(24 * 14);

/// Who does something to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Somebody who is signed in.
    User(UserId),
    /// Whoever can run commands beside the database.
    CommandLine,
    /// Weir, when there was nobody yet.
    FirstStart,
}

/// Hashes addresses, so that what is kept of one that nobody has tells nothing.
#[derive(Clone)]
pub struct AddressHashes(hmac::Key);

/// What deeds on accounts need.
#[derive(Clone)]
pub struct Accounts {
    /// The database.
    pub store: Store,
    /// Hashes and checks passwords.
    pub passwords: Arc<Passwords>,
    /// Makes refresh, API and reset tokens.
    pub tokens: OpaqueTokens,
    /// Hashes addresses.
    pub addresses: AddressHashes,
    /// Seals what mails need.
    pub sealer: Sealer,
    /// Whose sessions were ended lately.
    pub ended: Arc<EndedSessions>,
}

impl By {
    /// The entry of a deed. `data` is an object that holds ids, kinds and counts.
    pub fn entry(self, event_type: &str, subject: impl fmt::Display, data: Value) -> NewAuditEvent {
        let (user, via) = match self {
            Self::User(user) => (Some(user), None),
            Self::CommandLine => (None, Some("cli")),
            Self::FirstStart => (None, Some("first_start")),
        };
        let mut data = data;
        if let (Some(via), Some(fields)) = (via, data.as_object_mut()) {
            fields.insert("via".to_owned(), json!(via));
        }
        NewAuditEvent::deed(event_type, user, subject.to_string(), data)
    }
}

impl AddressHashes {
    /// Wraps the key of this purpose.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The hash of an address in any spelling, or of what only looks like one.
    pub fn of(&self, address: &str) -> Vec<u8> {
        hmac::sign(&self.0, folded(address).as_bytes())
            .as_ref()
            .to_vec()
    }
}

impl fmt::Debug for AddressHashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressHashes")
    }
}

impl Accounts {
    /// Puts in force here what a deed ended. It is stored: should this fail, the next look at the database does
    /// it.
    async fn follow(&self) {
        if let Err(error) = self.ended.refresh(&self.store).await {
            tracing::warn!(%error, "sessions are ended and this process does not know yet");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_an_address_have_one_hash_under_one_key() {
        let hashes = AddressHashes::new(&[1; 32]);
        assert_eq!(hashes.of(" Ada@Example.org"), hashes.of("ada@example.ORG"));
        assert_ne!(hashes.of("ada@example.org"), hashes.of("bob@example.org"));
        assert_ne!(hashes.of("a@b"), AddressHashes::new(&[2; 32]).of("a@b"));
    }

    #[test]
    fn a_deed_of_the_command_line_is_nobodys_and_says_where_it_came_from() {
        let entry = By::CommandLine.entry("user.created", "u", json!({"role": "admin"}));
        assert_eq!(entry.user_id, None);
        assert_eq!(entry.variant_data, json!({"role": "admin", "via": "cli"}));
        let user = UserId::fresh();
        let entry = By::User(user).entry("user.created", "u", json!({}));
        assert_eq!(entry.user_id, Some(user.to_string()));
        assert_eq!(entry.variant_data, json!({}));
    }
}
