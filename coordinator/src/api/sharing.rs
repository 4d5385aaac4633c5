//! Which pages of other origins may call the API from a browser.
//!
//! Owns the answers to preflights and the headers of CORS. Leaves which origins to the configuration.
//! **Invariant:** an origin that is not listed hears no word that would let it read an answer; cookies are never
//! asked for, so that no page acts for somebody who does not know.

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, LOCATION, RETRY_AFTER,
};

use crate::config::WebOrigin;

/// For so long a browser does not ask again, in seconds.
const REMEMBERED: usize = 600;

/// Wraps the app, inside of `boundary`.
pub fn sharing(origins: &[WebOrigin]) -> Cors {
    let named = HeaderName::from_static;
    let cors = Cors::default()
        .allowed_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allowed_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            named("idempotency-key"),
        ])
        .expose_headers([
            ETAG,
            LOCATION,
            RETRY_AFTER,
            named("x-request-id"),
            named("ratelimit-limit"),
            named("ratelimit-remaining"),
            named("ratelimit-reset"),
        ])
        .max_age(REMEMBERED);
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin.as_str()))
}
