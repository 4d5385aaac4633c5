//! Liveness.
//!
//! Owns the answer to "is this process there at all". Leaves readiness, which asks the database and the
//! queue, to those who hold them.
//! **Invariant:** answers without touching anything that may be down.

use actix_web::web;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Public;

/// The process is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alive {
    /// Always `ok`.
    #[schema(example = "ok")]
    pub status: String,
}

/// Says that the process runs.
#[utoipa::path(
    get,
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
