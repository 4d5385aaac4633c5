//! A page of history: what of it is wanted, which threads it leads to, and where reading goes on.
//!
//! **Invariant:** reading always goes on behind the page or ends: no page is read for ever.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::domain::backfill::{Span, WHOLE};
use crate::slack::client::{HistoryPage, Range};
use crate::slack::event::{moment_of, ts_of};
use crate::store::backfills::{Backfill, NewPart, Part, PartState, Step};

/// A message that is wanted.
pub(super) struct Wanted {
    pub(super) ts: String,
    /// Since when it stands there as it does.
    pub(super) since: DateTime<Utc>,
    /// What tells one state of it from another.
    pub(super) edited: Option<String>,
    pub(super) message: Value,
}

/// What a page holds.
pub(super) struct Contents {
    pub(super) wanted: Vec<Wanted>,
    pub(super) threads: Vec<NewPart>,
    pub(super) step: Step,
}

/// Which messages to ask for next.
pub(super) fn range(backfill: &Backfill, part: &Part, limit: u16) -> Range {
    let (oldest, latest) = (ts_of(backfill.look_back_to), ts_of(backfill.until_at));
    match (part.thread(), &part.position) {
        (None, position) => Range {
            oldest: Some(oldest),
            latest: Some(position.clone().unwrap_or(latest)),
            cursor: None,
            limit,
        },
        (Some(_), position) => Range {
            oldest: Some(position.clone().unwrap_or(oldest)),
            latest: Some(latest),
            cursor: None,
            limit,
        },
    }
}

/// What stands on a page of a channel or a thread.
pub(super) fn contents(backfill: &Backfill, part: &Part, page: HistoryPage) -> Contents {
    let mut contents = Contents {
        wanted: Vec::new(),
        threads: Vec::new(),
        step: Step {
            state: PartState::Done,
            code: None,
            position: None,
            covered: WHOLE,
            messages: 0,
            jobs: 0,
        },
    };
    for message in page.messages {
        let Some(ts) = text(&message, "ts") else {
            continue;
        };
        // A thread always begins with its first message, which the channel's own pages have.
        if !is_behind(part, &ts) {
            continue;
        }
        contents.step.messages += 1;
        contents.step.position = Some(ts.clone());
        if part.thread().is_none() && has_replies(&message, &ts, backfill.from_at) {
            contents.threads.push(thread(part, &ts));
        }
        contents.wanted.extend(wanted(backfill, ts, message));
    }
    go_on(backfill, part, page.has_more, &mut contents.step);
    contents
}

/// Whether the part is read up to its end; if not, how far it is.
fn go_on(backfill: &Backfill, part: &Part, has_more: bool, step: &mut Step) {
    let Some(position) = step.position.as_deref().filter(|_| has_more) else {
        return;
    };
    step.state = PartState::Open;
    let all = Span {
        from: backfill.look_back_to,
        until: backfill.until_at,
    };
    step.covered = match (part.thread(), moment_of(position)) {
        (None, Some(position)) => all.covered(position),
        _ => part.covered,
    };
}

/// Whether a message lies behind what was read before: below it in a channel, above it in a thread.
fn is_behind(part: &Part, ts: &str) -> bool {
    let position = part.position.as_deref();
    match part.thread() {
        None => position.is_none_or(|position| ts < position),
        Some(root) => ts != root && position.is_none_or(|position| ts > position),
    }
}

fn wanted(backfill: &Backfill, ts: String, message: Value) -> Option<Wanted> {
    let edited = message.get("edited").and_then(|edited| text(edited, "ts"));
    let since = edited
        .as_deref()
        .and_then(moment_of)
        .or_else(|| moment_of(&ts));
    // What nobody can date is looked at.
    let since = since.unwrap_or(backfill.until_at);
    (since >= backfill.from_at).then_some(Wanted {
        ts,
        since,
        edited,
        message,
    })
}

/// Whether somebody replied within the time.
fn has_replies(message: &Value, ts: &str, from: DateTime<Utc>) -> bool {
    let is_root = text(message, "thread_ts").is_some_and(|thread| thread == ts);
    let replies = message.get("reply_count").and_then(Value::as_u64);
    if !is_root && replies.is_none_or(|replies| replies == 0) {
        return false;
    }
    let latest = text(message, "latest_reply");
    let latest = latest.as_deref().and_then(moment_of);
    latest.is_none_or(|latest| latest >= from)
}

fn thread(part: &Part, ts: &str) -> NewPart {
    NewPart {
        channel_id: part.channel_id.clone(),
        thread_ts: Some(ts.to_owned()),
        kind: part.kind.clone(),
        external: part.external,
        code: None,
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::ids::{BackfillId, WorkspaceId};

    use super::*;
    use crate::store::backfills::{BackfillMode, BackfillReason, BackfillState, Channels};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn backfill() -> Backfill {
        Backfill {
            id: BackfillId::fresh(),
            workspace: WorkspaceId::new("T1"),
            reason: BackfillReason::NotListened,
            mode: BackfillMode::Enforce,
            again: false,
            state: BackfillState::Reading,
            from_at: at(2_000),
            until_at: at(3_000),
            look_back_to: at(1_000),
            channels: Channels(None),
            error_code: None,
            requested_by: None,
            due_at: at(0),
            created_at: at(0),
            began_at: None,
            ended_at: None,
        }
    }

    fn part(thread: &str, position: Option<&str>) -> Part {
        Part {
            backfill: BackfillId::fresh(),
            channel_id: "C1".to_owned(),
            thread_ts: thread.to_owned(),
            kind: Some("channel".to_owned()),
            external: false,
            state: PartState::Open,
            code: None,
            position: position.map(str::to_owned),
            covered: 0,
            messages: 0,
            jobs: 0,
        }
    }

    fn page(messages: &[Value], has_more: bool) -> HistoryPage {
        HistoryPage {
            messages: messages.to_vec(),
            next_cursor: None,
            has_more,
            gaps: Vec::new(),
        }
    }

    fn texts(contents: &Contents) -> Vec<&str> {
        contents.wanted.iter().map(|one| one.ts.as_str()).collect()
    }

    #[test]
    fn of_older_messages_only_edits_and_threads_with_new_replies_are_wanted() {
        let messages = [
            json!({"ts": "2500.000000", "text": "new"}),
            json!({"ts": "1800.000000", "text": "old", "edited": {"ts": "2100.000000"}}),
            json!({"ts": "1700.000000", "text": "old"}),
            json!({"ts": "1600.000000", "thread_ts": "1600.000000", "reply_count": 1, "latest_reply": "2200.000000"}),
            json!({"ts": "1500.000000", "thread_ts": "1500.000000", "reply_count": 1, "latest_reply": "1900.000000"}),
        ];
        let contents = contents(&backfill(), &part("", None), page(&messages, false));
        assert_eq!(texts(&contents), ["2500.000000", "1800.000000"]);
        let threads: Vec<_> = contents
            .threads
            .iter()
            .map(|one| one.thread_ts.as_deref())
            .collect();
        assert_eq!(threads, [Some("1600.000000")]);
        assert_eq!(
            (contents.step.state, contents.step.covered),
            (PartState::Done, WHOLE)
        );
        assert_eq!(contents.step.messages, 5);
    }

    #[test]
    fn a_channel_goes_on_below_the_page_and_a_thread_above_it() {
        let two = [json!({"ts": "2500.000000"}), json!({"ts": "2400.000000"})];
        let below = contents(&backfill(), &part("", None), page(&two, true)).step;
        assert_eq!(
            (below.state, below.position.as_deref(), below.covered),
            (PartState::Open, Some("2400.000000"), 300)
        );
        let next = range(&backfill(), &part("", below.position.as_deref()), 200);
        assert_eq!(
            (next.oldest.as_deref(), next.latest.as_deref()),
            (Some("1000.000000"), Some("2400.000000"))
        );

        let thread = [
            json!({"ts": "1600.000000"}),
            json!({"ts": "2100.000000"}),
            json!({"ts": "2200.000000"}),
        ];
        let above = contents(&backfill(), &part("1600.000000", None), page(&thread, true));
        assert_eq!(texts(&above), ["2100.000000", "2200.000000"]);
        let next = range(
            &backfill(),
            &part("1600.000000", above.step.position.as_deref()),
            200,
        );
        assert_eq!(
            (next.oldest.as_deref(), next.latest.as_deref()),
            (Some("2200.000000"), Some("3000.000000"))
        );
    }

    #[test]
    fn a_page_without_anything_new_ends_the_part_whatever_slack_says_of_more() {
        let root = [json!({"ts": "1600.000000"})];
        let read = contents(
            &backfill(),
            &part("1600.000000", Some("2200.000000")),
            page(&root, true),
        );
        assert_eq!(read.step.state, PartState::Done);
        let again = [json!({"ts": "2400.000000"})];
        let read = contents(
            &backfill(),
            &part("", Some("2400.000000")),
            page(&again, true),
        );
        assert_eq!((read.step.state, read.step.messages), (PartState::Done, 0));
    }

    #[test]
    fn what_is_no_message_is_passed_over_and_what_nobody_can_date_is_wanted() {
        let odd = [json!(null), json!({"text": "no ts"}), json!({"ts": "soon"})];
        let read = contents(&backfill(), &part("", None), page(&odd, false));
        assert_eq!(texts(&read), ["soon"]);
    }
}
