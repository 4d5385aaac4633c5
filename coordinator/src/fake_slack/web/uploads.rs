//! The second step of an upload: the bytes, plain or as a form.

use actix_multipart::Multipart;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

use crate::fake_slack::stage::Stage;

pub(super) async fn receive(
    request: HttpRequest,
    id: web::Path<String>,
    mut payload: web::Payload,
    stage: web::Data<Stage>,
) -> HttpResponse {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_form = content_type.is_some_and(|value| value.starts_with("multipart/form-data"));
    let bytes = if is_form {
        from_form(Multipart::new(request.headers(), payload)).await
    } else {
        collect(&mut payload).await
    };
    let Some(bytes) = bytes else {
        return HttpResponse::BadRequest().finish();
    };
    let length = bytes.len();
    let known = stage.change(|world| {
        let upload = world.uploads.get_mut(id.as_str());
        upload.map(|upload| upload.bytes = bytes).is_some()
    });
    if known {
        HttpResponse::Ok().body(format!("OK - {length}"))
    } else {
        HttpResponse::NotFound().finish()
    }
}

/// The first part that has a file in it.
async fn from_form(mut form: Multipart) -> Option<Bytes> {
    let mut field = form.next().await?.ok()?;
    collect(&mut field).await
}

async fn collect<E>(
    stream: &mut (impl futures_util::Stream<Item = Result<Bytes, E>> + Unpin),
) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk.ok()?);
    }
    Some(bytes.freeze())
}
