//! `chat.*`: saying, changing, taking away.

use serde_json::{Value, json};

use super::super::call::Request;
use super::super::params::Params;
use super::conversations::opened;
use crate::fake_slack::blocks;
use crate::fake_slack::deeds::Change;
use crate::fake_slack::model::{Kind, Message, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// Characters of a message; what is longer is cut off.
const LONGEST: usize = 40_000;
/// Characters of a message that is changed; what is longer is refused.
const LONGEST_UPDATE: usize = 4_000;

pub(super) fn post_message(world: &mut World, request: &Request) -> Outcome {
    let params = &request.params;
    let mut message = message(world, request)?;
    let channel = place(world, request)?;
    may_speak(world, request, &channel)?;
    if let Some(root) = params.text("thread_ts") {
        if params.flag("reply_broadcast") {
            message.subtype = Some("thread_broadcast".to_owned());
        }
        message.thread_ts = Some(root);
    }
    let ts = world.post(&channel, message)?;
    Ok(json!({ "channel": channel, "ts": ts, "message": world.shown(&channel, &ts) }))
}

pub(super) fn post_ephemeral(world: &mut World, request: &Request) -> Outcome {
    let user = request.params.required("user")?;
    let mut message = message(world, request)?;
    let channel = request.params.required("channel")?;
    let conversation = world.seen(&request.caller, &channel)?;
    if !conversation.members.contains(&user) {
        return Err(Refusal::of("user_not_in_channel"));
    }
    may_speak(world, request, &channel)?;
    message.thread_ts = request.params.text("thread_ts");
    let ts = world.whisper(&channel, &user, message)?;
    Ok(json!({ "message_ts": ts }))
}

pub(super) fn update(world: &mut World, request: &Request) -> Outcome {
    let (caller, params) = (&request.caller, &request.params);
    let (channel, ts) = (params.required("channel")?, params.required("ts")?);
    world.seen(caller, &channel)?;
    World::may_update(caller, world.message(&channel, &ts)?)?;
    let text = params.text("text");
    if text
        .as_ref()
        .is_some_and(|text| text.chars().count() > LONGEST_UPDATE)
    {
        return Err(Refusal::of("msg_too_long"));
    }
    let change = Change {
        blocks: blocks_of(params)?,
        attachments: params.list("attachments", "invalid_attachments")?,
        metadata: params.structure("metadata", "invalid_metadata_format")?,
        editor: Some(caller.user.clone()),
        text,
    };
    if change.text.is_none() && change.blocks.is_none() && change.attachments.is_none() {
        return Err(Refusal::of("no_text"));
    }
    world.change(&channel, &ts, change)?;
    let shown = world.shown(&channel, &ts).unwrap_or_default();
    let text = shown.get("text").cloned();
    Ok(json!({ "channel": channel, "ts": ts, "text": text, "message": shown }))
}

pub(super) fn delete(world: &mut World, request: &Request) -> Outcome {
    let (caller, params) = (&request.caller, &request.params);
    let (channel, ts) = (params.required("channel")?, params.required("ts")?);
    let conversation = world.seen(caller, &channel)?;
    world.may_delete(caller, conversation, world.message(&channel, &ts)?)?;
    world.take_away(&channel, &ts)?;
    Ok(json!({ "channel": channel, "ts": ts }))
}

pub(super) fn permalink(world: &mut World, request: &Request) -> Outcome {
    let params = &request.params;
    let (channel, ts) = (params.required("channel")?, params.required("message_ts")?);
    let conversation = world.seen(&request.caller, &channel)?;
    let message = world.message(&channel, &ts)?;
    let mut link = format!(
        "{}/archives/{channel}/p{}",
        world.home_of(&conversation.team),
        ts.replace('.', "")
    );
    if let Some(root) = message.thread_ts.as_ref().filter(|_| message.is_reply()) {
        link.extend(["?thread_ts=", root, "&cid=", &channel]);
    }
    Ok(json!({ "channel": channel, "permalink": link }))
}

/// Where a message goes: a conversation, by id or name, or somebody.
fn place(world: &mut World, request: &Request) -> Outcome<String> {
    let asked = request
        .params
        .text("channel")
        .ok_or_else(|| Refusal::of("channel_not_found"))?;
    if world.users.contains_key(&asked) {
        return Ok(opened(world, &request.caller, vec![asked])?.0);
    }
    let name = asked.strip_prefix('#').unwrap_or(&asked);
    let mut all = world.conversations.values();
    let found = all.find(|c| c.id == asked || c.name == name && world.sees(&request.caller, c));
    let found = found.filter(|c| world.sees(&request.caller, c));
    found
        .map(|c| c.id.clone())
        .ok_or_else(|| Refusal::of("channel_not_found"))
}

/// Whether the caller may write there: as a member, or from outside into a channel for all.
fn may_speak(world: &World, request: &Request, channel: &str) -> Outcome<()> {
    let conversation = world.seen(&request.caller, channel)?;
    let inside = conversation.members.contains(&request.caller.user);
    let from_outside =
        conversation.kind == Kind::Public && request.caller.scopes.contains("chat:write.public");
    if conversation.archived {
        return Err(Refusal::of("is_archived"));
    }
    if inside || from_outside {
        return Ok(());
    }
    Err(Refusal::of("not_in_channel"))
}

/// The message that the arguments describe.
fn message(world: &World, request: &Request) -> Outcome<Message> {
    let params = &request.params;
    let text: String = params
        .text("text")
        .unwrap_or_default()
        .chars()
        .take(LONGEST)
        .collect();
    let blocks = blocks_of(params)?.unwrap_or_default();
    let attachments = params
        .list("attachments", "invalid_attachments")?
        .unwrap_or_default();
    if text.trim().is_empty() && blocks.is_empty() && attachments.is_empty() {
        return Err(Refusal::of("no_text"));
    }
    if attachments.len() > 100 {
        return Err(Refusal::of("too_many_attachments"));
    }
    let mut message = Message::new(world.author(&request.caller.user), &text);
    message.author.bot.clone_from(&request.caller.bot);
    message.blocks = blocks;
    message.attachments = attachments;
    message.metadata = params.structure("metadata", "invalid_metadata_format")?;
    if let Some(username) = params.text("username") {
        request.caller.needs("chat:write.customize")?;
        message.username = Some(username);
        message.subtype = Some("bot_message".to_owned());
    }
    Ok(message)
}

fn blocks_of(params: &Params) -> Outcome<Option<Vec<Value>>> {
    let blocks = params.list("blocks", "invalid_blocks_format")?;
    if let Some(blocks) = &blocks {
        blocks::check(blocks, blocks::MESSAGE)?;
    }
    Ok(blocks)
}
