//! Liveness.
//!
//! Owns the answer to "is this process there at all". Leaves readiness, which asks the database and the
//! queue, to those who hold them.
//! **Invariant:** answers without touching anything that may be down.

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Public;
use super::state::AppState;

/// The process is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alive {
    /// Always `ok`.
    #[schema(example = "ok")]
    pub status: String,
}

/// Says that the process runs.
#[utoipa::path(
    get, operation_id = "alive",
    path = "/healthz",
    tag = "health",
    responses((status = 200, description = "the process runs", body = Alive)),
)]
pub async fn alive(_: Public) -> web::Json<Alive> {
    std::future::ready(web::Json(Alive {
        status: "ok".to_owned(),
    }))
    .await
}

/// Whether the process can work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// `ready` or `not_ready`.
    #[schema(example = "ready")]
    pub status: String,
    /// What is in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!([]))]
    pub reasons: Vec<String>,
}

/// Whether the process can work: the database answers and every actor is there. A queue that
/// is away does not count: it only carries, and events are taken in without it.
#[utoipa::path(
    get, operation_id = "ready",
    path = "/readyz",
    tag = "health",
    responses(
        (status = 200, description = "ready for work", body = Readiness),
        (status = 503, description = "not ready, and why", body = Readiness),
    ),
)]
pub async fn ready(_: Public, app: web::Data<AppState>) -> HttpResponse {
    let mut reasons: Vec<String> = app
        .actors
        .missing()
        .into_iter()
        .map(|actor| format!("the actor {actor} is gone"))
        .collect();
    if let Err(error) = app.store.hot().read(crate::store::clock::now).await {
        reasons.push(error.to_string());
    }
    if reasons.is_empty() {
        return HttpResponse::Ok().json(Readiness {
            status: "ready".to_owned(),
            reasons,
        });
    }
    HttpResponse::ServiceUnavailable().json(Readiness {
        status: "not_ready".to_owned(),
        reasons,
    })
}

/// Metrics for Prometheus, in the `OpenMetrics` text format.
#[utoipa::path(
    get, operation_id = "metrics",
    path = "/metrics",
    tag = "health",
    responses((
        status = 200, description = "all metrics", body = String, content_type = "application/openmetrics-text",
        example = json!("# TYPE weir_up gauge\n# EOF\n"),
    )),
)]
pub async fn metrics(_: Public, app: web::Data<AppState>) -> HttpResponse {
    let text = std::future::ready(app.metrics.encode()).await;
    HttpResponse::Ok()
        .insert_header((
            CONTENT_TYPE,
            HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ))
        .body(text)
}
