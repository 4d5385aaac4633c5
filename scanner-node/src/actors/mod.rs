//! The actors of a scanner node, and how they are started.
//!
//! | actor | owns |
//! |---|---|
//! | `Puller`, one per stream | the consumer, the permits, the batches in flight |
//! | `DetectorCache` | compiled engines by version |
//! | `Heartbeat` | telling the coordinator that this node lives |
//!
//! Scanning itself (`scanner`) and answering (`reporter`) are plain functions that a puller runs.
//!
//! **Invariant:** a permit is taken before anything is pulled, and a delivery is settled or left to its
//! lease, never forgotten with an acknowledgement.

mod detector_cache;
mod examine;
mod heartbeat;
mod puller;
mod remote;
mod reporter;
mod scanner;
mod work;

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ArbiterHandle};
use shared::actor::{Guarded, Guardian};
use shared::clock::SharedClock;
use shared::ids::NodeId;
use shared::job::JobClass;
use shared::lifecycle::Shutdown;
use shared::queue::{Queue, Stream};
use shared::seal::{EnvelopeSealer, Fingerprinter, Sealer};

use self::detector_cache::DetectorCache;
use self::heartbeat::Heartbeat;
use self::puller::Puller;
use self::work::Work;
use crate::detect::IndexKeys;
use crate::fetch::Fetcher;
use crate::limits::NodeLimits;
use crate::metrics::NodeMetrics;
use crate::source::{BlobSource, DetectorSource, TicketSource};

pub use self::heartbeat::{HEARTBEAT_INTERVAL, HeartbeatSink};

/// What a node is made of: the composition root decides.
pub struct NodeParts {
    /// Who this node is.
    pub node: NodeIdentity,
    /// What carries jobs and results.
    pub queue: Arc<dyn Queue>,
    /// Opens jobs and seals results.
    pub sealer: EnvelopeSealer,
    /// Opens sealed blobs.
    pub blob_sealer: Sealer,
    /// Makes fingerprints.
    pub fingerprinter: Fingerprinter,
    /// The keys of rows and documents that admins registered.
    pub index_keys: IndexKeys,
    /// Where detector sets come from.
    pub detectors: Arc<dyn DetectorSource>,
    /// Where blobs come from.
    pub blobs: Arc<dyn BlobSource>,
    /// Says where Slack keeps a file.
    pub tickets: Arc<dyn TicketSource>,
    /// Fetches it.
    pub fetcher: Fetcher,
    /// Who hears that this node lives.
    pub heartbeat: Arc<dyn HeartbeatSink>,
    /// How much at once.
    pub limits: NodeLimits,
    /// What is counted.
    pub metrics: Arc<NodeMetrics>,
    /// When to stop.
    pub shutdown: Shutdown,
    /// What time it is.
    pub clock: SharedClock,
}

/// Who a node is.
#[derive(Clone, Debug)]
pub struct NodeIdentity {
    /// New at each start.
    pub id: NodeId,
    /// For people: the host's or pod's name.
    pub name: String,
}

/// A running node.
pub struct Node {
    messages: Guarded<Puller>,
    files: Guarded<Puller>,
    cache: Guarded<DetectorCache>,
    _heartbeat: Guarded<Heartbeat>,
    work: Arc<Work>,
}

impl Node {
    /// Waits until nothing is in work, or until `deadline` has passed; says how many batches were left to
    /// their leases.
    pub async fn drain(&self, deadline: Duration) -> usize {
        self.work.drain(deadline).await
    }

    /// Whether every actor of the node is there.
    pub fn is_alive(&self) -> bool {
        self.messages.is_alive() && self.files.is_alive() && self.cache.is_alive()
    }
}

/// Starts a node's actors on an arbiter.
pub fn start(parts: NodeParts, guardian: &Guardian, arbiter: &ArbiterHandle) -> Node {
    let parts = Arc::new(parts);
    let cache = guardian.guard("detector_cache", {
        let (parts, arbiter) = (Arc::clone(&parts), arbiter.clone());
        move || {
            let (source, keys) = (Arc::clone(&parts.detectors), parts.index_keys.clone());
            DetectorCache::start_in_arbiter(&arbiter, move |_ctx| DetectorCache::new(source, keys))
        }
    });
    let work = Arc::new(Work::new(Arc::clone(&parts), cache.clone()));
    let puller = |name, stream, class| {
        let (work, arbiter) = (Arc::clone(&work), arbiter.clone());
        guardian.guard(name, move || {
            let work = Arc::clone(&work);
            Puller::start_in_arbiter(&arbiter, move |_ctx| Puller::new(stream, class, work))
        })
    };
    let messages = puller("puller_messages", Stream::Messages, JobClass::Message);
    let files = puller("puller_files", Stream::Files, JobClass::File);
    let heartbeat = guardian.guard("heartbeat", {
        let arbiter = arbiter.clone();
        move || {
            let parts = Arc::clone(&parts);
            Heartbeat::start_in_arbiter(&arbiter, move |_ctx| Heartbeat::new(parts))
        }
    });
    Node {
        messages,
        files,
        cache,
        _heartbeat: heartbeat,
        work,
    }
}

/// The stream jobs of a class travel on.
const fn stream_of(class: JobClass) -> Stream {
    match class {
        JobClass::Message => Stream::Messages,
        JobClass::File => Stream::Files,
    }
}
