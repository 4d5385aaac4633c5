//! `weir demo`, tried as its introduction says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use coordinator::fake_slack::seed::{ADA, BO, GENERAL, SECURITY};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::patience::until;
use crate::support::process::{Process, free_address, weir};

const LEAK: &str = "my card is 4111 1111 1111 1111, exp 12/29";

/// The page of the stand-in, and the API of Weir.
struct Browser {
    http: Client,
    slack: SocketAddr,
    weir: SocketAddr,
}

impl Browser {
    /// What somebody sees in a conversation.
    async fn sees(&self, user: &str, conversation: &str) -> Vec<Value> {
        let url = format!("http://{}/ui/state?user={user}", self.slack);
        let state: Value = self.answer(self.http.get(url)).await;
        let conversations = state["conversations"].as_array().unwrap();
        let shown = conversations.iter().find(|one| one["id"] == conversation);
        shown.unwrap()["messages"].as_array().unwrap().clone()
    }

    /// Waits until somebody sees a message with these words; gives it.
    async fn shows(&self, user: &str, conversation: &str, words: &str) -> Value {
        let found = async || {
            let seen = self.sees(user, conversation).await.into_iter();
            seen.rev().find(|one| one.to_string().contains(words))
        };
        until(words, async || found().await.is_some()).await;
        found().await.unwrap()
    }

    /// Waits until nobody sees these words in #general any more.
    async fn hides(&self, words: &str) {
        until(&format!("{words} is gone"), async || {
            let seen = self.sees(ADA, GENERAL).await;
            !seen.iter().any(|one| one.to_string().contains(words))
        })
        .await;
    }

    async fn act(&self, what: &str, body: &Value) {
        let url = format!("http://{}/ui/{what}", self.slack);
        let answer = self.answer(self.http.post(url).json(body)).await;
        assert_eq!(answer["ok"], true, "{answer}");
    }

    async fn upload(&self, name: &str, content: &str) {
        let query = format!("user={BO}&channel={GENERAL}&name={name}&text=");
        let url = format!("http://{}/ui/upload?{query}", self.slack);
        let request = self.http.post(url).body(content.to_owned());
        let answer = self.answer(request).await;
        assert_eq!(answer["ok"], true, "{answer}");
    }

    async fn signs_in(&self, email: &str, password: &str) {
        let url = format!("http://{}/api/v1/auth/login", self.weir);
        let body = json!({ "email": email, "password": password });
        let answer = self.answer(self.http.post(url).json(&body)).await;
        assert!(answer["access_token"].is_string(), "{answer}");
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Value {
        request.send().await.unwrap().json().await.unwrap()
    }
}

/// What the introduction says behind a word.
fn told(introduction: &str, word: &str) -> String {
    let mut lines = introduction.lines();
    let line = lines.find_map(|line| line.trim_start().strip_prefix(word));
    line.unwrap().trim().to_owned()
}

fn is_empty(folder: &Path) -> bool {
    folder.read_dir().unwrap().next().is_none()
}

/// The environment of somebody who has a Weir of their own, and whose way out is a proxy that is down.
fn environment(folder: &Path) -> BTreeMap<String, String> {
    let path = |name: &str| folder.join(name).display().to_string();
    let settings = [
        ("HOME", path("home")),
        ("TMPDIR", path("tmp")),
        ("HTTP_PROXY", "http://127.0.0.1:9".to_owned()),
        ("http_proxy", "http://127.0.0.1:9".to_owned()),
        ("WEIR_DATABASE__URL", "postgres://nowhere/weir".to_owned()),
        ("WEIR_SLACK__REVIEW_CHANNEL", "C0OTHER".to_owned()),
        ("WEIR_NO__SUCH_SETTING", "1".to_owned()),
    ];
    settings
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_introduction_promises_happens_and_nothing_stays() {
    let folder = TempDir::new().unwrap();
    let [home, temporary] = ["home", "tmp"].map(|name| folder.path().join(name));
    for made in [&home, &temporary] {
        std::fs::create_dir(made).unwrap();
    }
    std::fs::write(folder.path().join("weir.toml"), "not = a configuration").unwrap();
    let [slack, weir_at] = [free_address(), free_address()];
    let (bind, slack_bind) = (weir_at.to_string(), slack.to_string());
    let args = ["demo", "--bind", &bind, "--slack-bind", &slack_bind];
    let env = environment(folder.path());
    let mut demo = Process::start(weir(), &args, &env, folder.path(), "demo");
    demo.wait_ready(weir_at);
    until("the introduction is there", async || {
        demo.log().contains("Ctrl+C")
    })
    .await;
    let introduction = demo.log();
    assert!(introduction.contains(LEAK), "{introduction}");
    assert!(!is_empty(&temporary));
    let browser = Browser {
        http: Client::builder().no_proxy().build().unwrap(),
        slack,
        weir: weir_at,
    };
    let (email, password) = (
        told(&introduction, "Admin"),
        told(&introduction, "Password"),
    );
    browser.signs_in(&email, &password).await;

    let say = json!({ "user": BO, "channel": GENERAL, "text": LEAK });
    browser.act("say", &say).await;
    browser.shows(BO, GENERAL, "data-loss prevention").await;
    browser.hides("4111 1111").await;
    let card = browser.shows(ADA, SECURITY, "weir_release").await;
    let release = json!({
        "user": ADA, "channel": SECURITY, "ts": card["ts"], "action_id": "weir_release",
    });
    browser.act("click", &release).await;
    browser.shows(BO, GENERAL, "Originally posted by").await;

    let secret = told(&introduction, "postgres://");
    browser
        .upload("settings.txt", &format!("url = postgres://{secret}\n"))
        .await;
    browser.hides("settings.txt").await;
    browser.shows(ADA, SECURITY, "database url").await;

    assert!(demo.terminate().success(), "{}", demo.log());
    assert!(is_empty(&temporary) && is_empty(&home));
    let mut left: Vec<_> = folder.path().read_dir().unwrap().collect();
    left.retain(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        !["home", "tmp", "weir.toml", "demo.log"].contains(&name.to_str().unwrap())
    });
    assert!(left.is_empty(), "{left:?}");
}
