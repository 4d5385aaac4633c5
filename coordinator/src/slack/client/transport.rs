//! One call over HTTP.
//!
//! Owns sending, how long and how much is listened to, and holding what Slack asks to hold. Leaves reading
//! the answer to `answer`.
//! **Invariant:** a token leaves in the Authorization header of a request to the configured API, and in no
//! other way: no redirect is followed.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Body, Client, RequestBuilder, Response};
use shared::secret::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::answer::Answer;
use super::error::SlackError;
use super::form::Form;
use super::limits::{Limits, Wanted};
use super::method::Method;
use super::{AppCredentials, ClientSetupError};

/// How long a connection may take to be there.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a whole call may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// How long sending a file up may take.
const UPLOAD_WITHIN: Duration = Duration::from_mins(10);
/// Bytes of a page of a list.
const LONG_ANSWER: usize = 4 * 1024 * 1024;
/// Bytes of any other answer.
const SHORT_ANSWER: usize = 1024 * 1024;
/// What we call ourselves.
const USER_AGENT: &str = concat!("Weir/", env!("CARGO_PKG_VERSION"));
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Who calls.
#[derive(Clone, Copy)]
pub(super) enum Caller<'a> {
    /// Whoever the token stands for.
    Token(&'a SecretString),
    /// The app itself.
    App(&'a AppCredentials),
}

/// Sends calls. Cheap to clone.
#[derive(Clone)]
pub(super) struct Transport {
    http: Client,
    base: Url,
    limits: Limits,
}

impl Transport {
    pub(super) fn new(mut base: Url, limits: Limits) -> Result<Self, ClientSetupError> {
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(ClientSetupError::Base);
        }
        // Without the slash at its end the last step of the path would be replaced.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let mut builder = Client::builder();
        if is_here(&base) {
            builder = builder.no_proxy();
        }
        let http = builder
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|_library| ClientSetupError::Tls)?;
        Ok(Self { http, base, limits })
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn is_in_clear(&self) -> bool {
        self.base.scheme() == "http"
    }

    /// Calls a method.
    pub(super) async fn call(
        &self,
        turn: Wanted<'_>,
        caller: Caller<'_>,
        form: Form,
    ) -> Result<Answer, SlackError> {
        self.limits.turn(turn).await?;
        let Wanted {
            workspace, method, ..
        } = turn;
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path(), method.name()));
        let request = self.http.post(url).header(CONTENT_TYPE, FORM);
        let request = caller.sign(request).body(form.encode());
        let response = request.send().await.map_err(|error| fault_of(&error))?;
        let answer = read(response, answer_at_most(method)).await;
        if let Err(SlackError::RateLimited { retry_after }) = answer {
            self.limits.heard(workspace, method, retry_after);
        }
        answer
    }

    /// Sends a file where Slack said. No token goes there: the address itself is the permission.
    pub(super) async fn send_up(
        &self,
        to: Url,
        bytes: u64,
        content: Body,
    ) -> Result<(), SlackError> {
        if to.scheme() != "https" && to.origin() != self.base.origin() {
            return Err(SlackError::Unsendable);
        }
        let request = self.http.post(to).timeout(UPLOAD_WITHIN);
        let request = request
            .header(CONTENT_TYPE, BYTES)
            .header(reqwest::header::CONTENT_LENGTH, bytes)
            .body(content);
        let response = request.send().await.map_err(|error| fault_of(&error))?;
        match response.status().as_u16() {
            200..300 => Ok(()),
            status @ 500.. => Err(SlackError::Failed { status }),
            status => Err(SlackError::Unreadable { status }),
        }
    }
}

/// Whether the API is on this machine: no proxy leads there.
fn is_here(base: &Url) -> bool {
    match base.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl Caller<'_> {
    fn sign(self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Token(token) => request.bearer_auth(token.expose_secret()),
            Self::App(app) => {
                request.basic_auth(&app.client_id, Some(app.client_secret.expose_secret()))
            }
        }
    }
}

const fn answer_at_most(method: Method) -> usize {
    match method {
        Method::ConversationsHistory
        | Method::ConversationsReplies
        | Method::ConversationsList
        | Method::UsersConversations
        | Method::ConversationsMembers
        | Method::AuthTeamsList
        | Method::DiscoveryEnterpriseInfo => LONG_ANSWER,
        _ => SHORT_ANSWER,
    }
}

async fn read(mut response: Response, at_most: usize) -> Result<Answer, SlackError> {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= at_most => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Err(SlackError::TooLong),
            Ok(None) => break,
            // The status alone says enough of a fault or a limit.
            Err(_) if status == 429 || status >= 500 => break,
            Err(error) => return Err(fault_of(&error)),
        }
    }
    Answer::read(status, &headers, &body)
}

/// The error itself names the URL: its kind stays.
fn fault_of(error: &reqwest::Error) -> SlackError {
    if error.is_builder() {
        SlackError::Unsendable
    } else if error.is_connect() {
        SlackError::Unreachable
    } else if error.is_timeout() {
        SlackError::TimedOut
    } else {
        SlackError::Interrupted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_here() {
        for (base, here) in [
            ("http://127.0.0.1:8090/api/", true),
            ("http://[::1]:8090/api/", true),
            ("http://localhost/api/", true),
            ("https://slack.com/api/", false),
            ("http://192.0.2.1/api/", false),
            ("http://127.0.0.1.example.com/api/", false),
        ] {
            assert_eq!(is_here(&base.parse().unwrap()), here, "{base}");
        }
    }
}
