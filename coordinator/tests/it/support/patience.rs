//! Waiting for something to become true.
//!
//! **Invariant:** the bound is reached only when something is wrong; no test measures time by it.

use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Asks `question` until it says yes.
pub(crate) async fn until(what: &str, mut question: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !question().await {
        assert!(begun.elapsed() < BOUND, "not within {BOUND:?}: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
