//! `apps.*`: web sockets, and who else sees an event.

use serde_json::{Value, json};

use super::super::call::Request;
use crate::fake_slack::model::World;
use crate::fake_slack::refusal::{Outcome, Refusal};

/// Answered where connections are known: see `web::socket`.
pub(super) fn connections_open(_: &mut World, _: &Request) -> Outcome {
    Err(Refusal::of("fatal_error"))
}

pub(super) fn authorizations(world: &mut World, request: &Request) -> Outcome {
    let context = request.params.required("event_context")?;
    let found = world.contexts.get(&context);
    let found: &Vec<Value> = found.ok_or_else(|| Refusal::of("invalid_event_context"))?;
    Ok(json!({ "authorizations": found, "response_metadata": { "next_cursor": "" } }))
}
