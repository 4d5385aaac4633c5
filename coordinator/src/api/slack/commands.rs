//! `POST /slack/commands`: `/dlp` in Slack.
//!
//! What it answers is for `inbox`.

use actix_web::{HttpResponse, web};

use super::FormBySlack;
use crate::api::problem::ApiError;
use crate::api::state::AppState;

/// Answers `/dlp`.
#[utoipa::path(
    post, operation_id = "receiveSlackCommand", path = "/slack/commands", tag = "slack",
    request_body(
        content = String, content_type = "application/x-www-form-urlencoded",
        description = "a slash command, as Slack sends it",
        example = "command=%2Fdlp&text=status&team_id=T0001&user_id=U0001",
    ),
    responses(
        (
            status = 200, description = "the answer, for whoever asked alone", body = serde_json::Value,
            example = json!({"response_type": "ephemeral", "text": "Weir is watching this workspace."}),
        ),
        (status = 400, description = "not what Slack sends", body = crate::api::Problem),
        (status = 401, description = "the signature does not hold", body = crate::api::Problem),
        (status = 413, description = "longer than 1 MiB", body = crate::api::Problem),
    ),
)]
pub async fn receive(
    signed: FormBySlack,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let answered = app.inbox.command(&signed.0).map(|answer| match answer {
        Some(answer) => HttpResponse::Ok().json(answer),
        None => HttpResponse::Ok().finish(),
    });
    Ok(std::future::ready(answered).await?)
}
