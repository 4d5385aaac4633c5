//! The trail as a list, newest first.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use shared::ids::AuditEventId;

use super::AuditEvent;
use super::append::head;
use crate::domain::chain::ChainHash;
use crate::store::columns::{DbCount, DbTime, DbUuid, Undecodable, signed};
use crate::store::connection::{Conn, with_conn};
use crate::store::error::StoreResult;
use crate::store::page::{COUNTED, Counted, Page, Paging};
use crate::store::schema::audit_events;
use crate::store::words::Search;

/// What a list of entries shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only of that type.
    pub event_type: Option<String>,
    /// Only by them.
    pub user_id: Option<String>,
    /// Only about that.
    pub subject: Option<String>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// Only with these words.
    pub search: Option<Search>,
}

impl AuditFilter {
    /// Whether every entry passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An entry.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: AuditEventId) -> StoreResult<Option<AuditEvent>> {
    Ok(with_conn!(conn, |c| audit_events::table
        .filter(audit_events::id.eq(DbUuid::from(id)))
        .select(Row::as_select())
        .first(c)
        .optional())?
    .map(AuditEvent::try_from)
    .transpose()?)
}

/// Entries, newest first. The position's key is the entry's place in the chain.
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    filter: &AuditFilter,
    paging: Paging,
) -> StoreResult<Page<AuditEvent>> {
    let below = paging.after.map_or(i64::MAX, |after| after.key);
    let found = filter
        .search
        .as_ref()
        .map(|search| search.condition(conn, "audit_events.words"));

    macro_rules! filtered {
        () => {{
            let mut query = audit_events::table.into_boxed();
            if let Some(event_type) = &filter.event_type {
                query = query.filter(audit_events::event_type.eq(event_type));
            }
            if let Some(user_id) = &filter.user_id {
                query = query.filter(audit_events::user_id.eq(user_id));
            }
            if let Some(subject) = &filter.subject {
                query = query.filter(audit_events::subject.eq(subject));
            }
            if let Some(from) = filter.from {
                query = query.filter(audit_events::at.ge(DbTime::from(from)));
            }
            if let Some(until) = filter.until {
                query = query.filter(audit_events::at.lt(DbTime::from(until)));
            }
            if let Some(found) = found.clone() {
                query = query.filter(found);
            }
            query
        }};
    }

    let rows: Vec<Row> = with_conn!(conn, |c| filtered!()
        .filter(audit_events::seq.lt(below))
        .order(audit_events::seq.desc())
        .limit(paging.rows())
        .select(Row::as_select())
        .load(c))?;
    let total = if filter.is_empty() {
        let head = head(conn)?;
        signed(head.seq.saturating_sub(head.pruned))
    } else {
        with_conn!(conn, |c| {
            let ones = filtered!().limit(COUNTED.into()).select(sql::<BigInt>("1"));
            Counted(ones).get_result(c)
        })?
    };
    let entries = rows
        .into_iter()
        .map(AuditEvent::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Page::new(entries, total))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_events)]
pub(super) struct Row {
    #[diesel(deserialize_as = DbCount)]
    seq: u64,
    id: DbUuid,
    at: DbTime,
    event_type: String,
    user_id: Option<String>,
    subject: Option<String>,
    recorded_by: Option<String>,
    variant_data: String,
    hash: Vec<u8>,
}

impl TryFrom<Row> for AuditEvent {
    type Error = Undecodable;

    fn try_from(row: Row) -> Result<Self, Undecodable> {
        Ok(Self {
            seq: row.seq,
            id: row.id.into(),
            at: row.at.into(),
            event_type: row.event_type,
            user_id: row.user_id,
            subject: row.subject,
            recorded_by: row.recorded_by,
            variant_data: row.variant_data,
            hash: ChainHash::from_slice(&row.hash).ok_or(Undecodable("audit hash"))?,
        })
    }
}
