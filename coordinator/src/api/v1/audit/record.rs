//! Entries from outside: other systems write into the same chain.
//!
//! **Invariant:** a batch is one turn at the chain, and all of it is written or nothing.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::ids::{AuditEventId, UserId};
use utoipa::ToSchema;

use super::AuditEventView;
use crate::api::auth::{Authorized, permit};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::store::audit::{self, NewAuditEvent};

/// Entries in one batch, at most.
const MAX_BATCH: usize = 1_000;
/// Characters of a type, a user's or a subject's name.
const MAX_NAME: usize = 200;
/// Bytes of `variant_data`, written as JSON.
const MAX_DATA_BYTES: usize = 16 * 1024;

/// Something that was done somewhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    /// What was done.
    #[schema(example = "vpn.login", min_length = 1, max_length = 200)]
    event_type: String,
    /// By whom, as the other system calls them.
    #[serde(default)]
    #[schema(example = "u-42", max_length = 200)]
    user_id: Option<String>,
    /// To what.
    #[serde(default)]
    #[schema(max_length = 200)]
    subject: Option<String>,
    /// The rest: any object of up to 16 KiB.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"ip": "192.0.2.7", "ok": true}))]
    variant_data: Map<String, Value>,
}

/// Several entries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntries {
    /// In the order in which they are to stand in the chain.
    #[schema(min_items = 1, max_items = 1000)]
    events: Vec<NewEntry>,
}

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
    request_body = NewEntry,
    responses(
        (status = 201, description = "written", body = AuditEventView),
        (status = 400, description = "the body cannot be read", body = crate::api::Problem),
        (status = 413, description = "the body is too large", body = crate::api::Problem),
        (status = 415, description = "the body is no JSON", body = crate::api::Problem),
        (status = 422, description = "`errors` says what is wrong", body = crate::api::Problem),
    ),
)]
pub async fn record(
    auth: Authorized<permit::AuditWrite>,
    body: web::Json<NewEntry>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let entries = checked(vec![body.into_inner()], auth.principal.user)?;
    let ids = ids(&entries);
    app.store
        .write(move |conn| {
            audit::append(conn, entries);
            Ok(())
        })
        .await?;
    let written = app.store.read(move |conn| {
        let id = ids.first().copied();
        id.map_or(Ok(None), |id| audit::get(conn, id))
    });
    let written = written
        .await?
        .ok_or_else(|| ApiError::new(ErrorCode::Unavailable))?;
    let location = format!("/api/v1/audit/events/{}", written.id);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .json(AuditEventView::try_from(written)?))
}

/// Adds entries to the chain, behind one another.
#[utoipa::path(
    post, operation_id = "recordAuditEvents", path = "/api/v1/audit/events/batch", tag = "audit",
    security(("bearer" = [])), request_body = NewEntries,
    responses(
        (status = 201, description = "all of them are written", body = RecordedEntries),
        (status = 400, description = "the body cannot be read", body = crate::api::Problem),
        (status = 413, description = "the body is too large", body = crate::api::Problem),
        (status = 415, description = "the body is no JSON", body = crate::api::Problem),
        (status = 422, description = "nothing is written; `errors` says what is wrong", body = crate::api::Problem),
    ),
)]
pub async fn record_batch(
    auth: Authorized<permit::AuditWrite>,
    body: web::Json<NewEntries>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let entries = checked(body.into_inner().events, auth.principal.user)?;
    let ids = ids(&entries);
    let items = ids.iter().map(AuditEventId::as_uuid).collect();
    let (first, last) = (ids.first().copied(), ids.last().copied());
    app.store
        .write(move |conn| {
            audit::append(conn, entries);
            Ok(())
        })
        .await?;
    let places = app.store.read(move |conn| {
        let mut place = |id: Option<AuditEventId>| match id {
            Some(id) => audit::get(conn, id),
            None => Ok(None),
        };
        Ok((place(first)?, place(last)?))
    });
    let (Some(first), Some(last)) = places.await? else {
        return Err(ApiError::new(ErrorCode::Unavailable));
    };
    Ok(HttpResponse::Created().json(RecordedEntries {
        items,
        first_seq: first.seq,
        last_seq: last.seq,
    }))
}

fn ids(entries: &[NewAuditEvent]) -> Vec<AuditEventId> {
    entries.iter().map(|entry| entry.id).collect()
}

/// The entries, or everything that is wrong with them.
fn checked(new: Vec<NewEntry>, by: UserId) -> Result<Vec<NewAuditEvent>, ApiError> {
    if !(1..=MAX_BATCH).contains(&new.len()) {
        return Err(ApiError::unusable(vec![format!(
            "`events`: there must be 1 to {MAX_BATCH} entries"
        )]));
    }
    let errors: Vec<String> = new
        .iter()
        .enumerate()
        .flat_map(|(at, entry)| {
            entry
                .mistakes()
                .map(move |told| format!("events[{at}].{told}"))
        })
        .collect();
    if !errors.is_empty() {
        return Err(ApiError::unusable(errors));
    }
    let entries = new.into_iter().map(|entry| NewAuditEvent {
        id: AuditEventId::fresh(),
        event_type: entry.event_type,
        user_id: entry.user_id,
        subject: entry.subject,
        recorded_by: Some(by),
        variant_data: Value::Object(entry.variant_data),
    });
    Ok(entries.collect())
}

impl NewEntry {
    fn mistakes(&self) -> impl Iterator<Item = String> {
        let of_type = (!is_name(&self.event_type))
            .then(|| format!("event_type: must have 1 to {MAX_NAME} characters, none a control"));
        let named = [("user_id", &self.user_id), ("subject", &self.subject)];
        let of_names = named.into_iter().filter_map(|(field, name)| {
            let bad = name.as_ref().is_some_and(|name| !is_name(name));
            bad.then(|| format!("{field}: must have 1 to {MAX_NAME} characters, none a control"))
        });
        let bytes = serde_json::to_string(&self.variant_data).map_or(usize::MAX, |text| text.len());
        let of_data = (bytes > MAX_DATA_BYTES)
            .then(|| format!("variant_data: has more than {MAX_DATA_BYTES} bytes"));
        of_type
            .into_iter()
            .chain(of_names.collect::<Vec<_>>())
            .chain(of_data)
    }
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(fields: Value) -> NewEntry {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let batch = vec![
            entry(json!({"event_type": "ok", "variant_data": {"a": [1, {"b": null}]}})),
            entry(
                json!({"event_type": "", "user_id": "a\u{0}b", "variant_data": {"x": "y".repeat(MAX_DATA_BYTES)}}),
            ),
        ];
        let error = checked(batch, UserId::fresh()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unusable);
        assert_eq!(error.errors().len(), 3);
        assert!(
            error
                .errors()
                .iter()
                .all(|told| told.starts_with("events[1]."))
        );
    }

    #[test]
    fn a_batch_is_neither_empty_nor_endless() {
        let many = || entry(json!({"event_type": "x"}));
        for length in [0, MAX_BATCH + 1] {
            let batch = (0..length).map(|_| many()).collect();
            assert!(checked(batch, UserId::fresh()).is_err(), "{length}");
        }
        let full = (0..MAX_BATCH).map(|_| many()).collect();
        assert_eq!(checked(full, UserId::fresh()).unwrap().len(), MAX_BATCH);
    }
}
