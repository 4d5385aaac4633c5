//! `views.open`: modals.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::super::call::Request;
use crate::fake_slack::blocks;
use crate::fake_slack::model::{Opened, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// How long a click may open a modal.
const TRIGGER_LASTS: TimeDelta = TimeDelta::seconds(3);

pub(super) fn open(world: &mut World, request: &Request) -> Outcome {
    let id = request.params.required("trigger_id")?;
    let view = request.params.structure("view", "invalid_arguments")?;
    let mut view = view.ok_or_else(|| Refusal::missing("view"))?;
    let content = view
        .get("blocks")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    blocks::check(&content, blocks::VIEW)?;
    let now = world.now();
    let trigger = world.triggers.remove(&id);
    let trigger = trigger.ok_or_else(|| Refusal::of("invalid_trigger_id"))?;
    if now - trigger.made_at > TRIGGER_LASTS {
        return Err(Refusal::of("expired_trigger_id"));
    }
    let view_id = world.next_id("V");
    if let Some(view) = view.as_object_mut() {
        let team = request.caller.team.clone();
        view.insert("id".to_owned(), json!(view_id));
        view.insert("team_id".to_owned(), json!(team));
        view.insert("app_id".to_owned(), json!(request.caller.app));
        view.insert("bot_id".to_owned(), json!(request.caller.bot));
        view.insert("state".to_owned(), json!({ "values": {} }));
        view.insert(
            "hash".to_owned(),
            json!(format!("{}.fake", now.timestamp())),
        );
    }
    world.views.push(Opened {
        id: view_id,
        user: trigger.user,
        view: view.clone(),
    });
    Ok(json!({ "view": view }))
}
