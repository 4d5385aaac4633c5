//! Signing in, staying signed in, signing out.
//!
//! **Invariant:** a session is begun or gone on with while the user's row is held: whoever ends somebody's
//! sessions at that moment ends this one too.

use serde_json::json;
use shared::ids::{TokenId, UserId};
use shared::secret::{ExposeSecret, SecretString};

use super::checked::Asked;
use super::{AccountError, Accounts, By, NewPerson, REFRESH_LIFETIME, people};
use crate::api::auth::{Minted, TokenKind};
use crate::store::audit::{self, NewAuditEvent};
use crate::store::tokens::{self, Rotation};
use crate::store::users::{self, User};
use crate::store::{Conn, StoreResult};

/// Somebody who is signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// Their session.
    pub session: TokenId,
    /// What to go on with.
    pub refresh: Minted,
}

impl Accounts {
    /// Exchanges a password for a session.
    ///
    /// # Errors
    /// [`AccountError::WrongCredentials`] (permanent), [`AccountError::Locked`] (transient), or what database
    /// and passwords say.
    pub async fn sign_in(
        &self,
        email: String,
        password: SecretString,
    ) -> Result<SignedIn, AccountError> {
        let checked = self.check(email, password).await?;
        let refresh = self.tokens.mint(TokenKind::Refresh)?;
        let hash = *refresh.hash.as_bytes();
        let told = self.store.write(move |conn| {
            let user = match checked.told(conn, Asked::SignIn)? {
                Ok(user) => user,
                Err(refused) => return Ok(Err(refused)),
            };
            let session = begin(conn, &user, &hash)?;
            Ok(Ok((user, session)))
        });
        let (user, session) = told.await??;
        Ok(SignedIn {
            user,
            session,
            refresh,
        })
    }

    /// Adds somebody who asked for it, and signs them in.
    ///
    /// # Errors
    /// [`AccountError::Taken`] (permanent), or what database and passwords say.
    pub async fn register(&self, person: NewPerson) -> Result<SignedIn, AccountError> {
        let new = self.hashed(person).await?;
        let refresh = self.tokens.mint(TokenKind::Refresh)?;
        let hash = *refresh.hash.as_bytes();
        let added = self.store.write(move |conn| {
            let user = people::insert(conn, &new, By::User(new.id))?;
            let session = begin(conn, &user, &hash)?;
            Ok((user, session))
        });
        let (user, session) = added.await.map_err(people::taken)?;
        Ok(SignedIn {
            user,
            session,
            refresh,
        })
    }

    /// Exchanges a refresh token for the next one.
    ///
    /// # Errors
    /// [`AccountError::WrongCredentials`] (permanent), or what the database says.
    pub async fn refresh(&self, shown: &SecretString) -> Result<SignedIn, AccountError> {
        let shown = self
            .tokens
            .recognise(TokenKind::Refresh, shown.expose_secret())
            .ok_or(AccountError::WrongCredentials)?;
        let refresh = self.tokens.mint(TokenKind::Refresh)?;
        let hash = *refresh.hash.as_bytes();
        let gone_on = self
            .store
            .write(move |conn| go_on(conn, shown.as_bytes(), &hash))
            .await?;
        let (user, session) = gone_on.ok_or(AccountError::WrongCredentials)?;
        Ok(SignedIn {
            user,
            session,
            refresh,
        })
    }

    /// Ends the session of a refresh token. An unknown one is as good as ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sign_out(&self, shown: &SecretString) -> Result<(), AccountError> {
        let shown = self
            .tokens
            .recognise(TokenKind::Refresh, shown.expose_secret());
        let Some(shown) = shown else { return Ok(()) };
        let ended = self.store.write(move |conn| {
            if let Some((user, session)) = tokens::end_family(conn, shown.as_bytes())? {
                audit::append(conn, [of_session("session.ended", user, session)]);
            }
            Ok(())
        });
        Ok(ended.await?)
    }

    /// Ends all of somebody's sessions.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sign_out_everywhere(&self, user: UserId) -> Result<(), AccountError> {
        let ended = self.store.write(move |conn| {
            let Some(user) = users::hold(conn, user)? else {
                return Ok(());
            };
            let tokens = end_all(conn, &user, None)?;
            let entry =
                By::User(user.id).entry("session.all_ended", user.id, json!({"tokens": tokens}));
            audit::append(conn, [entry]);
            Ok(())
        });
        ended.await?;
        self.follow().await;
        Ok(())
    }
}

/// Begins a session of somebody who is held, or whom only this transaction knows.
fn begin(conn: &mut Conn, user: &User, refresh: &[u8]) -> StoreResult<TokenId> {
    let session = TokenId::fresh();
    tokens::begin_family(conn, session, refresh, user.id, REFRESH_LIFETIME)?;
    users::note_login(conn, user.id)?;
    audit::append(conn, [of_session("session.started", user.id, session)]);
    Ok(session)
}

fn go_on(conn: &mut Conn, shown: &[u8], next: &[u8]) -> StoreResult<Option<(User, TokenId)>> {
    let Some(owner) = tokens::owner_of_refresh(conn, shown)? else {
        audit::append(conn, [not_gone_on(None, "unknown_token")]);
        return Ok(None);
    };
    let held = users::hold(conn, owner)?;
    let Some(user) = held.filter(|user| !user.disabled) else {
        audit::append(conn, [not_gone_on(Some(owner), "disabled")]);
        return Ok(None);
    };
    match tokens::rotate(conn, shown, TokenId::fresh(), next, REFRESH_LIFETIME)? {
        Rotation::Rotated { family, .. } => return Ok(Some((user, family))),
        Rotation::Reused { family, ended, .. } if ended > 0 => {
            tracing::warn!(user = %owner, "a refresh token was used twice: its session is ended");
            let data = json!({"user": owner, "tokens": ended});
            let entry = NewAuditEvent::deed("session.reused", None, family.to_string(), data);
            audit::append(conn, [entry]);
        }
        Rotation::Reused { .. } | Rotation::Refused => {
            audit::append(conn, [not_gone_on(Some(owner), "ended_token")]);
        }
    }
    Ok(None)
}

/// Ends the sessions of somebody who is held, but for the one that is spared; says how many tokens that
/// concerned.
pub(super) fn end_all(conn: &mut Conn, user: &User, spared: Option<TokenId>) -> StoreResult<usize> {
    users::end_sessions(conn, user, spared)?;
    tokens::end_all_of(conn, user.id, spared)
}

fn of_session(event_type: &str, user: UserId, session: TokenId) -> NewAuditEvent {
    By::User(user).entry(event_type, session, json!({}))
}

fn not_gone_on(known: Option<UserId>, reason: &str) -> NewAuditEvent {
    NewAuditEvent {
        subject: known.map(|user| user.to_string()),
        ..NewAuditEvent::deed(
            "session.refused",
            None,
            String::new(),
            json!({"reason": reason}),
        )
    }
}
