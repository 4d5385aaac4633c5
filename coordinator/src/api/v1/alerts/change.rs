//! Working on one alert.
//!
//! Owns reading what is to be done; doing it is for `alert_work`.
//! **Invariant:** the answer is the alert as it is after the change, with its version as its `ETag`.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use shared::finding::Severity;
use shared::ids::{AlertId, UserId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::views::{AlertView, SeverityWord, StatusWord};
use super::{answer, worker};
use crate::alert_work::{self, Acceptance, Change};
use crate::api::auth::{Authorized, permit};
use crate::api::body::{Fields, one_of};
use crate::api::precondition::Expected;
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::api::v1::suppressions::put_in_force;
use crate::domain::alert::{AlertStatus, Resolution, Step};

/// Longest comment, in characters.
pub(super) const MAX_COMMENT: usize = 4_000;
/// Longest reason, in characters.
const MAX_REASON: usize = 1_000;

/// A step to another status.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `set_status` takes field by field")]
pub struct StatusChange {
    /// Where it leads. From `OPEN` to `ACKNOWLEDGED` or `DISMISSED`, from `ACKNOWLEDGED` to anywhere else,
    /// from `RESOLVED` and `DISMISSED` to `OPEN`.
    #[schema(value_type = StatusWord)]
    status: String,
    /// How the alert ends. Known are `REMEDIATED`, `LEGITIMATE_USE`, `USER_EDUCATED` for `RESOLVED`, and
    /// `FALSE_POSITIVE`, `ACCEPTED_RISK`, `DUPLICATE`, `TEST_DATA` for `DISMISSED`; any other word will do.
    #[schema(
        max_length = 100,
        min_length = 1,
        example = "REMEDIATED",
        pattern = "^[^\\s\\u0000-\\u001F\\u007F-\\u009F][^\\u0000-\\u001F\\u007F-\\u009F]*$"
    )]
    resolution: Option<String>,
    /// What is to be said about it.
    #[schema(max_length = 4000, min_length = 1, pattern = "\\S")]
    comment: Option<String>,
}

/// Something to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `comment` takes field by field")]
pub struct Comment {
    /// The words.
    #[schema(
        max_length = 4000,
        min_length = 1,
        pattern = "\\S",
        example = "Asked the author to rotate it."
    )]
    text: String,
}

/// Who is to work on it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `assign` takes field by field")]
pub struct Assignment {
    /// A user who may work on alerts; null for nobody.
    #[schema(required)]
    assignee: Option<Uuid>,
}

/// What to change of an alert; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
#[expect(dead_code, reason = "describes what `change` takes field by field")]
pub struct AlertChange {
    /// Until when it is to be closed; null for no limit.
    due_at: Option<DateTime<Utc>>,
    /// How bad it is.
    #[schema(value_type = Option<SeverityWord>)]
    severity: Option<String>,
}

/// A risk to accept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "describes what `accept_risk` takes field by field"
)]
pub struct RiskAcceptance {
    /// Why.
    #[schema(
        max_length = 1000,
        min_length = 1,
        pattern = "\\S",
        example = "Test cards of the payment team."
    )]
    reason: String,
    /// Who answers for it; you, if absent.
    owner: Option<Uuid>,
    /// Until when, at most 366 days ahead.
    expires_at: DateTime<Utc>,
}

/// Takes an alert a step on.
#[utoipa::path(
    patch, operation_id = "setAlertStatus", path = "/api/v1/alerts/{id}/status", tag = "alerts",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the alert"),
        ("If-Match" = Option<String>, Header, description = "the version that was seen"),
    ),
    request_body = StatusChange,
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertView),
        (status = 400, description = "the body cannot be read", body = crate::api::Problem),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 409, description = "the step leads nowhere from where the alert is", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 413, description = "the body is too large", body = crate::api::Problem),
        (status = 415, description = "the body is no JSON", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn set_status(
    auth: Authorized<permit::AlertsWrite>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Fields>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut fields = body.into_inner();
    let step = step_in(&mut fields, &request_word());
    let comment = fields.text("comment", MAX_COMMENT);
    let change = Change {
        step: Some(fields.end(step)?),
        comment,
        ..Change::default()
    };
    make(&auth, &request, *id, change, &app).await
}

/// Says something about an alert.
#[utoipa::path(
    post, operation_id = "commentAlert", path = "/api/v1/alerts/{id}/comments", tag = "alerts",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the alert"),
        ("If-Match" = Option<String>, Header, description = "the version that was seen"),
    ),
    request_body = Comment,
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertView),
        (status = 400, description = "the body cannot be read", body = crate::api::Problem),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 413, description = "the body is too large", body = crate::api::Problem),
        (status = 415, description = "the body is no JSON", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn comment(
    auth: Authorized<permit::AlertsWork>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Fields>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut fields = body.into_inner();
    let text = fields.need_text("text", MAX_COMMENT);
    let change = Change {
        comment: Some(fields.end(text)?),
        ..Change::default()
    };
    make(&auth, &request, *id, change, &app).await
}

/// Gives an alert to somebody, or to nobody.
#[utoipa::path(
    post, operation_id = "assignAlert", path = "/api/v1/alerts/{id}/assign", tag = "alerts",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the alert"),
        ("If-Match" = Option<String>, Header, description = "the version that was seen"),
    ),
    request_body = Assignment,
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertView),
        (status = 400, description = "the body cannot be read", body = crate::api::Problem),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 413, description = "the body is too large", body = crate::api::Problem),
        (status = 415, description = "the body is no JSON", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn assign(
    auth: Authorized<permit::AlertsWork>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Fields>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut fields = body.into_inner();
    let assignee = fields.need::<Option<UserId>>("assignee", A_USER);
    let change = Change {
        assignee: Some(fields.end(assignee)?),
        ..Change::default()
    };
    make(&auth, &request, *id, change, &app).await
}

/// Changes until when an alert is to be closed, or how bad it is.
#[utoipa::path(
    patch, operation_id = "changeAlert", path = "/api/v1/alerts/{id}", tag = "alerts", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the alert"),
        ("If-Match" = Option<String>, Header, description = "the version that was seen"),
    ),
    request_body = AlertChange,
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertView),
        (status = 400, description = "the body cannot be read", body = crate::api::Problem),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 413, description = "the body is too large", body = crate::api::Problem),
        (status = 415, description = "the body is no JSON", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn change(
    auth: Authorized<permit::AlertsWrite>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Fields>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut fields = body.into_inner();
    if !fields.has("due_at") && !fields.is_given("severity") {
        fields.refuse("there is nothing to change; give `due_at`, `severity` or both");
    }
    let a_severity = one_of(Severity::ALL.iter().map(|severity| severity.as_str()));
    let change = Change {
        due_at: fields.time("due_at"),
        severity: fields.take("severity", &a_severity).flatten(),
        ..Change::default()
    };
    let change = fields.end(Some(change))?;
    make(&auth, &request, *id, change, &app).await
}

/// Accepts the risk of an alert for a time: its values no longer count for policies in its workspace, and it
/// is dismissed. When the time is over it is open again. `Location` leads to the accepted risk.
#[utoipa::path(
    post, operation_id = "acceptAlertRisk", path = "/api/v1/alerts/{id}/accept-risk", tag = "alerts",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the alert"),
        ("If-Match" = Option<String>, Header, description = "the version that was seen"),
    ),
    request_body = RiskAcceptance,
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertView),
        (status = 400, description = "the body cannot be read", body = crate::api::Problem),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 409, description = "the alert is closed, or there are too many suppressions", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 413, description = "the body is too large", body = crate::api::Problem),
        (status = 415, description = "the body is no JSON", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn accept_risk(
    auth: Authorized<permit::AlertsWrite>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Fields>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut fields = body.into_inner();
    let reason = fields.need_text("reason", MAX_REASON);
    let owner = fields.take::<Option<UserId>>("owner", A_USER).flatten();
    let expires_at = fields.need_time("expires_at");
    let read = reason
        .zip(expires_at)
        .map(|(reason, expires_at)| Acceptance {
            reason,
            owner: owner.unwrap_or(auth.principal.user),
            expires_at,
        });
    let acceptance = fields.end(read)?;
    let seen = Expected::of(&request);
    let is_seen = move |version| seen.holds(version);
    let worker = worker(&auth, &app);
    let (alert, suppression) =
        alert_work::accept_risk(&app.store, *id, is_seen, acceptance, worker).await?;
    put_in_force(&app).await;
    let mut answered = answer(&app, alert);
    let location = format!("/api/v1/suppressions/{suppression}");
    if let Ok(location) = location.parse() {
        answered.headers_mut().insert(LOCATION, location);
    }
    Ok(answered)
}

pub(super) const A_USER: &str = "a user's id, or null";

/// The words for a status.
pub(super) fn request_word() -> String {
    one_of(AlertStatus::ALL.map(AlertStatus::as_str))
}

/// The step that `status` and `resolution` ask for; none if they are wrong, which the fields then know.
pub(super) fn step_in(fields: &mut Fields, a_status: &str) -> Option<Step> {
    let to = fields.need::<AlertStatus>("status", a_status);
    let word = fields.take::<Option<String>>("resolution", "a word, or null");
    let resolution = match word.flatten().map(|word| word.parse::<Resolution>()) {
        None => None,
        Some(Ok(resolution)) => Some(resolution),
        Some(Err(error)) => {
            fields.refuse(error.to_string());
            return None;
        }
    };
    Step::new(to?, resolution)
        .map_err(|error| fields.refuse(error.to_string()))
        .ok()
}

async fn make<P>(
    auth: &Authorized<P>,
    request: &HttpRequest,
    id: AlertId,
    change: Change,
    app: &AppState,
) -> Result<HttpResponse, ApiError> {
    let seen = Expected::of(request);
    let is_seen = move |version| seen.holds(version);
    let alert = alert_work::change(&app.store, id, is_seen, change, worker(auth, app)).await?;
    Ok(answer(app, alert))
}
