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
pub mod openapi;
pub mod problem;
pub mod request_id;
pub mod route_table;

use actix_web::web;

pub use problem::{ApiError, ErrorCode, Problem};
pub use route_table::{Access, RouteEntry, RouteTable};

/// Every route, in URL order.
pub fn routes() -> RouteTable {
    RouteTable::new(vec![
        RouteEntry::get("/api/docs", openapi::to_the_page),
        RouteEntry::get("/healthz", health::alive),
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
