//! `conversations.*` and `users.conversations`: which there are, who is in them, opening and joining.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::call::Request;
use super::paging::page;
use crate::fake_slack::deeds::{Caller, Found};
use crate::fake_slack::model::{Conversation, Kind, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// The workspace a list is about: org-wide tokens have to say.
pub(super) fn team_argument(world: &World, request: &Request) -> Outcome<String> {
    let caller = &request.caller;
    match (&caller.team, request.params.text("team_id")) {
        (Some(own), _) => Ok(own.clone()),
        (None, None) => Err(Refusal::of("missing_argument").with("argument", json!("team_id"))),
        (None, Some(team)) if world.reaches(caller, &team) => Ok(team),
        (None, Some(_)) => Err(Refusal::of("team_access_not_granted")),
    }
}

pub(super) fn info(world: &mut World, request: &Request) -> Outcome {
    let id = request.params.required("channel")?;
    let conversation = world.seen(&request.caller, &id)?;
    request.caller.needs(conversation.kind.read_scope())?;
    let mut shown = world.show_conversation(conversation, Some(&request.caller));
    if let (false, Some(shown)) = (
        request.params.flag("include_num_members"),
        shown.as_object_mut(),
    ) {
        shown.remove("num_members");
    }
    Ok(json!({ "channel": shown }))
}

pub(super) fn list(world: &mut World, request: &Request) -> Outcome {
    let team = team_argument(world, request)?;
    let here = |c: &Conversation| c.team == team || c.shared_with.contains(&team);
    let found: Vec<&Conversation> = world.conversations.values().filter(|c| here(c)).collect();
    listed(world, request, found)
}

pub(super) fn of_user(world: &mut World, request: &Request) -> Outcome {
    let team = team_argument(world, request)?;
    let user = request
        .params
        .text("user")
        .unwrap_or_else(|| request.caller.user.clone());
    if !world.users.contains_key(&user) {
        return Err(Refusal::of("user_not_found"));
    }
    let here = |c: &Conversation| {
        c.members.contains(&user) && (c.team == team || c.shared_with.contains(&team))
    };
    let found: Vec<&Conversation> = world.conversations.values().filter(|c| here(c)).collect();
    listed(world, request, found)
}

/// Those of the wanted kinds that the caller sees, page by page.
fn listed(world: &World, request: &Request, found: Vec<&Conversation>) -> Outcome {
    let (caller, params) = (&request.caller, &request.params);
    let kinds = kinds(params.words("types"))?;
    for kind in &kinds {
        caller.needs(kind.read_scope())?;
    }
    let without_archived = params.flag("exclude_archived");
    let shown: Vec<Value> = found
        .into_iter()
        .filter(|c| kinds.contains(&c.kind) && world.sees(caller, c))
        .filter(|c| !(without_archived && c.archived))
        .map(|c| world.show_conversation(c, Some(caller)))
        .collect();
    let key = |c: &Value| {
        c.get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let page = page(shown, params, params.limit(100, 999)?, key)?;
    Ok(json!({ "response_metadata": page.metadata(), "channels": page.items }))
}

fn kinds(words: Vec<String>) -> Outcome<Vec<Kind>> {
    if words.is_empty() {
        return Ok(vec![Kind::Public]);
    }
    let all = [Kind::Public, Kind::Private, Kind::Im, Kind::Mpim];
    let kind = |word: String| all.into_iter().find(|kind| kind.argument() == word);
    let kinds: Option<Vec<Kind>> = words.into_iter().map(kind).collect();
    kinds.ok_or_else(|| Refusal::of("invalid_types"))
}

pub(super) fn members(world: &mut World, request: &Request) -> Outcome {
    let id = request.params.required("channel")?;
    let conversation = world.seen(&request.caller, &id)?;
    request.caller.needs(conversation.kind.read_scope())?;
    let members: Vec<String> = conversation.members.iter().cloned().collect();
    let limit = request.params.limit(100, 999)?;
    let page = page(members, &request.params, limit, String::clone)?;
    Ok(json!({ "response_metadata": page.metadata(), "members": page.items }))
}

pub(super) fn join(world: &mut World, request: &Request) -> Outcome {
    let id = request.params.required("channel")?;
    let conversation = world.seen(&request.caller, &id)?;
    if conversation.kind != Kind::Public {
        return Err(Refusal::of("method_not_supported_for_channel_type"));
    }
    let already = conversation.members.contains(&request.caller.user);
    world.join(&id, &request.caller.user, None)?;
    let shown = world.show_conversation(world.conversation(&id)?, Some(&request.caller));
    let mut body = json!({ "channel": shown });
    if let (true, Some(body)) = (already, body.as_object_mut()) {
        let warnings = json!({ "warnings": ["already_in_channel"] });
        body.insert("warning".to_owned(), json!("already_in_channel"));
        body.insert("response_metadata".to_owned(), warnings);
    }
    Ok(body)
}

pub(super) fn open(world: &mut World, request: &Request) -> Outcome {
    let (caller, params) = (&request.caller, &request.params);
    if let Some(channel) = params.text("channel") {
        world.seen(caller, &channel)?;
        return Ok(json!({ "no_op": true, "already_open": true, "channel": { "id": channel } }));
    }
    let users = params.words("users");
    if users.is_empty() {
        return Err(Refusal::of("users_list_not_supplied"));
    }
    let (id, found) = opened(world, caller, users)?;
    let channel = if params.flag("return_im") {
        world.show_conversation(world.conversation(&id)?, Some(caller))
    } else {
        json!({ "id": id })
    };
    Ok(match found {
        Found::Before => json!({ "no_op": true, "already_open": true, "channel": channel }),
        Found::Opened => json!({ "channel": channel }),
    })
}

/// The direct conversation of a caller with others.
pub(super) fn opened(
    world: &mut World,
    caller: &Caller,
    users: Vec<String>,
) -> Outcome<(String, Found)> {
    let mut members: BTreeSet<String> = BTreeSet::from([caller.user.clone()]);
    let mut team = caller.team.clone();
    for user in users {
        let known = world.users.get(&user);
        let known = known.ok_or_else(|| Refusal::of("user_not_found"))?;
        if known.deactivated {
            return Err(Refusal::of("user_disabled"));
        }
        if known.bot_id.is_some() && caller.bot.is_some() {
            return Err(Refusal::of("cannot_dm_bot"));
        }
        if !world.reaches(caller, &known.team) {
            return Err(Refusal::of("user_not_visible"));
        }
        team = team.or_else(|| Some(known.team.clone()));
        members.insert(user);
    }
    if members.len() > 9 {
        return Err(Refusal::of("too_many_users"));
    }
    Ok(world.open_direct(&team.unwrap_or_default(), members))
}
