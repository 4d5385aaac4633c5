//! `/api/v1/mail`: whether mail arrives.
//!
//! Owns the routes. The letter is written by `mail` and goes out through the outbox like every other.
//! **Invariant:** it goes to the caller's own address only.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::ids::ActionId;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::auth::{Authorized, permit};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::store::notices::{self, Addresses};
use crate::store::outbox::{ActionState, StoredAction};
use crate::store::{Conn, users};

/// A letter that shows whether mail arrives.
#[derive(Serialize, ToSchema)]
pub struct TestLetterView {
    /// Its id; what stands before the `@` of its `Message-ID`.
    id: Uuid,
    /// `pending`, `done` when the mail server has taken it, or `failed`.
    #[schema(example = "done")]
    state: &'static str,
    /// How often it was tried.
    attempts: i32,
    /// Why the last attempt failed, as a code: `connection_failed`, `tls_failed`, `timeout`, `smtp_535`…
    #[schema(required, example = "smtp_535")]
    error_code: Option<String>,
    /// When it was written down.
    created_at: DateTime<Utc>,
    /// When it is tried next, if it is pending.
    #[schema(required)]
    next_attempt_at: Option<DateTime<Utc>>,
    /// When it was sent or given up.
    #[schema(required)]
    settled_at: Option<DateTime<Utc>>,
}

/// Sends a letter to the caller's own address, to see whether mail arrives; one a minute.
#[utoipa::path(
    post, operation_id = "testMail", path = "/api/v1/mail/test", tag = "mail", security(("bearer" = [])),
    responses(
        (status = 202, description = "it is on its way; `Location` says what becomes of it", body = TestLetterView),
        (status = 409, description = "mail is off", body = crate::api::Problem),
        (status = 429, description = "one was sent within this minute", body = crate::api::Problem),
    ),
)]
pub async fn test(
    auth: Authorized<permit::WebhooksWrite>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    if !app.sends_mail {
        let told = "mail is off: an operator sets `WEIR_MAIL__SMTP_URL`";
        return Err(ApiError::new(ErrorCode::Conflict).with_detail(told));
    }
    let (notices, user) = (app.notices.clone(), auth.principal.user);
    let writing = move |conn: &mut Conn| {
        let Some(caller) = users::get(conn, user)? else {
            return Ok(None);
        };
        let to = Addresses(vec![caller.email]);
        notices.test(conn, user, to).map(Some)
    };
    let written = app.store.write(writing).await?;
    // Erased at this very moment.
    let written = written.ok_or_else(|| ApiError::new(ErrorCode::Unauthenticated))?;
    let letter = written.map_err(|left| {
        ApiError::new(ErrorCode::TooManyRequests)
            .with_detail("a letter was sent within this minute")
            .with_retry_after(left)
    })?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/api/v1/mail/test/{}", letter.id)))
        .json(TestLetterView::from(letter)))
}

/// What became of such a letter.
#[utoipa::path(
    get, operation_id = "getTestMail", path = "/api/v1/mail/test/{id}", tag = "mail", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the letter")),
    responses(
        (status = 200, description = "the letter", body = TestLetterView),
        (status = 404, description = "no such letter", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::WebhooksRead>,
    id: web::Path<ActionId>,
    app: web::Data<AppState>,
) -> Result<web::Json<TestLetterView>, ApiError> {
    let reading = move |conn: &mut Conn| notices::test_letter(conn, *id);
    let found = app.store.read(reading).await?;
    let letter = found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
    Ok(web::Json(letter.into()))
}

impl From<StoredAction> for TestLetterView {
    fn from(action: StoredAction) -> Self {
        let is_pending = action.state == ActionState::Pending;
        Self {
            id: action.id.as_uuid(),
            state: action.state.as_str(),
            attempts: action.attempts,
            error_code: action.last_error_code,
            created_at: action.created_at,
            next_attempt_at: is_pending.then_some(action.due_at),
            settled_at: action.settled_at,
        }
    }
}
