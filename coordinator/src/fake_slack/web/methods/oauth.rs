//! `oauth.v2.*`: codes and refresh tokens for tokens.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::super::call::Request;
use crate::fake_slack::deeds::{EXPIRES_IN, InstallPlan, Tokens};
use crate::fake_slack::model::{Code, Token, TokenKind, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// How long a code works.
const CODE_LASTS: TimeDelta = TimeDelta::seconds(600);

pub(super) fn access(world: &mut World, request: &Request) -> Outcome {
    check_client(world, request)?;
    let params = &request.params;
    if params.text("grant_type").as_deref() == Some("refresh_token") {
        let refresh = params.text("refresh_token");
        let refresh = refresh.ok_or_else(|| Refusal::of("invalid_refresh_token"))?;
        let token = world.refresh(&refresh)?;
        return Ok(renewed(world, &token));
    }
    let code = spend_code(world, request)?;
    let plan = plan(world, &code);
    let tokens = world.install(&plan);
    Ok(granted(world, &plan, &tokens))
}

pub(super) fn exchange(world: &mut World, request: &Request) -> Outcome {
    check_client(world, request)?;
    let secret = request
        .params
        .text("token")
        .unwrap_or_else(|| request.token.clone());
    let token = world.start_rotation(&secret)?;
    Ok(renewed(world, &token))
}

/// # Errors
/// `invalid_client_id`, `bad_client_secret`.
fn check_client(world: &World, request: &Request) -> Outcome<()> {
    let (id, secret) = match &request.basic {
        Some((id, secret)) => (Some(id.clone()), Some(secret.clone())),
        None => (
            request.params.text("client_id"),
            request.params.text("client_secret"),
        ),
    };
    if id.as_deref() != Some(&world.app.client_id) {
        return Err(Refusal::of("invalid_client_id"));
    }
    if secret.as_deref() != Some(&world.app.client_secret) {
        return Err(Refusal::of("bad_client_secret"));
    }
    Ok(())
}

fn spend_code(world: &mut World, request: &Request) -> Outcome<Code> {
    let name = request
        .params
        .required("code")
        .or(Err(Refusal::of("invalid_code")))?;
    let now = world.now();
    let code = world.codes.remove(&name);
    let code = code.ok_or_else(|| Refusal::of("invalid_code"))?;
    if now - code.made_at > CODE_LASTS {
        return Err(Refusal::of("invalid_code"));
    }
    let told = request.params.text("redirect_uri");
    if told.is_some_and(|told| told != code.redirect_uri) {
        return Err(Refusal::of("bad_redirect_uri"));
    }
    if code.scopes.is_empty() && code.user_scopes.is_empty() {
        return Err(Refusal::of("no_scopes"));
    }
    Ok(code)
}

fn plan(world: &World, code: &Code) -> InstallPlan {
    let organisation = code.organisation.clone().filter(|_| code.team.is_none());
    let organisation = organisation.map(|id| {
        let teams = world.workspaces.values();
        let teams = teams.filter(|team| team.organisation.as_ref() == Some(&id));
        let teams = teams.map(|team| team.id.clone()).collect();
        (id, teams)
    });
    InstallPlan {
        team: code.team.clone(),
        organisation,
        scopes: code.scopes.clone(),
        user: Some(code.user.clone()),
        user_scopes: code.user_scopes.clone(),
    }
}

fn granted(world: &World, plan: &InstallPlan, tokens: &Tokens) -> Value {
    let words = |scopes: &std::collections::BTreeSet<String>| {
        scopes
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut user = json!({ "id": plan.user });
    if let (Some(secret), Some(user)) = (&tokens.user, user.as_object_mut()) {
        user.insert("scope".to_owned(), json!(words(&plan.user_scopes)));
        user.insert("access_token".to_owned(), json!(secret));
        user.insert("token_type".to_owned(), json!("user"));
        add_rotation(world, user, tokens.user_refresh.as_ref());
    }
    let team = plan.team.as_ref().and_then(|id| world.workspaces.get(id));
    let organisation = match (&plan.team, &plan.organisation) {
        (Some(team), _) => world.organisation_of(team),
        (None, organisation) => organisation.as_ref().map(|(id, _)| id.as_str()),
    };
    let organisation = organisation.and_then(|id| world.organisations.get(id));
    let mut body = json!({
        "app_id": world.app.id, "authed_user": user, "scope": words(&plan.scopes),
        "token_type": "bot", "access_token": tokens.bot, "bot_user_id": tokens.bot_user,
        "team": team.map(|team| json!({ "id": team.id, "name": team.name })),
        "enterprise": organisation.map(|o| json!({ "id": o.id, "name": o.name })),
        "is_enterprise_install": plan.team.is_none(),
    });
    if let Some(body) = body.as_object_mut() {
        add_rotation(world, body, tokens.bot_refresh.as_ref());
    }
    body
}

/// The answer to a refresh token: what the old token was, anew.
fn renewed(world: &World, token: &Token) -> Value {
    let scopes: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
    let team = token.team.as_ref().and_then(|id| world.workspaces.get(id));
    let organisation = token
        .organisation
        .as_ref()
        .and_then(|id| world.organisations.get(id));
    let mut body = json!({
        "app_id": token.app, "access_token": token.secret, "scope": scopes.join(","),
        "token_type": if token.kind == TokenKind::Bot { "bot" } else { "user" },
        "team": team.map(|team| json!({ "id": team.id, "name": team.name })),
        "enterprise": organisation.map(|o| json!({ "id": o.id, "name": o.name })),
        "is_enterprise_install": token.is_org_wide(),
    });
    if let Some(body) = body.as_object_mut() {
        let who = if token.kind == TokenKind::Bot {
            "bot_user_id"
        } else {
            "user_id"
        };
        body.insert(who.to_owned(), json!(token.user));
        add_rotation(world, body, token.refresh.as_ref());
    }
    body
}

fn add_rotation(
    world: &World,
    body: &mut serde_json::Map<String, Value>,
    refresh: Option<&String>,
) {
    if let Some(refresh) = refresh {
        let life = world.app.token_life.unwrap_or(EXPIRES_IN);
        body.insert("refresh_token".to_owned(), json!(refresh));
        body.insert("expires_in".to_owned(), json!(life.num_seconds()));
    }
}
