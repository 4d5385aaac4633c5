//! Versions of what is shown: `ETag` and `If-Match`.
//!
//! Owns their form. A caller who names a version is held to it; one who names none overwrites.
//! **Invariant:** whatever has a version is shown with it as its `ETag`.

use actix_web::HttpRequest;
use actix_web::http::header::IF_MATCH;

use super::problem::{ApiError, ErrorCode};

/// The tag of a version.
pub fn etag(version: i32) -> String {
    format!("\"{version}\"")
}

/// Holds a caller who names a version to it.
///
/// # Errors
/// [`ErrorCode::PreconditionFailed`] (permanent).
pub fn check(request: &HttpRequest, version: i32) -> Result<(), ApiError> {
    let Some(expected) = request.headers().get(IF_MATCH) else {
        return Ok(());
    };
    if expected.as_bytes() == b"*" || expected.as_bytes() == etag(version).as_bytes() {
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
