//! Leaks that stood, and whose author took them away.
//!
//! Owns what follows when a message that Weir could not take away is deleted, or is clean after an edit: nobody can
//! read it any more, and whoever works on its alert sees so.
//! **Invariant:** how long a leak could be read ends when it is gone, however it went.

use serde_json::json;
use shared::ids::{JobId, WorkspaceId};

use crate::store::alerts::{self, NewActivity};
use crate::store::audit::{self, NewAuditEvent};
use crate::store::held::{self, HeldMessage};
use crate::store::slack_actions::{Row, SlackActions, SlackDeed};
use crate::store::{Conn, StoreResult, clock, outbox};

/// How a leak went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Deleted,
    Edited,
}

/// A message is gone. Call it in a transaction.
///
/// # Errors
/// As any query.
pub fn after_deletion(
    conn: &mut Conn,
    actions: &SlackActions,
    workspace: &WorkspaceId,
    message: (&str, &str),
) -> StoreResult<()> {
    match held::of_message(conn, workspace, message)? {
        Some(held) if held.stands() => settle(conn, actions, held, How::Deleted),
        _ => Ok(()),
    }
}

/// These jobs found nothing that a policy minds. If one of them scanned a message that stands because of what it said
/// before, it was mended. Call it in a transaction.
///
/// # Errors
/// As any query.
pub fn after_clean_scans(
    conn: &mut Conn,
    actions: &SlackActions,
    clean: &[JobId],
) -> StoreResult<()> {
    for held in held::standing_among(conn, clean)? {
        settle(conn, actions, held, How::Edited)?;
    }
    Ok(())
}

fn settle(
    conn: &mut Conn,
    actions: &SlackActions,
    mut held: HeldMessage,
    how: How,
) -> StoreResult<()> {
    let now = clock::now(conn)?;
    held.end_exposure(now);
    held::update(conn, &held)?;
    let (event_type, kind) = match how {
        How::Deleted => ("message.gone", "author_deleted"),
        How::Edited => ("message.mended", "author_mended"),
    };
    let data = json!({ "message": held.job_id, "exposed_ms": held.exposed_ms });
    let subject = held.id.to_string();
    audit::append(
        conn,
        [NewAuditEvent::deed(event_type, None, subject, data.clone())],
    );
    let Some(alert) = held.alert_id else {
        return Ok(());
    };
    let activity = NewActivity {
        alert,
        by: None,
        kind,
        text: None,
        data,
    };
    alerts::note(conn, &[activity], now)?;
    let key = format!("card/{alert}/{kind}/{}", held.job_id);
    let row = Row::new(key, &held.workspace).about(Some(alert));
    let row = actions.row(&SlackDeed::Card { alert }, row)?;
    outbox::enqueue(conn, &[row], now)
}
