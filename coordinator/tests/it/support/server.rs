//! A running embedded `weir` with a user of each role, and a caller of its API.
//!
//! Owns its users and reading its answers. What it runs with is for `site`.
//! **Invariant:** every server is new; it is killed with its value.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use coordinator::api::auth::Passwords;
use coordinator::domain::roles::Role;
use coordinator::slack::signature::{SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER};
use coordinator::store::users::{self, NewUser, UserChange};
use reqwest::{Method, RequestBuilder, header};
use serde_json::Value;
use shared::clock::{Clock, SystemClock};
use shared::ids::UserId;
use shared::secret::SecretString;

use super::db;
use super::patience::until;
use super::process::Process;
use super::site::Site;
use super::slack::SIGNING_SECRET;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// Somebody with the right password who may not sign in.
pub(crate) const KEPT_OUT: &str = "kept-out@example.test";

/// A running `weir`.
pub(crate) struct Server {
    pub(crate) site: Site,
    process: Process,
    http: reqwest::Client,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Server {
    /// An embedded server on SQLite.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with some settings changed or added.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let mut site = Site::embedded();
        for (name, value) in settings {
            site.set(name, value);
        }
        Self::start_at(site).await
    }

    /// The coordinator of a site.
    pub(crate) async fn start_at(site: Site) -> Self {
        add_one_user_of_each_role(site.database_url()).await;
        Self::start_again_at(site)
    }

    /// The coordinator of a site that was started before.
    pub(crate) fn start_again_at(site: Site) -> Self {
        let process = site.start();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_mins(1))
            .redirect(reqwest::redirect::Policy::none());
        Self {
            site,
            process,
            http: http.build().unwrap(),
        }
    }

    /// Asks until `done` has an answer.
    pub(crate) async fn eventually<T>(
        &self,
        what: &str,
        done: impl AsyncFn(&Self) -> Option<T>,
    ) -> T {
        let mut found = None;
        until(what, async || {
            found = done(self).await;
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.site.address()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path).bearer_auth(token)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn post_as(&self, token: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).bearer_auth(token);
        Answer::to(request.json(body)).await
    }

    pub(crate) async fn patch_as(&self, token: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::PATCH, path).bearer_auth(token);
        Answer::to(request.json(body)).await
    }

    pub(crate) async fn delete_as(&self, token: &str, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path).bearer_auth(token)).await
    }

    /// A session of the user of this role: the whole answer.
    pub(crate) async fn session(&self, role: Role) -> Value {
        let body = serde_json::json!({"email": email_of(role), "password": PASSWORD});
        self.post("/api/v1/auth/login", &body).await.json(200)
    }

    /// An access token of this role.
    pub(crate) async fn token(&self, role: Role) -> String {
        let session = self.session(role).await;
        session["access_token"].as_str().unwrap().to_owned()
    }

    /// Sends a body as Slack does.
    pub(crate) async fn slack(&self, body: &[u8]) -> Answer {
        self.slack_at(SystemClock.now().timestamp(), SIGNING_SECRET, body)
            .await
    }

    /// Sends a body signed at another second, or with another secret.
    pub(crate) async fn slack_at(&self, at: i64, secret: &str, body: &[u8]) -> Answer {
        let secret = SigningSecret::new(&SecretString::from(secret.to_owned())).unwrap();
        let request = self
            .request(Method::POST, "/slack/events")
            .header(header::CONTENT_TYPE, "application/json")
            .header(TIMESTAMP_HEADER, at.to_string())
            .header(SIGNATURE_HEADER, secret.sign(at, body))
            .body(body.to_vec());
        Answer::to(request).await
    }

    /// The value of a metric, 0 as long as there is none.
    pub(crate) async fn metric(&self, series: &str) -> u64 {
        let text = self.get("/metrics").await.text();
        let value = text
            .lines()
            .filter_map(|line| line.rsplit_once(' '))
            .find(|(name, _)| *name == series);
        value.map_or(0, |(_, value)| value.parse().unwrap())
    }

    /// The blobs' folder.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.site.folder().join("blobs")
    }

    /// The most memory the process ever had resident, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// All that it printed.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Waits until it has died of a fault; gives what it leaves.
    pub(crate) fn left_by_its_death(mut self) -> Site {
        assert!(!self.process.wait_for_end().success());
        self.site
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.process.terminate()
    }
}

impl Answer {
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The body as JSON, if the status is this one.
    pub(crate) fn json(&self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The body as a problem with this status and code, in the form that all problems have.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json(status);
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string());
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert_eq!(
            problem["request_id"],
            self.headers["x-request-id"].to_str().unwrap()
        );
        problem
    }
}

/// The address of the user of this role.
pub(crate) fn email_of(role: Role) -> String {
    format!("{role}@example.test")
}

async fn add_one_user_of_each_role(url: &str) {
    let store = db::connect(url).await.unwrap();
    store.migrate().await.unwrap();
    let hash = Passwords::new()
        .unwrap()
        .hash(&SecretString::from(PASSWORD))
        .unwrap();
    let person = move |email: String, role: Role| NewUser {
        id: UserId::fresh(),
        email,
        password_hash: hash.clone(),
        role: role.as_str().to_owned(),
    };
    let adding = store.write(move |conn| {
        for role in Role::ALL {
            users::insert(conn, &person(email_of(role), role))?;
        }
        let kept_out = person(KEPT_OUT.to_owned(), Role::Admin);
        users::insert(conn, &kept_out)?;
        let disabled = UserChange {
            disabled: Some(true),
            ..UserChange::default()
        };
        users::update(conn, kept_out.id, &disabled)
    });
    assert!(adding.await.unwrap());
}
