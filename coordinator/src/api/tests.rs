//! The API from outside, in process: who gets in, and what everybody else is told.

use std::sync::Arc;

use actix_web::body::to_bytes;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::{App, Error, test, web};
use async_trait::async_trait;
use chrono::DateTime;
use shared::clock::ManualClock;
use shared::ids::{TokenId, UserId};
use shared::secret::ExposeSecret;

use super::auth::{
    AccessTokens, Authenticator, Authorized, Identity, OpaqueTokens, Principal, Public, TokenHash,
    TokenKind, TokenLookup, permit,
};
use super::boundary::boundary;
use super::problem::{CONTENT_TYPE, Problem};
use super::*;
use crate::config::CoordinatorConfig;
use crate::domain::roles::{Permission, Permissions, Role};

/// One API token: an admin's, good for writing audit events.
struct OneToken {
    hash: TokenHash,
    owner: UserId,
}

#[async_trait]
impl TokenLookup for OneToken {
    async fn principal_of(&self, token: &TokenHash) -> Result<Option<Principal>, ApiError> {
        // As a database would: not at the first poll.
        tokio::task::yield_now().await;
        let granted: Permissions = [Permission::AuditWrite].into_iter().collect();
        let principal = Principal::of_api_token(self.owner, Role::Admin, TokenId::fresh(), granted);
        Ok((*token == self.hash).then_some(principal))
    }
}

struct Fixture {
    authenticator: Authenticator,
    limits: web::Data<limits::Limits>,
    api_token: String,
    refresh_token: String,
}

impl Fixture {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        let opaque = OpaqueTokens::new(&[2; 32]);
        let api = opaque.mint(TokenKind::Api).unwrap();
        let refresh = opaque.mint(TokenKind::Refresh).unwrap();
        let lookup = OneToken {
            hash: api.hash,
            owner: UserId::fresh(),
        };
        Self {
            authenticator: Authenticator {
                access: AccessTokens::new(&[1; 32], clock),
                opaque,
                lookup: Arc::new(lookup),
                ended: Arc::default(),
            },
            limits: web::Data::new(limits()),
            api_token: api.token.expose_secret().to_owned(),
            refresh_token: refresh.token.expose_secret().to_owned(),
        }
    }

    fn session(&self, role: Role) -> String {
        let somebody = Identity {
            user: UserId::fresh(),
            role,
            session: TokenId::fresh(),
            since: DateTime::UNIX_EPOCH,
        };
        let issued = self.authenticator.access.issue(&somebody).unwrap();
        issued.token.expose_secret().to_owned()
    }

    async fn send(&self, request: test::TestRequest) -> Answer {
        let app = App::new()
            .wrap(from_fn(boundary))
            .app_data(web::Data::new(self.authenticator.clone()))
            .app_data(self.limits.clone())
            .configure(|config| test_routes().mount(config))
            .configure(configure);
        let service = test::init_service(app).await;
        // The server does the same with what a middleware refuses.
        let response = match test::try_call_service(&service, request.to_request()).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        let (head, body) = response.into_parts();
        Answer {
            status: head.status().as_u16(),
            headers: head.headers().clone(),
            body: to_bytes(body).await.unwrap().to_vec(),
        }
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        let mut request = test::TestRequest::get().uri(path);
        if let Some(token) = token {
            request = request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")));
        }
        self.send(request).await
    }
}

/// As they are if nobody says otherwise.
fn limits() -> limits::Limits {
    let config: CoordinatorConfig = shared::config::load(None, []).unwrap();
    limits::Limits::new(&config.limits, &config.http)
}

struct Answer {
    status: u16,
    headers: header::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn problem(&self) -> Problem {
        assert_eq!(self.header("content-type"), Some(CONTENT_TYPE));
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status);
        assert_eq!(problem.request_id.as_deref(), self.header("x-request-id"));
        problem
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

fn test_routes() -> RouteTable {
    RouteTable::new(vec![
        RouteEntry::get("/test/me", me),
        RouteEntry::get("/test/alerts", write_alerts),
        RouteEntry::post("/test/alerts/{id}", write_one_alert),
        RouteEntry::get("/test/audit", write_audit),
        RouteEntry::get("/test/panic", panics),
        RouteEntry::get("/test/foreign", fails_with_words),
    ])
}

async fn me(caller: Authorized<permit::SignedIn>) -> String {
    std::future::ready(caller.principal.role.to_string()).await
}

async fn write_alerts(_: Authorized<permit::AlertsWrite>) -> &'static str {
    std::future::ready("done").await
}

async fn write_one_alert(
    _: Authorized<permit::AlertsWrite>,
    _: web::Path<u8>,
    _: web::Query<cursor::PageQuery>,
    _: web::Json<Vec<String>>,
) -> &'static str {
    std::future::ready("done").await
}

async fn write_audit(_: Authorized<permit::AuditWrite>) -> &'static str {
    std::future::ready("done").await
}

async fn panics(_: Public) -> &'static str {
    let content = std::future::ready("4111 1111 1111 1111").await;
    panic!("cannot handle {content}");
}

async fn fails_with_words(_: Public) -> Result<&'static str, Error> {
    let error = actix_web::error::ErrorConflict("4111 1111 1111 1111 exists");
    std::future::ready(Err(error)).await
}

#[actix_web::test]
async fn every_guarded_route_refuses_a_stranger() {
    let fixture = Fixture::new();
    for entry in routes().and(test_routes().into_entries()).iter() {
        let request = test::TestRequest::default()
            .method(entry.method().clone())
            .uri(&entry.path().replace(['{', '}'], ""));
        let answer = fixture.send(request).await;
        match entry.access() {
            Access::Public => assert_ne!(answer.status, 401, "{}", entry.path()),
            // Without a signing secret nothing can be genuine, and it is not the stranger's fault.
            Access::Slack => assert!(answer.status >= 400, "{}", entry.path()),
            Access::Node | Access::SignedIn | Access::Needs(_) => {
                assert_eq!(answer.status, 401, "{}", entry.path());
            }
        }
    }
}

#[actix_web::test]
async fn the_open_routes_are_these() {
    let table = routes();
    let open: Vec<_> = table
        .iter()
        .filter(|entry| entry.access() == Access::Public)
        .map(|entry| (entry.method().as_str(), entry.path()))
        .collect();
    assert_eq!(
        open,
        [
            ("GET", "/healthz"),
            ("GET", "/readyz"),
            ("GET", "/metrics"),
            ("GET", "/slack/install"),
            ("GET", "/slack/oauth/callback"),
            ("GET", "/api/docs"),
            ("POST", "/api/v1/auth/register"),
            ("POST", "/api/v1/auth/login"),
            ("POST", "/api/v1/auth/refresh"),
            ("POST", "/api/v1/auth/logout"),
            ("POST", "/api/v1/auth/password/forgot"),
            ("POST", "/api/v1/auth/password/reset"),
        ]
    );
}

#[actix_web::test]
async fn the_routes_with_guards_of_their_own_are_these() {
    let table = routes();
    let own: Vec<_> = table
        .iter()
        .filter(|entry| matches!(entry.access(), Access::Slack | Access::Node))
        .map(|entry| (entry.access(), entry.path()))
        .collect();
    assert_eq!(
        own,
        [
            (Access::Slack, "/slack/events"),
            (Access::Slack, "/slack/interactivity"),
            (Access::Slack, "/slack/commands"),
            (Access::Node, "/internal/v1/detector-sets/{version}"),
            (Access::Node, "/internal/v1/blobs/{id}"),
            (Access::Node, "/internal/v1/slack/{workspace}/file-tickets"),
            (Access::Node, "/internal/v1/nodes/heartbeat"),
        ]
    );
}

#[actix_web::test]
async fn a_broken_body_is_no_news_for_somebody_who_may_not_send_it() {
    let fixture = Fixture::new();
    let unknown = format!("weir_pat_{}", "A".repeat(43));
    for (token, status) in [(&unknown, 401), (&fixture.api_token, 403)] {
        for (content_type, length) in [
            ("application/json", 5),
            ("text/plain", 5),
            ("application/json", 2_000_000),
        ] {
            let request = test::TestRequest::post()
                .uri("/test/alerts/x")
                .insert_header((header::AUTHORIZATION, format!("Bearer {token}")))
                .insert_header((header::CONTENT_TYPE, content_type))
                .set_payload("{".repeat(length));
            let answer = fixture.send(request).await;
            assert_eq!(answer.status, status, "{content_type} {length}");
        }
    }
}

#[actix_web::test]
async fn a_session_gets_what_its_role_gives() {
    let fixture = Fixture::new();
    let (admin, analyst) = (fixture.session(Role::Admin), fixture.session(Role::Analyst));
    assert_eq!(
        fixture.get("/test/me", Some(&analyst)).await.body,
        b"analyst"
    );
    assert_eq!(fixture.get("/test/alerts", Some(&admin)).await.status, 200);
    let refused = fixture.get("/test/alerts", Some(&analyst)).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.problem().detail.as_deref(),
        Some("this needs the permission `alerts:write`")
    );
    assert_eq!(refused.header("www-authenticate"), None);
}

#[actix_web::test]
async fn an_api_token_gets_what_it_was_given_and_no_more() {
    let fixture = Fixture::new();
    let token = Some(fixture.api_token.as_str());
    assert_eq!(fixture.get("/test/audit", token).await.status, 200);
    assert_eq!(fixture.get("/test/alerts", token).await.status, 403);
}

#[actix_web::test]
async fn no_credential_and_a_bad_one_are_challenged_differently() {
    let fixture = Fixture::new();
    let none = fixture.get("/test/me", None).await;
    assert_eq!(none.problem().code, ErrorCode::Unauthenticated);
    assert_eq!(
        none.header("www-authenticate"),
        Some("Bearer realm=\"weir\"")
    );
    let unknown = format!("weir_pat_{}", "A".repeat(43));
    for bad in ["x", &unknown, &fixture.refresh_token] {
        let answer = fixture.get("/test/me", Some(bad)).await;
        assert_eq!(answer.problem().code, ErrorCode::Unauthenticated);
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"weir\", error=\"invalid_token\"")
        );
    }
}

#[actix_web::test]
async fn a_panic_becomes_a_problem_without_its_words() {
    let answer = Fixture::new().get("/test/panic", None).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.problem().code, ErrorCode::Internal);
    assert!(!String::from_utf8_lossy(&answer.body).contains("4111"));
}

#[actix_web::test]
async fn a_foreign_error_keeps_its_status_and_loses_its_words() {
    let answer = Fixture::new().get("/test/foreign", None).await;
    assert_eq!(answer.problem().code, ErrorCode::Conflict);
    assert!(!String::from_utf8_lossy(&answer.body).contains("4111"));
}

#[actix_web::test]
async fn what_is_not_there_is_a_problem_too() {
    let answer = Fixture::new().get("/nowhere", None).await;
    assert_eq!(answer.problem().code, ErrorCode::NotFound);
}

#[actix_web::test]
async fn every_answer_names_its_request() {
    let fixture = Fixture::new();
    let named = test::TestRequest::get()
        .uri("/healthz")
        .insert_header(("x-request-id", "abc-1"));
    let answer = fixture.send(named).await;
    assert_eq!(
        (answer.status, answer.header("x-request-id")),
        (200, Some("abc-1"))
    );
    let first = fixture.get("/healthz", None).await;
    let second = fixture.get("/healthz", None).await;
    assert!(first.header("x-request-id").is_some());
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}
