//! `/api/v1/scans`: texts and files that callers want scanned.
//!
//! Owns turning a request into a job, and waiting for its result. Receiving a file is for `upload`.
//! **Invariant:** an id is given out after its job is on disk.

use std::time::Duration;

use actix_web::dev::Payload as RequestBody;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::content::TextUnit;
use shared::ids::{BlobId, JobId, UserId, WorkspaceId};
use shared::job::{Payload, RetryClass};
use shared::telemetry;
use shared::telemetry::names::span;
use tokio::time::Instant;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::views::{CoverageView, FindingView};
use super::{known_only, page_of, paging};
use crate::actors::{Dispatch, Ready};
use crate::api::auth::{Authorized, permit};
use crate::api::cursor::{Page, PageQuery};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::api::upload;
use crate::jobs::{self as making, Source};
use crate::store::jobs::{self, Job, JobOrigin, JobState, NewJob, Place};
use crate::store::results::ResultRow;
use crate::store::scans::{self, ScanFilter};
use crate::store::{blobs, findings};

/// Longest wait that can be asked for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How often to look, should the result be counted by another coordinator.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A text to scan.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"text": "my card is 4111 1111 1111 1111, exp 12/29"}))]
#[serde(deny_unknown_fields)]
pub struct ScanRequest {
    /// The text, at most 1 MiB with its quotes and escapes.
    #[schema(example = "my card is 4111 1111 1111 1111, exp 12/29")]
    text: String,
}

/// Whether to wait for the result.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WaitQuery {
    /// Seconds to wait; more than 60 are 60.
    #[serde(default)]
    #[param(schema_with = any_seconds)]
    wait: u64,
}

/// A number without a format, which would bring a bound of its own.
fn any_seconds() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .build()
}

/// A scan.
#[derive(Serialize, ToSchema)]
pub struct ScanView {
    /// Its id.
    id: Uuid,
    /// `queued`, `completed` or `failed`.
    #[schema(example = "completed")]
    state: &'static str,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// When its result came.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<DateTime<Utc>>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// How much was examined.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageView>,
    /// How many findings there are.
    finding_count: i32,
    /// The findings; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingView>>,
}

/// Scans a text or a file.
#[utoipa::path(
    post, operation_id = "createScan", path = "/api/v1/scans", tag = "scans", security(("bearer" = [])), params(WaitQuery),
    request_body(content(
        (ScanRequest = "application/json"),
        (upload::FileForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "scanned within the wait", body = ScanView),
        (status = 202, description = "not scanned yet", body = ScanView),
        (status = 413, description = "text or file is too long", body = crate::api::Problem),
        (status = 415, description = "neither JSON nor a form", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::ScansWrite>,
    request: HttpRequest,
    query: web::Query<WaitQuery>,
    app: web::Data<AppState>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    known_only::<WaitQuery>(&request)?;
    let payload = content_of(&request, body, &app).await?;
    let file_bytes = match &payload {
        Payload::Blob { bytes, .. } => Some(*bytes),
        Payload::Text { .. } | Payload::Remote(_) => None,
    };
    let job = make(&app, auth.principal.user, payload)?;
    let id = job.id;
    let waiting = app.arrivals.wait_for(id);
    store_and_dispatch(&app, job, file_bytes).await?;
    let until = Instant::now() + Duration::from_secs(query.wait).min(LONGEST_WAIT);
    loop {
        let view = load(&app, id).await?;
        if view.state != JobState::Queued.as_str() {
            return Ok(HttpResponse::Ok().json(view));
        }
        let now = Instant::now();
        if now >= until {
            return Ok(HttpResponse::build(StatusCode::ACCEPTED).json(view));
        }
        // Nobody there to announce it, or somebody is: look again either way.
        let look = tokio::time::timeout_at(until.min(now + LOOK_EVERY), waiting.announced()).await;
        drop(look);
    }
}

/// The scans that were asked for over the API, newest first.
#[utoipa::path(
    get, operation_id = "listScans", path = "/api/v1/scans", tag = "scans", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, description = "a page", body = Page<ScanView>)),
)]
pub async fn list(
    _auth: Authorized<permit::ScansRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<ScanView>>, ApiError> {
    let paging = paging::<PageQuery>(&request, &page, &app.cursors)?;
    let filter = ScanFilter {
        origin: Some(JobOrigin::Api),
        ..ScanFilter::default()
    };
    let found = app
        .store
        .read(move |conn| scans::list(conn, &filter, paging))
        .await?;
    let view =
        |(job, result): (Job, Option<ResultRow>)| (job.id.as_uuid(), ScanView::of(&job, result));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// One scan, with its findings.
#[utoipa::path(
    get, operation_id = "getScan", path = "/api/v1/scans/{id}", tag = "scans", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the scan")),
    responses(
        (status = 200, description = "the scan", body = ScanView),
        (status = 404, description = "no such scan", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::ScansRead>,
    id: web::Path<JobId>,
    app: web::Data<AppState>,
) -> Result<web::Json<ScanView>, ApiError> {
    load(&app, *id).await.map(web::Json)
}

async fn load(app: &AppState, id: JobId) -> Result<ScanView, ApiError> {
    let found = app
        .store
        .read(move |conn| {
            let found = scans::get(conn, id)?;
            let findings = findings::of_job(conn, id)?;
            Ok(found.map(|(job, result)| (job, result, findings)))
        })
        .await?;
    let (job, result, findings) = found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
    let findings = findings.into_iter().map(FindingView::from).collect();
    Ok(ScanView {
        findings: Some(findings),
        ..ScanView::of(&job, result)
    })
}

impl ScanView {
    fn of(job: &Job, result: Option<ResultRow>) -> Self {
        let finding_count = result.as_ref().map_or(0, |result| result.finding_count);
        let failure = result
            .as_ref()
            .and_then(|result| result.failure_reason.clone());
        let coverage = result
            .and_then(|result| result.coverage.0)
            .map(CoverageView::from);
        Self {
            id: job.id.as_uuid(),
            state: job.state.as_str(),
            created_at: job.created_at,
            completed_at: job.completed_at,
            failure,
            coverage,
            finding_count,
            findings: None,
        }
    }
}

/// Reads the body as its content type says.
async fn content_of(
    request: &HttpRequest,
    body: web::Payload,
    app: &AppState,
) -> Result<Payload, ApiError> {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    if media_type.map(str::trim) == Some("multipart/form-data") {
        return upload::receive(request, body, app).await;
    }
    let mut body: RequestBody = body.into_inner();
    let json = web::Json::<ScanRequest>::from_request(request, &mut body).await;
    let ScanRequest { text } = json.map_err(ApiError::from)?.into_inner();
    Ok(Payload::Text {
        units: vec![TextUnit::plain(text)],
        gaps: Vec::new(),
    })
}

fn make(app: &AppState, user: UserId, payload: Payload) -> Result<NewJob, ApiError> {
    let create = tracing::info_span!(
        span::CREATE,
        otel.name = "create scan",
        otel.kind = "producer",
        messaging.system = app.queue.system(),
        messaging.operation.name = "create",
        messaging.operation.type = "create",
    );
    let label = matches!(payload, Payload::Blob { .. }).then(|| "file".to_owned());
    let source = Source {
        workspace: WorkspaceId::api(),
        origin: JobOrigin::Api,
        place: Place {
            label,
            ..Place::default()
        },
        dedupe_key: None,
        submitted_by: Some(user),
    };
    let job = app.jobs.make(source, payload, telemetry::inject(&create));
    job.map_err(|error| ApiError::failed(RetryClass::Transient, error))
}

async fn store_and_dispatch(
    app: &AppState,
    mut job: NewJob,
    file_bytes: Option<u64>,
) -> Result<(), ApiError> {
    let place = app.admission.try_take(&job.workspace);
    job.due_in = if place.is_some() {
        app.due_after
    } else {
        Duration::ZERO
    };
    let ready = place.map(|place| Ready::new(making::first_envelope(&job), job.class, place));
    let store = app.store.hot();
    let storing = store.write(move |conn| {
        if let Some(bytes) = file_bytes {
            blobs::insert(conn, BlobId::from(job.id.as_uuid()), bytes, blobs::UPLOAD)?;
        }
        jobs::insert(conn, &[job])
    });
    storing.await?;
    if let Some(ready) = ready
        && let Err(error) = app.actors.dispatcher.send(Dispatch(vec![ready])).await
    {
        tracing::warn!(%error, "dispatcher not reached, the scan comes by the redispatcher");
    }
    Ok(())
}
