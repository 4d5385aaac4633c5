//! `/api/v1/audit`: what was done, by whom, to what; in one chain.
//!
//! Owns the routes: entries from outside (`record`, read by `draft`), the list (here), the proof (`proof`) and the
//! export (`export`). The chain is for `store::audit`, its proof for `trail`.
//! **Invariant:** who hands an entry in stands in it as `recorded_by`: nobody can pass a deed off as Weir's.

mod draft;
mod export;
mod proof;
mod record;

use actix_web::{HttpRequest, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::ids::AuditEventId;
use shared::job::RetryClass;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::moment::Moment;
use super::{page_of, paging};
use crate::api::auth::{Authorized, permit};
use crate::api::cursor::{Page, PageQuery};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::store::Position;
use crate::store::audit::{self, AuditEvent, AuditFilter};
use crate::store::words::Search;

pub use draft::{NewEntries, NewEntry};
pub use export::{__path_export, export};
pub use proof::{__path_keys, __path_verify, BreakView, KeyView, Keys, Verification, keys, verify};
pub use record::{__path_record, __path_record_batch, RecordedEntries, record, record_batch};

/// A place of the chain, in a query: 0 or more.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "i64")]
struct Place(u64);

impl TryFrom<i64> for Place {
    type Error = std::num::TryFromIntError;

    fn try_from(place: i64) -> Result<Self, Self::Error> {
        place.try_into().map(Self)
    }
}

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only of this type.
    #[param(example = "alert.status_changed")]
    event_type: Option<String>,
    /// Only by them.
    user_id: Option<String>,
    /// Only about that: an alert's id, a policy's, a detector's.
    subject: Option<String>,
    /// Not before.
    #[param(value_type = Option<DateTime<Utc>>)]
    created_after: Option<Moment>,
    /// Before.
    #[param(value_type = Option<DateTime<Utc>>)]
    created_before: Option<Moment>,
    /// Only with all of these words, or words that begin with them.
    #[param(example = "scan started")]
    search: Option<String>,
}

/// An entry of the trail.
#[derive(Serialize, ToSchema)]
pub struct AuditEventView {
    /// Its place in the chain; 1 is the first.
    #[schema(example = 1)]
    seq: u64,
    /// Its id.
    id: Uuid,
    /// When it was written.
    created_at: DateTime<Utc>,
    /// What was done.
    #[schema(example = "alert.status_changed")]
    event_type: String,
    /// By whom: a user's id, or whatever another system calls somebody. Null for Weir itself.
    #[schema(required)]
    user_id: Option<String>,
    /// To what.
    #[schema(required)]
    subject: Option<String>,
    /// Which user handed it in, if it comes from outside of Weir.
    #[schema(required)]
    recorded_by: Option<String>,
    /// The rest, as this type of event has it.
    #[schema(value_type = Object)]
    variant_data: Box<RawValue>,
    /// The hash of this entry and of all before it: SHA-256, in hex.
    #[schema(
        min_length = 64,
        max_length = 64,
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    hash: String,
}

/// What was done, newest first. A filtered list is counted up to 1000, and up to 100 behind several filters or a
/// search.
#[utoipa::path(
    get, operation_id = "listAuditEvents", path = "/api/v1/audit/events", tag = "audit", security(("bearer" = [])),
    params(PageQuery, AuditQuery),
    responses(
        (status = 200, description = "a page", body = Page<AuditEventView>),
    ),
)]
pub async fn list(
    _auth: Authorized<permit::AuditRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    query: web::Query<AuditQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<AuditEventView>>, ApiError> {
    let paging = paging::<AuditQuery>(&request, &page, &app.cursors)?;
    let filter = query.into_inner().filter();
    let found = app
        .store
        .read(move |conn| audit::list(conn, &filter, paging))
        .await?;
    let view = |entry: AuditEvent| {
        let place = Position {
            key: i64::try_from(entry.seq).unwrap_or(i64::MAX),
            id: entry.id.as_uuid(),
        };
        (place, AuditEventView::try_from(entry))
    };
    let page = page_of(&request, &page, &app.cursors, found, view);
    Ok(web::Json(Page {
        items: page
            .items
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(altered)?,
        next_cursor: page.next_cursor,
        total: page.total,
    }))
}

/// One entry.
#[utoipa::path(
    get, operation_id = "getAuditEvent", path = "/api/v1/audit/events/{id}", tag = "audit", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the entry's id")),
    responses(
        (status = 200, description = "the entry", body = AuditEventView),
        (status = 404, description = "no such entry", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::AuditRead>,
    id: web::Path<AuditEventId>,
    app: web::Data<AppState>,
) -> Result<web::Json<AuditEventView>, ApiError> {
    let id = *id;
    let found = app.store.read(move |conn| audit::get(conn, id)).await?;
    let entry = found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
    Ok(web::Json(entry.try_into().map_err(altered)?))
}

impl AuditQuery {
    fn filter(self) -> AuditFilter {
        AuditFilter {
            event_type: self.event_type,
            user_id: self.user_id,
            subject: self.subject,
            from: self.created_after.map(|at| at.0),
            until: self.created_before.map(|at| at.0),
            search: self.search.as_deref().and_then(Search::parse),
        }
    }
}

/// The stored data is no JSON: somebody altered it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a stored audit entry is not json")]
pub struct NotJson;

fn altered(error: NotJson) -> ApiError {
    ApiError::failed(RetryClass::Permanent, error)
}

impl TryFrom<AuditEvent> for AuditEventView {
    type Error = NotJson;

    fn try_from(entry: AuditEvent) -> Result<Self, NotJson> {
        Ok(Self {
            seq: entry.seq,
            id: entry.id.as_uuid(),
            created_at: entry.at,
            event_type: entry.event_type,
            user_id: entry.user_id,
            subject: entry.subject,
            recorded_by: entry.recorded_by,
            variant_data: RawValue::from_string(entry.variant_data)
                .map_err(|_quotes_it| NotJson)?,
            hash: entry.hash.to_string(),
        })
    }
}
