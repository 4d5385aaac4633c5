//! The API described: an OpenAPI 3.1 document, and Swagger UI to read it with.
//!
//! Owns the document's frame (title, security scheme, the error schema) and serving it. Each handler
//! describes itself with `#[utoipa::path]` and is listed here; what all have in common is in `answers`, and
//! what an answer looks like in `examples`.
//! **Invariant:** nothing is loaded from another host: the page and its scripts are in the binary. Every
//! route is described but `/internal`, which nobody but our own nodes may call.

mod answers;
mod examples;

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::{Config, SwaggerUi};

use self::answers::Answers;
use self::examples::Examples;
use super::auth::Public;
use super::problem::{ErrorCode, Problem};
use super::{health, slack, v1};

/// Where the document is.
pub const DOCUMENT_PATH: &str = "/api/openapi.json";
/// The name of the security scheme, for `security(("bearer" = []))`.
pub const BEARER: &str = "bearer";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Weir",
        description = "Data-loss prevention for Slack. Errors are RFC 9457 problems; lists come in pages. \
            `ErrorCode` has the table of their codes. Every answer has an `X-Request-Id`. Limited routes say in \
            `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` where a caller stands.",
        license(name = "MIT", identifier = "MIT"),
    ),
    servers((url = "/", description = "Whoever serves this document.")),
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
        (name = "mail", description = "Whether mail arrives."),
        (name = "workspaces", description = "Where the app is installed, and what it may do there."),
        (name = "backfills", description = "Reading again what was said."),
        (name = "operation", description = "Nodes and the queue."),
    ),
    paths(
        health::alive, health::ready, health::metrics,
        slack::events::receive, slack::interactivity::receive, slack::commands::receive,
        slack::install::begin, slack::install::finish,
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
        v1::privacy::export, v1::privacy::erase, v1::privacy::export_user, v1::privacy::erase_user,
        v1::stats::get,
        v1::alerts::reveal::reveal, v1::alerts::release::release,
        v1::workspaces::list, v1::workspaces::create, v1::workspaces::get, v1::workspaces::change,
        v1::backfills::list, v1::backfills::create, v1::backfills::get, v1::backfills::cancel,
        v1::alerts::list, v1::alerts::change_all, v1::alerts::export, v1::alerts::get, v1::alerts::change,
        v1::alerts::accept_risk, v1::alerts::activity, v1::alerts::assign, v1::alerts::comment,
        v1::alerts::occurrences, v1::alerts::set_status,
        v1::suppressions::list, v1::suppressions::create, v1::suppressions::get, v1::suppressions::change,
        v1::suppressions::end,
        v1::events::create, v1::events::list, v1::events::create_batch, v1::events::get,
        v1::webhooks::list, v1::webhooks::create, v1::webhooks::get, v1::webhooks::change, v1::webhooks::delete,
        v1::webhooks::rotate_secret, v1::webhooks::test, v1::webhooks::deliveries,
        v1::mail::test, v1::mail::get,
        v1::nodes::list,
        v1::queue::status,
        v1::users::list, v1::users::create, v1::users::get, v1::users::change, v1::users::reset_password,
        v1::tokens::list, v1::tokens::create, v1::tokens::revoke,
    ),
    components(schemas(Problem, ErrorCode)),
    modifiers(&Bearer, &Answers, &Examples),
)]
struct Document;

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
    // Left to itself, the page tells a validator of its makers where it is.
    let page = Config::default().validator_url("none");
    let ui = SwaggerUi::new("/api/docs/{_:.*}").config(page);
    config.service(ui.url(DOCUMENT_PATH, document()));
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
mod tests;
