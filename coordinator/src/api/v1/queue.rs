//! `/api/v1/queue`: how much is waiting, and where.

use actix_web::web;
use serde::Serialize;
use shared::queue::Stream;
use utoipa::ToSchema;

use crate::api::auth::{Authorized, permit};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::store::jobs;

/// The queue, as it stands.
#[derive(Serialize, ToSchema)]
pub struct QueueView {
    /// `memory`, `redis` or `aws_sqs`.
    #[schema(example = "redis")]
    system: &'static str,
    /// The streams.
    streams: Vec<StreamView>,
    /// Jobs without a result, by class, as the database has them.
    open_jobs: Vec<OpenView>,
    /// Entries set aside.
    dead_letters: u64,
}

/// One stream.
#[derive(Serialize, ToSchema)]
pub struct StreamView {
    /// Its name.
    #[schema(example = "jobs:messages")]
    name: &'static str,
    /// Entries nobody holds.
    waiting: u64,
    /// Entries somebody holds.
    in_flight: u64,
}

/// Jobs of one class that have no result.
#[derive(Serialize, ToSchema)]
pub struct OpenView {
    /// `message` or `file`.
    #[schema(example = "message")]
    class: &'static str,
    /// How many.
    open: u64,
    /// How long the oldest has been waiting.
    oldest_age_seconds: f64,
}

/// How much is waiting, and where.
#[utoipa::path(
    get, operation_id = "getQueue", path = "/api/v1/queue", tag = "operation", security(("bearer" = [])),
    responses(
        (status = 200, description = "the queue", body = QueueView),
        (status = 503, description = "the queue cannot be reached", body = crate::api::Problem),
    ),
)]
pub async fn status(
    _auth: Authorized<permit::QueueRead>,
    app: web::Data<AppState>,
) -> Result<web::Json<QueueView>, ApiError> {
    let mut streams = Vec::new();
    let mut dead_letters = 0;
    for stream in Stream::ALL {
        let depth = app.queue.depth(stream).await;
        let depth = depth.map_err(|error| ApiError::failed(error.class(), error))?;
        dead_letters = depth.dead_letters;
        streams.push(StreamView {
            name: stream.name(),
            waiting: depth.waiting,
            in_flight: depth.in_flight,
        });
    }
    let open = app.store.read(jobs::open_stats).await?;
    let open_jobs = open
        .into_iter()
        .map(|open| OpenView {
            class: open.class.as_str(),
            open: open.open,
            oldest_age_seconds: open.oldest_age.as_secs_f64(),
        })
        .collect();
    let system = app.queue.system();
    Ok(web::Json(QueueView {
        system,
        streams,
        open_jobs,
        dead_letters,
    }))
}
