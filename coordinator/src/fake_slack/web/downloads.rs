//! Files over HTTP.
//!
//! **Invariant:** who may not have a file gets a page to sign in, with 200: as Slack does it.

use actix_web::http::header::{AUTHORIZATION, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};

use super::call::identify;
use crate::fake_slack::faults::Fault;
use crate::fake_slack::model::{FileState, World};
use crate::fake_slack::stage::Stage;

const LOGIN_PAGE: &str = "<!DOCTYPE html><html lang=\"en-US\"><head><title>Sign in | Slack</title></head>\
    <body><h1>Sign in to your workspace</h1><form action=\"/\" method=\"post\"></form></body></html>";

/// What accidents of downloads are written down under.
pub(super) const DOWNLOAD: &str = "files/download";

/// `/files/{team}-{id}/{name}` and `/files/{team}-{id}/download/{name}`.
pub(super) async fn private(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    stage: web::Data<Stage>,
) -> HttpResponse {
    let fault = stage.faults().next(DOWNLOAD);
    match fault {
        None => {}
        Some(Fault::Hang(time)) => {
            tokio::time::sleep(time).await;
            return HttpResponse::GatewayTimeout().finish();
        }
        Some(Fault::RateLimited(after)) => {
            let after = after.as_secs().to_string();
            return HttpResponse::TooManyRequests()
                .insert_header(("Retry-After", after))
                .finish();
        }
        Some(_) => return HttpResponse::InternalServerError().finish(),
    }
    let authorization = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let secret = authorization
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let (key, name) = path.into_inner();
    stage
        .look(|world| serve(world, secret, &key, &name))
        .unwrap_or_else(login)
}

fn serve(world: &World, secret: &str, key: &str, name: &str) -> Option<HttpResponse> {
    let caller = identify(world, secret).ok()?;
    caller.needs("files:read").ok()?;
    let (_, id) = key.rsplit_once('-')?;
    let file = world
        .files
        .get(id)
        .filter(|file| world.sees_file(&caller, file))?;
    if file.state != FileState::Whole {
        return Some(HttpResponse::NotFound().body("not found"));
    }
    let mut response = HttpResponse::Ok();
    response.content_type(file.mimetype.as_str());
    if name.starts_with("download/") {
        response.insert_header((CONTENT_DISPOSITION, "attachment"));
    }
    Some(response.body(file.bytes.clone()))
}

/// `/pub/{id}-{secret}`: for whoever has the address.
pub(super) async fn public(path: web::Path<String>, stage: web::Data<Stage>) -> HttpResponse {
    let bytes = stage.look(|world| {
        let (id, secret) = path.split_once('-')?;
        let file = world.file(id).ok()?;
        (file.public_secret.as_deref() == Some(secret)).then(|| file.bytes.clone())
    });
    bytes.map_or_else(
        || HttpResponse::NotFound().finish(),
        |bytes| HttpResponse::Ok().body(bytes),
    )
}

fn login() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(LOGIN_PAGE)
}
