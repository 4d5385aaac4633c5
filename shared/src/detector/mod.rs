//! Detectors as data: what a pack declares, what an admin writes, what a node compiles.
//!
//! Owns the serde types and the structural checks that need no engine. Whether a pattern compiles, and
//! what it costs, is for `scanner_node::detect`.
//! **Invariant:** a set's version is a digest of its enabled detectors: equal versions detect alike.

mod check;
mod exact;
mod fault;
mod fingerprints;
mod set;
mod spec;

pub use exact::ExactData;
pub use fault::{SpecError, SpecFault};
pub use fingerprints::Fingerprints;
pub use set::DetectorSet;
pub use spec::{
    Check, DetectorSpec, Exclusion, Hotwords, Kind, MaskRule, Origin, Precedence, ValidatorName,
    WordMatching,
};
