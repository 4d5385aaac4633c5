//! `discovery.*` that changes something: hiding, bringing back, purging.
//!
//! **Invariant:** all of the organisation is in reach, whoever is in the conversation.

use serde_json::json;

use super::super::call::Request;
use crate::fake_slack::deeds::Change;
use crate::fake_slack::model::{FileState, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// Conversation and timestamp that the arguments name, if they are the organisation's.
pub(super) fn place(world: &World, request: &Request) -> Outcome<(String, String)> {
    let params = &request.params;
    let (channel, ts) = (params.required("channel")?, params.required("ts")?);
    let conversation = world.conversation(&channel)?;
    let team = params.text("team");
    if team.is_some_and(|team| team != conversation.team) {
        return Err(Refusal::of("channel_not_found"));
    }
    reachable(world, request, &conversation.team)?;
    world.message(&channel, &ts)?;
    Ok((channel, ts))
}

/// # Errors
/// `team_not_found`.
pub(super) fn reachable(world: &World, request: &Request, team: &str) -> Outcome<()> {
    let caller = &request.caller;
    let organisation = world.organisation_of(team);
    let own = caller.organisation.is_some() && organisation == caller.organisation.as_deref();
    if own || caller.team.as_deref() == Some(team) {
        return Ok(());
    }
    Err(Refusal::of("team_not_found"))
}

pub(super) fn chat_tombstone(world: &mut World, request: &Request) -> Outcome {
    let (channel, ts) = place(world, request)?;
    world.hide(&channel, &ts, request.params.text("content").as_deref())?;
    Ok(json!({ "message": world.shown(&channel, &ts) }))
}

pub(super) fn chat_restore(world: &mut World, request: &Request) -> Outcome {
    let (channel, ts) = place(world, request)?;
    world.bring_back(&channel, &ts)?;
    Ok(json!({ "message": world.shown(&channel, &ts) }))
}

pub(super) fn chat_update(world: &mut World, request: &Request) -> Outcome {
    let (channel, ts) = place(world, request)?;
    let change = Change {
        text: Some(request.params.required("text")?),
        attachments: request.params.list("attachments", "invalid_attachments")?,
        ..Change::default()
    };
    world.change(&channel, &ts, change)?;
    Ok(json!({ "channel": channel, "ts": ts, "message": world.shown(&channel, &ts) }))
}

pub(super) fn chat_delete(world: &mut World, request: &Request) -> Outcome {
    let (channel, ts) = place(world, request)?;
    world.take_away(&channel, &ts)?;
    Ok(json!({ "channel": channel, "ts": ts }))
}

/// The file that the arguments name, if it is the organisation's.
pub(super) fn file(world: &World, request: &Request) -> Outcome<String> {
    let file = world.file(&request.params.required("file")?)?;
    reachable(world, request, &file.team).or(Err(Refusal::of("file_not_found")))?;
    Ok(file.id.clone())
}

pub(super) fn file_tombstone(world: &mut World, request: &Request) -> Outcome {
    let id = file(world, request)?;
    if world.file(&id)?.state == FileState::Hidden {
        return Err(Refusal::of("already_tombstoned"));
    }
    world.hide_file(
        &id,
        FileState::Hidden,
        request.params.text("title").as_deref(),
    )?;
    Ok(json!({ "file": world.show_file(world.file(&id)?) }))
}

pub(super) fn file_restore(world: &mut World, request: &Request) -> Outcome {
    let id = file(world, request)?;
    if world.file(&id)?.state != FileState::Hidden {
        return Err(Refusal::of("file_not_tombstoned"));
    }
    world.hide_file(&id, FileState::Whole, None)?;
    Ok(json!({ "file": world.show_file(world.file(&id)?) }))
}

pub(super) fn file_delete(world: &mut World, request: &Request) -> Outcome {
    let id = file(world, request)?;
    world.delete_file(&id)?;
    Ok(json!({}))
}
