//! One signed HTTP request to the app.

use std::time::Duration;

use serde_json::Value;

use crate::fake_slack::model::{Endpoints, OutgoingKind};
use crate::slack::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER};

/// Why a try counts for nothing: the words of `X-Slack-Retry-Reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was answered in time.
    Timeout,
    /// Nobody was there.
    Connection,
    /// Not a 2xx.
    Status,
    /// Redirected too often.
    Redirects,
    /// Something else.
    Unknown,
}

/// What was answered.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) declined: bool,
    pub(super) body: String,
}

/// A retry: which one, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    pub(super) number: usize,
    pub(super) reason: Failure,
}

impl Failure {
    /// Slack's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "http_timeout",
            Self::Connection => "connection_failed",
            Self::Status => "http_error",
            Self::Redirects => "too_many_redirects",
            Self::Unknown => "unknown_error",
        }
    }
}

/// The client of all requests: short of patience, and deaf to proxies.
pub(super) fn client(timeout: Duration) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::limited(2))
        .no_proxy()
        .user_agent("Slackbot 1.0 (+https://api.slack.com/robots)")
        .build()
}

/// Sends a payload to the address for its kind.
pub(super) async fn post(
    client: &reqwest::Client,
    endpoints: &Endpoints,
    (kind, payload): (OutgoingKind, &Value),
    retry: Option<Retry>,
    now: i64,
) -> Result<Reply, Failure> {
    let (url, content_type, body) = match kind {
        OutgoingKind::Event => (&endpoints.events, "application/json", payload.to_string()),
        OutgoingKind::Interactive => (
            &endpoints.interactivity,
            FORM,
            form(&[("payload", payload.to_string())]),
        ),
        OutgoingKind::SlashCommand => (&endpoints.commands, FORM, form(&pairs(payload))),
    };
    let mut request = client
        .post(url)
        .header("Content-Type", content_type)
        .header(TIMESTAMP_HEADER, now.to_string())
        .header(
            SIGNATURE_HEADER,
            endpoints.secret.sign(now, body.as_bytes()),
        );
    if let Some(retry) = retry {
        request = request
            .header("X-Slack-Retry-Num", retry.number.to_string())
            .header("X-Slack-Retry-Reason", retry.reason.as_str());
    }
    let response = request.body(body).send().await;
    let response = response.map_err(|error| failure(&error))?;
    let declined = response
        .headers()
        .get("X-Slack-No-Retry")
        .is_some_and(|value| value == "1");
    Ok(Reply {
        status: response.status().as_u16(),
        declined,
        body: response.text().await.map_err(|error| failure(&error))?,
    })
}

const FORM: &str = "application/x-www-form-urlencoded";

fn form(pairs: &[(impl AsRef<str>, String)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    form.finish()
}

fn pairs(payload: &Value) -> Vec<(String, String)> {
    let fields = payload.as_object().into_iter().flatten();
    fields
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (key.clone(), text)
        })
        .collect()
}

fn failure(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        Failure::Timeout
    } else if error.is_redirect() {
        Failure::Redirects
    } else if error.is_connect() {
        Failure::Connection
    } else {
        Failure::Unknown
    }
}
