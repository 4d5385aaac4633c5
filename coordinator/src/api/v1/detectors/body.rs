//! Bodies of detectors: longer than others, because an index of exact data may hold a million rows.
//!
//! Owns the limit. **Invariant:** nobody without the right gets to send one: the guard is asked first.

use actix_web::dev::{JsonBody, Payload};
use actix_web::error::JsonPayloadError;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};

use crate::api::problem::{ApiError, ErrorCode};

/// Longest body, in bytes.
const MAX_BYTES: usize = 48 << 20;

/// An object, not yet looked into.
pub struct LargeJson(pub(super) Map<String, Value>);

impl FromRequest for LargeJson {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = JsonBody::<Map<String, Value>>::new(request, payload, None, true);
        let body = body.limit(MAX_BYTES);
        Box::pin(async move { body.await.map(Self).map_err(|error| refusal(&error)) })
    }
}

fn refusal(error: &JsonPayloadError) -> ApiError {
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            ApiError::new(ErrorCode::PayloadTooLarge)
                .with_detail(format!("the body has more than {MAX_BYTES} bytes"))
        }
        JsonPayloadError::ContentType => ApiError::new(ErrorCode::UnsupportedMediaType)
            .with_detail("the body must be `application/json`"),
        JsonPayloadError::Deserialize(error) => {
            ApiError::new(ErrorCode::Malformed).with_detail(format!(
                "the body is no json object: line {}, column {}",
                error.line(),
                error.column()
            ))
        }
        _ => ApiError::new(ErrorCode::Malformed),
    }
}
