//! Saying something once.
//!
//! Slack knows no idempotency keys: a post whose answer was lost may stand there. So each carries the id of its row,
//! and whoever comes a second time looks for it first.
//! **Invariant:** what a look cannot rule out is not posted before the look succeeded.

use serde_json::{Value, json};
use shared::failpoint;

use crate::slack::client::{Metadata, NewMessage, Posted, Range, Session, SlackError};
use crate::store::outbox::StoredAction;

/// What marks a post as one of ours.
const EVENT_TYPE: &str = "weir_action";
/// Pages of a conversation that are looked through.
const PAGES: usize = 5;

/// Posts `message` for a row, unless it stands there already. `since`: a `ts` before the first attempt.
pub(super) async fn post_once(
    session: Session<'_>,
    action: &StoredAction,
    message: NewMessage,
    since: Option<&str>,
) -> Result<Posted, SlackError> {
    if action.attempts > 1
        && let Some(posted) = find(session, action, &message, since).await?
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
    since: Option<&str>,
) -> Result<Option<Posted>, SlackError> {
    let mut range = Range {
        oldest: since.map(str::to_owned),
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
            None => break,
        }
    }
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
