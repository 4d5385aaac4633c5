//! A stand-in with a little company, and a client that calls it as an app does.

use coordinator::fake_slack::{Delivering, FakeSlack, Options, Tokens, seed};
use reqwest::Client;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

/// What a test stands on.
pub(crate) struct Stand {
    pub(crate) slack: FakeSlack,
    pub(crate) tokens: Tokens,
    pub(crate) http: Client,
}

impl Stand {
    pub(crate) fn start() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let slack = FakeSlack::start(options).unwrap();
        let tokens = seed::acme(&slack);
        let http = Client::builder().no_proxy().build().unwrap();
        Self {
            slack,
            tokens,
            http,
        }
    }

    /// Retries without the minutes that Slack takes between them.
    pub(crate) fn impatient() -> Self {
        Self::with(Options {
            delivering: Delivering {
                retries: vec![Duration::ZERO; 3],
                ..Delivering::default()
            },
            ..Options::default()
        })
    }

    pub(crate) fn connect(&self, to: SocketAddr) {
        let at = |path: &str| format!("http://{to}/slack/{path}");
        let addresses = (at("events"), at("interactivity"), at("commands"));
        let (events, clicks, commands) = &addresses;
        self.slack
            .connect_to(events, clicks, commands, seed::SIGNING_SECRET)
            .unwrap();
    }

    /// Calls as the bot.
    pub(crate) async fn bot(&self, method: &str, form: &[(&str, &str)]) -> Value {
        self.call(&self.tokens.bot, method, form).await
    }

    /// Calls as the admin who installed the app.
    pub(crate) async fn admin(&self, method: &str, form: &[(&str, &str)]) -> Value {
        self.call(self.tokens.user.as_ref().unwrap(), method, form)
            .await
    }

    pub(crate) async fn call(&self, token: &str, method: &str, form: &[(&str, &str)]) -> Value {
        let url = self.slack.base_url() + method;
        let request = self.http.post(url).bearer_auth(token).form(form);
        request.send().await.unwrap().json().await.unwrap()
    }
}

/// The word of a refusal.
pub(crate) fn error(answer: &Value) -> &str {
    assert_eq!(answer["ok"], false, "{answer}");
    answer["error"].as_str().unwrap()
}
