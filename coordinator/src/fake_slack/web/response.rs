//! Response addresses: what an app says to a click or a command later on.

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use crate::fake_slack::refusal::Refusal;
use crate::fake_slack::stage::Stage;

pub(super) async fn receive(
    id: web::Path<String>,
    body: web::Bytes,
    stage: web::Data<Stage>,
) -> HttpResponse {
    let Ok(said) = serde_json::from_slice::<Value>(&body) else {
        return HttpResponse::BadRequest().json(Refusal::of("invalid_payload").into_body());
    };
    match stage.change(|world| world.respond_later(&id, &said)) {
        Ok(()) => HttpResponse::Ok().json(json!({ "ok": true })),
        Err(refusal) if refusal.error.ends_with("_url") => {
            HttpResponse::NotFound().json(refusal.into_body())
        }
        Err(refusal) => HttpResponse::Ok().json(refusal.into_body()),
    }
}
