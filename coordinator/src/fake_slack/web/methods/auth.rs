//! `auth.*` and `team.info`: who a token is for.

use serde_json::{Value, json};

use super::super::call::Request;
use super::paging::page;
use crate::fake_slack::model::{Reach, TokenKind, World};
use crate::fake_slack::refusal::{Outcome, Refusal};
use crate::fake_slack::show;

#[expect(clippy::unnecessary_wraps, reason = "all methods have one type")]
pub(super) fn test(world: &mut World, request: &Request) -> Outcome {
    let caller = &request.caller;
    let user = world.users.get(&caller.user);
    let organisation = caller.organisation.as_ref();
    let organisation = organisation.and_then(|id| world.organisations.get(id));
    let (team_id, team) = match (&caller.team, organisation) {
        (Some(id), _) => (
            id.clone(),
            world.workspaces.get(id).map(|team| team.name.clone()),
        ),
        (None, Some(found)) => (found.id.clone(), Some(found.name.clone())),
        (None, None) => (String::new(), None),
    };
    let mut body = json!({
        "url": format!("{}/", world.home_of(&team_id)), "team": team,
        "user": user.map(|user| &user.name), "team_id": team_id, "user_id": caller.user,
        "is_enterprise_install": caller.team.is_none(),
    });
    let token = world.tokens.get(&request.token);
    let expires = token
        .and_then(|token| token.expires_at)
        .map(|end| (end - world.now()).num_seconds());
    if let Some(body) = body.as_object_mut() {
        for (key, value) in [
            ("bot_id", caller.bot.clone().map(Value::from)),
            (
                "enterprise_id",
                caller.organisation.clone().map(Value::from),
            ),
            ("expires_in", expires.map(Value::from)),
        ] {
            if let Some(value) = value {
                body.insert(key.to_owned(), value);
            }
        }
    }
    Ok(body)
}

pub(super) fn teams_list(world: &mut World, request: &Request) -> Outcome {
    let caller = &request.caller;
    let mut teams: Vec<Value> = Vec::new();
    for workspace in world.workspaces.values() {
        if world.reaches(caller, &workspace.id) {
            teams.push(json!({
                "id": workspace.id, "name": workspace.name, "icon": { "image_default": true },
            }));
        }
    }
    let limit = request.params.limit(100, 1_000)?;
    let key = |team: &Value| {
        team.get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let page = page(teams, &request.params, limit, key)?;
    Ok(json!({ "response_metadata": page.metadata(), "teams": page.items }))
}

pub(super) fn team_info(world: &mut World, request: &Request) -> Outcome {
    let caller = &request.caller;
    let asked = request.params.text("team").or_else(|| caller.team.clone());
    let id = asked.ok_or_else(|| Refusal::missing("team"))?;
    let workspace = world.workspaces.get(&id);
    let workspace = workspace.filter(|workspace| world.reaches(caller, &workspace.id));
    let workspace = workspace.ok_or_else(|| Refusal::of("team_not_found"))?;
    let organisation = workspace.organisation.as_ref();
    let organisation = organisation.and_then(|id| world.organisations.get(id));
    let name = organisation.map(|organisation| organisation.name.as_str());
    Ok(json!({ "team": show::workspace(workspace, name) }))
}

#[expect(clippy::unnecessary_wraps, reason = "all methods have one type")]
pub(super) fn revoke(world: &mut World, request: &Request) -> Outcome {
    if request.params.flag("test") {
        return Ok(json!({ "revoked": false }));
    }
    let caller = &request.caller;
    world.revoke(&[&caller.user]);
    if caller.kind == TokenKind::Bot {
        // Without its bot an app is installed no more.
        let install = world
            .app
            .installs
            .iter()
            .find(|install| install.bot_user == caller.user);
        let place = install.map(|install| match &install.reach {
            Reach::Workspace(id) | Reach::Organisation { id, .. } => id.clone(),
        });
        if let Some(place) = place {
            world.uninstall(&place);
        }
    }
    Ok(json!({ "revoked": true }))
}
