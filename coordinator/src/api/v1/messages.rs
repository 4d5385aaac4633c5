//! `/api/v1/messages`: Slack messages with something in them that must not be there.
//!
//! **Invariant:** an excerpt is made of masked previews; no word of a message is kept or shown.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::ids::{JobId, WorkspaceId};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::held::HeldView;
use super::views::{CoverageView, FindingView};
use super::{page_of, paging};
use crate::api::auth::{Authorized, permit};
use crate::api::cursor::{Page, PageQuery};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::store::messages::{self, CaughtMessage, MessageFilter};

/// Which messages.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessageQuery {
    /// Only of this workspace.
    workspace: Option<String>,
    /// Only in this channel.
    channel: Option<String>,
    /// Only by this user.
    user: Option<String>,
}

/// A caught message.
#[derive(Serialize, ToSchema)]
pub struct MessageView {
    /// Its id here.
    id: Uuid,
    /// Slack's id of the workspace.
    #[schema(example = "T0001")]
    workspace: String,
    /// Slack's id of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// Slack's id of the author.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Slack's id of the message in its channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<String>,
    /// The thread it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<String>,
    /// When it came in.
    received_at: DateTime<Utc>,
    /// When its scan was counted.
    scanned_at: DateTime<Utc>,
    /// What was found in it, masked.
    #[schema(example = "4111 **** **** 1111")]
    excerpt: String,
    /// The detectors that caught it.
    #[schema(example = json!(["credit-card-number"]))]
    detectors: Vec<String>,
    /// How bad the worst of it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    /// How much of it was examined.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageView>,
    /// The policies it met.
    policies: Vec<MetPolicy>,
    /// What is done about it.
    actions: Vec<ActionView>,
    /// What became of it, if it was to be blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked: Option<HeldView>,
    /// The findings.
    findings: Vec<FindingView>,
}

/// A policy that a message met.
#[derive(Serialize, ToSchema)]
pub struct MetPolicy {
    /// Its name at the time.
    #[schema(example = "Payment cards")]
    name: String,
    /// `simulate` or `enforce`, at the time.
    #[schema(example = "simulate")]
    mode: &'static str,
}

/// Something that is done about a message.
#[derive(Serialize, ToSchema)]
pub struct ActionView {
    /// What.
    #[schema(example = "block")]
    kind: String,
    /// How far it is.
    #[schema(example = "done")]
    state: &'static str,
    /// When it was decided.
    created_at: DateTime<Utc>,
}

/// Caught messages, newest first.
#[utoipa::path(
    get, operation_id = "listMessages", path = "/api/v1/messages", tag = "messages", security(("bearer" = [])),
    params(PageQuery, MessageQuery),
    responses((status = 200, description = "a page", body = Page<MessageView>)),
)]
pub async fn list(
    _auth: Authorized<permit::MessagesRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    query: web::Query<MessageQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<MessageView>>, ApiError> {
    let paging = paging::<MessageQuery>(&request, &page, &app.cursors)?;
    let MessageQuery {
        workspace,
        channel,
        user,
    } = query.into_inner();
    let filter = MessageFilter {
        workspace: workspace.map(WorkspaceId::new),
        channel_id: channel,
        user_id: user,
    };
    let found = app
        .store
        .read(move |conn| messages::list(conn, &filter, paging))
        .await?;
    let view = |message: CaughtMessage| (message.job.id.as_uuid(), MessageView::from(message));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// One caught message.
#[utoipa::path(
    get, operation_id = "getMessage", path = "/api/v1/messages/{id}", tag = "messages", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the message's id here")),
    responses(
        (status = 200, description = "the message", body = MessageView),
        (status = 404, description = "no such message", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::MessagesRead>,
    id: web::Path<JobId>,
    app: web::Data<AppState>,
) -> Result<web::Json<MessageView>, ApiError> {
    let id = *id;
    let found = app.store.read(move |conn| messages::get(conn, id)).await?;
    let message = found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
    Ok(web::Json(MessageView::from(message)))
}

impl From<CaughtMessage> for MessageView {
    fn from(message: CaughtMessage) -> Self {
        let CaughtMessage {
            job,
            result,
            findings,
            violations,
            actions,
            held,
        } = message;
        let findings: Vec<FindingView> = findings.into_iter().map(FindingView::from).collect();
        let previews: Vec<&str> = findings
            .iter()
            .map(|finding| finding.preview.as_str())
            .collect();
        let mut detectors: Vec<String> = findings
            .iter()
            .map(|finding| finding.detector.clone())
            .collect();
        detectors.sort_unstable();
        detectors.dedup();
        Self {
            id: job.id.as_uuid(),
            workspace: job.workspace.to_string(),
            channel: job.place.channel_id,
            user: job.place.user_id,
            ts: job.place.message_ts,
            thread_ts: job.place.thread_ts,
            received_at: job.created_at,
            scanned_at: result.committed_at,
            excerpt: previews.join(" … "),
            detectors,
            severity: result
                .highest_severity
                .map(shared::finding::Severity::as_str),
            coverage: result.coverage.0.map(CoverageView::from),
            policies: violations
                .into_iter()
                .map(|met| MetPolicy {
                    name: met.policy_name,
                    mode: met.mode.as_str(),
                })
                .collect(),
            actions: actions
                .into_iter()
                .map(|action| ActionView {
                    kind: action.kind,
                    state: action.state.as_str(),
                    created_at: action.created_at,
                })
                .collect(),
            blocked: held.map(HeldView::from),
            findings,
        }
    }
}
