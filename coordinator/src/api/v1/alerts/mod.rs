//! `/api/v1/alerts`: what people work on.
//!
//! Owns looking at alerts. Working on one is for `change`, on many for `bulk`, taking all away for `export`, what a message said for `reveal`;
//! how a list is asked for is read by `query`, how an alert is shown by `views`.
//! **Invariant:** what is shown of a leak are masks, ids and hashes, and what people said about it.

mod bulk;
mod change;
mod export;
mod query;
pub mod release;
pub mod reveal;
mod views;

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use shared::ids::AlertId;
use utoipa::IntoParams;

use super::{page_of, paging};
use crate::alert_work::{WorkError, Worker};
use crate::api::auth::{Authorized, permit};
use crate::api::cursor::{Page, PageQuery};
use crate::api::precondition::{etag, stale};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::store::alerts::{self, ActivityOrder, Alert};
use crate::store::{Conn, held};

pub use bulk::{__path_change_all, BulkChange, BulkOutcome, BulkResult, change_all};
pub use change::{
    __path_accept_risk, __path_assign, __path_change, __path_comment, __path_set_status,
    AlertChange, Assignment, Comment, RiskAcceptance, StatusChange, accept_risk, assign, change,
    comment, set_status,
};
pub use export::{__path_export, ExportQuery, Format, export};
pub use query::{AlertQuery, OrderingQuery};
pub use views::{ActivityView, AlertDetail, AlertView, OccurrenceView, StatusWord};

use query::read_filter;

/// Blocked messages that one alert shows.
const MOST_BLOCKED: u32 = 20;

/// Alerts. A list is counted up to 1000, and up to 100 behind several filters or a
/// search.
#[utoipa::path(
    get, operation_id = "listAlerts", path = "/api/v1/alerts", tag = "alerts", security(("bearer" = [])),
    params(PageQuery, OrderingQuery, AlertQuery),
    responses(
        (status = 200, description = "a page", body = Page<AlertView>),
    ),
)]
pub async fn list(
    auth: Authorized<permit::AlertsRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    ordering: web::Query<OrderingQuery>,
    query: web::Query<AlertQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<AlertView>>, ApiError> {
    let paging = paging::<query::Whole>(&request, &page, &app.cursors)?;
    let mut filter = read_filter(query.into_inner(), auth.principal.user)?;
    filter.ordering = ordering.into_inner().read()?;
    let order = filter.ordering;
    let found = app
        .store
        .read(move |conn| alerts::list(conn, &filter, paging))
        .await?;
    let now = app.clock.now();
    let view = |alert: Alert| (alerts::place(order, &alert), AlertView::of(alert, now));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// One alert.
#[utoipa::path(
    get, operation_id = "getAlert", path = "/api/v1/alerts/{id}", tag = "alerts", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the alert")),
    responses(
        (status = 200, description = "the alert; `ETag` is its version", body = AlertDetail),
        (status = 404, description = "no such alert", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::AlertsRead>,
    id: web::Path<AlertId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let alert = known(&app, *id).await?;
    let (id, version) = (alert.id, alert.version);
    let reading = move |conn: &mut Conn| held::of_alert(conn, id, MOST_BLOCKED);
    let blocked = app.store.read(reading).await?;
    let detail = AlertDetail::of(AlertView::of(alert, app.clock.now()), blocked);
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(version)))
        .json(detail))
}

/// Where and when the leak was seen, newest first.
#[utoipa::path(
    get, operation_id = "listAlertOccurrences", path = "/api/v1/alerts/{id}/occurrences", tag = "alerts",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the alert"), PageQuery),
    responses(
        (status = 200, description = "a page", body = Page<OccurrenceView>),
        (status = 404, description = "no such alert", body = crate::api::Problem),
    ),
)]
pub async fn occurrences(
    _auth: Authorized<permit::AlertsRead>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    page: web::Query<PageQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<OccurrenceView>>, ApiError> {
    let paging = paging::<PageQuery>(&request, &page, &app.cursors)?;
    let id = known(&app, *id).await?.id;
    let found = app
        .store
        .read(move |conn| alerts::occurrences(conn, id, paging))
        .await?;
    let view = |seen: alerts::Occurrence| (seen.id.as_uuid(), OccurrenceView::from(seen));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// From which end activity is told.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// `created_at` for the oldest first, which is what an absent one is, or `-created_at`.
    #[param(value_type = Option<query::ActivityOrderingWord>, inline, example = "-created_at")]
    ordering: Option<String>,
}

/// What people said and did about the alert, and what Weir did by itself.
#[utoipa::path(
    get, operation_id = "listAlertActivity", path = "/api/v1/alerts/{id}/activity", tag = "alerts",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the alert"), PageQuery, ActivityQuery),
    responses(
        (status = 200, description = "a page", body = Page<ActivityView>),
        (status = 404, description = "no such alert", body = crate::api::Problem),
    ),
)]
pub async fn activity(
    _auth: Authorized<permit::AlertsRead>,
    request: HttpRequest,
    id: web::Path<AlertId>,
    page: web::Query<PageQuery>,
    query: web::Query<ActivityQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<ActivityView>>, ApiError> {
    let order = match query.ordering.as_deref() {
        None | Some("created_at") => ActivityOrder::OldestFirst,
        Some("-created_at") => ActivityOrder::NewestFirst,
        Some(_) => {
            return Err(ApiError::invalid(
                "`ordering` is not usable; give created_at or -created_at",
            ));
        }
    };
    let paging = paging::<ActivityQuery>(&request, &page, &app.cursors)?;
    let id = known(&app, *id).await?.id;
    let found = app
        .store
        .read(move |conn| alerts::activity(conn, id, order, paging))
        .await?;
    let view = |noted: alerts::Activity| (noted.id.as_uuid(), ActivityView::from(noted));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

async fn known(app: &AppState, id: AlertId) -> Result<Alert, ApiError> {
    let found = app.store.read(move |conn| alerts::get(conn, id)).await?;
    found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))
}

/// An alert, with its version as its tag.
fn answer(app: &AppState, alert: Alert) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(alert.version)))
        .json(AlertView::of(alert, app.clock.now()))
}

fn worker<P>(auth: &Authorized<P>, app: &AppState) -> Worker {
    Worker {
        user: auth.principal.user,
        times: app.times,
    }
}

impl From<WorkError> for ApiError {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Missing => Self::new(ErrorCode::NotFound),
            WorkError::Stale => stale(),
            WorkError::Illegal(step) => {
                Self::new(ErrorCode::IllegalTransition).with_detail(step.to_string())
            }
            WorkError::Full => Self::new(ErrorCode::Conflict).with_detail(error.to_string()),
            WorkError::Store(error) => error.into(),
            told => Self::unusable(vec![told.to_string()]),
        }
    }
}
