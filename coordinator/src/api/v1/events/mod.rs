//! `/api/v1/events`: what firewalls, intrusion detection and models report.
//!
//! Owns the routes. How an event is written is for `draft`, which ones a list shows for `filter`; storing them, and
//! the alerts of those that people must look at, is for `store::events`.
//! **Invariant:** a batch is taken whole or not at all, and an answer that was lost can be had again.

mod draft;
mod filter;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use shared::ids::{SecurityEventId, UserId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{page_of, paging};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Repeatable;
use crate::api::cursor::{Page, PageQuery};
use crate::api::idempotency::{Answer, IdempotencyKey, KeyHeader, once};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::domain::due_times::DueTimes;
use crate::domain::events::SecurityEvent;
use crate::store::events::{self, StoredEvent};
use crate::store::notices::Notices;
use crate::store::{Conn, StoreResult};

pub use draft::{EventBatch, EventDraft};
pub use filter::EventQuery;

/// Longest body of one event, in bytes.
const MAX_EVENT_BYTES: usize = 128 * 1024;
/// Longest body of a batch, in bytes.
const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;

/// A stored event.
#[derive(Serialize, ToSchema)]
pub struct EventView {
    /// Its id.
    id: Uuid,
    /// Who reported it.
    #[schema(example = "edge-firewall")]
    source: String,
    /// What kind of event.
    #[schema(example = "port_scan")]
    event_type: String,
    /// How bad: `LOW` to `CRITICAL`.
    #[schema(example = "HIGH")]
    severity: &'static str,
    /// For people.
    #[schema(example = "1024 ports of db-1 asked within a minute")]
    description: String,
    /// The rest, as the source has it.
    #[schema(value_type = Object)]
    data: Value,
    /// The alert it belongs to, if people must look at it.
    alert_id: Option<Uuid>,
    /// Who handed it in.
    submitted_by: Option<Uuid>,
    /// When it was stored.
    created_at: DateTime<Utc>,
}

/// Stored events.
#[derive(Serialize, ToSchema)]
pub struct EventsTaken {
    /// The events, in the order in which they were handed in.
    items: Vec<EventView>,
}

/// Hands in an event. `HIGH` and `CRITICAL` become alerts.
#[utoipa::path(
    post, operation_id = "createEvent", path = "/api/v1/events", tag = "events", security(("bearer" = [])),
    params(IdempotencyKey),
    request_body = EventDraft,
    responses(
        (status = 201, description = "stored; `Idempotent-Replayed: true` if it was before", body = EventView,
            headers(
                ("Location" = String, description = "where it is"),
                ("Idempotent-Replayed" = bool, description = "there, and true, if it was stored before"),
            )),
        (status = 400, description = "the body is no JSON object, or the key is none", body = crate::api::Problem),
        (status = 422, description = "not usable as it is written, `errors` says why; or the key had another body", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::EventsWrite>,
    key: KeyHeader,
    body: Repeatable<MAX_EVENT_BYTES>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let by = auth.principal.user;
    let request = key.named(by, "POST /api/v1/events", body.hash)?;
    let event = draft::read(body.object).map_err(ApiError::unusable)?;
    let (notices, times) = (app.notices.clone(), app.times);
    let taking = move |conn: &mut Conn| {
        let mut views = take_in(conn, vec![event], by, (&notices, times))?;
        let view = views.pop();
        let id = view.as_ref().map(|view| view.id);
        Ok(Answer {
            status: 201,
            location: id.map(|id| format!("/api/v1/events/{id}")),
            body: json!(view),
        })
    };
    once(&app.store, request, taking).await
}

/// Hands in several events at once: all are taken, or none.
#[utoipa::path(
    post, operation_id = "createEvents", path = "/api/v1/events/batch", tag = "events", security(("bearer" = [])),
    params(IdempotencyKey),
    request_body = EventBatch,
    responses(
        (status = 201, description = "stored; `Idempotent-Replayed: true` if they were before", body = EventsTaken,
            headers(("Idempotent-Replayed" = bool, description = "there, and true, if they were stored before"))),
        (status = 400, description = "the body is no JSON object, or the key is none", body = crate::api::Problem),
        (status = 413, description = "the body has more than 8 MiB", body = crate::api::Problem),
        (status = 422, description = "not usable as it is written, `errors` says which events and why; or the key had another body", body = crate::api::Problem),
    ),
)]
pub async fn create_batch(
    auth: Authorized<permit::EventsWrite>,
    key: KeyHeader,
    body: Repeatable<MAX_BATCH_BYTES>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let by = auth.principal.user;
    let request = key.named(by, "POST /api/v1/events/batch", body.hash)?;
    let events = draft::read_batch(body.object).map_err(ApiError::unusable)?;
    let (notices, times) = (app.notices.clone(), app.times);
    let taking = move |conn: &mut Conn| {
        let items = take_in(conn, events, by, (&notices, times))?;
        Ok(Answer {
            status: 201,
            location: None,
            body: json!(EventsTaken { items }),
        })
    };
    once(&app.store, request, taking).await
}

fn take_in(
    conn: &mut Conn,
    events: Vec<SecurityEvent>,
    by: UserId,
    telling: (&Notices, DueTimes),
) -> StoreResult<Vec<EventView>> {
    let stored = events::take_in(conn, events, by, telling)?;
    Ok(stored.into_iter().map(EventView::from).collect())
}

/// Events, newest first. `total` counts up to 1000, and up to 100 behind several filters or a
/// search.
#[utoipa::path(
    get, operation_id = "listEvents", path = "/api/v1/events", tag = "events", security(("bearer" = [])),
    params(PageQuery, EventQuery),
    responses(
        (status = 200, description = "a page", body = Page<EventView>),
    ),
)]
pub async fn list(
    _auth: Authorized<permit::EventsRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    query: web::Query<EventQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<EventView>>, ApiError> {
    let paging = paging::<EventQuery>(&request, &page, &app.cursors)?;
    let filter = query.into_inner().filter()?;
    let listing = move |conn: &mut Conn| events::list(conn, &filter, paging);
    let found = app.store.read(listing).await?;
    let view = |event: StoredEvent| (event.id.as_uuid(), EventView::from(event));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// One event.
#[utoipa::path(
    get, operation_id = "getEvent", path = "/api/v1/events/{id}", tag = "events", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the event")),
    responses(
        (status = 200, description = "the event", body = EventView),
        (status = 404, description = "no such event", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::EventsRead>,
    id: web::Path<SecurityEventId>,
    app: web::Data<AppState>,
) -> Result<web::Json<EventView>, ApiError> {
    let found = app.store.read(move |conn| events::get(conn, *id)).await?;
    let event = found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
    Ok(web::Json(event.into()))
}

impl From<StoredEvent> for EventView {
    fn from(event: StoredEvent) -> Self {
        Self {
            id: event.id.as_uuid(),
            source: event.source,
            event_type: event.event_type,
            severity: event.severity.as_str(),
            description: event.description,
            data: event.data,
            alert_id: event.alert_id.map(|alert| alert.as_uuid()),
            submitted_by: event.submitted_by.map(|user| user.as_uuid()),
            created_at: event.created_at,
        }
    }
}
