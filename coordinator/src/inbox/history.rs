//! Messages that are read again, as if Slack had told of them.
//!
//! **Invariant:** what is read again is looked at by the same eyes as what is told: nothing of it is passed over that
//! an event would bring, nothing is scanned that an event would not.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use shared::content::Gap;
use shared::ids::{InboundEventId, WorkspaceId};
use shared::seal::SealError;

use super::Inbox;
use crate::slack::event::{self, Disposition, Inbound};
use crate::store::backfills::BackfillMode;
use crate::store::intake::{EventSource, NewEvent, NewInbound};
use crate::store::jobs::HISTORY;

/// A message of a channel's history, and where it stood.
pub struct Found<'a> {
    /// The tenant.
    pub workspace: &'a WorkspaceId,
    /// The channel.
    pub channel: &'a str,
    /// What kind of channel.
    pub kind: Option<&'a str>,
    /// Whether people of other organisations read it.
    pub external: bool,
    /// The message, as Slack tells it.
    pub message: Value,
    /// What of it was too much to read.
    pub gaps: &'a [Gap],
}

impl Inbox {
    /// What is to be taken in of a message that was read again; none if nobody would scan it. `event_id` is what a
    /// second reading has in common with this one.
    ///
    /// # Errors
    /// Transient: it could not be sealed.
    pub fn found(
        &self,
        found: Found<'_>,
        event_id: String,
        mode: BackfillMode,
    ) -> Result<Option<NewInbound>, SealError> {
        let (workspace, gaps) = (found.workspace, found.gaps);
        let raw = envelope(found).to_string();
        let Inbound::Event(event) =
            event::parse(raw.as_bytes(), |_| self.installations.own_ids(workspace))
        else {
            return Ok(None);
        };
        let Disposition::Scan(mut content) = event.disposition else {
            return Ok(None);
        };
        content.gaps.extend(gaps.iter().cloned());
        let event_time: Option<DateTime<Utc>> = content.subject.said_at;
        let mut jobs = self.jobs_of(workspace, *content, self.reads_files(workspace))?;
        if mode == BackfillMode::Alert {
            for job in &mut jobs {
                job.place.label = Some(HISTORY.to_owned());
            }
        }
        Ok(Some(NewInbound {
            event: NewEvent {
                id: InboundEventId::fresh(),
                workspace: workspace.clone(),
                source: EventSource::Backfill,
                event_id,
                kind: event.kind.to_owned(),
                event_time,
            },
            jobs,
        }))
    }
}

/// The envelope in which Slack would have told of it.
fn envelope(found: Found<'_>) -> Value {
    let tenant = found.workspace.as_str();
    let (team, enterprise) = if tenant.starts_with('E') {
        (None, Some(tenant))
    } else {
        (Some(tenant), None)
    };
    let mut event = match found.message {
        Value::Object(fields) => fields,
        // It is none; whatever it is, its strings are scanned.
        other => Map::from_iter([("content".to_owned(), other)]),
    };
    let said_at = event
        .get("edited")
        .and_then(|edited| edited.get("ts"))
        .or_else(|| event.get("ts"))
        .cloned();
    event.insert("type".to_owned(), json!("message"));
    event.insert("channel".to_owned(), json!(found.channel));
    event.insert("channel_type".to_owned(), json!(found.kind));
    event.insert("event_ts".to_owned(), json!(said_at));
    json!({
        "type": "event_callback",
        "authorizations": [{ "team_id": team, "enterprise_id": enterprise }],
        "context_team_id": event.get("team").cloned().or_else(|| team.map(Value::from)),
        "is_ext_shared_channel": found.external,
        "event": event,
    })
}
