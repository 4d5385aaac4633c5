//! `/internal/v1`: what scanner nodes ask the coordinator for.
//!
//! Owns detector sets by version, sealed blobs, tickets for files, and heartbeats. Keep it off the public network: it is for
//! nodes only, and each request shows the credential of a node key.

#![expect(
    clippy::missing_errors_doc,
    reason = "a handler's errors are its documented answers"
)]

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use scanner_node::source::{FileTicket, NodeReport, TicketRefusal, TicketSource};
use shared::ids::{BlobId, DetectorSetVersion, WorkspaceId};
use shared::job::{RemoteFile, RetryClass};

use super::problem::{ApiError, ErrorCode};
use super::route_table::{Access, Guard};
use super::state::AppState;
use crate::store::nodes::{self, Heartbeat};

/// The guard: the caller is a node.
pub struct Node;

impl Guard for Node {
    const ACCESS: Access = Access::Node;
}

impl FromRequest for Node {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let shown = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let known = request
            .app_data::<web::Data<AppState>>()
            .zip(shown)
            .is_some_and(|(app, shown)| app.nodes.verify(shown));
        ready(if known {
            Ok(Self)
        } else {
            Err(ApiError::new(ErrorCode::Unauthenticated))
        })
    }
}

/// A detector set: `current`, or one of the last few by version.
pub async fn detector_set(
    _node: Node,
    request: HttpRequest,
    version: web::Path<String>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let set = match version.as_str() {
        "current" => Some(app.detectors.current()),
        version => app.detectors.of_version(&DetectorSetVersion::new(version)),
    };
    let set = std::future::ready(set)
        .await
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
    let etag = format!("\"{}\"", set.version);
    let known = request
        .headers()
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes());
    if known {
        return Ok(HttpResponse::NotModified()
            .insert_header((ETAG, etag))
            .finish());
    }
    Ok(HttpResponse::Ok().insert_header((ETAG, etag)).json(&*set))
}

/// A sealed blob, as it rests: the node's key opens it.
pub async fn blob(
    _node: Node,
    id: web::Path<BlobId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (blobs, id) = (app.blobs.clone(), *id);
    let opened = web::block(move || blobs.read(id)).await;
    let file = match opened {
        Ok(Ok(file)) => file,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(ApiError::new(ErrorCode::NotFound));
        }
        Ok(Err(error)) => return Err(ApiError::failed(RetryClass::Transient, error)),
        Err(error) => return Err(ApiError::failed(RetryClass::Transient, error)),
    };
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .streaming(chunks_of(file)))
}

/// The file in pieces, read off the reactor.
fn chunks_of(file: std::fs::File) -> impl futures_util::Stream<Item = std::io::Result<web::Bytes>> {
    futures_util::stream::unfold(Some(tokio::fs::File::from_std(file)), |file| async move {
        use tokio::io::AsyncReadExt;
        let mut file = file?;
        let mut chunk = web::BytesMut::with_capacity(64 * 1024);
        match file.read_buf(&mut chunk).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(chunk.freeze()), Some(file))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

/// Where a file of Slack's is, and with which token it is fetched: for the node that scans it.
pub async fn file_ticket(
    _node: Node,
    workspace: web::Path<WorkspaceId>,
    file: web::Json<RemoteFile>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let answer: Result<FileTicket, TicketRefusal> =
        match app.tickets.ticket(&workspace, &file).await {
            Ok(ticket) => Ok(ticket),
            Err(error) => Err(error
                .refusal()
                .map_err(|error| ApiError::failed(error.class(), error))?),
        };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(answer))
}

/// A node says that it lives.
pub async fn heartbeat(
    _node: Node,
    report: web::Json<NodeReport>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let beat = heartbeat_of(report.into_inner());
    let noted = app
        .store
        .write(move |conn| nodes::heartbeat(conn, &beat))
        .await;
    noted.map_err(ApiError::from)?;
    Ok(HttpResponse::NoContent().finish())
}

/// What is stored of a report.
pub fn heartbeat_of(report: NodeReport) -> Heartbeat {
    Heartbeat {
        id: report.id,
        name: report.name,
        version: report.version,
        detector_set: None,
        concurrency: i32::try_from(report.message_slots).unwrap_or(i32::MAX),
        counters: serde_json::json!({
            "answered": report.answered, "failed": report.failed,
            "message_slots": report.message_slots, "file_slots": report.file_slots,
            "started_at": report.started_at,
        }),
    }
}
