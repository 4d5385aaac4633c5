//! The batches that are in work.
//!
//! Owns the permits, one for each batch, and waiting until all are back.

use std::sync::Arc;
use std::time::Duration;

use shared::actor::{Drain, Guarded, Permits};
use shared::job::JobClass;

use super::NodeParts;
use super::detector_cache::DetectorCache;

/// What all pullers of a node share.
pub(crate) struct Work {
    pub(crate) parts: Arc<NodeParts>,
    pub(crate) detectors: Guarded<DetectorCache>,
    messages: Permits,
    files: Permits,
}

impl Work {
    pub(crate) fn new(parts: Arc<NodeParts>, detectors: Guarded<DetectorCache>) -> Self {
        let messages = Permits::new(parts.limits.message_batches);
        let files = Permits::new(parts.limits.files);
        Self {
            parts,
            detectors,
            messages,
            files,
        }
    }

    pub(super) fn permits(&self, class: JobClass) -> &Permits {
        match class {
            JobClass::Message => &self.messages,
            JobClass::File => &self.files,
        }
    }

    pub(super) fn batch(&self, class: JobClass) -> usize {
        match class {
            JobClass::Message => self.parts.limits.message_batch,
            JobClass::File => 1,
        }
    }

    /// Waits until nothing is in work; says how many batches still were when `deadline` had passed.
    pub(crate) async fn drain(&self, deadline: Duration) -> usize {
        let (messages, files) =
            tokio::join!(self.messages.drain(deadline), self.files.drain(deadline));
        [messages, files]
            .into_iter()
            .map(|drain| match drain {
                Drain::Drained => 0,
                Drain::StillHeld(batches) => batches,
            })
            .sum()
    }
}
