//! Forgetting somebody who signs in.
//!
//! Owns what goes. What happened stays: alerts, their activity and the audit trail keep the id, and nothing says whose
//! it was.
//! **Invariant:** all of it is one transaction with its audit entry, and no entry of the trail is touched: it holds ids
//! only, so the chain stays provable.

use serde_json::json;
use shared::ids::UserId;

use super::people::standing;
use super::{AccountError, Accounts, By};
use crate::alert_work::{self, Worker};
use crate::domain::accounts::{StandingChange, Whose};
use crate::domain::address::folded;
use crate::domain::roles::Role;
use crate::store::audit;
use crate::store::users::{self, User};
use crate::store::{Conn, StoreResult, alerts, idempotency, lockouts, resets, tokens};

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Refresh tokens.
    pub sessions: usize,
    /// API tokens.
    pub tokens: usize,
    /// Open alerts that nobody works on any more.
    pub alerts: usize,
    /// What they said about alerts.
    pub comments: usize,
}

impl Accounts {
    /// Forgets somebody, from this moment on: they are not there any more. `reason` stands in the audit trail.
    ///
    /// # Errors
    /// [`AccountError::Missing`], [`AccountError::Refused`], [`AccountError::Named`] (permanent), or what the database
    /// says; nothing is forgotten then.
    pub async fn erase(
        &self,
        id: UserId,
        reason: String,
        worker: Worker,
    ) -> Result<Erased, AccountError> {
        let accounts = self.clone();
        let erasing = self
            .store
            .write(move |conn| accounts.erase_now(conn, id, &reason, worker));
        let erased = erasing.await??;
        self.follow().await;
        Ok(erased)
    }

    fn erase_now(
        &self,
        conn: &mut Conn,
        id: UserId,
        reason: &str,
        worker: Worker,
    ) -> StoreResult<Result<Erased, AccountError>> {
        // As for any other change that takes an admin away.
        let admins = users::hold_admins(conn, Role::Admin.as_str())?;
        let Some(user) = users::hold(conn, id)? else {
            return Ok(Err(AccountError::Missing));
        };
        let others = admins.iter().filter(|admin| **admin != id).count();
        let whose = if worker.user == id {
            Whose::Own
        } else {
            Whose::Anothers
        };
        let kept_out = StandingChange {
            disabled: Some(true),
            role: None,
        };
        if let Err(refusal) = standing(&user)?.after(kept_out, whose, others) {
            return Ok(Err(refusal.into()));
        }
        if folded(reason).contains(&user.email) {
            return Ok(Err(AccountError::Named));
        }
        self.forget(conn, &user, reason, worker).map(Ok)
    }

    fn forget(
        &self,
        conn: &mut Conn,
        user: &User,
        reason: &str,
        worker: Worker,
    ) -> StoreResult<Erased> {
        users::erase(conn, user)?;
        lockouts::clear(conn, &self.addresses.of(&user.email))?;
        resets::forget_all_of(conn, user.id)?;
        let erased = Erased {
            sessions: tokens::forget_sessions_of(conn, user.id)?,
            tokens: tokens::forget_api_of(conn, user.id)?,
            alerts: alert_work::release_all_of(conn, user.id, worker)?,
            comments: alerts::forget_words_of(conn, user.id)?,
        };
        idempotency::forget_all_of(conn, user.id)?;
        let data = json!({
            "sessions": erased.sessions, "tokens": erased.tokens, "alerts": erased.alerts,
            "comments": erased.comments, "reason": reason,
        });
        let entry = By::User(worker.user).entry("user.erased", user.id, data);
        audit::append(conn, [entry]);
        Ok(erased)
    }
}
