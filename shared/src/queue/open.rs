//! From configuration to a queue.
//!
//! Owns the choice of the backend. **Invariant:** a backend that this build does not have is an error that
//! says which build has it, never another backend.

use std::sync::Arc;

use super::{EmbeddedOptions, EmbeddedQueue, Queue, QueueError};
use crate::config::{QueueBackend, QueueConfig};

/// Opens the configured queue.
///
/// # Errors
/// Transient if the backend cannot be reached; permanent if it is unfit, or not part of this build.
pub async fn open(config: &QueueConfig) -> Result<Arc<dyn Queue>, QueueError> {
    match config.backend {
        QueueBackend::Embedded => Ok(Arc::new(EmbeddedQueue::new(&EmbeddedOptions {
            window_messages: size(config.message_window),
            window_files: size(config.file_window),
            lease_messages: config.message_lease,
            lease_files: config.file_lease,
            lease_results: config.result_lease,
        }))),
        QueueBackend::Redis => Box::pin(redis(config)).await,
        QueueBackend::Sqs => Box::pin(sqs(config)).await,
    }
}

#[cfg(feature = "redis")]
async fn redis(config: &QueueConfig) -> Result<Arc<dyn Queue>, QueueError> {
    use super::{RedisOptions, RedisQueue};
    let Some(url) = config.redis_url.clone() else {
        return Err(incomplete());
    };
    let options = RedisOptions {
        key_prefix: config.key_prefix.clone(),
        window_messages: size(config.message_window),
        window_files: size(config.file_window),
        lease_messages: config.message_lease,
        lease_files: config.file_lease,
        lease_results: config.result_lease,
        ..RedisOptions::new(url)
    };
    Ok(Arc::new(RedisQueue::connect(options).await?))
}

#[cfg(not(feature = "redis"))]
async fn redis(_config: &QueueConfig) -> Result<Arc<dyn Queue>, QueueError> {
    std::future::ready(Err(not_built("redis"))).await
}

#[cfg(feature = "sqs")]
async fn sqs(config: &QueueConfig) -> Result<Arc<dyn Queue>, QueueError> {
    use super::{SqsOptions, SqsQueue};
    let urls = config
        .sqs_jobs_url
        .as_ref()
        .zip(config.sqs_files_url.as_ref());
    let Some(((jobs, files), results)) = urls.zip(config.sqs_results_url.as_ref()) else {
        return Err(incomplete());
    };
    let options = SqsOptions {
        endpoint: config.sqs_endpoint.as_ref().map(ToString::to_string),
        window_messages: size(config.message_window),
        window_files: size(config.file_window),
        lease_messages: config.message_lease,
        lease_files: config.file_lease,
        lease_results: config.result_lease,
        ..SqsOptions::new(jobs.to_string(), files.to_string(), results.to_string())
    };
    Ok(Arc::new(SqsQueue::connect(options).await?))
}

#[cfg(not(feature = "sqs"))]
async fn sqs(_config: &QueueConfig) -> Result<Arc<dyn Queue>, QueueError> {
    std::future::ready(Err(not_built("sqs"))).await
}

#[cfg(any(feature = "redis", feature = "sqs"))]
fn incomplete() -> QueueError {
    QueueError::Unfit("its addresses are not configured".to_owned())
}

#[cfg(not(all(feature = "redis", feature = "sqs")))]
fn not_built(feature: &str) -> QueueError {
    QueueError::Unfit(format!(
        "this build is without it: build with `--features {feature}`"
    ))
}

fn size(window: u32) -> usize {
    usize::try_from(window).unwrap_or(usize::MAX)
}
