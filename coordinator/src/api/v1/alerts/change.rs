//! Working on one alert.
//!
//! Owns reading what is to be done; doing it is for `alert_work`.
//! **Invariant:** the answer is the alert as it is after the change, with its version as its `ETag`.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use shared::finding::Severity;
use shared::ids::AlertId;
use utoipa::ToSchema;
use uuid::Uuid;

use super::views::{AlertView, StatusWord};
use super::{answer, worker};
use crate::alert_work::{self, Acceptance, Change};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::fields::{Fields, one_of, read_draft};
use crate::api::precondition::{Expected, IfMatch};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::api::v1::suppressions::put_in_force;
use crate::domain::alert::{AlertStatus, Resolution, Step};
use crate::domain::policy::SeverityWord;

/// Longest comment, in characters.
pub(super) const MAX_COMMENT: usize = 4_000;
/// Longest reason, in characters.
const MAX_REASON: usize = 1_000;

/// A step to another status.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"status": "ACKNOWLEDGED", "comment": "Looking at it."}))]
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
    #[schema(
        max_length = 4000,
        min_length = 1,
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$"
    )]
    comment: Option<String>,
}

/// Something to say.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"text": "Asked the author to rotate it."}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `comment` takes field by field")]
pub struct Comment {
    /// The words.
    #[schema(
        max_length = 4000,
        min_length = 1,
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$",
        example = "Asked the author to rotate it."
    )]
    text: String,
}

/// Who is to work on it.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"assignee": null}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `assign` takes field by field")]
pub struct Assignment {
    /// A user who may work on alerts; null for nobody.
    #[schema(required)]
    assignee: Option<Uuid>,
}

/// What to change of an alert; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"severity": "CRITICAL", "due_at": "2027-01-31T17:00:00Z"}))]
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
#[schema(example = json!({"reason": "Test cards of the payment team.", "expires_at": "2027-01-31T00:00:00Z"}))]
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
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$",
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
        IfMatch,
    ),
    request_body = StatusChange,
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertView),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 409, description = "the step leads nowhere from where the alert is", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn set_status(
    auth: Authorized<permit::AlertsWrite>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let change = read_draft(body.into_inner(), |fields| {
        let step = step_in(fields);
        let comment = fields.text("comment", MAX_COMMENT);
        Some(Change {
            step: Some(step?),
            comment,
            ..Change::default()
        })
    });
    make(&auth, &request, *id, change, &app).await
}

/// Says something about an alert.
#[utoipa::path(
    post, operation_id = "commentAlert", path = "/api/v1/alerts/{id}/comments", tag = "alerts",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the alert"),
        IfMatch,
    ),
    request_body = Comment,
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertView),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn comment(
    auth: Authorized<permit::AlertsWork>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let change = read_draft(body.into_inner(), |fields| {
        Some(Change {
            comment: Some(fields.need_text("text", MAX_COMMENT)?),
            ..Change::default()
        })
    });
    make(&auth, &request, *id, change, &app).await
}

/// Gives an alert to somebody, or to nobody.
#[utoipa::path(
    post, operation_id = "assignAlert", path = "/api/v1/alerts/{id}/assign", tag = "alerts",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the alert"),
        IfMatch,
    ),
    request_body = Assignment,
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertView),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn assign(
    auth: Authorized<permit::AlertsWork>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let change = read_draft(body.into_inner(), |fields| {
        if !fields.has("assignee") {
            fields.note("assignee", "is missing; give a user's id, or null");
        }
        Some(Change {
            assignee: Some(fields.read_or_null("assignee", A_USER)?),
            ..Change::default()
        })
    });
    make(&auth, &request, *id, change, &app).await
}

/// Changes until when an alert is to be closed, or how bad it is.
#[utoipa::path(
    patch, operation_id = "changeAlert", path = "/api/v1/alerts/{id}", tag = "alerts", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the alert"),
        IfMatch,
    ),
    request_body = AlertChange,
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertView),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn change(
    auth: Authorized<permit::AlertsWrite>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let change = read_draft(body.into_inner(), |fields| {
        if !fields.has("due_at") && !fields.is_given("severity") {
            fields.note_whole("there is nothing to change; give `due_at`, `severity` or both");
        }
        Some(Change {
            due_at: fields.time_or_null("due_at"),
            severity: fields.read("severity", &one_of(Severity::ALL, Severity::as_str)),
            ..Change::default()
        })
    });
    make(&auth, &request, *id, change, &app).await
}

/// Accepts the risk of an alert for a time: its values no longer count for policies in its workspace, and it
/// is dismissed. When the time is over it is open again. `Location` leads to the accepted risk.
#[utoipa::path(
    post, operation_id = "acceptAlertRisk", path = "/api/v1/alerts/{id}/accept-risk", tag = "alerts",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the alert"),
        IfMatch,
    ),
    request_body = RiskAcceptance,
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertView,
            headers(("Location" = String, description = "where the accepted risk is"))),
        (status = 404, description = "no such alert", body = crate::api::Problem),
        (status = 409, description = "the alert is closed, or there are too many suppressions", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn accept_risk(
    auth: Authorized<permit::AlertsWrite>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let acceptance = read_draft(body.into_inner(), |fields| {
        let reason = fields.need_text("reason", MAX_REASON);
        let owner = fields.read("owner", A_USER);
        let expires_at = fields.need_time("expires_at");
        Some(Acceptance {
            reason: reason?,
            owner: owner.unwrap_or(auth.principal.user),
            expires_at: expires_at?,
        })
    });
    let acceptance = acceptance.map_err(ApiError::unusable)?;
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

pub(super) const A_USER: &str = "a user's id";

/// The step that `status` and `resolution` ask for; none if they are wrong, which the fields then know.
pub(super) fn step_in(fields: &mut Fields<'_>) -> Option<Step> {
    let a_status = one_of(&AlertStatus::ALL, AlertStatus::as_str);
    fields.require("status", &a_status);
    let to: Option<AlertStatus> = fields.read("status", &a_status);
    let word: Option<String> = fields.read("resolution", "a word");
    let resolution = match word.map(|word| word.parse::<Resolution>()) {
        None => None,
        Some(Ok(resolution)) => Some(resolution),
        Some(Err(error)) => {
            fields.note("resolution", error);
            return None;
        }
    };
    Step::new(to?, resolution)
        .map_err(|error| fields.note("resolution", error))
        .ok()
}

async fn make<P>(
    auth: &Authorized<P>,
    request: &HttpRequest,
    id: AlertId,
    change: Result<Change, Vec<String>>,
    app: &AppState,
) -> Result<HttpResponse, ApiError> {
    let change = change.map_err(ApiError::unusable)?;
    let seen = Expected::of(request);
    let is_seen = move |version| seen.holds(version);
    let alert = alert_work::change(&app.store, id, is_seen, change, worker(auth, app)).await?;
    Ok(answer(app, alert))
}
