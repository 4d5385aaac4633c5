//! Saying something once.
//!
//! Slack knows no idempotency keys: a post whose answer was lost may stand there. So each carries the id of its row,
//! and whoever comes a second time looks for it first.
//! Whoever looks, looks where it can be: from the first try to the last.
//! **Invariant:** what a look cannot rule out is not posted before the look succeeded, but for channels in which
//! more is said meanwhile than Slack lets anybody read in a minute.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::failpoint;

use crate::slack::client::{Metadata, NewMessage, Posted, Range, Session, SlackError};
use crate::slack::event::ts_of;
use crate::store::outbox::StoredAction;

/// What marks a post as one of ours.
const EVENT_TYPE: &str = "weir_action";
/// How far our clock and Slack's may be apart, and how long a call may still be under way after its process said last
/// that it is at it.
const MARGIN: TimeDelta = TimeDelta::minutes(2);
/// Pages of a conversation that are looked through: as many as one may ask for in a minute.
const PAGES: usize = 50;

/// Posts `message` for a row, unless it stands there already.
pub(super) async fn post_once(
    session: Session<'_>,
    action: &StoredAction,
    message: NewMessage,
) -> Result<Posted, SlackError> {
    if let Some(tried) = action.tried()
        && let Some(posted) = find(session.urgently(), action, &message, tried).await?
    {
        return Ok(posted);
    }
    let marked = NewMessage {
        metadata: Some(Metadata {
            event_type: EVENT_TYPE.to_owned(),
            payload: json!({ "action": action.id }),
        }),
        ..message
    };
    let posted = session.post_message(&marked).await;
    failpoint::pass("posted");
    posted
}

async fn find(
    session: Session<'_>,
    action: &StoredAction,
    message: &NewMessage,
    (first, last): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<Posted>, SlackError> {
    let mut range = Range {
        oldest: Some(ts_of(first - MARGIN)),
        latest: Some(ts_of(last + MARGIN)),
        ..Range::default()
    };
    let id = action.id.to_string();
    for _ in 0..PAGES {
        let page = match &message.thread_ts {
            Some(thread) => session.replies(&message.channel, thread, &range).await?,
            None => session.history(&message.channel, &range).await?,
        };
        let found = page.messages.iter().find(|said| is_marked(said, &id));
        if let Some(ts) = found
            .and_then(|said| said.get("ts"))
            .and_then(Value::as_str)
        {
            return Ok(Some(Posted {
                channel: message.channel.clone(),
                ts: ts.to_owned(),
            }));
        }
        match page.next_cursor {
            Some(cursor) => range.cursor = Some(cursor),
            None => return Ok(None),
        }
    }
    tracing::warn!(action = %action.id, kind = action.kind,
        "too much was said to find out whether this was posted: it may stand there twice");
    Ok(None)
}

fn is_marked(said: &Value, id: &str) -> bool {
    said.pointer("/metadata/event_type").and_then(Value::as_str) == Some(EVENT_TYPE)
        && said
            .pointer("/metadata/event_payload/action")
            .and_then(Value::as_str)
            == Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_known_again_by_its_row() {
        let said = json!({"ts": "1.2", "metadata": {"event_type": "weir_action", "event_payload": {"action": "a"}}});
        assert!(is_marked(&said, "a"));
        assert!(!is_marked(&said, "b"));
        let of_another =
            json!({"metadata": {"event_type": "other", "event_payload": {"action": "a"}}});
        assert!(!is_marked(&of_another, "a"));
        assert!(!is_marked(&json!({"text": "a"}), "a"));
    }
}
