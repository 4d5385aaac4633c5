//! `/oauth/v2/authorize`: where somebody allows the app in.
//!
//! **Invariant:** `state` goes back as it came, and never into the page unescaped.

use std::collections::BTreeMap;

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use url::Url;

use super::{Consent, Manners};
use crate::fake_slack::model::{Code, World};
use crate::fake_slack::stage::Stage;

type Query = web::Query<BTreeMap<String, String>>;

pub(super) async fn ask(
    query: Query,
    stage: web::Data<Stage>,
    manners: web::Data<Manners>,
) -> HttpResponse {
    let query = query.into_inner();
    let text = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    if stage.look(|world| world.app.client_id != text("client_id")) {
        return refuse("invalid_client_id");
    }
    let Ok(mut back) = Url::parse(text("redirect_uri")) else {
        return refuse("bad_redirect_uri");
    };
    let said = text("answer");
    if said == "deny" {
        back.query_pairs_mut().append_pair("error", "access_denied");
    } else if said == "allow" || text("auto") == "1" || manners.consent == Consent::Given {
        let Some(code) = stage.change(|world| grant(world, &query)) else {
            return refuse("invalid_team");
        };
        back.query_pairs_mut().append_pair("code", &code);
    } else {
        return page(&query);
    }
    if let Some(state) = query.get("state") {
        back.query_pairs_mut().append_pair("state", state);
    }
    HttpResponse::Found()
        .insert_header((LOCATION, back.as_str()))
        .finish()
}

/// Hands out a code, in the name of `user` or of the highest in rank.
fn grant(world: &mut World, query: &BTreeMap<String, String>) -> Option<String> {
    let words = |name: &str| {
        let text = query.get(name).map(String::as_str).unwrap_or_default();
        text.split([',', ' '])
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let asked = query.get("team").filter(|team| !team.is_empty()).cloned();
    let organisation = query.get("organisation").cloned();
    let team = match (&organisation, asked) {
        (Some(_), _) => None,
        (None, Some(team)) => Some(team),
        (None, None) => world.workspaces.keys().next().cloned(),
    };
    if team
        .as_ref()
        .is_some_and(|team| !world.workspaces.contains_key(team))
    {
        return None;
    }
    let here = |home: &str| match (&team, &organisation) {
        (Some(team), _) => home == team,
        (None, organisation) => world.organisation_of(home) == organisation.as_deref(),
    };
    let people = world
        .users
        .values()
        .filter(|u| u.bot_id.is_none() && here(&u.team));
    let highest = people.max_by_key(|user| (user.rank, std::cmp::Reverse(user.id.clone())));
    let chosen = query
        .get("user")
        .and_then(|user| world.users.get(user))
        .or(highest)?;
    let code = Code {
        user: chosen.id.clone(),
        organisation: organisation
            .or_else(|| world.organisation_of(team.as_ref()?).map(str::to_owned)),
        team,
        scopes: words("scope"),
        user_scopes: words("user_scope"),
        redirect_uri: query.get("redirect_uri").cloned().unwrap_or_default(),
        made_at: world.now(),
    };
    let name = format!("{}.{}", world.secret(13), world.secret(13));
    world.codes.insert(name.clone(), code);
    Some(name)
}

fn refuse(error: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(format!("<h1>{error}</h1>"))
}

fn page(query: &BTreeMap<String, String>) -> HttpResponse {
    let mut hidden = String::new();
    for (name, value) in query {
        let field = format!(
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            escaped(name),
            escaped(value)
        );
        hidden.push_str(&field);
    }
    let scopes = escaped(query.get("scope").map(String::as_str).unwrap_or_default());
    let people = escaped(
        query
            .get("user_scope")
            .map(String::as_str)
            .unwrap_or_default(),
    );
    let body = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Allow an app</title>\
         <link rel=\"stylesheet\" href=\"/page.css\"><main class=\"consent\"><h1>Allow Weir?</h1>\
         <p>Its bot may: <code>{scopes}</code></p><p>In your name it may: <code>{people}</code></p>\
         <form>{hidden}<button name=\"answer\" value=\"allow\">Allow</button> \
         <button name=\"answer\" value=\"deny\">Cancel</button></form></main>"
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(body)
}

/// Text that says nothing to a browser.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
