//! `users.*`: who people are.

use serde_json::{Value, json};

use super::super::call::Request;
use super::conversations::team_argument;
use super::paging::page;
use crate::fake_slack::model::{User, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

pub(super) fn info(world: &mut World, request: &Request) -> Outcome {
    let id = request.params.required("user")?;
    let user = world
        .users
        .get(&id)
        .filter(|user| is_visible(world, request, user));
    let user = user.ok_or_else(|| Refusal::of("user_not_found"))?;
    Ok(json!({ "user": world.show_user(user, &request.caller) }))
}

pub(super) fn list(world: &mut World, request: &Request) -> Outcome {
    let team = team_argument(world, request)?;
    let users = world.users.values().filter(|user| user.team == team);
    let users: Vec<Value> = users
        .map(|user| world.show_user(user, &request.caller))
        .collect();
    let limit = request.params.limit(users.len().max(1), 1_000)?;
    let key = |user: &Value| {
        user.get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let page = page(users, &request.params, limit, key)?;
    Ok(json!({
        "response_metadata": page.metadata(), "members": page.items,
        "cache_ts": world.now().timestamp(),
    }))
}

pub(super) fn lookup(world: &mut World, request: &Request) -> Outcome {
    let email = request.params.required("email")?.to_lowercase();
    let mut users = world.users.values();
    let found = users.find(|user| {
        user.email.to_lowercase() == email && world.reaches(&request.caller, &user.team)
    });
    let user = found.filter(|user| !user.deactivated);
    let user = user.ok_or_else(|| Refusal::of("users_not_found"))?;
    Ok(json!({ "user": world.show_user(user, &request.caller) }))
}

/// Colleagues, and strangers in shared conversations.
fn is_visible(world: &World, request: &Request, user: &User) -> bool {
    let mut shared = world.conversations.values();
    world.reaches(&request.caller, &user.team)
        || shared.any(|c| c.members.contains(&user.id) && world.sees(&request.caller, c))
}
