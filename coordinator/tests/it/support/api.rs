//! A signed-in admin.
//!
//! Owns the calls of the REST API that tests make, and what they read out of the answers.
//! **Invariant:** an answer that is not a success fails the test, unless the call says otherwise.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::patience::until;

pub(crate) const ADMIN: &str = "admin@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A signed-in admin.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    base: String,
    token: String,
}

impl Api {
    pub(crate) async fn sign_in(address: SocketAddr) -> Self {
        let http = Client::builder()
            .timeout(Duration::from_secs(90))
            .build()
            .unwrap();
        let base = format!("http://{address}");
        let login = http
            .post(format!("{base}/api/v1/auth/login"))
            .json(&json!({ "email": ADMIN, "password": PASSWORD }));
        let session = success(login).await;
        let token = session["access_token"].as_str().unwrap().to_owned();
        Self { http, base, token }
    }

    /// A GET below `/api/v1/`.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let url = format!("{}/api/v1/{path}", self.base);
        success(self.http.get(url).bearer_auth(&self.token)).await
    }

    /// A POST below `/api/v1/`.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v1/{path}", self.base);
        success(self.http.post(url).bearer_auth(&self.token).json(&body)).await
    }

    /// What a POST below `/api/v1/` that is refused is answered with.
    pub(crate) async fn refused(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v1/{path}", self.base);
        let request = self.http.post(url).bearer_auth(&self.token).json(&body);
        let response = request.send().await.unwrap();
        assert!(response.status().is_client_error());
        response.json().await.unwrap()
    }

    /// Asks for a scan of a text, and waits for its result.
    pub(crate) async fn scan_text(&self, text: &str) -> Value {
        success(self.scan("wait=60").json(&json!({ "text": text }))).await
    }

    /// Asks for a scan of a file, and waits for its result up to `wait` seconds.
    pub(crate) async fn scan_file(&self, content: Vec<u8>, wait: u32) -> Value {
        let part = Part::bytes(content)
            .file_name("notes.txt")
            .mime_str("text/plain")
            .unwrap();
        let form = Form::new().part("file", part);
        success(self.scan(&format!("wait={wait}")).multipart(form)).await
    }

    /// Waits until a scan is no longer queued; gives it.
    pub(crate) async fn scanned(&self, scan: &Value) -> Value {
        let path = format!("scans/{}", scan["id"].as_str().unwrap());
        until("the scan has a result", async || {
            self.get(&path).await["state"] != "queued"
        })
        .await;
        self.get(&path).await
    }

    /// Entries on a stream: (waiting, held by somebody).
    pub(crate) async fn stream(&self, name: &str) -> (u64, u64) {
        let queue = self.get("queue").await;
        let streams = queue["streams"].as_array().unwrap();
        let stream = streams.iter().find(|one| one["name"] == name).unwrap();
        let number = |key: &str| stream[key].as_u64().unwrap();
        (number("waiting"), number("in_flight"))
    }

    /// How many caught messages there are.
    pub(crate) async fn caught(&self) -> u64 {
        self.get("messages?limit=1").await["total"]
            .as_u64()
            .unwrap()
    }

    /// Waits until no job is open and nothing is on any stream.
    pub(crate) async fn drained(&self) {
        until("no job is open and the queue is empty", async || {
            // A queue that is coming back answers 503 for a while.
            let url = format!("{}/api/v1/queue", self.base);
            let answer = self
                .http
                .get(url)
                .bearer_auth(&self.token)
                .send()
                .await
                .unwrap();
            if answer.status() == 503 {
                return false;
            }
            let queue: Value = answer.error_for_status().unwrap().json().await.unwrap();
            let sum = |list: &str, key: &str| -> u64 {
                let rows = queue[list].as_array().unwrap().iter();
                rows.map(|row| row[key].as_u64().unwrap()).sum()
            };
            sum("open_jobs", "open") == 0
                && sum("streams", "waiting") == 0
                && sum("streams", "in_flight") == 0
        })
        .await;
    }

    /// All metrics.
    pub(crate) async fn metrics(&self) -> String {
        let url = format!("{}/metrics", self.base);
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// The sum of a metric's samples whose line has `label` in it.
    pub(crate) async fn metric(&self, name: &str, label: &str) -> u64 {
        self.metrics()
            .await
            .lines()
            .filter(|line| line.starts_with(name) && line.contains(label))
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    fn scan(&self, query: &str) -> RequestBuilder {
        self.http
            .post(format!("{}/api/v1/scans?{query}", self.base))
            .bearer_auth(&self.token)
    }
}

async fn success(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let status = response.status();
    let body = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {body}");
    serde_json::from_str(&body).unwrap()
}
