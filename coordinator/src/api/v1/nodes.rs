//! `/api/v1/nodes`: the scanner nodes that live.

use std::time::Duration;

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use super::views::NodeView;
use crate::api::auth::{Authorized, permit};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::store::nodes;

/// A node that was not heard of for so long is gone: three of its reports are missing.
const GONE_AFTER: Duration = Duration::from_secs(15);

/// All living nodes.
#[derive(Serialize, ToSchema)]
pub struct NodeList {
    /// The nodes.
    items: Vec<NodeView>,
    /// How many there are.
    total: usize,
}

/// The nodes heard of within the last seconds, all on one page.
#[utoipa::path(
    get, operation_id = "listNodes", path = "/api/v1/nodes", tag = "operation", security(("bearer" = [])),
    responses((status = 200, description = "the living nodes", body = NodeList)),
)]
pub async fn list(
    _auth: Authorized<permit::NodesRead>,
    app: web::Data<AppState>,
) -> Result<web::Json<NodeList>, ApiError> {
    let nodes = app.store.read(|conn| nodes::live(conn, GONE_AFTER)).await?;
    let items: Vec<NodeView> = nodes
        .into_iter()
        .map(|node| NodeView {
            id: node.id.as_uuid(),
            name: node.name,
            version: node.version,
            started_at: node.started_at,
            last_seen_at: node.last_seen_at,
            concurrency: node.concurrency,
            counters: node.counters,
        })
        .collect();
    Ok(web::Json(NodeList {
        total: items.len(),
        items,
    }))
}
