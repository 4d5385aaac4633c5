//! The trail, handed out line by line.
//!
//! **Invariant:** an export takes the memory of one segment, and no transaction is open while a slow reader
//! reads.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::Place;
use crate::api::auth::{Authorized, permit};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::api::v1::known_only;
use crate::store::audit::{self, AuditEvent, Checkpoint, NewAuditEvent};
use crate::store::{Store, StoreError};
use crate::trail;

/// Entries read at once.
const SEGMENT: u32 = 1_000;

/// Which part.
#[derive(Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Only entries behind this place.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0, example = 0)]
    after: Place,
    /// Only entries up to this place.
    #[param(value_type = Option<i64>, minimum = 0)]
    up_to: Option<Place>,
}

/// The trail as lines of JSON, oldest first, with its checkpoints: `weir audit verify --file` proves it
/// without the database.
#[utoipa::path(
    get, operation_id = "exportAudit", path = "/api/v1/audit/export", tag = "audit", security(("bearer" = [])),
    params(ExportQuery),
    responses(
        (status = 200, description = "one entry or checkpoint a line", body = String, content_type = "application/x-ndjson",
            example = json!("{\"seq\":1,\"id\":\"0193a8f0-5c1e-7000-8000-000000000001\",…}\n")),
    ),
)]
pub async fn export(
    auth: Authorized<permit::AuditRead>,
    request: HttpRequest,
    query: web::Query<ExportQuery>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    known_only::<ExportQuery>(&request)?;
    let after = query.after.0;
    let by = auth.principal.user;
    let head = app.store.read(audit::head).await?;
    let last = query.up_to.map_or(u64::MAX, |place| place.0).min(head.seq);
    app.store
        .write(move |conn| {
            let data = json!({ "after": after, "up_to": last });
            let deed = NewAuditEvent::deed("audit.exported", Some(by), "audit".to_owned(), data);
            audit::append(conn, [deed]);
            Ok(())
        })
        .await?;
    let lines = stream::try_unfold(
        (app.store.clone(), after),
        move |(store, after)| async move {
            let chunk = chunk(&store, after, last).await?;
            Ok::<_, StoreError>(chunk.map(|(text, reached)| (Bytes::from(text), (store, reached))))
        },
    );
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header((
            CONTENT_DISPOSITION,
            "attachment; filename=\"weir-audit.ndjson\"",
        ))
        .streaming(lines))
}

/// The next lines and the place that they reach; none behind the end.
async fn chunk(store: &Store, after: u64, last: u64) -> Result<Option<(String, u64)>, StoreError> {
    let read = store.read(move |conn| {
        let mut entries = audit::segment(conn, after, SEGMENT)?;
        entries.retain(|entry| entry.seq <= last);
        let Some(reached) = entries.last().map(|entry| entry.seq) else {
            return Ok(None);
        };
        let checkpoints = audit::checkpoints_between(conn, after, reached)?;
        Ok(Some((entries, checkpoints, reached)))
    });
    let Some((entries, checkpoints, reached)) = read.await? else {
        return Ok(None);
    };
    Ok(Some((lines(&entries, &checkpoints)?, reached)))
}

fn lines(entries: &[AuditEvent], checkpoints: &[Checkpoint]) -> Result<String, StoreError> {
    let checkpoints = checkpoints.iter().map(trail::checkpoint_line);
    let entries = entries.iter().map(trail::entry_line);
    let mut text = String::new();
    for line in checkpoints.chain(entries) {
        text += &line.or(Err(StoreError::Refused("a stored audit entry is not json")))?;
        text.push('\n');
    }
    Ok(text)
}
