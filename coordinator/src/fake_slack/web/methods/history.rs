//! `conversations.history` and `conversations.replies`: what was said.

use serde_json::{Value, json};

use super::super::call::Request;
use super::super::params::Params;
use super::paging::page;
use crate::fake_slack::model::{Kind, Message, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

pub(super) fn history(world: &mut World, request: &Request) -> Outcome {
    let params = &request.params;
    let id = readable(world, request)?;
    let conversation = world.conversation(&id)?;
    let span = Span::of(params)?;
    let limit = params.limit(100, 999)?;
    let all: Vec<&Message> = conversation
        .messages
        .values()
        .rev()
        .filter(|m| m.is_there() && m.is_in_channel() && span.holds(&m.ts))
        .collect();
    let page = page(all, params, limit, |m| m.ts.clone())?;
    let messages = page.items.iter().map(|m| shown(world, request, &id, m));
    let messages: Vec<Value> = messages.collect();
    Ok(json!({
        "messages": messages, "has_more": page.has_more(), "pin_count": 0,
        "channel_actions_ts": null, "channel_actions_count": 0,
        "response_metadata": page.metadata(),
    }))
}

pub(super) fn replies(world: &mut World, request: &Request) -> Outcome {
    let params = &request.params;
    let id = readable(world, request)?;
    let ts = params.required("ts")?;
    let conversation = world.conversation(&id)?;
    let Some(asked) = conversation.message(&ts) else {
        return Err(Refusal::of("thread_not_found"));
    };
    let span = Span::of(params)?;
    let limit = params.limit(1_000, 1_000)?;
    let root = asked.thread_ts.as_deref().unwrap_or(&ts);
    // The first message of a thread is told whatever the span.
    let all = conversation
        .thread(root)
        .filter(|m| m.ts == root || span.holds(&m.ts));
    let page = page(all.collect(), params, limit, |m: &&Message| m.ts.clone())?;
    let messages = page.items.iter().map(|m| shown(world, request, &id, m));
    let messages: Vec<Value> = messages.collect();
    Ok(json!({
        "messages": messages, "has_more": page.has_more(),
        "response_metadata": page.metadata(),
    }))
}

/// The conversation that the arguments name, if the caller may read it.
fn readable(world: &World, request: &Request) -> Outcome<String> {
    let id = request.params.required("channel")?;
    let conversation = world.seen(&request.caller, &id)?;
    request.caller.needs(conversation.kind.history_scope())?;
    let outside = !conversation.members.contains(&request.caller.user);
    if outside && (request.caller.bot.is_some() || conversation.kind != Kind::Public) {
        return Err(Refusal::of("not_in_channel"));
    }
    Ok(id)
}

fn shown(world: &World, request: &Request, channel: &str, message: &Message) -> Value {
    let mut shown = world.show_message(channel, message);
    if let (false, Some(shown)) = (
        request.params.flag("include_all_metadata"),
        shown.as_object_mut(),
    ) {
        shown.remove("metadata");
    }
    shown
}

/// Times between which messages are asked for.
struct Span {
    oldest: Option<i64>,
    latest: Option<i64>,
    inclusive: bool,
}

impl Span {
    fn of(params: &Params) -> Outcome<Self> {
        let moment = |name: &str| {
            let Some(text) = params.text(name) else {
                return Ok(None);
            };
            let refusal = || Refusal::of(&format!("invalid_ts_{name}"));
            Ok(Some(micros(&text).ok_or_else(refusal)?))
        };
        Ok(Self {
            oldest: moment("oldest")?.filter(|oldest| *oldest > 0),
            latest: moment("latest")?.filter(|latest| *latest > 0),
            inclusive: params.flag("inclusive"),
        })
    }

    fn holds(&self, ts: &str) -> bool {
        let Some(ts) = micros(ts) else {
            return false;
        };
        let after = |oldest: i64| ts > oldest || self.inclusive && ts == oldest;
        let before = |latest: i64| ts < latest || self.inclusive && ts == latest;
        self.oldest.is_none_or(after) && self.latest.is_none_or(before)
    }
}

/// Microseconds of a timestamp: `1700000000.000100`, or whole seconds.
fn micros(ts: &str) -> Option<i64> {
    let (seconds, rest) = ts.split_once('.').unwrap_or((ts, "0"));
    let seconds: i64 = seconds.parse().ok()?;
    if rest.len() > 6 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let rest: i64 = format!("{rest:0<6}").parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(rest)
}
