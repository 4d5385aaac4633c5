//! The REST API: how requests are let in, answered, refused and described.
//!
//! Owns the route table, authentication, the error format, paging and the OpenAPI document. Leaves
//! decisions to `domain` and data to `store`.
//! **Invariant:** a handler is mounted through [`routes`] only, and compiles into it only if its first
//! argument says who may call it. Outside of it are Swagger UI's own files and the 404.

pub mod auth;
pub mod boundary;
pub mod cursor;
pub mod extract;
pub mod health;
pub mod idempotency;
pub mod internal;
pub mod object;
pub mod openapi;
pub mod precondition;
pub mod problem;
pub mod request_id;
pub mod root_span;
pub mod route_table;
pub mod slack_events;
pub mod state;
mod token_lookup;
pub mod upload;
pub mod v1;

use actix_web::web;

pub use problem::{ApiError, ErrorCode, Problem};
pub use route_table::{Access, RouteEntry, RouteTable};
pub use state::{Actors, AppState};
pub use token_lookup::StoredTokens;

/// Every route, in URL order.
pub fn routes() -> RouteTable {
    RouteTable::new(vec![
        RouteEntry::get("/healthz", health::alive),
        RouteEntry::get("/readyz", health::ready),
        RouteEntry::get("/metrics", health::metrics),
        RouteEntry::post("/slack/events", slack_events::receive),
        RouteEntry::get("/api/docs", openapi::to_the_page),
        RouteEntry::post("/api/v1/auth/login", v1::auth::login),
        RouteEntry::post("/api/v1/auth/refresh", v1::auth::refresh),
        RouteEntry::post("/api/v1/auth/logout", v1::auth::logout),
        RouteEntry::get("/api/v1/auth/me", v1::auth::me),
        RouteEntry::post("/api/v1/scans", v1::scans::create),
        RouteEntry::get("/api/v1/scans", v1::scans::list),
        RouteEntry::get("/api/v1/scans/{id}", v1::scans::get),
        RouteEntry::get("/api/v1/detectors", v1::detectors::list),
        RouteEntry::post("/api/v1/detectors", v1::detectors::create),
        RouteEntry::post("/api/v1/detectors/test", v1::detectors::test),
        RouteEntry::get("/api/v1/detectors/{id}", v1::detectors::get),
        RouteEntry::put("/api/v1/detectors/{id}", v1::detectors::replace),
        RouteEntry::patch("/api/v1/detectors/{id}", v1::detectors::change),
        RouteEntry::delete("/api/v1/detectors/{id}", v1::detectors::delete),
        RouteEntry::get("/api/v1/messages", v1::messages::list),
        RouteEntry::get("/api/v1/messages/{id}", v1::messages::get),
        RouteEntry::get("/api/v1/findings", v1::findings::list),
        RouteEntry::post("/api/v1/events", v1::events::create),
        RouteEntry::get("/api/v1/events", v1::events::list),
        RouteEntry::post("/api/v1/events/batch", v1::events::create_batch),
        RouteEntry::get("/api/v1/events/{id}", v1::events::get),
        RouteEntry::get("/api/v1/webhooks", v1::webhooks::list),
        RouteEntry::post("/api/v1/webhooks", v1::webhooks::create),
        RouteEntry::get("/api/v1/webhooks/{id}", v1::webhooks::get),
        RouteEntry::patch("/api/v1/webhooks/{id}", v1::webhooks::change),
        RouteEntry::delete("/api/v1/webhooks/{id}", v1::webhooks::delete),
        RouteEntry::post(
            "/api/v1/webhooks/{id}/rotate-secret",
            v1::webhooks::rotate_secret,
        ),
        RouteEntry::post("/api/v1/webhooks/{id}/test", v1::webhooks::test),
        RouteEntry::get("/api/v1/webhooks/{id}/deliveries", v1::webhooks::deliveries),
        RouteEntry::get("/api/v1/nodes", v1::nodes::list),
        RouteEntry::get("/api/v1/queue", v1::queue::status),
        RouteEntry::get(
            "/internal/v1/detector-sets/{version}",
            internal::detector_set,
        ),
        RouteEntry::get("/internal/v1/blobs/{id}", internal::blob),
        RouteEntry::post("/internal/v1/nodes/heartbeat", internal::heartbeat),
    ])
}

/// Mounts the API: routes, documents, and an answer for everything else. [`boundary::boundary`] belongs
/// around the app; `web::Data<auth::Authenticator>` into it.
pub fn configure(config: &mut web::ServiceConfig) {
    extract::configure(config);
    routes().mount(config);
    openapi::configure(config);
    config.default_service(web::to(nothing_here));
}

async fn nothing_here() -> Result<&'static str, ApiError> {
    std::future::ready(Err(ApiError::new(ErrorCode::NotFound))).await
}

#[cfg(test)]
mod tests;
