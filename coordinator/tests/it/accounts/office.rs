//! Accounts over a test's database, and what it takes to look behind them.

use std::sync::Arc;
use std::time::Duration;

use coordinator::accounts::{Accounts, AddressHashes, By, NewPerson, SignedIn};
use coordinator::api::auth::{Identity, OpaqueTokens, Passwords};
use coordinator::domain::roles::Role;
use coordinator::ended_sessions::EndedSessions;
use coordinator::store::audit::{self, AuditFilter};
use coordinator::store::users::User;
use coordinator::store::{Paging, outbox};
use serde_json::Value;
use shared::seal::{KeyRing, Purpose, Sealer};
use shared::secret::{ExposeSecret, SecretString};

use crate::support::db::TestDb;

pub(super) const ADA: &str = "ada@example.org";
pub(super) const PASSWORD: &str = "correct horse battery staple";

/// Accounts, as a process has them.
pub(super) struct Office {
    pub(super) accounts: Accounts,
    sealer: Sealer,
}

pub(super) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

impl Office {
    pub(super) fn over(db: &TestDb) -> Self {
        let ring = KeyRing::generate().unwrap();
        let sealer = Sealer::new(&ring, Purpose::Database).unwrap();
        let accounts = Accounts {
            store: db.store.clone(),
            passwords: Arc::new(Passwords::new().unwrap()),
            tokens: OpaqueTokens::new(&[1; 32]),
            addresses: AddressHashes::new(&[2; 32]),
            sealer: sealer.clone(),
            ended: Arc::new(EndedSessions::default()),
        };
        Self { accounts, sealer }
    }

    /// Somebody of this role with the usual password.
    pub(super) async fn add(&self, email: &str, role: Role) -> User {
        let person = NewPerson {
            email: email.to_owned(),
            password: secret(PASSWORD),
            role,
        };
        self.accounts.add(person, By::CommandLine).await.unwrap()
    }

    pub(super) async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn, String> {
        let signed_in = self.accounts.sign_in(email.to_owned(), secret(password));
        signed_in.await.map_err(|error| error.to_string())
    }

    /// The types of the newest entries and their data, newest first.
    pub(super) async fn trail(&self) -> Vec<(String, Value)> {
        let page = self
            .accounts
            .store
            .read(|conn| audit::list(conn, &AuditFilter::default(), Paging::first(50)));
        let entries = page.await.unwrap().items.into_iter();
        entries
            .map(|entry| {
                let data = serde_json::from_str(&entry.variant_data).unwrap();
                (entry.event_type, data)
            })
            .collect()
    }

    /// How many entries of a type there are.
    pub(super) async fn told(&self, event_type: &str) -> usize {
        let trail = self.trail().await;
        trail.iter().filter(|(of, _)| of == event_type).count()
    }

    /// The mails that wait, opened.
    pub(super) async fn mails(&self) -> Vec<Value> {
        let claimed = self
            .accounts
            .store
            .write(|conn| outbox::claim(conn, &["mail"], 100, Duration::from_mins(1)));
        let claimed = claimed.await.unwrap().into_iter();
        claimed
            .map(|(action, payload)| {
                let key = action.action_key.as_bytes();
                let plain = self.sealer.open(key, &payload.unwrap()).unwrap();
                serde_json::from_slice(&plain).unwrap()
            })
            .collect()
    }
}

/// What an access token of this session says.
pub(super) fn identity(signed_in: &SignedIn) -> Identity {
    Identity {
        user: signed_in.user.id,
        role: signed_in.user.role.parse().unwrap(),
        session: signed_in.session,
        since: signed_in.user.sessions_since,
    }
}

/// The refresh token of this session.
pub(super) fn refresh_of(signed_in: &SignedIn) -> SecretString {
    secret(signed_in.refresh.token.expose_secret())
}
