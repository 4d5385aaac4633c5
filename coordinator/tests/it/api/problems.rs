//! Errors: all in one form, none with the words of the request.

use coordinator::domain::roles::Role;
use reqwest::{Method, header};
use serde_json::json;

use crate::support::server::{Answer, Server};

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_are_problems_too() {
    let server = Server::start().await;
    server.get("/nowhere").await.problem(404, "not_found");
    let wrong = Answer::to(server.request(Method::DELETE, "/api/v1/scans")).await;
    wrong.problem(405, "method_not_allowed");
    assert_eq!(wrong.headers[header::ALLOW], "POST, GET");
}

#[tokio::test]
async fn a_problem_looks_like_this() {
    let server = Server::start().await;
    let token = server.token(Role::Auditor).await;
    let refused = server
        .post_as(&token, "/api/v1/scans", &json!({"text": "x"}))
        .await;
    let problem = refused.problem(403, "forbidden");
    insta::assert_json_snapshot!(problem, {".request_id" => "[id]"}, @r#"
    {
      "code": "forbidden",
      "detail": "this needs the permission `scans:write`",
      "request_id": "[id]",
      "status": 403,
      "title": "This needs a right you do not have"
    }
    "#);
}

#[tokio::test]
async fn the_callers_name_for_its_request_comes_back_if_it_is_well_formed() {
    let server = Server::start().await;
    let ask = async |name: &str| {
        let request = server.request(Method::GET, "/nowhere");
        Answer::to(request.header("x-request-id", name)).await
    };
    let named = ask("build-42.retry_1").await;
    assert_eq!(
        named.problem(404, "not_found")["request_id"],
        "build-42.retry_1"
    );
    let refused = ask("a b").await;
    assert_ne!(refused.problem(404, "not_found")["request_id"], "a b");
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_a_body_that_cannot_be_read() {
    let server = Server::start().await;
    let unknown_token = format!("weir_pat_{}", "A".repeat(43));
    for token in ["none", &unknown_token] {
        for (content_type, body) in [
            ("application/json", "{".to_owned()),
            ("text/plain", "x".to_owned()),
            ("application/json", "[".repeat(2_000_000)),
            ("multipart/form-data", "no boundary".to_owned()),
        ] {
            let request = server
                .request(Method::POST, "/api/v1/scans?wait=x")
                .bearer_auth(token)
                .header(header::CONTENT_TYPE, content_type)
                .body(body);
            Answer::to(request).await.problem(401, "unauthenticated");
        }
    }
}
