//! Adding people and changing what they may.
//!
//! **Invariant:** an admin who can sign in is always left: whoever takes one away holds the rows of all.

use std::sync::Arc;

use serde_json::json;
use shared::ids::{TokenId, UserId};
use shared::secret::SecretString;

use super::sessions::end_all;
use super::{AccountError, Accounts, By};
use crate::api::auth::{Minted, TokenKind};
use crate::domain::accounts::{Standing, StandingChange, Whose};
use crate::domain::roles::Role;
use crate::store::audit;
use crate::store::users::{self, NewUser, User, UserChange};
use crate::store::{Conn, Store, StoreError, StoreResult, lockouts, resets};

/// Somebody to add.
#[derive(Debug)]
pub struct NewPerson {
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: SecretString,
    /// What they may do.
    pub role: Role,
}

impl Accounts {
    /// Adds somebody.
    ///
    /// # Errors
    /// [`AccountError::Taken`] (permanent), or what database and passwords say.
    pub async fn add(&self, person: NewPerson, by: By) -> Result<User, AccountError> {
        let new = self.hashed(person).await?;
        add_person(&self.store, new, by).await
    }

    /// Adds somebody whose password nobody knows, and a token by which they set one.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub async fn invite(&self, person: NewPerson, by: By) -> Result<(User, Minted), AccountError> {
        let new = self.hashed(person).await?;
        let token = self.tokens.mint(TokenKind::Reset)?;
        let hash = *token.hash.as_bytes();
        let invited = self.store.write(move |conn| {
            let user = insert(conn, &new, by)?;
            issue_reset(conn, &user, &hash, by)?;
            Ok(user)
        });
        Ok((invited.await.map_err(taken)?, token))
    }

    /// A token by which somebody sets a new password, to be handed to them.
    ///
    /// # Errors
    /// [`AccountError::Missing`] (permanent), or what the database says.
    pub async fn issue_reset(&self, id: UserId, by: By) -> Result<(User, Minted), AccountError> {
        let token = self.tokens.mint(TokenKind::Reset)?;
        let hash = *token.hash.as_bytes();
        let issued = self.store.write(move |conn| {
            let Some(user) = users::hold(conn, id)? else {
                return Ok(None);
            };
            issue_reset(conn, &user, &hash, by)?;
            Ok(Some(user))
        });
        let user = issued.await?.ok_or(AccountError::Missing)?;
        Ok((user, token))
    }

    /// Changes what somebody may, from this moment on. `version` is the one that the change was made from, if
    /// somebody named one.
    ///
    /// # Errors
    /// As [`change_person`].
    pub async fn change(
        &self,
        id: UserId,
        change: StandingChange,
        version: Option<i32>,
        by: By,
    ) -> Result<User, AccountError> {
        let changed = change_person(&self.store, id, change, version, by).await?;
        self.follow().await;
        Ok(changed)
    }

    pub(super) async fn hashed(&self, person: NewPerson) -> Result<NewUser, AccountError> {
        let hash = Arc::clone(&self.passwords).hash_in_turn(person.password);
        Ok(NewUser {
            id: UserId::fresh(),
            email: person.email,
            password_hash: hash.await?,
            role: person.role.as_str().to_owned(),
        })
    }
}

/// Adds somebody whose password is hashed.
///
/// # Errors
/// [`AccountError::Taken`] (permanent), or what the database says.
pub async fn add_person(store: &Store, new: NewUser, by: By) -> Result<User, AccountError> {
    let added = store.write(move |conn| insert(conn, &new, by)).await;
    added.map_err(taken)
}

/// Changes what somebody may. Their access tokens are not good any more, since they name the role; of somebody
/// who is kept out all sessions end.
///
/// # Errors
/// [`AccountError::Missing`], [`AccountError::Stale`], [`AccountError::Refused`] (permanent), or what the
/// database says.
pub async fn change_person(
    store: &Store,
    id: UserId,
    change: StandingChange,
    version: Option<i32>,
    by: By,
) -> Result<User, AccountError> {
    store
        .write(move |conn| changed(conn, id, change, version, by))
        .await?
}

/// Gives somebody a password that is hashed, and ends their sessions.
///
/// # Errors
/// What the database says.
pub async fn set_password(
    store: &Store,
    id: UserId,
    hash: String,
    address: Vec<u8>,
    by: By,
) -> Result<usize, AccountError> {
    let set = store.write(move |conn| {
        let Some(user) = users::hold(conn, id)? else {
            return Ok(None);
        };
        lockouts::clear(conn, &address)?;
        let ended = replace_password(conn, &user, hash, None)?;
        let entry = by.entry("password.changed", id, json!({"tokens": ended}));
        audit::append(conn, [entry]);
        Ok(Some(ended))
    });
    set.await?.ok_or(AccountError::Missing)
}

/// Replaces the password of somebody who is held, and ends their sessions but for the one that is spared; says
/// how many tokens that concerned.
pub(super) fn replace_password(
    conn: &mut Conn,
    user: &User,
    hash: String,
    spared: Option<TokenId>,
) -> StoreResult<usize> {
    let change = UserChange {
        password_hash: Some(hash),
        ..UserChange::default()
    };
    users::update(conn, user.id, &change)?;
    resets::void_all_of(conn, user.id)?;
    end_all(conn, user, spared)
}

/// Adds somebody, with the entry that says so.
pub(super) fn insert(conn: &mut Conn, new: &NewUser, by: By) -> StoreResult<User> {
    users::insert(conn, new)?;
    let entry = by.entry("user.created", new.id, json!({"role": new.role}));
    audit::append(conn, [entry]);
    users::get(conn, new.id)?.ok_or(StoreError::Conflict)
}

pub(super) fn taken(error: StoreError) -> AccountError {
    if error.is_duplicate() {
        AccountError::Taken
    } else {
        error.into()
    }
}

fn issue_reset(conn: &mut Conn, user: &User, hash: &[u8], by: By) -> StoreResult<()> {
    let id = TokenId::fresh();
    resets::insert(
        conn,
        id,
        hash,
        user.id,
        super::passwords::HANDED_OUT_LIFETIME,
    )?;
    let entry = by.entry("password.reset_issued", user.id, json!({"reset": id}));
    audit::append(conn, [entry]);
    Ok(())
}

fn changed(
    conn: &mut Conn,
    id: UserId,
    change: StandingChange,
    version: Option<i32>,
    by: By,
) -> StoreResult<Result<User, AccountError>> {
    // All admins first, in one order: two who demote each other wait here, and the second sees what is left.
    let admins = users::hold_admins(conn, Role::Admin.as_str())?;
    let Some(user) = users::hold(conn, id)? else {
        return Ok(Err(AccountError::Missing));
    };
    if version.is_some_and(|version| version != user.version) {
        return Ok(Err(AccountError::Stale));
    }
    let before = standing(&user)?;
    let others = admins.iter().filter(|admin| **admin != id).count();
    let whose = if by == By::User(id) {
        Whose::Own
    } else {
        Whose::Anothers
    };
    match before.after(change, whose, others) {
        Err(refusal) => Ok(Err(refusal.into())),
        Ok(after) if after == before => Ok(Ok(user)),
        Ok(after) => put(conn, &user, before, after, by).map(Ok),
    }
}

fn put(
    conn: &mut Conn,
    user: &User,
    before: Standing,
    after: Standing,
    by: By,
) -> StoreResult<User> {
    let change = UserChange {
        role: Some(after.role.as_str().to_owned()),
        disabled: Some(after.disabled),
        password_hash: None,
    };
    users::update(conn, user.id, &change)?;
    if after.disabled {
        resets::void_all_of(conn, user.id)?;
        end_all(conn, user, None)?;
    } else {
        // The next refresh gives a token with the new role.
        users::end_sessions(conn, user, None)?;
    }
    let data = json!({
        "role": after.role, "role_before": before.role,
        "disabled": after.disabled, "disabled_before": before.disabled,
    });
    audit::append(conn, [by.entry("user.changed", user.id, data)]);
    users::get(conn, user.id)?.ok_or(StoreError::Conflict)
}

pub(super) fn standing(user: &User) -> StoreResult<Standing> {
    let role = user.role.parse();
    Ok(Standing {
        role: role.or(Err(StoreError::Refused("an unknown role is stored")))?,
        disabled: user.disabled,
    })
}
