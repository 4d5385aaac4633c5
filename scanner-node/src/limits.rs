//! How much a node does at once, and what it refuses.

use std::time::Duration;

/// How much a node does at once.
#[derive(Clone, Copy, Debug)]
pub struct NodeLimits {
    /// Batches of messages in work at once.
    pub message_batches: u32,
    /// Messages pulled at once.
    pub message_batch: usize,
    /// Files in work at once.
    pub files: u32,
    /// Deliveries after which a job is failed unscanned: it may be what kills the nodes.
    pub max_deliveries: u32,
    /// How often a job in work renews its lease.
    pub renew_every: Duration,
    /// Longest file, in bytes before sealing.
    pub max_file_bytes: u64,
}

impl NodeLimits {
    /// Messages in work at once, at most.
    pub fn message_slots(&self) -> u32 {
        let batch = u32::try_from(self.message_batch).unwrap_or(u32::MAX);
        self.message_batches.saturating_mul(batch)
    }
}

impl Default for NodeLimits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let cores = u32::try_from(cores).unwrap_or(2);
        Self {
            message_batches: cores * 2,
            message_batch: 128,
            files: cores,
            max_deliveries: 4,
            renew_every: Duration::from_secs(3),
            max_file_bytes: 256 * 1024 * 1024,
        }
    }
}
