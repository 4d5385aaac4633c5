//! `discovery.*` that looks: organisation, conversations, history, one message, one file.

use serde_json::{Value, json};

use super::super::call::Request;
use super::discovery::{file, place, reachable};
use super::paging::page;
use crate::fake_slack::model::{Conversation, Message, World};
use crate::fake_slack::refusal::{Outcome, Refusal};
use crate::fake_slack::show;

pub(super) fn enterprise(world: &mut World, request: &Request) -> Outcome {
    let id = request.caller.organisation.clone();
    let id = id.ok_or_else(|| Refusal::of("not_an_enterprise"))?;
    let organisation = world.organisations.get(&id);
    let organisation = organisation.ok_or_else(|| Refusal::of("not_an_enterprise"))?;
    let teams: Vec<Value> = world
        .workspaces
        .values()
        .filter(|workspace| workspace.organisation.as_ref() == Some(&id))
        .map(|workspace| show::workspace(workspace, Some(&organisation.name)))
        .collect();
    let key = |team: &Value| {
        team.get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let page = page(
        teams,
        &request.params,
        request.params.limit(1_000, 1_000)?,
        key,
    )?;
    Ok(json!({
        "enterprise": { "id": id, "name": organisation.name, "teams": page.items },
        "response_metadata": page.metadata(),
    }))
}

pub(super) fn list(world: &mut World, request: &Request) -> Outcome {
    let found = world
        .conversations
        .values()
        .filter(|c| is_asked_for(world, request, c));
    let channels: Vec<Value> = found.map(brief).collect();
    listed(request, channels)
}

/// Conversations in which something was said since `latest`.
pub(super) fn recent(world: &mut World, request: &Request) -> Outcome {
    let since = request.params.text("latest").unwrap_or_default();
    let lately = |c: &Conversation| c.messages.keys().next_back().is_some_and(|ts| *ts > since);
    let found = world
        .conversations
        .values()
        .filter(|c| is_asked_for(world, request, c));
    let channels: Vec<Value> = found
        .filter(|c| lately(c))
        .map(|c| {
            let mut shown = brief(c);
            if let Some(shown) = shown.as_object_mut() {
                let last = c.messages.keys().next_back();
                shown.insert("date_last_message".to_owned(), json!(last));
            }
            shown
        })
        .collect();
    listed(request, channels)
}

pub(super) fn history(world: &mut World, request: &Request) -> Outcome {
    let params = &request.params;
    let id = params.required("channel")?;
    let conversation = world.conversation(&id)?;
    reachable(world, request, &conversation.team).or(Err(Refusal::of("channel_not_found")))?;
    let (oldest, latest) = (params.text("oldest"), params.text("latest"));
    let all: Vec<&Message> = conversation
        .messages
        .values()
        .rev()
        .filter(|m| m.is_there())
        .filter(|m| oldest.as_ref().is_none_or(|oldest| m.ts > *oldest))
        .filter(|m| latest.as_ref().is_none_or(|latest| m.ts <= *latest))
        .collect();
    let page = page(all, params, params.limit(1_000, 1_000)?, |m| m.ts.clone())?;
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|m| world.show_message(&id, m))
        .collect();
    let has_edits = page.items.iter().any(|m| m.edited.is_some());
    Ok(json!({
        "messages": shown, "has_more": page.has_more(), "has_edits": has_edits,
        "response_metadata": page.metadata(),
    }))
}

pub(super) fn chat_info(world: &mut World, request: &Request) -> Outcome {
    let (channel, ts) = place(world, request)?;
    Ok(json!({ "message": world.shown(&channel, &ts) }))
}

pub(super) fn file_info(world: &mut World, request: &Request) -> Outcome {
    let id = file(world, request)?;
    Ok(json!({ "file": world.show_file(world.file(&id)?) }))
}

fn is_asked_for(world: &World, request: &Request, conversation: &Conversation) -> bool {
    let team = request.params.text("team");
    reachable(world, request, &conversation.team).is_ok()
        && team.is_none_or(|team| team == conversation.team)
}

fn brief(conversation: &Conversation) -> Value {
    json!({
        "id": conversation.id, "team": conversation.team, "name": conversation.name,
        "is_private": conversation.kind.argument() == "private_channel",
        "is_im": conversation.kind.argument() == "im",
        "is_mpim": conversation.kind.argument() == "mpim", "created": conversation.created,
    })
}

fn listed(request: &Request, channels: Vec<Value>) -> Outcome {
    let key = |c: &Value| {
        c.get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let page = page(
        channels,
        &request.params,
        request.params.limit(1_000, 1_000)?,
        key,
    )?;
    Ok(json!({ "response_metadata": page.metadata(), "channels": page.items }))
}
