//! Compiled engines, by the version of their detector set.
//!
//! Owns compiling (once per version, however many jobs ask for it meanwhile, off the reactor) and the few
//! versions in use. A set that does not
//! compile never replaces one that does: the job that named it fails, the others go on.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use actix::{Actor, ActorFutureExt, Context, Handler, Message, ResponseActFuture, WrapFuture};
use shared::ids::DetectorSetVersion;
use tokio::sync::oneshot;

use crate::detect::{CompileErrors, Engine, IndexKeys};
use crate::source::{DetectorSource, SourceError};

/// Versions kept: the current one, the one before, and what a redispatched job may still name.
const KEPT: usize = 4;

shared::answers_ping!(DetectorCache);

/// Keeps engines.
pub(crate) struct DetectorCache {
    source: Arc<dyn DetectorSource>,
    keys: IndexKeys,
    engines: VecDeque<Loaded>,
    /// Versions that are being compiled, and who waits for them beside the first who asked.
    loading: HashMap<DetectorSetVersion, Vec<oneshot::Sender<Loaded>>>,
}

/// An engine and what it was asked for as.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// The version a job asked for.
    asked: DetectorSetVersion,
    /// The version it got: the current one where the one asked for is gone.
    pub(crate) version: DetectorSetVersion,
    pub(crate) engine: Arc<Engine>,
}

/// Asks for the engine of a version.
#[derive(Message)]
#[rtype(result = "Result<Loaded, LoadError>")]
pub(crate) struct Load(pub(crate) DetectorSetVersion);

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("detector set: {0}")]
    Source(#[from] SourceError),
    #[error("detector set does not compile: {0}")]
    Compile(#[from] CompileErrors),
    #[error("compiling the detector set panicked")]
    Panicked,
    #[error("the detector set could not be loaded for another job")]
    NotForAnother,
}

impl DetectorCache {
    pub(crate) fn new(source: Arc<dyn DetectorSource>, keys: IndexKeys) -> Self {
        Self {
            source,
            keys,
            engines: VecDeque::new(),
            loading: HashMap::new(),
        }
    }

    fn keep(&mut self, loaded: Loaded) {
        self.engines.retain(|kept| kept.asked != loaded.asked);
        self.engines.push_front(loaded);
        self.engines.truncate(KEPT);
    }
}

impl Actor for DetectorCache {
    type Context = Context<Self>;
}

impl Handler<Load> for DetectorCache {
    type Result = ResponseActFuture<Self, Result<Loaded, LoadError>>;

    fn handle(&mut self, Load(version): Load, _ctx: &mut Context<Self>) -> Self::Result {
        if let Some(loaded) = self.engines.iter().find(|loaded| loaded.asked == version) {
            return Box::pin(std::future::ready(Ok(loaded.clone())).into_actor(self));
        }
        if let Some(waiting) = self.loading.get_mut(&version) {
            let (tell, told) = oneshot::channel();
            waiting.push(tell);
            let told = async move { told.await.map_err(|_dropped| LoadError::NotForAnother) };
            return Box::pin(told.into_actor(self));
        }
        self.loading.insert(version.clone(), Vec::new());
        let source = Arc::clone(&self.source);
        let loading = load(source, self.keys.clone(), version.clone()).into_actor(self);
        Box::pin(loading.map(move |outcome, cache, _ctx| {
            // Dropped untold, they learn that it failed: their jobs wait and ask again.
            let waiting = cache.loading.remove(&version).unwrap_or_default();
            if let Ok(loaded) = &outcome {
                cache.keep(loaded.clone());
                for tell in waiting {
                    // Who has gone needs no engine.
                    tell.send(loaded.clone()).ok();
                }
            }
            outcome
        }))
    }
}

async fn load(
    source: Arc<dyn DetectorSource>,
    keys: IndexKeys,
    asked: DetectorSetVersion,
) -> Result<Loaded, LoadError> {
    let set = source.fetch(&asked).await?;
    let version = set.version.clone();
    let compiling = tokio::task::spawn_blocking(move || Engine::compile_with(&set, Some(&keys)));
    let engine = compiling.await.map_err(|_panic| LoadError::Panicked)??;
    tracing::info!(%version, "detector set compiled");
    Ok(Loaded {
        asked,
        version,
        engine: Arc::new(engine),
    })
}
