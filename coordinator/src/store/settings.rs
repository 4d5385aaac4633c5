//! `settings`: small facts the installation remembers, such as the queue's epoch.
//!
//! Owns reading and writing them by key. Leaves their meaning to their readers.
//! **Invariant:** configuration is not kept here; what is here was learnt, not set by operators.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::clock;
use super::columns::DbTime;
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::settings;

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// [`Queue::epoch`](shared::queue::Queue::epoch) as it was when all open jobs were last made due.
    QueueEpoch,
    /// Set once the default policies were made: an admin who deletes one must not find it back.
    DefaultPolicyMade,
    /// Up to when events were taken in, in RFC 3339: what lies behind an old one is a gap.
    ListenedUntil,
}

impl Setting {
    const fn key(self) -> &'static str {
        match self {
            Self::QueueEpoch => "queue_epoch",
            Self::DefaultPolicyMade => "default_policy_made",
            Self::ListenedUntil => "listened_until",
        }
    }
}

/// What is remembered.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, setting: Setting) -> StoreResult<Option<String>> {
    Ok(with_conn!(conn, |c| settings::table
        .find(setting.key())
        .select(settings::value)
        .first(c)
        .optional())?)
}

/// Remembers something unless it is what is remembered already; says whether it was not. Of two callers at
/// once, one hears `true`. Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn replace_if_different(conn: &mut Conn, setting: Setting, value: &str) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    let row = (
        settings::key.eq(setting.key()),
        settings::value.eq(value),
        settings::updated_at.eq(now),
    );
    let inserted = with_conn!(conn, |c| diesel::insert_into(settings::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    // The row lock makes the second of two callers look again at what the first one wrote.
    let changed = with_conn!(conn, |c| diesel::update(
        settings::table.find(setting.key())
    )
    .filter(settings::value.ne(value))
    .set((settings::value.eq(value), settings::updated_at.eq(now)))
    .execute(c))?;
    Ok(inserted + changed == 1)
}

/// Remembers something, instead of what was there.
///
/// # Errors
/// As any query.
pub fn put(conn: &mut Conn, setting: Setting, value: &str) -> StoreResult<()> {
    let now = DbTime::from(clock::now(conn)?);
    let row = (
        settings::key.eq(setting.key()),
        settings::value.eq(value),
        settings::updated_at.eq(now),
    );
    with_conn!(conn, |c| diesel::insert_into(settings::table)
        .values(row)
        .on_conflict(settings::key)
        .do_update()
        .set((
            settings::value.eq(excluded(settings::value)),
            settings::updated_at.eq(excluded(settings::updated_at)),
        ))
        .execute(c))?;
    Ok(())
}
