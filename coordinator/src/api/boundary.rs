//! The outermost middleware: names the request, catches panics, gives every error one form.
//!
//! Owns `X-Request-Id`, the last word on errors, their one log line, and telling callers where they stand with
//! their limit. Leaves traces and access logs to
//! telemetry; printing of a panic is silenced by the process's panic hook, not here.
//! **Invariant:** what leaves is either an answer a handler meant, or a problem; a panic's words and a
//! foreign error's words stay inside.

use std::error::Error as _;
use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, VARY};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, ResponseError};
use futures_util::FutureExt;

use super::limits::Standing;
use super::problem::{ApiError, ErrorCode};
use super::request_id::{HEADER, RequestName};

/// Wraps the app: `App::new().wrap(actix_web::middleware::from_fn(boundary))`.
///
/// # Errors
/// Only an [`ApiError`] that already names its request, which the server turns into a problem.
pub async fn boundary(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let name = RequestName::of(request.headers());
    request.extensions_mut().insert(name.clone());
    // The request moves into the block: a clone kept here would break the router, which needs it alone.
    let answer = AssertUnwindSafe(async move { next.call(request).await })
        .catch_unwind()
        .await;
    match answer {
        Ok(Ok(response)) => Ok(finish(response.map_into_boxed_body(), &name)),
        Ok(Err(error)) => Err(judge(&error, &name).into()),
        // The panic's payload may quote content: it is dropped unread.
        Err(_payload) => {
            tracing::error!(request_id = %name, "request handler panicked");
            Err(ApiError::new(ErrorCode::Internal)
                .with_request_id(name.as_str())
                .into())
        }
    }
}

/// A handler's error has become a response by now, which still holds the error.
fn finish(response: ServiceResponse, name: &RequestName) -> ServiceResponse {
    let problem = response
        .response()
        .error()
        .map(|error| judge(error, name).error_response());
    let mut response = match problem {
        Some(mut problem) => {
            keep_sharing(response.headers(), problem.headers_mut());
            response.into_response(problem)
        }
        None => response,
    };
    let standing = response.request().extensions().get::<Standing>().copied();
    if let Some(standing) = standing {
        standing.tell(response.headers_mut());
    }
    if let Ok(value) = HeaderValue::from_str(name.as_str()) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(HEADER), value);
    }
    response
}

/// What lets a page of another origin read the answer must stay on a problem, or it could not be told.
fn keep_sharing(from: &HeaderMap, to: &mut HeaderMap) {
    let sharing = from
        .iter()
        .filter(|(name, _)| **name == VARY || name.as_str().starts_with("access-control-"));
    for (name, value) in sharing {
        to.insert(name.clone(), value.clone());
    }
}

/// Logs the error and gives it our form. A foreign error keeps its status and loses its words.
fn judge(error: &Error, name: &RequestName) -> ApiError {
    let ours = error.as_error::<ApiError>().map_or_else(
        || ApiError::of_status(error.as_response_error().status_code()),
        |ours| {
            note(ours, name);
            ours.without_source()
        },
    );
    ours.with_request_id(name.as_str())
}

fn note(error: &ApiError, name: &RequestName) {
    let (code, status) = (error.code().as_str(), error.code().status());
    if status < 500 {
        tracing::debug!(request_id = %name, code, status, "request refused");
    } else {
        tracing::error!(request_id = %name, code, status, source = error.source(), "request failed");
    }
}
