//! Entries from outside: other systems write into the same chain.
//!
//! **Invariant:** a batch is one turn at the chain, and all of it is written or nothing; an answer that was lost
//! can be had again.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use shared::ids::AuditEventId;
use utoipa::ToSchema;

use super::draft::{self, NewEntries, NewEntry};
use super::{AuditEventView, NotJson};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Repeatable;
use crate::api::extract::MAX_BODY_BYTES;
use crate::api::idempotency::{Answer, IdempotencyKey, KeyHeader, once};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::store::audit::{self, AuditEvent, NewAuditEvent};
use crate::store::{Conn, StoreError, StoreResult};

const UNWRITTEN: StoreError = StoreError::Refused("an entry that does not read back");

/// What was written.
#[derive(Serialize, ToSchema)]
pub struct RecordedEntries {
    /// The ids, in the order given.
    items: Vec<uuid::Uuid>,
    /// The places in the chain: the first entry's.
    first_seq: u64,
    /// And the last one's. Those between them are this batch's.
    last_seq: u64,
}

/// Adds an entry to the chain.
#[utoipa::path(
    post, operation_id = "recordAuditEvent", path = "/api/v1/audit/events", tag = "audit", security(("bearer" = [])),
    params(IdempotencyKey),
    request_body = NewEntry,
    responses(
        (status = 201, description = "written; `Idempotent-Replayed: true` if it was before", body = AuditEventView,
            headers(("Location" = String, description = "where it is"))),
        (status = 400, description = "the body cannot be read, or the key is none", body = crate::api::Problem),
        (status = 422, description = "`errors` says what is wrong; or the key had another body", body = crate::api::Problem),
    ),
)]
pub async fn record(
    auth: Authorized<permit::AuditWrite>,
    key: KeyHeader,
    body: Repeatable<MAX_BODY_BYTES>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let by = auth.principal.user;
    let request = key.named(by, "POST /api/v1/audit/events", body.hash)?;
    let entry = draft::read(body.object, by).map_err(ApiError::unusable)?;
    let recording = move |conn: &mut Conn| {
        let written = chained(conn, vec![entry])?.pop().ok_or(UNWRITTEN)?;
        let location = format!("/api/v1/audit/events/{}", written.id);
        let view = AuditEventView::try_from(written).map_err(|NotJson| UNWRITTEN)?;
        Ok(Answer {
            status: 201,
            location: Some(location),
            body: json!(view),
        })
    };
    once(&app.store, request, recording).await
}

/// Adds entries to the chain, behind one another.
#[utoipa::path(
    post, operation_id = "recordAuditEvents", path = "/api/v1/audit/events/batch", tag = "audit",
    security(("bearer" = [])),
    params(IdempotencyKey),
    request_body = NewEntries,
    responses(
        (status = 201, description = "all of them are written; `Idempotent-Replayed: true` if they were before", body = RecordedEntries),
        (status = 400, description = "the body cannot be read, or the key is none", body = crate::api::Problem),
        (status = 422, description = "nothing is written: `errors` says what is wrong, or the key had another body", body = crate::api::Problem),
    ),
)]
pub async fn record_batch(
    auth: Authorized<permit::AuditWrite>,
    key: KeyHeader,
    body: Repeatable<MAX_BODY_BYTES>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let by = auth.principal.user;
    let request = key.named(by, "POST /api/v1/audit/events/batch", body.hash)?;
    let entries = draft::read_batch(body.object, by).map_err(ApiError::unusable)?;
    let recording = move |conn: &mut Conn| {
        let items = ids(&entries).iter().map(AuditEventId::as_uuid).collect();
        let ends = chained(conn, entries)?;
        let (first, last) = (ends.first(), ends.last());
        let (first, last) = first.zip(last).ok_or(UNWRITTEN)?;
        let told = RecordedEntries {
            items,
            first_seq: first.seq,
            last_seq: last.seq,
        };
        Ok(Answer {
            status: 201,
            location: None,
            body: json!(told),
        })
    };
    once(&app.store, request, recording).await
}

/// Chains entries, and gives the first and the last as they stand there.
fn chained(conn: &mut Conn, entries: Vec<NewAuditEvent>) -> StoreResult<Vec<AuditEvent>> {
    let ids = ids(&entries);
    audit::append_now(conn, entries)?;
    let ends = [ids.first(), ids.last()];
    let read = |id: Option<&AuditEventId>| audit::get(conn, *id?).transpose();
    ends.into_iter().filter_map(read).collect()
}

fn ids(entries: &[NewAuditEvent]) -> Vec<AuditEventId> {
    entries.iter().map(|entry| entry.id).collect()
}
