//! How often somebody may call: by address at the door, by user inside.

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::json;

use crate::support::server::{Answer, PASSWORD, Server, email_of};

const LOGIN: &str = "/api/v1/auth/login";

fn number(answer: &Answer, name: &str) -> u64 {
    answer.headers[name].to_str().unwrap().parse().unwrap()
}

async fn knock(server: &Server, claim: &str) -> Answer {
    let request = server
        .request(Method::POST, "/api/v1/auth/refresh")
        .header("x-forwarded-for", claim);
    Answer::to(request.json(&json!({"refresh_token": "x"}))).await
}

#[tokio::test]
async fn the_door_counts_by_address_and_says_where_one_stands() {
    let server = Server::start_with(&[("WEIR_LIMITS__AUTH_PER_MINUTE", "3")]).await;
    for left in [2, 1, 0] {
        let answer = knock(&server, "192.0.2.1").await;
        answer.problem(401, "invalid_credentials");
        assert_eq!(
            (
                number(&answer, "ratelimit-limit"),
                number(&answer, "ratelimit-remaining")
            ),
            (3, left)
        );
        assert!(number(&answer, "ratelimit-reset") >= 1);
    }
    // Another route of the door, another claim of who one is: the same address.
    let body = json!({"email": email_of(Role::Admin), "password": PASSWORD});
    let refused = server.post(LOGIN, &body).await;
    refused.problem(429, "too_many_requests");
    assert!((1..=20).contains(&number(&refused, "retry-after")));
    assert_eq!(number(&refused, "ratelimit-remaining"), 0);
    knock(&server, "192.0.2.2, 10.0.0.1")
        .await
        .problem(429, "too_many_requests");
    // A body that cannot be read is not looked at.
    let unread = server.request(Method::POST, LOGIN).body("{");
    Answer::to(unread).await.problem(429, "too_many_requests");
}

#[tokio::test]
async fn behind_a_trusted_proxy_clients_are_told_apart() {
    let settings = [
        ("WEIR_LIMITS__AUTH_PER_MINUTE", "1"),
        ("WEIR_HTTP__TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8"),
    ];
    let server = Server::start_with(&settings).await;
    assert_eq!(knock(&server, "192.0.2.1").await.status, 401);
    assert_eq!(knock(&server, "192.0.2.2, 10.0.0.1").await.status, 401);
    assert_eq!(knock(&server, "192.0.2.1").await.status, 429);
    assert_eq!(knock(&server, "198.51.100.7, 192.0.2.2").await.status, 429);
}

#[tokio::test]
async fn inside_each_user_has_their_own_limit() {
    let server = Server::start_with(&[("WEIR_LIMITS__API_PER_SECOND", "1")]).await;
    let (admin, auditor) = (
        server.token(Role::Admin).await,
        server.token(Role::Auditor).await,
    );
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let request = server
            .request(Method::GET, "/api/v1/auth/me")
            .bearer_auth(&admin);
        asked.spawn(Answer::to(request));
    }
    let answers = asked.join_all().await;
    let refused: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.status == 429)
        .collect();
    assert!(!refused.is_empty());
    refused[0].problem(429, "too_many_requests");
    assert_eq!(number(refused[0], "retry-after"), 1);
    let other = server.get_as(&auditor, "/api/v1/auth/me").await;
    assert_eq!((other.status, number(&other, "ratelimit-limit")), (200, 1));
}

#[tokio::test]
async fn health_slack_and_nodes_have_no_limit() {
    let settings = [
        ("WEIR_LIMITS__AUTH_PER_MINUTE", "1"),
        ("WEIR_LIMITS__API_PER_SECOND", "1"),
    ];
    let server = Server::start_with(&settings).await;
    let credential = server.site.node_credential().to_owned();
    for _ in 0..5 {
        let alive = server.get("/healthz").await;
        assert_eq!(
            (alive.status, alive.headers.get("ratelimit-limit")),
            (200, None)
        );
        assert_eq!(
            server
                .slack(br#"{"type":"url_verification","challenge":"c"}"#)
                .await
                .status,
            200
        );
        let set = server
            .get_as(&credential, "/internal/v1/detector-sets/current")
            .await;
        assert_eq!(set.status, 200);
    }
}
