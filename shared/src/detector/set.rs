//! The detectors that are compiled and run together.

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::{DetectorSpec, SpecError};
use crate::ids::DetectorSetVersion;

/// Enabled detectors and the version that names exactly them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectorSet {
    /// Digest of the detectors.
    pub version: DetectorSetVersion,
    /// In order of id.
    pub detectors: Vec<DetectorSpec>,
}

impl DetectorSet {
    /// Makes a set of the enabled ones among `detectors`.
    ///
    /// # Errors
    /// [`SpecError`] of the first detector that is malformed or has another's id; permanent.
    pub fn of(detectors: impl IntoIterator<Item = DetectorSpec>) -> Result<Self, SpecError> {
        let mut enabled: Vec<DetectorSpec> = detectors
            .into_iter()
            .filter(|detector| detector.enabled)
            .collect();
        enabled.sort_by(|a, b| a.id.cmp(&b.id));
        let mut seen = BTreeSet::new();
        for detector in &enabled {
            detector.check()?;
            if !seen.insert(&detector.id) {
                return Err(SpecError::DuplicateId(detector.id.clone()));
            }
        }
        let version = digest_of(&enabled);
        Ok(Self {
            version,
            detectors: enabled,
        })
    }
}

/// 128 bits of SHA-256 over each detector's JSON, in order.
fn digest_of(detectors: &[DetectorSpec]) -> DetectorSetVersion {
    let mut context = digest::Context::new(&digest::SHA256);
    for detector in detectors {
        // A struct of strings, numbers and lists: serialising it cannot fail.
        let json = serde_json::to_vec(detector).unwrap_or_default();
        context.update(&json.len().to_be_bytes());
        context.update(&json);
    }
    let hash = context.finish();
    let half = hash.as_ref().iter().take(16).copied().collect::<Vec<u8>>();
    DetectorSetVersion::new(hex::encode(half))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector(id: &str) -> DetectorSpec {
        serde_json::from_value(serde_json::json!({
            "id": id, "name": id, "info_type": "TEST_TYPE", "patterns": ["x+"],
            "likelihood": "LIKELY", "severity": "LOW",
        }))
        .unwrap()
    }

    #[test]
    fn the_version_ignores_the_order_and_sees_every_change() {
        let ab = DetectorSet::of([detector("a"), detector("b")]).unwrap();
        let ba = DetectorSet::of([detector("b"), detector("a")]).unwrap();
        assert_eq!(ab.version, ba.version);
        let mut changed = detector("b");
        changed.patterns = vec!["y+".to_owned()];
        assert_ne!(
            DetectorSet::of([detector("a"), changed]).unwrap().version,
            ab.version
        );
    }

    #[test]
    fn disabled_detectors_are_left_out() {
        let mut off = detector("b");
        off.enabled = false;
        let set = DetectorSet::of([detector("a"), off]).unwrap();
        assert_eq!(set, DetectorSet::of([detector("a")]).unwrap());
    }

    #[test]
    fn two_detectors_of_one_id_are_refused() {
        let twice = DetectorSet::of([detector("a"), detector("a")]);
        assert_eq!(
            twice,
            Err(SpecError::DuplicateId(crate::ids::DetectorId::new("a")))
        );
    }

    #[test]
    fn a_detector_without_a_pattern_is_refused() {
        let mut empty = detector("a");
        empty.patterns.clear();
        assert!(matches!(
            DetectorSet::of([empty]),
            Err(SpecError::Unusable { .. })
        ));
    }
}
