//! Weir in one process, and a signed-in client of its API.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{Process, free_address, weir};
use super::slack::{SIGNING_SECRET, Slack};

/// The first admin's password in all tests.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A process with everything in it. Ends with this value.
pub(crate) struct Embedded {
    pub(crate) process: Process,
    pub(crate) folder: TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) http: reqwest::Client,
    env: BTreeMap<String, String>,
    token: String,
}

impl Embedded {
    /// Starts one with more settings than the necessary ones, and signs in.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        let bind = address.to_string();
        let usual = [
            ("WEIR_HTTP__BIND", bind.as_str()),
            ("WEIR_SLACK__SIGNING_SECRET", SIGNING_SECRET),
            ("WEIR_AUTH__ADMIN_PASSWORD", PASSWORD),
        ];
        let settings = usual.iter().chain(settings);
        let env = settings
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let mut process = Process::start(weir(), &[], &env, folder.path(), "weir");
        process.wait_ready(address);
        let mut embedded = Self {
            process,
            folder,
            address,
            http: reqwest::Client::new(),
            env,
            token: String::new(),
        };
        embedded.sign_in().await;
        embedded
    }

    /// Ends it as a supervisor does, and starts it again on the same data.
    pub(crate) async fn restart(&mut self) {
        assert!(self.process.terminate().success());
        self.process = Process::start(weir(), &[], &self.env, self.folder.path(), "weir");
        self.process.wait_ready(self.address);
        self.sign_in().await;
    }

    async fn sign_in(&mut self) {
        let body = json!({ "email": "admin@localhost", "password": PASSWORD });
        let login = self.http.post(self.url("/api/v1/auth/login")).json(&body);
        let session: Value = login.send().await.unwrap().json().await.unwrap();
        session["access_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.token);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn slack(&self) -> Slack {
        Slack::new(self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.http.get(self.url(path)).bearer_auth(&self.token);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Sends a request as the admin.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> (StatusCode, Value) {
        let response = request.bearer_auth(&self.token).send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn scan_text(&self, text: &str) -> Value {
        let request = self
            .http
            .post(self.url("/api/v1/scans?wait=30"))
            .json(&json!({ "text": text }));
        self.send(request).await.1
    }

    pub(crate) async fn scan_file(&self, name: &str, content: &[u8]) -> (StatusCode, Value) {
        let part = reqwest::multipart::Part::bytes(content.to_vec()).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        let request = self
            .http
            .post(self.url("/api/v1/scans?wait=30"))
            .multipart(form);
        self.send(request).await
    }

    /// Waits until `path` lists something.
    pub(crate) async fn first_of(&self, path: &str) -> Value {
        for _ in 0..300 {
            let list = self.get(path).await;
            if list["total"].as_u64() > Some(0) {
                return list["items"][0].clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{path} stays empty");
    }
}
