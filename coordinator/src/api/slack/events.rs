//! `POST /slack/events`: what Slack tells us.
//!
//! Owns the way from a signed request to a committed event.
//! **Invariant:** 200 means: on disk, or nothing to keep. Anything else makes Slack ask again.

use actix_web::{HttpResponse, web};

use super::SignedBySlack;
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::inbox::Taken;

/// Takes in what Slack sent.
#[utoipa::path(
    post, operation_id = "receiveSlackEvent",
    path = "/slack/events",
    tag = "slack",
    request_body(
        content = serde_json::Value, description = "an envelope of the Events API",
        example = json!({"type": "url_verification", "challenge": "3eZbrw1aB10FsKdKA"}),
    ),
    responses(
        (status = 200, description = "on disk, or nothing to keep"),
        (status = 400, description = "not JSON", body = crate::api::Problem),
        (status = 401, description = "the signature does not hold", body = crate::api::Problem),
        (status = 413, description = "longer than 1 MiB", body = crate::api::Problem),
        (status = 503, description = "not on disk: send it again", body = crate::api::Problem),
    ),
)]
pub async fn receive(
    signed: SignedBySlack,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    Ok(match app.inbox.event(&signed.0).await? {
        Taken::Kept => HttpResponse::Ok().finish(),
        Taken::Challenge(challenge) => {
            HttpResponse::Ok().json(serde_json::json!({ "challenge": challenge }))
        }
    })
}
