//! Answers of the Web API.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::fake_slack::deeds::Caller;
use crate::fake_slack::refusal::{Outcome, Refusal};

/// An answer, before it is written.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    scopes: Option<String>,
    accepted: &'static [&'static str],
    retry_after: Option<u64>,
}

impl Answer {
    /// An answer to a call that came as far as its method.
    pub(super) fn of(
        outcome: Outcome,
        caller: Option<&Caller>,
        accepted: &'static [&'static str],
    ) -> Self {
        let scopes = caller.map(|caller| {
            let scopes: Vec<&str> = caller.scopes.iter().map(String::as_str).collect();
            scopes.join(",")
        });
        Self {
            scopes,
            accepted,
            ..Self::plain(200, body(outcome))
        }
    }

    pub(super) fn plain(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            scopes: None,
            accepted: &[],
            retry_after: None,
        }
    }

    /// 429.
    pub(super) fn rate_limited(after: Duration) -> Self {
        Self {
            retry_after: Some(after.as_secs().max(1)),
            ..Self::plain(429, json!({ "ok": false, "error": "ratelimited" }))
        }
    }

    /// Adds what Slack says of JSON without a character set.
    pub(super) fn warn_of_charset(&mut self) {
        let Some(body) = self.body.as_object_mut() else {
            return;
        };
        body.insert("warning".to_owned(), json!("missing_charset"));
        let metadata = body.entry("response_metadata").or_insert_with(|| json!({}));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("warnings".to_owned(), json!(["missing_charset"]));
        }
    }

    pub(super) fn respond(&self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        if let Some(scopes) = &self.scopes {
            response.insert_header(("x-oauth-scopes", scopes.as_str()));
            response.insert_header(("x-accepted-oauth-scopes", self.accepted.join(",")));
        }
        if let Some(after) = self.retry_after {
            response.insert_header(("Retry-After", after.to_string()));
        }
        if self.body.is_null() {
            return response
                .content_type("text/html")
                .body("<html>Slack: an error</html>");
        }
        response.json(&self.body)
    }
}

fn body(outcome: Outcome) -> Value {
    match outcome {
        Ok(Value::Object(mut body)) => {
            body.insert("ok".to_owned(), json!(true));
            Value::Object(body)
        }
        Ok(_) => Refusal::of("fatal_error").into_body(),
        Err(refusal) => refusal.into_body(),
    }
}
