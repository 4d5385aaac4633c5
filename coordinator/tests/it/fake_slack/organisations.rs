//! Organisations, installing, tokens that end, and the Discovery API.

use std::sync::Arc;
use std::time::Duration;

use coordinator::fake_slack::model::{Conversation, Rank, User, Workspace};
use coordinator::fake_slack::seed::{ADA, BO, BOT_SCOPES, GENERAL, TEAM};
use coordinator::fake_slack::{InstallPlan, Options};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use shared::clock::{Clock as _, ManualClock, SystemClock};
use url::Url;

use super::stand::{Stand, error};
use crate::support::receiver::{Arrived, Receiver};

const DISCOVERY: &[&str] = &["discovery:read", "discovery:write"];

/// An organisation of two workspaces, with the app installed for all of it; its bot token, and the owner's.
fn organisation(stand: &Stand) -> (String, String, String) {
    let slack = &stand.slack;
    slack.add_organisation("E0ORG", "Org");
    for team in ["T0ONE", "T0TWO"] {
        slack.add_workspace(Workspace::new(team, team).within("E0ORG"));
    }
    slack.add_user(User::new("U0OWN", "T0ONE", "own").ranked(Rank::PrimaryOwner));
    slack.add_user(User::new("U0TWO", "T0TWO", "two"));
    let plan = InstallPlan::on_organisation("E0ORG", &["T0ONE", "T0TWO"], BOT_SCOPES);
    let tokens = slack.install(&plan.by("U0OWN", DISCOVERY));
    let channel = Conversation::public("C0ONE", "T0ONE", "one");
    slack.add_channel(channel.with(&["U0OWN", "U0TWO", &tokens.bot_user]));
    slack.add_channel(Conversation::private("C0TWO", "T0TWO", "two").with(&["U0TWO"]));
    (tokens.bot, tokens.user.unwrap(), tokens.bot_user)
}

#[tokio::test]
async fn an_org_wide_installation_names_no_workspace() {
    let stand = Stand::impatient();
    let (bot, _, bot_user) = organisation(&stand);
    let (receiver, address) = Receiver::start().await;
    stand.connect(address);
    stand.slack.say("U0TWO", "C0ONE", "hello").unwrap();
    stand.slack.settled().await;
    let envelope = receiver.arrived()[0].json();
    assert_eq!(
        envelope["authorizations"],
        json!([{ "enterprise_id": "E0ORG", "team_id": null, "user_id": bot_user, "is_bot": true,
            "is_enterprise_install": true }])
    );
    assert_eq!(envelope["enterprise_id"], "E0ORG");
    assert_eq!(
        error(&stand.call(&bot, "conversations.list", &[]).await),
        "missing_argument"
    );
    let list = stand
        .call(&bot, "conversations.list", &[("team_id", "T0ONE")])
        .await;
    assert_eq!(list["channels"][0]["id"], "C0ONE");
    let teams = stand.call(&bot, "auth.teams.list", &[]).await;
    assert_eq!(teams["teams"].as_array().unwrap().len(), 2);
    assert_eq!(
        stand.call(&bot, "auth.test", &[]).await["is_enterprise_install"],
        true
    );

    stand.slack.revoke_access("E0ORG", "T0TWO");
    stand.slack.uninstall("E0ORG");
    stand.slack.settled().await;
    let arrived = receiver.arrived();
    let told: Vec<(Value, bool)> = arrived[1..]
        .iter()
        .map(Arrived::json)
        .map(|body| (body["event"]["type"].clone(), body.get("team_id").is_some()))
        .collect();
    let told: Vec<(&str, bool)> = told
        .iter()
        .map(|(kind, team)| (kind.as_str().unwrap(), *team))
        .collect();
    assert!(told.contains(&("team_access_revoked", false)), "{told:?}");
    assert!(told.contains(&("tokens_revoked", false)), "{told:?}");
    assert!(told.contains(&("app_uninstalled", false)), "{told:?}");
    assert_eq!(
        error(&stand.call(&bot, "auth.test", &[]).await),
        "account_inactive"
    );
}

#[tokio::test]
async fn an_owner_with_discovery_hides_what_they_do_not_see_and_brings_it_back() {
    let stand = Stand::start();
    let (bot, owner, _) = organisation(&stand);
    let ts = stand.slack.say("U0TWO", "C0TWO", "a secret").unwrap();
    let place = [("channel", "C0TWO"), ("ts", ts.as_str()), ("team", "T0TWO")];
    let refused = stand.call(&bot, "discovery.chat.tombstone", &place).await;
    assert_eq!(error(&refused), "not_allowed_token_type");
    let refused = stand.admin("discovery.chat.tombstone", &place).await;
    assert_eq!(refused["needed"], "discovery:write");
    let hidden = stand.call(&owner, "discovery.chat.tombstone", &place).await;
    assert_eq!(hidden["message"]["subtype"], "dlp_tombstone");
    assert!(
        hidden["message"]["text"]
            .as_str()
            .unwrap()
            .contains("being scanned")
    );
    let again = stand.call(&owner, "discovery.chat.tombstone", &place).await;
    assert_eq!(error(&again), "already_tombstoned");
    let back = stand.call(&owner, "discovery.chat.restore", &place).await;
    assert_eq!(back["message"]["text"], "a secret");
    let other = stand.slack.say(BO, GENERAL, "not theirs").unwrap();
    let place = [("channel", GENERAL), ("ts", other.as_str())];
    assert_eq!(
        error(&stand.call(&owner, "discovery.chat.delete", &place).await),
        "team_not_found"
    );
    let info = stand.call(&owner, "discovery.enterprise.info", &[]).await;
    assert_eq!(info["enterprise"]["teams"].as_array().unwrap().len(), 2);

    let file = stand.slack.keep("U0TWO", "a.txt", "secret");
    let form = [("file", file.as_str()), ("title", "Removed")];
    let hidden = stand.call(&owner, "discovery.file.tombstone", &form).await;
    assert_eq!(hidden["file"]["is_tombstoned"], true);
    let back = stand
        .call(&owner, "discovery.file.restore", &[("file", &file)])
        .await;
    assert_eq!(back["file"]["name"], "a.txt");
}

/// Goes through the consent page by its shortcut. Gives the code.
async fn consent(stand: &Stand, more: &str) -> String {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .build()
        .unwrap();
    let id = stand.slack.look(|world| world.app.client_id.clone());
    let url = format!(
        "{}/oauth/v2/authorize?client_id={id}&scope=chat:write,users:read&user_scope=chat:write\
         &redirect_uri=http://weir.example/back&state=s%3D1&auto=1{more}",
        stand.slack.origin()
    );
    let back = http.get(url).send().await.unwrap();
    let back: Url = back.headers()["location"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    assert_eq!(pairs[1], ("state".to_owned(), "s=1".to_owned()));
    pairs[0].1.clone()
}

async fn exchange(stand: &Stand, form: &[(&str, &str)]) -> Value {
    let (id, secret) = stand
        .slack
        .look(|world| (world.app.client_id.clone(), world.app.client_secret.clone()));
    let url = stand.slack.base_url() + "oauth.v2.access";
    let request = stand.http.post(url).basic_auth(id, Some(secret)).form(form);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_code_is_changed_for_tokens_once() {
    let stand = Stand::start();
    let code = consent(&stand, &format!("&team={TEAM}")).await;
    let granted = exchange(&stand, &[("code", &code)]).await;
    assert_eq!(granted["team"]["id"], TEAM);
    assert_eq!(granted["authed_user"]["id"], ADA);
    let token = granted["access_token"].as_str().unwrap();
    assert_eq!(
        stand.call(token, "auth.test", &[]).await["user_id"],
        granted["bot_user_id"]
    );
    let person = granted["authed_user"]["access_token"].as_str().unwrap();
    assert_eq!(stand.call(person, "auth.test", &[]).await["user_id"], ADA);
    assert_eq!(
        error(&exchange(&stand, &[("code", &code)]).await),
        "invalid_code"
    );
    let url = stand.slack.base_url() + "oauth.v2.access";
    let form = [("client_id", "other"), ("code", code.as_str())];
    let refused = stand.http.post(url).form(&form).send().await.unwrap();
    assert_eq!(error(&refused.json().await.unwrap()), "invalid_client_id");
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_once() {
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    let stand = Stand::with(Options {
        clock: clock.clone(),
        ..Options::default()
    });
    stand.slack.rotate_tokens(chrono::TimeDelta::hours(12));
    let code = consent(&stand, "").await;
    let granted = exchange(&stand, &[("code", &code)]).await;
    let token = granted["access_token"].as_str().unwrap();
    assert!(token.starts_with("xoxe.xoxb-1-"), "{token}");
    assert_eq!(granted["expires_in"], 43_200);
    let refresh = granted["refresh_token"].as_str().unwrap();
    clock.advance(Duration::from_secs(43_201));
    assert_eq!(
        error(&stand.call(token, "auth.test", &[]).await),
        "token_expired"
    );
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let renewed = exchange(&stand, &form).await;
    let fresh = renewed["access_token"].as_str().unwrap();
    assert_eq!(stand.call(fresh, "auth.test", &[]).await["ok"], true);
    assert_eq!(
        error(&exchange(&stand, &form).await),
        "invalid_refresh_token"
    );
}

#[tokio::test]
async fn the_consent_page_escapes_what_it_was_given() {
    let stand = Stand::start();
    let id = stand.slack.look(|world| world.app.client_id.clone());
    let url = format!(
        "{}/oauth/v2/authorize?client_id={id}&redirect_uri=http://weir.example/&state=%22%3E%3Cscript%3E",
        stand.slack.origin()
    );
    let page = stand
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("value=\"&quot;&gt;&lt;script&gt;\""),
        "{page}"
    );
}
