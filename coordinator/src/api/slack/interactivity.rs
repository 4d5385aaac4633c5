//! `POST /slack/interactivity`: somebody pressed a button of ours.
//!
//! Who pressed it, and whether they may, is found out when it is carried out.
//! **Invariant:** a click is on disk before its 200.

use actix_web::{HttpResponse, web};

use super::FormBySlack;
use crate::api::problem::ApiError;
use crate::api::state::AppState;

/// Takes in what somebody pressed.
#[utoipa::path(
    post, operation_id = "receiveSlackInteraction", path = "/slack/interactivity", tag = "slack",
    request_body(
        content = String, content_type = "application/x-www-form-urlencoded",
        description = "`payload`: what was pressed, as JSON",
        example = "payload=%7B%22type%22%3A%22block_actions%22%7D",
    ),
    responses(
        (status = 200, description = "on disk, or nothing to keep"),
        (status = 400, description = "not what Slack sends", body = crate::api::Problem),
        (status = 401, description = "the signature does not hold", body = crate::api::Problem),
        (status = 413, description = "longer than 1 MiB", body = crate::api::Problem),
        (status = 503, description = "not on disk: press again", body = crate::api::Problem),
    ),
)]
pub async fn receive(
    signed: FormBySlack,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    app.inbox.interaction(&signed.0).await?;
    Ok(HttpResponse::Ok().finish())
}
