//! Installing the app through Slack: from a click to a leak that is removed, and what nobody gets in by.

use std::time::Duration;

use chrono::TimeDelta;
use coordinator::fake_slack::model::{Conversation, Rank, User, Workspace};
use coordinator::fake_slack::seed::{ADA, ADMIN_SCOPES, BO, BOT_SCOPES, GENERAL, SECURITY, TEAM};
use coordinator::fake_slack::{FakeSlack, Fault, InstallPlan, Options};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde_json::json;
use url::Url;

use super::stories::{CARD, Watched};
use crate::support::api::Api;
use crate::support::company::{Company, cards_are_blocked};
use crate::support::patience::until;
use crate::support::process::Process;
use crate::support::sealed::{assert_free_of, files_below};
use crate::support::site::Site;

/// A company that has not installed the app, and a Weir that waits for it.
struct Waiting {
    slack: FakeSlack,
    site: Site,
    weir: Process,
    admin: Api,
}

/// Somebody's browser.
struct Browser {
    http: Client,
    weir: String,
}

impl Waiting {
    async fn with(organisation: Option<&str>) -> Self {
        let slack = FakeSlack::start(Options::default()).unwrap();
        let mut workspace = Workspace::new(TEAM, "Acme");
        if let Some(id) = organisation {
            slack.add_organisation(id, "Acme Group");
            workspace = workspace.within(id);
        }
        slack.add_workspace(workspace);
        slack.add_user(User::new(ADA, TEAM, "ada").ranked(Rank::Owner));
        slack.add_user(User::new(BO, TEAM, "bo"));
        for (id, name) in [(GENERAL, "general"), (SECURITY, "security")] {
            slack.add_channel(Conversation::public(id, TEAM, name).with(&[ADA, BO]));
        }
        let mut site = Site::embedded().patiently();
        let (id, secret) = slack.look(|world| {
            let app = &world.app;
            (app.client_id.clone(), app.client_secret.clone())
        });
        Company::connect(&slack, &mut site);
        site.set("WEIR_SLACK__CLIENT_ID", &id);
        site.set("WEIR_SLACK__CLIENT_SECRET", &secret);
        site.set("WEIR_SLACK__PROBE_EVERY", "1s");
        site.set(
            "WEIR_HTTP__PUBLIC_URL",
            &format!("http://{}", site.address()),
        );
        let weir = site.start();
        let admin = site.admin().await;
        Self {
            slack,
            site,
            weir,
            admin,
        }
    }

    fn browser(&self) -> Browser {
        Browser {
            http: Client::builder().redirect(Policy::none()).build().unwrap(),
            weir: format!("http://{}", self.site.address()),
        }
    }

    /// Lets Ada install the app, and Weir watch.
    async fn installed(self, organisation: Option<&str>) -> Watched {
        let (cookie, back) = self.browser().consent(organisation).await;
        let page = self.browser().comes_back(&back, Some(&cookie)).await;
        assert_eq!(page.status(), StatusCode::OK);
        let company = Company::installed(self.slack);
        company.is_known_to(&self.admin).await;
        self.admin.post("policies", cards_are_blocked()).await;
        Watched::of((self.site, self.weir), company, self.admin)
    }

    async fn installations(&self) -> usize {
        let workspaces = self.admin.get("workspaces").await;
        let items = workspaces["items"].as_array().unwrap();
        items.iter().filter(|one| one["source"] == "oauth").count()
    }
}

impl Browser {
    /// Begins at Weir and consents at Slack. Gives the cookie, and where Slack sends the browser.
    async fn consent(&self, organisation: Option<&str>) -> (String, Url) {
        let begun = self
            .get(&format!("{}/slack/install", self.weir), None)
            .await;
        assert_eq!(begun.status(), StatusCode::FOUND);
        let cookie = begun.headers()[SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let mut consent = location(&begun);
        consent.query_pairs_mut().append_pair("auto", "1");
        if let Some(organisation) = organisation {
            let mut query = consent.query_pairs_mut();
            query.append_pair("organisation", organisation);
        }
        let consented = self.get(consent.as_str(), None).await;
        (cookie, location(&consented))
    }

    async fn comes_back(&self, back: &Url, cookie: Option<&str>) -> Response {
        self.get(back.as_str(), cookie).await
    }

    async fn get(&self, url: &str, cookie: Option<&str>) -> Response {
        let mut request = self.http.get(url);
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        request.send().await.unwrap()
    }
}

fn location(response: &Response) -> Url {
    let location = response.headers()[LOCATION].to_str().unwrap();
    location.parse().unwrap()
}

/// Weir is in the channel, and takes away what leaks there.
async fn leaks_are_removed(watched: &Watched) {
    let slack = &watched.company.slack;
    let bot = &watched.company.tokens.bot_user;
    until("the bot is in the channel", async || {
        slack.look(|world| world.conversations[GENERAL].members.contains(bot))
    })
    .await;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    watched.company.says(GENERAL, "data-loss prevention").await;
    assert!(!watched.company.stands(GENERAL, &ts), "the leak is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_consents_installs_the_app_and_leaks_are_removed() {
    let watched = Waiting::with(None).await.installed(None).await;
    leaks_are_removed(&watched).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_outlasts_a_moment_in_which_slack_does_not_answer() {
    let waiting = Waiting::with(None).await;
    waiting.slack.fail_next("auth.test", Fault::Status(503));
    let busy = Fault::RateLimited(Duration::from_secs(1));
    waiting.slack.fail_next("users.info", busy);
    let watched = waiting.installed(None).await;
    leaks_are_removed(&watched).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organisation_installs_the_app_for_all_its_workspaces() {
    let watched = Waiting::with(Some("E0ACME")).await;
    let watched = watched.installed(Some("E0ACME")).await;
    let workspaces = watched.admin.get("workspaces").await;
    let view = &workspaces["items"][0];
    assert_eq!(
        (view["id"].as_str(), view["kind"].as_str()),
        (Some("E0ACME"), Some("organisation"))
    );
    let slack = &watched.company.slack;
    let bot = watched.company.tokens.bot_user.clone();
    until("the bot is in the workspace's channel", async || {
        slack.look(|world| world.conversations[GENERAL].members.contains(&bot))
    })
    .await;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    watched.company.says(GENERAL, "data-loss prevention").await;
    assert!(!watched.company.stands(GENERAL, &ts), "the leak is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_end_soon_are_renewed_and_the_work_goes_on() {
    let waiting = Waiting::with(None).await;
    // They are due as soon as they are there, again and again.
    waiting.slack.rotate_tokens(TimeDelta::hours(1));
    let watched = waiting.installed(None).await;
    let slack = &watched.company.slack;
    // One to install, then one each for the bot and the admin.
    until("tokens were renewed twice", async || {
        slack.calls_of("oauth.v2.access").len() >= 5
    })
    .await;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    watched.company.says(GENERAL, "data-loss prevention").await;
    assert!(!watched.company.stands(GENERAL, &ts), "the leak is gone");
    let workspaces = watched.admin.get("workspaces").await;
    assert_eq!(workspaces["items"][0]["state"], "active");
    let calls = slack.calls_of("oauth.v2.access");
    let refused = calls.iter().find_map(|call| call.error());
    assert_eq!(refused, None, "no refresh token was spent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_of_another_browser_a_wrong_one_and_a_used_one_install_nothing() {
    let waiting = Waiting::with(None).await;
    let browser = waiting.browser();
    let (cookie, back) = browser.consent(None).await;
    let (stranger, _) = browser.consent(None).await;
    let mut forged = back.clone();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap();
    let code = code.1.into_owned();
    forged
        .query_pairs_mut()
        .clear()
        .append_pair("code", &code)
        .append_pair("state", "made-up");
    for (back, cookie) in [
        (&back, None),
        (&back, Some(stranger.as_str())),
        (&forged, Some(cookie.as_str())),
    ] {
        let page = browser.comes_back(back, cookie).await;
        assert_eq!(page.status(), StatusCode::BAD_REQUEST);
        let told = page.text().await.unwrap();
        assert!(told.contains("/slack/install"), "{told}");
    }
    assert!(
        waiting.slack.calls_of("oauth.v2.access").is_empty(),
        "no code was spent"
    );
    assert_eq!(waiting.installations().await, 0);

    let first = browser.comes_back(&back, Some(&cookie)).await;
    assert_eq!(first.status(), StatusCode::OK);
    let again = browser.comes_back(&back, Some(&cookie)).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    assert_eq!(waiting.slack.calls_of("oauth.v2.access").len(), 1);
    assert_eq!(waiting.installations().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_an_admin_hands_in_are_asked_about_and_kept_sealed() {
    let waiting = Waiting::with(None).await;
    let plan = InstallPlan::on_workspace(TEAM, BOT_SCOPES).by(ADA, ADMIN_SCOPES);
    let tokens = waiting.slack.install(&plan);
    let admin_token = tokens.user.clone().unwrap();
    for (bot, admin, told) in [
        ("xoxb-made-up", admin_token.as_str(), "bot_token"),
        (tokens.bot.as_str(), "xoxp-made-up", "admin_token"),
        ("a word", admin_token.as_str(), "xoxb-"),
    ] {
        let draft = json!({"bot_token": bot, "admin_token": admin});
        let refused = waiting.admin.refused("workspaces", draft).await;
        assert_eq!(refused["status"], 422);
        let errors = refused["errors"].to_string();
        assert!(errors.contains(told), "{errors}");
        assert!(
            !refused.to_string().contains("made-up"),
            "no token comes back"
        );
    }
    let draft = json!({"bot_token": tokens.bot, "admin_token": admin_token});
    let made = waiting.admin.post("workspaces", draft).await;
    assert_eq!(
        (&made["id"], &made["state"], &made["source"]),
        (&json!(TEAM), &json!("active"), &json!("api"))
    );
    waiting.admin.post("policies", cards_are_blocked()).await;
    let company = Company::installed(waiting.slack);
    let watched = Watched::of((waiting.site, waiting.weir), company, waiting.admin);
    let slack = &watched.company.slack;
    let bot = watched.company.tokens.bot_user.clone();
    until("the bot is in the channel", async || {
        slack.look(|world| world.conversations[GENERAL].members.contains(&bot))
    })
    .await;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    watched.company.says(GENERAL, "data-loss prevention").await;
    assert!(!watched.company.stands(GENERAL, &ts), "the leak is gone");
    for (name, bytes) in files_below(watched.site.folder()) {
        assert_free_of(&name, &bytes, &[&tokens.bot, &admin_token]);
    }
}
