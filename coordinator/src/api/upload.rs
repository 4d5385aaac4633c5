//! Receiving a file: streamed, sealed as it arrives, never held as a whole.
//!
//! Owns the multipart form with the one part `file`, and its limits.
//! **Invariant:** an upload that is refused or cut off leaves nothing behind.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use shared::job::{Payload, RetryClass};
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::problem::{ApiError, ErrorCode};
use super::state::AppState;
use crate::blobs::{BlobError, BlobWriter, Blobs, Written};

/// Chunks on their way to the disk.
const IN_FLIGHT: usize = 8;
/// Longest file name kept, in bytes.
const MAX_NAME_BYTES: usize = 255;
/// What a form may weigh beside its file.
const FORM_OVERHEAD: u64 = 64 * 1024;

/// A form with a file.
#[derive(ToSchema)]
#[schema(example = json!({"file": "my card is 4111 1111 1111 1111"}))]
#[expect(dead_code, reason = "describes the form; it is read as a stream")]
pub struct FileForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Reads the form and puts its file into the blob store.
///
/// # Errors
/// Permanent for a form without a file or beyond the limit; transient for the disk.
pub async fn receive(
    request: &HttpRequest,
    body: web::Payload,
    app: &AppState,
) -> Result<Payload, ApiError> {
    refuse_early(request, app.max_upload)?;
    let mut form = Multipart::new(request.headers(), body);
    while let Some(field) = form.next().await {
        let field = field.map_err(|error| malformed(&error))?;
        if field.name() == Some("file") {
            return store(field, app).await;
        }
    }
    Err(ApiError::new(ErrorCode::Malformed).with_detail("the form has no part named `file`"))
}

/// Says no before a byte is read, where the length tells.
fn refuse_early(request: &HttpRequest, limit: u64) -> Result<(), ApiError> {
    let length = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    match length.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > limit.saturating_add(FORM_OVERHEAD) => Err(too_large(limit)),
        _ => Ok(()),
    }
}

async fn store(mut field: Field, app: &AppState) -> Result<Payload, ApiError> {
    let disposition = field.content_disposition();
    let name = disposition
        .and_then(|disposition| disposition.get_filename())
        .unwrap_or("file");
    let name = name
        .get(..name.floor_char_boundary(MAX_NAME_BYTES))
        .unwrap_or("file")
        .to_owned();
    let media_type = field
        .content_type()
        .map(|mime| mime.essence_str().to_owned());
    let (chunks, arriving) = mpsc::channel(IN_FLIGHT);
    let writing = tokio::task::spawn_blocking({
        let blobs = app.blobs.clone();
        move || write(&blobs, arriving)
    });
    let fed = feed(&mut field, &chunks, app.max_upload).await;
    // Without the last chunk's mark the writer throws away what it has.
    if fed.is_ok() {
        drop(chunks.send(Chunk::End).await);
    }
    drop(chunks);
    let written = writing
        .await
        .map_err(|error| ApiError::failed(RetryClass::Transient, error))?;
    fed?;
    let written = written.map_err(|error| ApiError::failed(RetryClass::Transient, error))?;
    let Some(Written { id, bytes }) = written else {
        return Err(ApiError::new(ErrorCode::Malformed));
    };
    Ok(Payload::Blob {
        blob: id,
        bytes,
        name,
        media_type,
    })
}

enum Chunk {
    Data(web::Bytes),
    End,
}

async fn feed(field: &mut Field, chunks: &mpsc::Sender<Chunk>, limit: u64) -> Result<(), ApiError> {
    let mut taken: u64 = 0;
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|error| malformed(&error))?;
        taken = taken.saturating_add(chunk.len() as u64);
        if taken > limit {
            return Err(too_large(limit));
        }
        if chunks.send(Chunk::Data(chunk)).await.is_err() {
            // The writer ended early; it says why.
            return Ok(());
        }
    }
    Ok(())
}

/// Writes what arrives; `None` if the sender left before the end.
fn write(blobs: &Blobs, mut arriving: mpsc::Receiver<Chunk>) -> Result<Option<Written>, BlobError> {
    let mut writer: BlobWriter = blobs.create()?;
    loop {
        match arriving.blocking_recv() {
            Some(Chunk::Data(chunk)) => writer.write_chunk(&chunk)?,
            Some(Chunk::End) => return writer.finish().map(Some),
            None => return Ok(None),
        }
    }
}

fn malformed(error: &MultipartError) -> ApiError {
    tracing::debug!(kind = ?std::mem::discriminant(error), "form not read");
    ApiError::new(ErrorCode::Malformed).with_detail("the body is no whole multipart form")
}

fn too_large(limit: u64) -> ApiError {
    ApiError::new(ErrorCode::PayloadTooLarge).with_detail(format!(
        "a file may have at most {limit} bytes: raise WEIR_HTTP__MAX_UPLOAD"
    ))
}
