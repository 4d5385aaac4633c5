//! Pages of other origins: what a browser is told.

use coordinator::domain::roles::Role;
use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::support::server::{Answer, Server};

const LISTED: &str = "https://console.example.org";

async fn sharing() -> Server {
    let origins = format!("{LISTED},http://localhost:3000");
    Server::start_with(&[("WEIR_HTTP__CORS_ORIGINS", &origins)]).await
}

async fn preflight(server: &Server, origin: &str, method: &str, headers: &str) -> Answer {
    let request = server
        .request(Method::OPTIONS, "/api/v1/users")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers);
    Answer::to(request).await
}

fn shared_words(headers: &HeaderMap) -> Vec<&str> {
    let names = headers.keys().map(reqwest::header::HeaderName::as_str);
    names
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

#[tokio::test]
async fn a_listed_origin_may_send_what_the_api_takes() {
    let server = sharing().await;
    let wanted = "authorization,content-type,if-match,idempotency-key";
    let answer = preflight(&server, LISTED, "PATCH", wanted).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.headers["access-control-allow-origin"], LISTED);
    let methods = answer.headers["access-control-allow-methods"]
        .to_str()
        .unwrap();
    assert!(
        ["GET", "POST", "PUT", "PATCH", "DELETE"]
            .iter()
            .all(|method| methods.contains(method))
    );
    // No cookies: nobody acts for somebody who does not know.
    assert!(
        !answer
            .headers
            .contains_key("access-control-allow-credentials")
    );
}

#[tokio::test]
async fn an_unlisted_origin_gets_nothing() {
    let server = sharing().await;
    for origin in [
        "https://evil.example.org",
        "null",
        "https://console.example.org.evil.example",
        "http://console.example.org",
    ] {
        let answer = preflight(&server, origin, "GET", "authorization").await;
        assert_eq!(shared_words(&answer.headers), [""; 0], "{origin}");
        answer.problem(400, "malformed");
        let request = server
            .request(Method::GET, "/api/v1/users")
            .header("origin", origin);
        let answer = Answer::to(request).await;
        answer.problem(401, "unauthenticated");
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{origin}"
        );
    }
}

#[tokio::test]
async fn what_is_not_taken_from_other_origins_is_refused_in_the_preflight() {
    let server = sharing().await;
    for (method, header) in [("TRACE", "authorization"), ("GET", "cookie")] {
        let answer = preflight(&server, LISTED, method, header).await;
        answer.problem(400, "malformed");
    }
}

#[tokio::test]
async fn a_listed_origin_may_read_answers_and_problems_alike() {
    let server = sharing().await;
    let token = server.token(Role::Admin).await;
    for (path, status) in [
        ("/api/v1/users", 200),
        ("/api/v1/users/none", 404),
        ("/nowhere", 404),
    ] {
        let request = server
            .request(Method::GET, path)
            .header("origin", "http://localhost:3000");
        let answer = Answer::to(request.bearer_auth(&token)).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(
            answer.headers["access-control-allow-origin"], "http://localhost:3000",
            "{path}"
        );
        let exposed = answer.headers["access-control-expose-headers"]
            .to_str()
            .unwrap()
            .to_lowercase();
        for name in [
            "etag",
            "x-request-id",
            "ratelimit-remaining",
            "retry-after",
            "location",
        ] {
            assert!(exposed.contains(name), "{name}");
        }
    }
}

#[tokio::test]
async fn without_a_list_no_preflight_is_answered() {
    let server = Server::start().await;
    let answer = preflight(&server, LISTED, "GET", "authorization").await;
    answer.problem(405, "method_not_allowed");
    assert_eq!(shared_words(&answer.headers), [""; 0]);
}
