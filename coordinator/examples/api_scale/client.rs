//! A client that does one thing after the other, over one connection.

use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::Value;
use url::Url;

/// Longer than the server lets a statement take.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
}

/// What came back.
pub(crate) struct Answer {
    /// From the sending of the request to the last byte of the answer.
    pub(crate) took: Duration,
    pub(crate) status: u16,
    body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(base: &Url, token: &str) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        let credential = HeaderValue::from_str(&format!("Bearer {token}"))?;
        headers.insert(AUTHORIZATION, credential);
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .gzip(false)
            .no_proxy()
            .timeout(PATIENCE)
            .build()?;
        let base = base.clone();
        Ok(Self { http, base })
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        timed(self.http.get(self.base.join(path)?)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        timed(self.http.post(self.base.join(path)?).json(body)).await
    }
}

async fn timed(request: reqwest::RequestBuilder) -> anyhow::Result<Answer> {
    let request = request.build_split();
    let (http, request) = (request.0, request.1?);
    let begun = Instant::now();
    let response = http.execute(request).await?;
    let status = response.status().as_u16();
    let body = response.bytes().await?.to_vec();
    let took = begun.elapsed();
    Ok(Answer { took, status, body })
}

impl Answer {
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("an answer of status {} that is no JSON", self.status))
    }
}
