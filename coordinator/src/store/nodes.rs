//! `nodes`: scanner processes, by their heartbeats.
//!
//! Owns the rows and who counts as alive. Leaves the jobs of a dead node to the queue's leases.
//! **Invariant:** whether a node is alive is judged by the database's clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use serde_json::Value;
use shared::ids::NodeId;

use super::clock;
use super::columns::{DbJson, DbTime, DbUuid, storable, storable_opt};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::nodes;

/// What a node says of itself.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// The node.
    pub id: NodeId,
    /// What operators call it.
    pub name: String,
    /// The version it runs.
    pub version: String,
    /// The detectors it used last.
    pub detector_set: Option<String>,
    /// How many jobs it scans at once.
    pub concurrency: i32,
    /// Its counters, as it names them.
    pub counters: Value,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = nodes)]
pub struct Node {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: NodeId,
    /// What operators call it.
    pub name: String,
    /// The version it runs.
    pub version: String,
    /// When it was first heard.
    #[diesel(deserialize_as = DbTime)]
    pub started_at: DateTime<Utc>,
    /// When it was last heard.
    #[diesel(deserialize_as = DbTime)]
    pub last_seen_at: DateTime<Utc>,
    /// The detectors it used last.
    pub detector_set: Option<String>,
    /// How many jobs it scans at once.
    pub concurrency: i32,
    /// Its counters.
    #[diesel(deserialize_as = DbJson)]
    pub counters: Value,
}

/// Notes a heartbeat.
///
/// # Errors
/// As any query.
pub fn heartbeat(conn: &mut Conn, beat: &Heartbeat) -> StoreResult<()> {
    let now = DbTime::from(clock::now(conn)?);
    let (name, version) = (storable(&beat.name), storable(&beat.version));
    let detector_set = storable_opt(beat.detector_set.as_ref());
    let row = (
        nodes::id.eq(DbUuid::from(beat.id)),
        nodes::name.eq(name.as_ref()),
        nodes::version.eq(version.as_ref()),
        nodes::started_at.eq(now),
        nodes::last_seen_at.eq(now),
        nodes::detector_set.eq(detector_set.as_deref()),
        nodes::concurrency.eq(beat.concurrency),
        nodes::counters.eq(DbJson::from(beat.counters.clone())),
    );
    with_conn!(conn, |c| diesel::insert_into(nodes::table)
        .values(row)
        .on_conflict(nodes::id)
        .do_update()
        .set((
            nodes::name.eq(excluded(nodes::name)),
            nodes::version.eq(excluded(nodes::version)),
            nodes::last_seen_at.eq(excluded(nodes::last_seen_at)),
            nodes::detector_set.eq(excluded(nodes::detector_set)),
            nodes::concurrency.eq(excluded(nodes::concurrency)),
            nodes::counters.eq(excluded(nodes::counters)),
        ))
        .execute(c))?;
    Ok(())
}

/// The nodes heard within `window`, by name.
///
/// # Errors
/// As any query.
pub fn live(conn: &mut Conn, window: Duration) -> StoreResult<Vec<Node>> {
    let since = since(clock::now(conn)?, window);
    Ok(with_conn!(conn, |c| nodes::table
        .filter(nodes::last_seen_at.ge(since))
        .order((nodes::name, nodes::id))
        .select(Node::as_select())
        .load(c))?)
}

/// Forgets a node that said good-bye; `false` if it was not known.
///
/// # Errors
/// As any query.
pub fn forget(conn: &mut Conn, id: NodeId) -> StoreResult<bool> {
    let gone = with_conn!(conn, |c| diesel::delete(
        nodes::table.find(DbUuid::from(id))
    )
    .execute(c))?;
    Ok(gone == 1)
}

fn since(now: DateTime<Utc>, window: Duration) -> DbTime {
    TimeDelta::from_std(window)
        .ok()
        .and_then(|window| now.checked_sub_signed(window))
        .unwrap_or(DateTime::UNIX_EPOCH)
        .into()
}
