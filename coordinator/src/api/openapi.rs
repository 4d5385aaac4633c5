//! The API described: an OpenAPI 3.1 document, and Swagger UI to read it with.
//!
//! Owns the document's frame (title, security scheme, the error schema) and serving it. Each handler
//! describes itself with `#[utoipa::path]` and is listed here.
//! **Invariant:** nothing is loaded from another host: the page and its scripts are in the binary. Every
//! route is described but `/internal`, which nobody but our own nodes may call.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, PathItem, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

use super::auth::Public;
use super::problem::{self, ErrorCode, Problem};
use super::{health, slack_events, v1};

/// Where the document is.
pub const DOCUMENT_PATH: &str = "/api/openapi.json";
/// The name of the security scheme, for `security(("bearer" = []))`.
pub const BEARER: &str = "bearer";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Weir",
        description = "Data-loss prevention for Slack. Errors are RFC 9457 problems; lists come in pages. \
            Limited routes say in `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` where a caller stands.",
        license(name = "MIT", identifier = "MIT"),
    ),
    tags(
        (name = "health", description = "Is it there, can it work, how is it doing."),
        (name = "documents", description = "This document, to read."),
        (name = "slack", description = "What Slack calls."),
        (name = "auth", description = "Signing in, staying signed in, signing out."),
        (name = "scans", description = "Texts and files to scan."),
        (name = "detectors", description = "What is looked for."),
        (name = "policies", description = "What follows from what is found, and where."),
        (name = "groups", description = "Lists of people that policies name."),
        (name = "messages", description = "Slack messages that were caught."),
        (name = "findings", description = "What was found, wherever it was."),
        (name = "audit", description = "What was done, by whom, to what; in one chain that can be proved."),
        (name = "privacy", description = "What is known of a person, told or forgotten."),
        (name = "users", description = "People who sign in."),
        (name = "tokens", description = "Credentials of programs."),
        (name = "alerts", description = "What people work on."),
        (name = "suppressions", description = "Findings that no policy is to count, and risks that are accepted."),
        (name = "events", description = "What firewalls, intrusion detection and models report."),
        (name = "webhooks", description = "Whom alerts are told to over HTTP."),
        (name = "operation", description = "Nodes and the queue."),
    ),
    paths(
        health::alive, health::ready, health::metrics,
        slack_events::receive,
        to_the_page,
        v1::auth::register, v1::auth::login, v1::auth::refresh, v1::auth::logout, v1::auth::logout_all,
        v1::auth::me, v1::auth::change_password, v1::auth::forgot, v1::auth::reset,
        v1::scans::create, v1::scans::list, v1::scans::get,
        v1::detectors::list, v1::detectors::create, v1::detectors::test, v1::detectors::get,
        v1::detectors::replace, v1::detectors::change, v1::detectors::delete,
        v1::policies::list, v1::policies::create, v1::policies::simulate_draft, v1::policies::get,
        v1::policies::replace, v1::policies::change, v1::policies::delete, v1::policies::simulate,
        v1::groups::list, v1::groups::create, v1::groups::get, v1::groups::replace, v1::groups::delete,
        v1::messages::list, v1::messages::get,
        v1::findings::list,
        v1::audit::list, v1::audit::record, v1::audit::record_batch, v1::audit::get, v1::audit::export,
        v1::audit::keys, v1::audit::verify,
        v1::privacy::export, v1::privacy::erase,
        v1::stats::get,
        v1::alerts::reveal::reveal,
        v1::alerts::list, v1::alerts::change_all, v1::alerts::export, v1::alerts::get, v1::alerts::change,
        v1::alerts::accept_risk, v1::alerts::activity, v1::alerts::assign, v1::alerts::comment,
        v1::alerts::occurrences, v1::alerts::set_status,
        v1::suppressions::list, v1::suppressions::create, v1::suppressions::get, v1::suppressions::change,
        v1::suppressions::end,
        v1::events::create, v1::events::list, v1::events::create_batch, v1::events::get,
        v1::webhooks::list, v1::webhooks::create, v1::webhooks::get, v1::webhooks::change, v1::webhooks::delete,
        v1::webhooks::rotate_secret, v1::webhooks::test, v1::webhooks::deliveries,
        v1::nodes::list,
        v1::queue::status,
        v1::users::list, v1::users::create, v1::users::get, v1::users::change, v1::users::reset_password,
        v1::tokens::list, v1::tokens::create, v1::tokens::revoke,
    ),
    components(schemas(Problem, ErrorCode)),
    modifiers(&Bearer, &Problems),
)]
struct Document;

/// What every operation can answer beside what its handler says, and the media type of all of it.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            for (status, description) in common_refusals(operation) {
                let refusal = problem_response(description);
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert(refusal);
            }
            for response in operation.responses.responses.values_mut() {
                give_problems_their_type(response);
            }
        }
    }
}

/// What any operation of its kind can answer, whatever it does.
fn common_refusals(operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let mut refusals = Vec::new();
    let has_parameters = operation
        .parameters
        .as_ref()
        .is_some_and(|all| !all.is_empty());
    if has_parameters || operation.request_body.is_some() {
        refusals.push((
            "400",
            "a value of the request is not acceptable, or it cannot be read",
        ));
    }
    if operation.request_body.is_some() {
        refusals.push(("413", "the body is too large"));
        refusals.push(("415", "the body is of a type that is not taken here"));
    }
    if operation.security.is_some() {
        refusals.push(("401", "no credentials that hold"));
        refusals.push(("403", "without the right"));
    }
    if operation.security.is_some() || operation.request_body.is_some() {
        refusals.push(("429", "too often: `Retry-After` says when to come back"));
        refusals.push((
            "503",
            "something that is needed is away: `Retry-After` says when to come back",
        ));
    }
    refusals
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        patch,
        delete,
        ..
    } = path;
    [get, put, post, patch, delete].into_iter().flatten()
}

fn problem_response(description: &str) -> RefOr<utoipa::openapi::Response> {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content(problem::CONTENT_TYPE, content)
        .build()
        .into()
}

/// utoipa takes every body for plain JSON.
fn give_problems_their_type(response: &mut RefOr<utoipa::openapi::Response>) {
    const PLAIN: &str = "application/json";
    let RefOr::T(response) = response else { return };
    let is_problem = response.content.get(PLAIN).is_some_and(|content| {
        let schema = match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        };
        matches!(schema, Some(RefOr::Ref(to)) if to.ref_location.ends_with("/Problem"))
    });
    if is_problem && let Some(content) = response.content.swap_remove(PLAIN) {
        response
            .content
            .insert(problem::CONTENT_TYPE.to_owned(), content);
    }
}

/// Access tokens and API tokens go into the same header.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT or weir_pat_ token")
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    }
}

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Serves the document and the page behind it. They hold nothing about anybody and are public.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(SwaggerUi::new("/api/docs/{_:.*}").url(DOCUMENT_PATH, document()));
}

/// Leads from `/api/docs` to the page, whose scripts are relative to it.
#[utoipa::path(
    get, operation_id = "readDocuments", path = "/api/docs", tag = "documents",
    responses((status = 308, description = "the page is at `/api/docs/`")),
)]
pub async fn to_the_page(_: Public) -> HttpResponse {
    let redirect = HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "/api/docs/"))
        .finish();
    std::future::ready(redirect).await
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test};
    use serde_json::Value;

    use super::*;
    use crate::api::Access;

    async fn get(path: &str) -> (u16, String) {
        let app = test::init_service(App::new().configure(crate::api::configure)).await;
        let request = test::TestRequest::get().uri(path).to_request();
        let response = test::call_service(&app, request).await;
        let status = response.status().as_u16();
        let body = test::read_body(response).await;
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    #[test]
    async fn the_document_is_openapi_3_1_with_the_scheme_and_the_error_format() {
        let (status, body) = get(DOCUMENT_PATH).await;
        assert_eq!(status, 200);
        let document: Value = serde_json::from_str(&body).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let components = &document["components"];
        assert_eq!(components["securitySchemes"][BEARER]["scheme"], "bearer");
        assert!(components["schemas"]["Problem"]["properties"]["request_id"].is_object());
        assert_eq!(
            components["schemas"]["ErrorCode"]["enum"]
                .as_array()
                .unwrap()
                .len(),
            ErrorCode::ALL.len()
        );
    }

    fn described() -> Value {
        serde_json::to_value(document()).unwrap()
    }

    #[test]
    async fn the_document_and_the_route_table_name_the_same_routes() {
        let mut routes: Vec<(String, String)> = crate::api::routes()
            .iter()
            .filter(|entry| !entry.path().starts_with("/internal/"))
            .map(|entry| {
                (
                    entry.path().to_owned(),
                    entry.method().as_str().to_lowercase(),
                )
            })
            .collect();
        let document = described();
        let mut named: Vec<(String, String)> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(|method| (path.clone(), method.clone()))
            })
            .collect();
        routes.sort_unstable();
        named.sort_unstable();
        assert_eq!(named, routes);
    }

    #[test]
    async fn an_operation_asks_for_a_credential_exactly_if_its_guard_does() {
        let document = described();
        for entry in crate::api::routes().iter() {
            let method = entry.method().as_str().to_lowercase();
            let operation = &document["paths"][entry.path()][&method];
            let asks = !operation["security"].is_null();
            let guarded = matches!(entry.access(), Access::SignedIn | Access::Needs(_));
            assert_eq!(asks, guarded, "{method} {}", entry.path());
        }
    }

    #[test]
    async fn every_operation_has_a_name_of_its_own_a_known_tag_and_its_path_parameters() {
        let document = described();
        let tags: Vec<&str> = document["tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag["name"].as_str().unwrap())
            .collect();
        let mut names = std::collections::HashSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let at = format!("{method} {path}");
                assert!(
                    names.insert(operation["operationId"].as_str().unwrap().to_owned()),
                    "{at}"
                );
                assert!(
                    tags.contains(&operation["tags"][0].as_str().unwrap()),
                    "{at}"
                );
                let in_path = operation["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|parameter| parameter["in"] == "path")
                    .count();
                assert_eq!(in_path, path.matches('{').count(), "{at}");
                assert!(
                    !operation["responses"].as_object().unwrap().is_empty(),
                    "{at}"
                );
            }
        }
    }

    #[test]
    async fn every_reference_leads_somewhere() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(members) => {
                    if let Some(to) = members.get("$ref").and_then(Value::as_str) {
                        found.push(to.to_owned());
                    }
                    members
                        .values()
                        .for_each(|member| references(member, found));
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        let document = described();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for to in found {
            let target = document.pointer(to.strip_prefix('#').unwrap());
            assert!(target.is_some(), "{to}");
        }
    }

    #[test]
    async fn errors_are_described_as_problems() {
        let document = described();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                for (status, response) in operation["responses"].as_object().unwrap() {
                    // Readiness has an answer of its own for "not ready".
                    if status.as_str() < "400" || path == "/readyz" {
                        continue;
                    }
                    let problem = &response["content"][problem::CONTENT_TYPE]["schema"]["$ref"];
                    assert_eq!(problem, "#/components/schemas/Problem", "{path} {status}");
                }
            }
        }
    }

    #[test]
    async fn the_page_is_served_from_the_binary() {
        assert_eq!(get("/api/docs").await.0, 308);
        let (status, page) = get("/api/docs/").await;
        assert_eq!(status, 200);
        assert!(!page.contains("https://") && !page.contains("http://"));
        for asset in [
            "swagger-ui.css",
            "swagger-ui-bundle.js",
            "swagger-initializer.js",
        ] {
            assert_eq!(get(&format!("/api/docs/{asset}")).await.0, 200, "{asset}");
        }
    }
}
