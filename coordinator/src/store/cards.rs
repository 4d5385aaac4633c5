//! `alert_cards`: where reviewers were told of an alert in Slack.
//!
//! Owns the rows. Leaves what a card says to `enforcement`.
//! **Invariant:** an alert has one card, the newest.

use diesel::prelude::*;
use diesel::upsert::excluded;
use shared::ids::{AlertId, WorkspaceId};

use super::clock;
use super::columns::{DbText, DbTime, DbUuid, storable};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::alert_cards;

/// A card.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = alert_cards)]
pub struct Card {
    /// The alert it tells of.
    #[diesel(deserialize_as = DbUuid)]
    pub alert_id: AlertId,
    /// Where it stands.
    #[diesel(deserialize_as = DbText, column_name = workspace_id)]
    pub workspace: WorkspaceId,
    /// In which channel.
    pub channel_id: String,
    /// Which message it is.
    pub message_ts: String,
}

/// The card of an alert.
///
/// # Errors
/// As any query.
pub fn of_alert(conn: &mut Conn, alert: AlertId) -> StoreResult<Option<Card>> {
    Ok(with_conn!(conn, |c| alert_cards::table
        .find(DbUuid::from(alert))
        .select(Card::as_select())
        .first(c)
        .optional())?)
}

/// Notes a card that was posted.
///
/// # Errors
/// As any query.
pub fn note(conn: &mut Conn, card: &Card) -> StoreResult<()> {
    let row = (
        alert_cards::alert_id.eq(DbUuid::from(card.alert_id)),
        alert_cards::workspace_id.eq(storable(card.workspace.as_str())),
        alert_cards::channel_id.eq(storable(&card.channel_id)),
        alert_cards::message_ts.eq(storable(&card.message_ts)),
        alert_cards::posted_at.eq(DbTime::from(clock::now(conn)?)),
    );
    with_conn!(conn, |c| diesel::insert_into(alert_cards::table)
        .values(row)
        .on_conflict(alert_cards::alert_id)
        .do_update()
        .set((
            alert_cards::workspace_id.eq(excluded(alert_cards::workspace_id)),
            alert_cards::channel_id.eq(excluded(alert_cards::channel_id)),
            alert_cards::message_ts.eq(excluded(alert_cards::message_ts)),
            alert_cards::posted_at.eq(excluded(alert_cards::posted_at)),
        ))
        .execute(c))?;
    Ok(())
}
