//! `/api/v1/findings`: what was found, wherever it was.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::finding::{InfoType, Likelihood};
use shared::ids::JobId;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::views::FindingView;
use super::{page_of, paging};
use crate::api::auth::{Authorized, permit};
use crate::api::cursor::{Page, PageQuery};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::store::findings::{self, FindingFilter, StoredFinding};

/// Which findings.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FindingQuery {
    /// Only of this kind.
    #[param(value_type = Option<String>, example = "CREDIT_CARD_NUMBER")]
    info_type: Option<InfoType>,
    /// Only at least so sure.
    #[param(value_type = Option<String>, example = "LIKELY")]
    min_likelihood: Option<Likelihood>,
    /// Only of this scan.
    #[param(value_type = Option<Uuid>)]
    scan: Option<JobId>,
}

/// A finding, and the scan it belongs to.
#[derive(Serialize, ToSchema)]
pub struct LocatedFinding {
    /// The scan of the text or file, or the id of the message.
    scan: Uuid,
    /// When it was counted.
    created_at: DateTime<Utc>,
    /// What was found.
    #[serde(flatten)]
    finding: FindingView,
}

/// Findings, newest first.
#[utoipa::path(
    get, operation_id = "listFindings", path = "/api/v1/findings", tag = "findings", security(("bearer" = [])),
    params(PageQuery, FindingQuery),
    responses((status = 200, description = "a page", body = Page<LocatedFinding>)),
)]
pub async fn list(
    _auth: Authorized<permit::FindingsRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    query: web::Query<FindingQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<LocatedFinding>>, ApiError> {
    let paging = paging::<FindingQuery>(&request, &page, &app.cursors)?;
    let FindingQuery {
        info_type,
        min_likelihood,
        scan,
    } = query.into_inner();
    let filter = FindingFilter {
        info_type,
        min_likelihood,
        job: scan,
    };
    let found = app
        .store
        .read(move |conn| findings::list(conn, &filter, paging))
        .await?;
    let view = |stored: StoredFinding| {
        let (scan, created_at) = (stored.job_id.as_uuid(), stored.created_at);
        let finding = FindingView::from(stored);
        (
            finding.id,
            LocatedFinding {
                scan,
                created_at,
                finding,
            },
        )
    };
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}
