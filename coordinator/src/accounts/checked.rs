//! A password that was checked, and what comes of it.
//!
//! Owns the order in which looking, checking and counting happen. When failures lock is for `domain::lockout`.
//! **Invariant:** whether a password was right is told in the transaction that found the account open: of a
//! thousand guesses made at once no more are answered than of a thousand made in turn.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shared::ids::UserId;
use shared::secret::SecretString;

use super::{AccountError, Accounts};
use crate::store::audit::{self, NewAuditEvent};
use crate::store::users::{self, User};
use crate::store::{Conn, StoreResult, clock, lockouts};

/// A password that was checked and not yet told.
pub(super) struct Checked {
    /// Whose failures it counts for.
    address: Vec<u8>,
    outcome: Outcome,
}

enum Outcome {
    /// It is what this hash was made from.
    Right { user: UserId, hash: String },
    /// It is not.
    Wrong {
        known: Option<UserId>,
        reason: &'static str,
    },
}

/// Which deed a refusal is the refusal of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    /// To sign in.
    SignIn,
    /// To change the password.
    Change,
}

impl Checked {
    /// The user, held, if the password was right and everything still is as it was checked; otherwise a failure
    /// more. What it writes is to be committed in either case.
    pub(super) fn told(
        self,
        conn: &mut Conn,
        asked: Asked,
    ) -> StoreResult<Result<User, AccountError>> {
        let (user, refused) = match self.outcome {
            Outcome::Right { user, hash } => {
                let held = users::hold(conn, user)?;
                let held = held.filter(|held| !held.disabled && held.password_hash == hash);
                (held, (Some(user), "changed_meanwhile"))
            }
            Outcome::Wrong { known, reason } => (None, (known, reason)),
        };
        let failures = match user {
            Some(_) => lockouts::hold(conn, &self.address)?,
            None => lockouts::hold_to_count(conn, &self.address)?,
        };
        let now = clock::now(conn)?;
        if let Some(left) = failures.locked_for(now) {
            audit::append(conn, [refusal(asked, refused.0, "locked", None)]);
            return Ok(Err(AccountError::Locked { left }));
        }
        if let Some(user) = user {
            lockouts::clear(conn, &self.address)?;
            return Ok(Ok(user));
        }
        let failures = failures.and_one(now);
        lockouts::put(conn, &self.address, &failures)?;
        let (known, reason) = refused;
        let lock = failures.locked_for(now);
        audit::append(conn, [refusal(asked, known, reason, lock)]);
        Ok(Err(AccountError::WrongCredentials))
    }
}

/// The entry of a refusal: who it was about if that is known, and never the address.
fn refusal(
    asked: Asked,
    known: Option<UserId>,
    reason: &str,
    lock: Option<Duration>,
) -> NewAuditEvent {
    let event_type = match asked {
        Asked::SignIn => "session.refused",
        Asked::Change => "password.refused",
    };
    let data = json!({"reason": reason, "locked_seconds": lock.map(|lock| lock.as_secs())});
    NewAuditEvent {
        subject: known.map(|user| user.to_string()),
        ..NewAuditEvent::deed(event_type, None, String::new(), data)
    }
}

impl Accounts {
    /// Checks a password, unless the account is locked. That costs the same whether or not the address is known
    /// and may sign in.
    pub(super) async fn check(
        &self,
        email: String,
        password: SecretString,
    ) -> Result<Checked, AccountError> {
        let address = self.addresses.of(&email);
        let asked = address.clone();
        let (locked, user) = self
            .store
            .read(move |conn| {
                let now = clock::now(conn)?;
                let locked = lockouts::get(conn, &asked)?.locked_for(now);
                Ok((locked, users::by_email(conn, &email)?))
            })
            .await?;
        // The entry of the failure that locked it says so: those that follow change nothing.
        if let Some(left) = locked {
            return Err(AccountError::Locked { left });
        }
        let admissible = user.as_ref().filter(|user| !user.disabled);
        let stored = admissible.map(|user| user.password_hash.clone());
        let right = Arc::clone(&self.passwords)
            .verify(password, stored.clone())
            .await?;
        let known = user.as_ref().map(|user| user.id);
        let outcome = match (known, stored) {
            (Some(user), Some(hash)) if right => Outcome::Right { user, hash },
            (known, stored) => Outcome::Wrong {
                known,
                reason: match (known, stored) {
                    (None, _) => "unknown",
                    (Some(_), None) => "disabled",
                    (Some(_), Some(_)) => "wrong_password",
                },
            },
        };
        Ok(Checked { address, outcome })
    }
}

#[cfg(test)]
mod tests {
    use shared::clock::SystemClock;
    use shared::seal::{KeyRing, Purpose, Sealer};

    use super::*;
    use crate::accounts::{AddressHashes, By, NewPerson};
    use crate::api::auth::{OpaqueTokens, Passwords};
    use crate::domain::roles::Role;
    use crate::ended_sessions::EndedSessions;
    use crate::store::users::UserChange;
    use crate::store::{DatabaseOptions, Store};

    async fn accounts(folder: &tempfile::TempDir) -> Accounts {
        let url = format!("sqlite://{}/weir.db", folder.path().display());
        let options = DatabaseOptions::new(SecretString::from(url));
        let store = Store::connect(options, Arc::new(SystemClock))
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let ring = KeyRing::generate().unwrap();
        Accounts {
            store,
            passwords: Arc::new(Passwords::cheap()),
            tokens: OpaqueTokens::new(&[1; 32]),
            addresses: AddressHashes::new(&[2; 32]),
            sealer: Sealer::new(&ring, Purpose::Database).unwrap(),
            ended: Arc::new(EndedSessions::default()),
        }
    }

    #[tokio::test]
    async fn who_signs_in_costs_one_hash_whether_known_unknown_or_kept_out() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = accounts(&folder).await;
        let secret = |text: &str| SecretString::from(text);
        for email in ["known@example.org", "out@example.org"] {
            let person = NewPerson {
                email: email.to_owned(),
                password: secret("correct horse battery"),
                role: Role::Analyst,
            };
            accounts.add(person, By::CommandLine).await.unwrap();
        }
        let disabling = accounts.store.write(|conn| {
            let out = users::by_email(conn, "out@example.org")?;
            let disabled = UserChange {
                disabled: Some(true),
                ..UserChange::default()
            };
            users::update(conn, out.unwrap().id, &disabled)
        });
        assert!(disabling.await.unwrap());
        for (email, password, is_in) in [
            ("known@example.org", "correct horse battery", true),
            ("known@example.org", "wrong horse battery", false),
            ("unknown@example.org", "correct horse battery", false),
            ("out@example.org", "correct horse battery", false),
        ] {
            let before = accounts.passwords.computed();
            let signing_in = accounts.sign_in(email.to_owned(), secret(password));
            assert_eq!(signing_in.await.is_ok(), is_in, "{email}");
            assert_eq!(accounts.passwords.computed(), before + 1, "{email}");
        }
    }
}
