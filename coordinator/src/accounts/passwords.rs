//! Changing a password, and setting one that was forgotten.
//!
//! **Invariant:** whoever asks for a new password hears the same, after the same time, whether or not anybody
//! has the address; a token to set one is good once and stands nowhere but in the sealed mail.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shared::ids::{ActionId, TokenId, UserId, WorkspaceId};
use shared::secret::{ExposeSecret, SecretString};

use super::checked::Asked;
use super::people::replace_password;
use super::{AccountError, Accounts, By};
use crate::api::auth::{Minted, TokenKind};
use crate::domain::password;
use crate::store::audit::{self, NewAuditEvent};
use crate::store::outbox::{self, NewAction};
use crate::store::users::{self, User};
use crate::store::{Conn, StoreResult, clock, lockouts, resets};

/// How long a token that was asked for is good.
const ASKED_FOR_LIFETIME: Duration = Duration::from_hours(1);
/// How long one is good that an admin hands out: it may lie in a mailbox over night.
pub(super) const HANDED_OUT_LIFETIME: Duration = Duration::from_hours(24);
/// For one account so many are made
const MOST_MADE: u64 = 3;
/// within so long.
const MADE_WITHIN: Duration = Duration::from_hours(1);
/// An answer takes at least so long, which is longer than any of its ways.
const ANSWER_AFTER: Duration = Duration::from_millis(200);

impl Accounts {
    /// Gives somebody who is signed in a new password, and ends all their sessions but this one.
    ///
    /// # Errors
    /// [`AccountError::WrongCredentials`], [`AccountError::Fault`] (permanent), [`AccountError::Locked`]
    /// (transient), or what database and passwords say.
    pub async fn change_password(
        &self,
        (user, session): (UserId, TokenId),
        current: SecretString,
        new: SecretString,
    ) -> Result<(), AccountError> {
        let known = self.store.read(move |conn| users::get(conn, user)).await?;
        let email = known.ok_or(AccountError::Missing)?.email;
        password::admit(new.expose_secret(), &email)?;
        // A stolen access token must not be a place to guess passwords at: failures count as when signing in,
        // and what a right guess leads to takes no longer than what a wrong one does.
        let checked = self.check(email, current).await?;
        let hash = Arc::clone(&self.passwords).hash_in_turn(new).await?;
        let changed = self.store.write(move |conn| {
            let user = match checked.told(conn, Asked::Change)? {
                Ok(user) => user,
                Err(refused) => return Ok(Err(refused)),
            };
            let ended = replace_password(conn, &user, hash, Some(session))?;
            let entry =
                By::User(user.id).entry("password.changed", user.id, json!({"tokens": ended}));
            audit::append(conn, [entry]);
            Ok(Ok(()))
        });
        changed.await??;
        self.follow().await;
        Ok(())
    }

    /// Sends a token to set a new password to whoever has the address, if somebody has.
    ///
    /// # Errors
    /// What the database says; the same for all addresses.
    pub async fn forgot(&self, email: String) -> Result<(), AccountError> {
        let token = self.tokens.mint(TokenKind::Reset)?;
        let accounts = self.clone();
        let asked = self
            .store
            .write(move |conn| accounts.ask_for_reset(conn, &email, &token));
        // Finding nobody is quicker than writing a mail.
        let (asked, ()) = tokio::join!(asked, tokio::time::sleep(ANSWER_AFTER));
        asked?
    }

    /// Sets a new password by a token, ends all sessions and opens a locked account.
    ///
    /// # Errors
    /// [`AccountError::InvalidToken`], [`AccountError::Fault`] (permanent), or what database and passwords
    /// say.
    pub async fn reset_password(
        &self,
        shown: &SecretString,
        new: SecretString,
    ) -> Result<(), AccountError> {
        let shown = self
            .tokens
            .recognise(TokenKind::Reset, shown.expose_secret())
            .ok_or(AccountError::InvalidToken)?;
        let owner = self.store.read(move |conn| {
            let owner = resets::owner_of(conn, shown.as_bytes())?;
            owner.map_or(Ok(None), |owner| users::get(conn, owner))
        });
        let user = owner.await?.filter(|user| !user.disabled);
        let user = user.ok_or(AccountError::InvalidToken)?;
        password::admit(new.expose_secret(), &user.email)?;
        let address = self.addresses.of(&user.email);
        let hash = Arc::clone(&self.passwords).hash_in_turn(new).await?;
        let done = self
            .store
            .write(move |conn| use_reset(conn, user.id, shown.as_bytes(), hash, &address));
        if !done.await? {
            return Err(AccountError::InvalidToken);
        }
        self.follow().await;
        Ok(())
    }

    fn ask_for_reset(
        &self,
        conn: &mut Conn,
        email: &str,
        token: &Minted,
    ) -> StoreResult<Result<(), AccountError>> {
        let found = users::by_email(conn, email)?;
        let held = match found {
            Some(user) => users::hold(conn, user.id)?,
            None => None,
        };
        let outcome = match &held {
            None => "unknown",
            Some(user) if user.disabled => "disabled",
            Some(user) if resets::made_within(conn, user.id, MADE_WITHIN)? >= MOST_MADE => {
                "too_many"
            }
            Some(user) => match self.mail(user, token) {
                Ok((id, mail)) => {
                    let hash = token.hash.as_bytes();
                    resets::insert(conn, id, hash, user.id, ASKED_FOR_LIFETIME)?;
                    let now = clock::now(conn)?;
                    outbox::enqueue(conn, &[mail], now)?;
                    "sent"
                }
                Err(error) => return Ok(Err(error)),
            },
        };
        let entry = NewAuditEvent {
            subject: held.map(|user| user.id.to_string()),
            ..NewAuditEvent::deed(
                "password.reset_requested",
                None,
                String::new(),
                json!({"outcome": outcome}),
            )
        };
        audit::append(conn, [entry]);
        Ok(Ok(()))
    }

    /// The mail that takes a token to its owner. Whoever reads the database reads neither.
    fn mail(&self, user: &User, token: &Minted) -> Result<(TokenId, NewAction), AccountError> {
        let id = TokenId::fresh();
        let action_key = format!("mail/password_reset/{id}");
        let payload = json!({
            "template": "password_reset", "to": user.email, "token": token.token.expose_secret(),
        });
        let payload = self
            .sealer
            .seal(action_key.as_bytes(), payload.to_string().as_bytes())?;
        let mail = NewAction {
            id: ActionId::fresh(),
            action_key,
            kind: "mail".to_owned(),
            target: None,
            alert: None,
            workspace: WorkspaceId::api(),
            lane: None,
            due_in: Duration::ZERO,
            payload,
        };
        Ok((id, mail))
    }
}

/// Uses a token up; `false` if somebody else was quicker. Nothing is written then.
fn use_reset(
    conn: &mut Conn,
    user: UserId,
    token: &[u8],
    hash: String,
    address: &[u8],
) -> StoreResult<bool> {
    let held = users::hold(conn, user)?.filter(|user| !user.disabled);
    let Some(user) = held else { return Ok(false) };
    if !resets::consume(conn, token)? {
        return Ok(false);
    }
    let unlocked = lockouts::clear(conn, address)?;
    let ended = replace_password(conn, &user, hash, None)?;
    let data = json!({"tokens": ended, "unlocked": unlocked});
    let entry = By::User(user.id).entry("password.reset", user.id, data);
    audit::append(conn, [entry]);
    Ok(true)
}
