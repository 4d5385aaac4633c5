//! The detectors in force, and the sets that jobs may still name.
//!
//! Owns joining the built-in detectors with the ones in the database, and keeping the last few sets by
//! version. A set is published only if it compiles: a bad detector never replaces a good set.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use scanner_node::detect::{self, CompileErrors, Engine, PackError};
use scanner_node::source::{DetectorSource, SourceError};
use shared::detector::{DetectorSet, DetectorSpec, SpecError};
use shared::ids::DetectorSetVersion;

use crate::store::{Store, StoreError, detectors};

/// Sets kept for jobs that were made before the last changes.
const KEPT: usize = 8;

/// Detector sets by version.
pub struct DetectorSets {
    current: ArcSwap<DetectorSet>,
    recent: Mutex<VecDeque<Arc<DetectorSet>>>,
}

/// The detectors in the database cannot be put in force.
#[derive(Debug, thiserror::Error)]
pub enum DetectorSetError {
    /// They could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// One is malformed, or two share an id.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// One does not compile.
    #[error(transparent)]
    Compile(#[from] CompileErrors),
    /// A built-in pack is malformed.
    #[error(transparent)]
    Pack(#[from] PackError),
}

impl DetectorSets {
    /// The built-in detectors alone.
    ///
    /// # Errors
    /// Permanent: a built-in detector is malformed.
    pub fn builtin() -> Result<Self, DetectorSetError> {
        let set = Arc::new(DetectorSet::of(detect::builtin_specs()?)?);
        Ok(Self {
            current: ArcSwap::new(Arc::clone(&set)),
            recent: Mutex::new(VecDeque::from([set])),
        })
    }

    /// The set in force.
    pub fn current(&self) -> Arc<DetectorSet> {
        self.current.load_full()
    }

    /// The set of a version, if it is among the last few.
    pub fn of_version(&self, version: &DetectorSetVersion) -> Option<Arc<DetectorSet>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent
            .iter()
            .find(|set| set.version == *version)
            .map(Arc::clone)
    }

    /// Reads the database's detectors and puts them in force with the built-in ones; says whether the set
    /// changed.
    ///
    /// # Errors
    /// Transient if the database cannot be read; permanent if a detector is unusable. Either way the set
    /// in force stays.
    pub async fn refresh(&self, store: &Store) -> Result<bool, DetectorSetError> {
        let own = store.read(detectors::list).await?;
        let own = own.into_iter().map(|stored| stored.spec.0).collect();
        let set = DetectorSet::of(overridden(detect::builtin_specs()?, own))?;
        if set.version == self.current().version {
            return Ok(false);
        }
        Engine::compile(&set)?;
        self.put_in_force(Arc::new(set));
        Ok(true)
    }

    fn put_in_force(&self, set: Arc<DetectorSet>) {
        tracing::info!(version = %set.version, detectors = set.detectors.len(), "detector set in force");
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_front(Arc::clone(&set));
        recent.truncate(KEPT);
        self.current.store(set);
    }
}

/// The built-in detectors, with those of the same id replaced and the others added.
fn overridden(builtin: Vec<DetectorSpec>, own: Vec<DetectorSpec>) -> Vec<DetectorSpec> {
    let mut all: Vec<DetectorSpec> = builtin
        .into_iter()
        .filter(|detector| own.iter().all(|other| other.id != detector.id))
        .collect();
    all.extend(own);
    all
}

/// For scanners in this process: the same answers as the internal API's.
#[async_trait]
impl DetectorSource for DetectorSets {
    async fn fetch(&self, version: &DetectorSetVersion) -> Result<Arc<DetectorSet>, SourceError> {
        Ok(self.of_version(version).unwrap_or_else(|| self.current()))
    }
}
