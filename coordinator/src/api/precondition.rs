//! Versions of what is shown: `ETag` and `If-Match`.
//!
//! Owns their form: [`Expected`] is held to where the row is locked. A caller who names a version is held to it; one
//! who names none overwrites.
//! **Invariant:** whatever has a version is shown with it as its `ETag`.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderValue, IF_MATCH};
use utoipa::IntoParams;

use super::problem::{ApiError, ErrorCode};

/// The tag of a version.
pub fn etag(version: i32) -> String {
    format!("\"{version}\"")
}

/// The header, for the API document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what `Expected::of` reads")]
pub struct IfMatch {
    /// The version that was seen, as its `ETag` says it: if there is another one meanwhile, nothing is done.
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// The version that a caller names, if they name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected(Option<HeaderValue>);

impl Expected {
    /// What a request names.
    pub fn of(request: &HttpRequest) -> Self {
        Self(request.headers().get(IF_MATCH).cloned())
    }

    /// Whether that version will do.
    pub fn holds(&self, version: i32) -> bool {
        self.0.as_ref().is_none_or(|expected| {
            expected.as_bytes() == b"*" || expected.as_bytes() == etag(version).as_bytes()
        })
    }
}

/// Holds a caller who names a version to it.
///
/// # Errors
/// [`ErrorCode::PreconditionFailed`] (permanent).
pub fn check(request: &HttpRequest, version: i32) -> Result<(), ApiError> {
    if Expected::of(request).holds(version) {
        Ok(())
    } else {
        Err(stale())
    }
}

/// What somebody is told who changes what another changed meanwhile.
pub fn stale() -> ApiError {
    ApiError::new(ErrorCode::PreconditionFailed)
        .with_detail("it was changed meanwhile: read it again")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_the_version_that_is_there_or_any_will_do() {
        for (sent, holds) in [("\"3\"", true), ("*", true), ("\"2\"", false), ("3", false)] {
            let request = TestRequest::get()
                .insert_header((IF_MATCH, sent))
                .to_http_request();
            assert_eq!(check(&request, 3).is_ok(), holds, "{sent}");
        }
        assert!(check(&TestRequest::get().to_http_request(), 3).is_ok());
    }
}
