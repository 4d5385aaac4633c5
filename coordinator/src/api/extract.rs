//! How bodies, paths and queries are read, and what is said when they cannot be.
//!
//! Owns the limits and error answers of actix-web's own extractors. Leaves multipart uploads to the route
//! that takes them.
//! **Invariant:** a detail says where and of what kind the mistake is, and never repeats a value.

use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::{HttpRequest, web};
use serde_json::error::Category;

use super::problem::{ApiError, ErrorCode};

/// Longest JSON body, in bytes; Slack's largest payloads stay well under it.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Why a JSON object is refused.
pub(super) const TWICE: &str = "a member is named twice in one object";
/// Why anything else is refused.
pub(super) const NO_OBJECT: &str = "the body must be a json object";
const NO_VALUE: &str =
    "a value of the query is not acceptable; /api/openapi.json says what each parameter takes";
/// Why a page's length is refused.
pub(super) const NO_LIMIT: &str = "`limit`: give a number from 1 to 100";
/// Why a time in a query is refused.
pub(super) const NO_TIME: &str = "a time of the query is none; give one such as 2026-11-21T08:00:00Z, the sign of an offset as %2B";

/// Sets up `Json`, `Path`, `Query`, `Bytes` and `String`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
        .app_data(
            web::JsonConfig::default()
                .limit(MAX_BODY_BYTES)
                .error_handler(|error, _: &HttpRequest| of_json(&error, MAX_BODY_BYTES).into()),
        )
        .app_data(
            web::PathConfig::default()
                .error_handler(|error, _: &HttpRequest| of_path(&error).into()),
        )
        .app_data(
            web::QueryConfig::default()
                .error_handler(|error, _: &HttpRequest| of_query(&error).into()),
        );
}

/// What is wrong with a body that may have `most` bytes.
pub(super) fn of_json(error: &JsonPayloadError, most: usize) -> ApiError {
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            ApiError::new(ErrorCode::PayloadTooLarge)
                .with_detail(format!("the body has more than {most} bytes"))
        }
        JsonPayloadError::ContentType => ApiError::new(ErrorCode::UnsupportedMediaType)
            .with_detail("the body must be `application/json`"),
        JsonPayloadError::Deserialize(error) => of_reading(error),
        _ => ApiError::new(ErrorCode::Malformed),
    }
}

/// What is wrong with a body that was read as JSON.
pub(super) fn of_reading(error: &serde_json::Error) -> ApiError {
    if error.classify() == Category::Data {
        return ApiError::invalid(describe_data(error));
    }
    ApiError::new(ErrorCode::Malformed).with_detail(format!(
        "the body is not json: line {}, column {}",
        error.line(),
        error.column()
    ))
}

/// An id in a path that is none names nothing.
fn of_path(_: &PathError) -> ApiError {
    ApiError::new(ErrorCode::NotFound)
}

fn of_query(error: &QueryPayloadError) -> ApiError {
    let message = error.to_string();
    let missing = missing_field(&message).map(|missing| format!("{missing} in the query"));
    let told = || {
        let mut of_values = [NO_LIMIT, NO_TIME].into_iter();
        let told = of_values.find(|told| message.contains(told));
        told.unwrap_or(NO_VALUE).to_owned()
    };
    ApiError::invalid(missing.unwrap_or_else(told))
}

fn describe_data(error: &serde_json::Error) -> String {
    let message = error.to_string();
    if let Some(missing) = missing_field(&message) {
        return missing;
    }
    let mut of_objects = [TWICE, NO_OBJECT].into_iter();
    let told = of_objects.find(|told| message.starts_with(told));
    format!(
        "line {}, column {}: {}",
        error.line(),
        error.column(),
        told.unwrap_or("not a value that fits here")
    )
}

/// serde's words for an absent member. Only that is named by us; the name of an unexpected one came with the
/// request.
fn missing_field(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("missing field `")?;
    let (field, _) = rest.split_once('`')?;
    Some(format!("missing field `{field}`"))
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, test};
    use serde::Deserialize;

    use super::*;
    use crate::api::problem::Problem;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only read into")]
        text: String,
    }

    #[derive(Deserialize)]
    struct Choice {
        #[expect(dead_code, reason = "only read into")]
        limit: u8,
    }

    async fn problem(request: test::TestRequest) -> Problem {
        let take = web::post().to(|_: web::Json<Body>| std::future::ready(HttpResponse::Ok()));
        let list = web::get().to(|_: web::Query<Choice>| std::future::ready(HttpResponse::Ok()));
        let one = web::get().to(|_: web::Path<u8>| std::future::ready(HttpResponse::Ok()));
        let app = App::new()
            .configure(configure)
            .route("/", take)
            .route("/list", list)
            .route("/one/{id}", one);
        let service = test::init_service(app).await;
        let response = test::call_service(&service, request.to_request()).await;
        test::read_body_json(response).await
    }

    fn post(body: impl Into<String>) -> test::TestRequest {
        test::TestRequest::post()
            .uri("/")
            .insert_header(("content-type", "application/json"))
            .set_payload(body.into())
    }

    #[actix_web::test]
    async fn says_what_is_wrong_with_a_body_without_repeating_it() {
        for (body, code, detail) in [
            (
                "{",
                ErrorCode::Malformed,
                "the body is not json: line 1, column 1",
            ),
            ("{}", ErrorCode::Invalid, "missing field `text`"),
            (
                r#"{"text":4111111111111111}"#,
                ErrorCode::Invalid,
                "line 1, column 24: not a value that fits here",
            ),
            (
                r#"{"4111111111111111":1}"#,
                ErrorCode::Invalid,
                "line 1, column 19: not a value that fits here",
            ),
        ] {
            let problem = problem(post(body)).await;
            assert_eq!(
                (problem.code, problem.detail.as_deref()),
                (code, Some(detail)),
                "{body}"
            );
        }
    }

    #[actix_web::test]
    async fn refuses_other_types_and_long_bodies() {
        let plain = test::TestRequest::post().uri("/").set_payload("text");
        assert_eq!(problem(plain).await.code, ErrorCode::UnsupportedMediaType);
        let long = post(format!("\"{}\"", "x".repeat(MAX_BODY_BYTES)));
        assert_eq!(problem(long).await.code, ErrorCode::PayloadTooLarge);
    }

    #[actix_web::test]
    async fn tells_about_queries_and_paths() {
        for (uri, code) in [
            ("/list", ErrorCode::Invalid),
            ("/list?limit=4111", ErrorCode::Invalid),
            ("/one/x", ErrorCode::NotFound),
        ] {
            let problem = problem(test::TestRequest::get().uri(uri)).await;
            assert_eq!(problem.code, code, "{uri}");
            assert!(!format!("{problem:?}").contains("4111"), "{uri}");
        }
    }
}
