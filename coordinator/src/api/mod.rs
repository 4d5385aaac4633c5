//! The REST API: how requests are let in, answered, refused and described.
//!
//! Owns the route table, authentication, the error format, paging and the OpenAPI document. Leaves
//! decisions to `domain` and data to `store`.
//! **Invariant:** a handler is mounted through [`routes`] only, and compiles into it only if its first
//! argument says who may call it. Outside of it are Swagger UI's own files and the 404.

mod account_problems;
pub mod auth;
pub mod body;
pub mod boundary;
pub mod cursor;
pub mod extract;
pub mod fields;
pub mod health;
pub mod idempotency;
pub mod internal;
pub mod limits;
pub mod openapi;
pub mod precondition;
pub mod problem;
pub mod request_id;
pub mod root_span;
pub mod route_table;
mod routes;
pub mod sharing;
pub mod slack;
pub mod state;
mod token_lookup;
pub mod upload;
pub mod v1;

use actix_web::web;

pub use problem::{ApiError, ErrorCode, Problem};
pub use route_table::{Access, RouteEntry, RouteTable};
pub use routes::routes;
pub use state::{Actors, AppState};
pub use token_lookup::StoredTokens;

/// Mounts the API: routes, documents, and an answer for everything else. [`boundary::boundary`] belongs
/// around the app; `web::Data` of [`auth::Authenticator`] and [`limits::Limits`] into it.
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
