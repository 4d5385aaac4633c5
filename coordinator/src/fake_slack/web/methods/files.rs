//! `files.*`: uploading in two steps, looking at files, deleting them, and their public addresses.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::call::Request;
use crate::fake_slack::deeds::NewFile;
use crate::fake_slack::model::{FileMode, FileState, Message, StoredFile, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

pub(super) fn info(world: &mut World, request: &Request) -> Outcome {
    let file = seen(world, request)?;
    Ok(json!({
        "file": world.show_file(file), "comments": [], "response_metadata": { "next_cursor": "" },
    }))
}

pub(super) fn list(world: &mut World, request: &Request) -> Outcome {
    let params = &request.params;
    super::conversations::team_argument(world, request)?;
    let (channel, user) = (params.text("channel"), params.text("user"));
    let count = params
        .text("count")
        .and_then(|text| text.parse().ok())
        .unwrap_or(100)
        .max(1);
    let number = params
        .text("page")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
        .max(1);
    let mut all: Vec<&StoredFile> = world
        .files
        .values()
        .filter(|file| file.state != FileState::Deleted && world.sees_file(&request.caller, file))
        .filter(|file| user.as_ref().is_none_or(|user| *user == file.user))
        .filter(|file| {
            channel
                .as_ref()
                .is_none_or(|id| file.shares.iter().any(|s| s.channel == *id))
        })
        .collect();
    all.reverse();
    let (total, first) = (all.len(), (number - 1) * count);
    let files = all
        .iter()
        .skip(first)
        .take(count)
        .map(|file| world.show_file(file));
    let files: Vec<Value> = files.collect();
    Ok(json!({
        "files": files,
        "paging": { "count": count, "total": total, "page": number, "pages": total.div_ceil(count) },
    }))
}

pub(super) fn delete(world: &mut World, request: &Request) -> Outcome {
    let file = seen(world, request)?;
    world.may_delete_file(&request.caller, file)?;
    let id = file.id.clone();
    world.delete_file(&id)?;
    Ok(json!({}))
}

pub(super) fn share_public(world: &mut World, request: &Request) -> Outcome {
    let id = seen(world, request)?.id.clone();
    world.publish(&id)?;
    Ok(json!({ "file": world.show_file(world.file(&id)?) }))
}

pub(super) fn revoke_public(world: &mut World, request: &Request) -> Outcome {
    let id = seen(world, request)?.id.clone();
    world.unpublish(&id)?;
    Ok(json!({ "file": world.show_file(world.file(&id)?) }))
}

pub(super) fn upload_url(world: &mut World, request: &Request) -> Outcome {
    let params = &request.params;
    let name = params.required("filename")?;
    let length: usize = params.required("length")?.parse().unwrap_or_default();
    if length == 0 {
        return Err(Refusal::invalid(
            "[ERROR] must be greater than 0 [json-pointer:/length]",
        ));
    }
    let new = NewFile {
        user: &request.caller.user,
        name: &name,
        bytes: Bytes::new(),
    };
    let mut file = world.fresh_file(new);
    if params.text("snippet_type").is_some() {
        file.mode = FileMode::Snippet;
    }
    let id = file.id.clone();
    world.uploads.insert(id.clone(), file);
    Ok(json!({ "upload_url": format!("{}/upload/v1/{id}", world.origin), "file_id": id }))
}

pub(super) fn complete_upload(world: &mut World, request: &Request) -> Outcome {
    let params = &request.params;
    let files = params.list("files", "invalid_arguments")?;
    let files = files
        .filter(|files| !files.is_empty())
        .ok_or_else(|| Refusal::missing("files"))?;
    let mut channels = params.words("channels");
    channels.extend(params.text("channel_id"));
    for channel in &channels {
        let conversation = world.seen(&request.caller, channel)?;
        if !conversation.members.contains(&request.caller.user) {
            return Err(Refusal::of("not_in_channel"));
        }
    }
    let ids = kept(world, request, &files)?;
    for channel in &channels {
        let text = params.text("initial_comment").unwrap_or_default();
        let mut message = Message::new(world.author(&request.caller.user), &text);
        message.files.clone_from(&ids);
        message.subtype = Some("file_share".to_owned());
        message.thread_ts = params.text("thread_ts");
        world.post(channel, message)?;
    }
    let shown = ids.iter().filter_map(|id| world.files.get(id));
    let shown: Vec<Value> = shown.map(|file| world.show_file(file)).collect();
    Ok(json!({ "files": shown }))
}

/// Keeps uploads whose bytes have arrived.
fn kept(world: &mut World, request: &Request, files: &[Value]) -> Outcome<Vec<String>> {
    let mut uploads = Vec::new();
    for file in files {
        let id = file.get("id").and_then(Value::as_str).unwrap_or_default();
        let upload = world
            .uploads
            .get(id)
            .filter(|upload| upload.user == request.caller.user);
        let mut upload = upload
            .cloned()
            .ok_or_else(|| Refusal::of("file_not_found"))?;
        if upload.bytes.is_empty() {
            return Err(Refusal::of("file_update_failed"));
        }
        if let Some(title) = file.get("title").and_then(Value::as_str) {
            title.clone_into(&mut upload.title);
        }
        uploads.push(upload);
    }
    let ids = uploads.into_iter().map(|upload| {
        world.uploads.remove(&upload.id);
        world.keep(upload)
    });
    Ok(ids.collect())
}

/// The file that the arguments name, if the caller sees it.
fn seen<'a>(world: &'a World, request: &Request) -> Outcome<&'a StoredFile> {
    let file = world.file(&request.params.required("file")?)?;
    if world.sees_file(&request.caller, file) {
        return Ok(file);
    }
    Err(Refusal::of("file_not_found"))
}
