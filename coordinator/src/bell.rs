//! A bell that says that there is something in the outbox.
//!
//! Owns waking whoever carries rows out in this process; rows of other processes are found by looking.
//! **Invariant:** a ring that nobody waits for is heard by the next one who does.

use std::sync::Arc;

use tokio::sync::Notify;

/// Rung after a commit that made rows due. Clones are the same bell.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Says that there is something to do.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits until it is rung, or returns at once if it was.
    ///
    /// # Cancel safety
    /// A ring is not lost with a wait that is given up.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}
