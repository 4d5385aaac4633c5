//! The detectors in force, and the sets that jobs may still name.
//!
//! Owns joining the built-in detectors with what the database says, and keeping the last few sets by
//! version. Leaves changing the database to `detector_changes`.
//! **Invariant:** a set is published only if it compiles: a bad detector never replaces a good set. Sets
//! are published in the order in which the database was read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use scanner_node::detect::{self, CompileErrors, Engine, IndexKeys, PackError};
use scanner_node::source::{DetectorSource, SourceError};
use shared::detector::{DetectorSet, DetectorSpec, Origin, SpecError};
use shared::ids::DetectorSetVersion;

use crate::store::detectors::{Mark, StoredDetector};
use crate::store::{Store, StoreError, detectors};

/// Sets kept for jobs that were made before the last changes.
const KEPT: usize = 8;

/// Detector sets by version.
pub struct DetectorSets {
    builtin: Vec<DetectorSpec>,
    keys: Option<IndexKeys>,
    current: ArcSwap<DetectorSet>,
    recent: Mutex<VecDeque<Arc<DetectorSet>>>,
    /// What the database held when it was read last; whoever holds the lock may publish.
    read: tokio::sync::Mutex<Option<Vec<Mark>>>,
}

/// A detector that there is, in force or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDetector {
    /// The detector, as it would be in force.
    pub spec: DetectorSpec,
    /// How often it was changed: 0 for a built-in one that is as it came.
    pub version: i32,
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
    /// Compiling panicked.
    #[error("compiling the detectors panicked")]
    Panicked,
}

impl DetectorSets {
    /// The built-in detectors alone.
    ///
    /// # Errors
    /// Permanent: a built-in detector is malformed.
    pub fn builtin() -> Result<Self, DetectorSetError> {
        let builtin = detect::builtin_specs()?;
        let set = Arc::new(DetectorSet::of(builtin.clone())?);
        Ok(Self {
            builtin,
            keys: None,
            current: ArcSwap::new(Arc::clone(&set)),
            recent: Mutex::new(VecDeque::from([set])),
            read: tokio::sync::Mutex::new(None),
        })
    }

    /// The same, with the keys of the rows and documents that admins registered.
    #[must_use]
    pub fn with_keys(self, keys: IndexKeys) -> Self {
        Self {
            keys: Some(keys),
            ..self
        }
    }

    /// The keys of the rows and documents that admins registered.
    pub fn keys(&self) -> Option<&IndexKeys> {
        self.keys.as_ref()
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

    /// The built-in detector of an id, as it came.
    pub fn builtin_of(&self, id: &str) -> Option<&DetectorSpec> {
        self.builtin.iter().find(|spec| spec.id.as_str() == id)
    }

    /// Every detector there is, given what is stored, in order of id.
    pub fn known(&self, stored: Vec<StoredDetector>) -> Vec<KnownDetector> {
        let as_they_came = self.builtin.iter().cloned();
        let mut all: Vec<KnownDetector> = as_they_came
            .map(|spec| KnownDetector { spec, version: 0 })
            .collect();
        for StoredDetector { spec, version, .. } in stored {
            let stored = spec.0;
            let builtin = all.iter_mut().find(|known| known.spec.id == stored.id);
            match builtin {
                Some(known) => {
                    known.spec.enabled = stored.enabled;
                    known.spec.severity = stored.severity;
                    known.spec.likelihood = stored.likelihood;
                    known.version = version;
                }
                None => all.push(KnownDetector {
                    spec: DetectorSpec {
                        origin: Origin::Custom,
                        ..stored
                    },
                    version,
                }),
            }
        }
        all.sort_by(|a, b| a.spec.id.cmp(&b.spec.id));
        all
    }

    /// Puts in force what the database says; tells whether the set changed. As long as nothing was changed
    /// there, it costs a look at the versions.
    ///
    /// # Errors
    /// Transient if the database cannot be read; permanent if a detector is unusable. Either way the set
    /// in force stays.
    pub async fn refresh(&self, store: &Store) -> Result<bool, DetectorSetError> {
        let mut read = self.read.lock().await;
        let before = read.clone();
        let reading = store.read(move |conn| {
            let marks = detectors::marks(conn)?;
            if before.as_ref() == Some(&marks) {
                return Ok(None);
            }
            // What changes between the two queries is noticed the next time.
            Ok(Some((marks, detectors::list(conn)?)))
        });
        let Some((marks, stored)) = reading.await? else {
            return Ok(false);
        };
        let known = self.known(stored).into_iter().map(|known| known.spec);
        let set = DetectorSet::of(known)?;
        let changed = set.version != self.current().version;
        if changed {
            self.compile_what_changed(&set).await?;
            self.put_in_force(Arc::new(set));
        }
        *read = Some(marks);
        Ok(changed)
    }

    /// What is wrong with a detector is wrong with it in any set, so that those which are in force already
    /// need not be looked at again.
    async fn compile_what_changed(&self, set: &DetectorSet) -> Result<(), DetectorSetError> {
        let current = self.current();
        let new = |spec: &&DetectorSpec| !current.detectors.contains(spec);
        let changed = DetectorSet {
            version: set.version.clone(),
            detectors: set.detectors.iter().filter(new).cloned().collect(),
        };
        let keys = self.keys.clone();
        let compiling = tokio::task::spawn_blocking(move || {
            Engine::compile_with(&changed, keys.as_ref()).map(drop)
        });
        let compiled = compiling.await;
        Ok(compiled.map_err(|_panic| DetectorSetError::Panicked)??)
    }

    fn put_in_force(&self, set: Arc<DetectorSet>) {
        tracing::info!(version = %set.version, detectors = set.detectors.len(), "detector set in force");
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_front(Arc::clone(&set));
        recent.truncate(KEPT);
        self.current.store(set);
    }
}

/// For scanners in this process: the same answers as the internal API's.
#[async_trait]
impl DetectorSource for DetectorSets {
    async fn fetch(&self, version: &DetectorSetVersion) -> Result<Arc<DetectorSet>, SourceError> {
        Ok(self.of_version(version).unwrap_or_else(|| self.current()))
    }
}
