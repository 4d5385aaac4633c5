//! How a refusal or a failure is told: RFC 9457 `application/problem+json`.
//!
//! Owns the one table of codes, [`ApiError`] and its rendering. Leaves catching and logging to `boundary`.
//! **Invariant:** `detail` is for the caller and written by us; the source of an error is never sent. A
//! source may be logged, so only errors whose words hold no input may be one.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::{Deserialize, Serialize};
use shared::job::RetryClass;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::request_id;
use crate::store::StoreError;

/// The media type of every error.
pub const CONTENT_TYPE: &str = "application/problem+json";

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal $text:literal $title:literal,)+) => {
        /// What went wrong, as a word that programs may rely on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// The same in a few words for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

codes! {
    /// The body, path or query cannot be read at all.
    Malformed = 400 "malformed" "The request cannot be read",
    /// It can be read, but a value is not acceptable.
    Invalid = 400 "invalid" "A value is not acceptable",
    /// The token to set a password is not good (any more).
    InvalidToken = 400 "invalid_token" "The token is unknown, used or too old",
    /// The cursor is not one of ours, or of another list.
    InvalidCursor = 400 "invalid_cursor" "The cursor is not valid here",
    /// No credentials, or none that hold.
    Unauthenticated = 401 "unauthenticated" "Sign in first",
    /// E-mail and password do not belong together.
    InvalidCredentials = 401 "invalid_credentials" "E-mail or password is wrong",
    /// Slack did not sign this.
    InvalidSignature = 401 "invalid_signature" "The signature does not hold",
    /// Signed in, but without the right.
    Forbidden = 403 "forbidden" "This needs a right you do not have",
    /// Nothing there.
    NotFound = 404 "not_found" "There is nothing here",
    /// Something there, but not for this method.
    MethodNotAllowed = 405 "method_not_allowed" "The method does not apply here",
    /// It exists already, or was changed meanwhile.
    Conflict = 409 "conflict" "This collides with what is there",
    /// The step leads nowhere from the present state.
    IllegalTransition = 409 "illegal_transition" "The present state does not allow this step",
    /// It was changed since the caller saw it.
    PreconditionFailed = 412 "precondition_failed" "It has been changed meanwhile",
    /// The body is longer than the limit.
    PayloadTooLarge = 413 "payload_too_large" "The body is too large",
    /// The body is of a type that is not taken here.
    UnsupportedMediaType = 415 "unsupported_media_type" "The body's type is not taken here",
    /// It can be read, but it cannot work as it is written; `errors` says all that is wrong.
    Unusable = 422 "unusable" "This cannot be used as it is written",
    /// Too often.
    TooManyRequests = 429 "too_many_requests" "Too many requests",
    /// Our fault.
    Internal = 500 "internal" "Something went wrong on our side",
    /// Something that is needed is down; it will be back.
    Unavailable = 503 "unavailable" "Not available right now",
}

/// By hand: the derive does not see the words through the macro.
impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let words = Self::ALL.iter().map(|code| code.as_str());
        let rows = Self::ALL.iter().map(|code| {
            format!(
                "\n| `{}` | {} | {} |",
                code.as_str(),
                code.status(),
                code.title()
            )
        });
        let table = rows.collect::<String>();
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(words))
            .description(Some(format!(
                "What went wrong, as a word that programs may rely on.\n\n\
                 | code | status | means |\n|---|---|---|{table}"
            )))
            .into()
    }
}

impl ToSchema for ErrorCode {}

/// An error as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// The same for people.
    #[schema(example = "A value is not acceptable")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 400)]
    pub status: u16,
    /// What exactly, if there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "`limit` is 1 to 100")]
    pub detail: Option<String>,
    /// Everything that is wrong, one by one, where there can be several things.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!([]))]
    pub errors: Vec<String>,
    /// The request, as in `X-Request-Id`; name it when you ask for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0193a8f0-5c1e-7000-8000-000000000001")]
    pub request_id: Option<String>,
}

/// What a handler gives back when it cannot do what was asked.
pub struct ApiError(Box<Inner>);

struct Inner {
    code: ErrorCode,
    detail: Option<Cow<'static, str>>,
    errors: Vec<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
    headers: Vec<(HeaderName, HeaderValue)>,
    request_id: Option<String>,
}

impl ApiError {
    /// An error that says no more than its code.
    pub fn new(code: ErrorCode) -> Self {
        Self(Box::new(Inner {
            code,
            detail: None,
            errors: Vec::new(),
            source: None,
            headers: Vec::new(),
            request_id: None,
        }))
    }

    /// A value that is not acceptable, and why.
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Invalid).with_detail(detail)
    }

    /// Something that cannot work, and everything that is wrong with it.
    pub fn unusable(errors: Vec<String>) -> Self {
        let mut error = Self::new(ErrorCode::Unusable);
        error.0.errors = errors;
        error
    }

    /// A failure, sorted by whether it is worth the caller's while to try again.
    pub fn failed(class: RetryClass, source: impl Error + Send + Sync + 'static) -> Self {
        match class {
            RetryClass::Transient => Self::new(ErrorCode::Unavailable)
                .with_retry_after(Duration::from_secs(1))
                .with_source(source),
            RetryClass::Permanent | RetryClass::Poison => {
                Self::new(ErrorCode::Internal).with_source(source)
            }
        }
    }

    /// Tells the caller what exactly is wrong.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Keeps what led to it, for the log. Its words must hold nothing of a request.
    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// Tells the caller when to come back.
    #[must_use]
    pub fn with_retry_after(self, after: Duration) -> Self {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Names the request, for errors that leave the app before the boundary can name it.
    #[must_use]
    pub(super) fn with_request_id(mut self, id: &str) -> Self {
        self.0.request_id = Some(id.to_owned());
        self
    }

    /// What went wrong.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// What the caller is told beyond the code.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Everything that is wrong, where there can be several things.
    pub fn errors(&self) -> &[String] {
        &self.0.errors
    }

    /// Transient if the same request may succeed later.
    pub fn class(&self) -> RetryClass {
        match self.0.code {
            ErrorCode::TooManyRequests | ErrorCode::Unavailable => RetryClass::Transient,
            _ => RetryClass::Permanent,
        }
    }

    /// The error for a status that the framework came up with.
    pub(super) fn of_status(status: StatusCode) -> Self {
        Self::new(match status.as_u16() {
            401 => ErrorCode::Unauthenticated,
            403 => ErrorCode::Forbidden,
            404 => ErrorCode::NotFound,
            405 => ErrorCode::MethodNotAllowed,
            409 => ErrorCode::Conflict,
            413 => ErrorCode::PayloadTooLarge,
            415 => ErrorCode::UnsupportedMediaType,
            429 => ErrorCode::TooManyRequests,
            503 => ErrorCode::Unavailable,
            400..=499 => ErrorCode::Malformed,
            _ => ErrorCode::Internal,
        })
    }

    /// The same error without what led to it.
    pub(super) fn without_source(&self) -> Self {
        Self(Box::new(Inner {
            code: self.0.code,
            detail: self.0.detail.clone(),
            errors: self.0.errors.clone(),
            source: None,
            headers: self.0.headers.clone(),
            request_id: self.0.request_id.clone(),
        }))
    }
}

/// A query that failed.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::failed(error.class(), error)
    }
}

/// What one of actix-web's own extractors said, in our words.
impl From<actix_web::Error> for ApiError {
    fn from(error: actix_web::Error) -> Self {
        match error.as_error::<Self>() {
            Some(ours) => ours.without_source(),
            None => Self::of_status(error.as_response_error().status_code()),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let code = self.0.code;
        let request_id = self.0.request_id.as_deref();
        let mut response = HttpResponse::build(self.status_code());
        response.content_type(CONTENT_TYPE);
        for (name, value) in &self.0.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        if let Some(id) = request_id {
            response.insert_header((request_id::HEADER, id));
        }
        response.json(Problem {
            code,
            title: code.title().to_owned(),
            status: code.status(),
            detail: self.0.detail.as_deref().map(str::to_owned),
            errors: self.0.errors.clone(),
            request_id: request_id.map(str::to_owned),
        })
    }
}

/// The code only: a detail may repeat what the caller sent.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code.as_str())
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApiError").field(&self.0.code).finish()
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;

    #[test]
    fn every_code_has_an_error_status_and_a_word_of_its_own() {
        let mut words = std::collections::HashSet::new();
        for &code in ErrorCode::ALL {
            assert!((400..=599).contains(&code.status()), "{}", code.as_str());
            assert!(words.insert(code.as_str()), "{}", code.as_str());
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[actix_web::test]
    async fn a_problem_looks_like_this() {
        let error = ApiError::invalid("`limit` is at most 100").with_request_id("r-1");
        let response = error.error_response();
        assert_eq!(response.status(), 400);
        assert_eq!(
            response.headers().get("content-type").unwrap(),
            CONTENT_TYPE
        );
        assert_eq!(response.headers().get("x-request-id").unwrap(), "r-1");
        let body = to_bytes(response.into_body()).await.unwrap();
        insta::assert_snapshot!(String::from_utf8_lossy(&body), @r#"{"code":"invalid","title":"A value is not acceptable","status":400,"detail":"`limit` is at most 100","request_id":"r-1"}"#);
    }

    #[actix_web::test]
    async fn the_source_is_kept_and_not_sent() {
        let error = ApiError::failed(RetryClass::Permanent, std::fmt::Error);
        assert_eq!(error.code(), ErrorCode::Internal);
        assert_eq!(
            error.source().unwrap().to_string(),
            std::fmt::Error.to_string()
        );
        let body = to_bytes(error.error_response().into_body()).await.unwrap();
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem.detail, None);
    }

    #[test]
    fn a_transient_failure_says_when_to_come_back() {
        let error = ApiError::failed(RetryClass::Transient, std::fmt::Error);
        assert_eq!(error.class(), RetryClass::Transient);
        let response = error.error_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers().get("retry-after").unwrap(), "1");
    }

    #[test]
    fn neither_display_nor_debug_repeats_the_detail() {
        let error = ApiError::invalid("4111 1111 1111 1111 is no name");
        assert_eq!(error.to_string(), "invalid");
        assert_eq!(format!("{error:?}"), "ApiError(Invalid)");
    }
}
