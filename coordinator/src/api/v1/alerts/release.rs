//! `POST /api/v1/alerts/{id}/release`: giving back what an alert holds.
//!
//! **Invariant:** the answer says how many messages are being given back; that they were is in the alert's activity.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use shared::ids::AlertId;
use utoipa::ToSchema;

use super::change::MAX_COMMENT;
use super::views::AlertView;
use super::worker;
use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::fields::read_draft;
use crate::api::precondition::{Expected, IfMatch, etag};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::releases::{self, Decision, Verdict};

/// Why the messages may be read.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"comment": "A test card of the payment team."}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `release` takes field by field")]
pub struct ReleaseRequest {
    /// What to say about it.
    #[schema(
        max_length = 4000,
        min_length = 1,
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$",
        example = "A test card of the payment team."
    )]
    comment: Option<String>,
}

/// The alert, and what is given back.
#[derive(Serialize, ToSchema)]
pub struct Released {
    #[serde(flatten)]
    alert: AlertView,
    /// Messages that are being given back.
    #[schema(example = 1)]
    releasing: usize,
}

/// Gives back the messages that an alert holds, and resolves it with `LEGITIMATE_USE`. A message that was deleted is
/// posted again in its channel, with who wrote it; one that was hidden is shown again. It takes a moment: the alert's
/// activity says when it was done, or why it could not be.
#[utoipa::path(
    post, operation_id = "releaseAlert", path = "/api/v1/alerts/{id}/release", tag = "alerts",
    security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "the alert"),
        IfMatch,
    ),
    request_body = ReleaseRequest,
    responses(
        (status = 200, description = "the alert, and how much is given back; `ETag` is its version", body = Released),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 409, description = "the alert is closed and holds nothing", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn release(
    auth: Authorized<permit::AlertsWrite>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let decision = read_draft(body.into_inner(), |fields| {
        Some(Decision {
            verdict: Verdict::Release,
            comment: fields.text("comment", MAX_COMMENT),
        })
    });
    let decision = decision.map_err(ApiError::unusable)?;
    let seen = Expected::of(&request);
    let is_seen = move |version| seen.holds(version);
    let by = (worker(&auth, &app), app.slack_actions.clone());
    let decided = releases::decide(&app.store, *id, is_seen, decision, by).await?;
    app.bell.ring();
    let version = decided.alert.version;
    let released = Released {
        releasing: decided.releasing,
        alert: AlertView::of(decided.alert, app.clock.now()),
    };
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(version)))
        .json(released))
}
