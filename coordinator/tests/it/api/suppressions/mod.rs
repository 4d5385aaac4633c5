//! Suppressions over the API.

mod change;
mod create;

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::Value;

use crate::support::server::{Answer, Server};

const LIST: &str = "/api/v1/suppressions";

/// A call as an admin.
async fn send(server: &Server, method: Method, path: &str, body: &Value) -> Answer {
    let token = server.token(Role::Admin).await;
    let request = server.request(method, path).bearer_auth(token);
    Answer::to(request.json(body)).await
}
