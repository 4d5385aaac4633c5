//! The built-in detectors, from the packs in `detectors/`.
//!
//! Owns reading packs. Leaves what is written short in them to `notation`.
//! **Invariant:** each built-in detector fires in its examples and in no counter-example of any pack.

use std::collections::HashMap;

use serde::Deserialize;
use shared::detector::{DetectorSet, DetectorSpec, SpecError};
use shared::ids::DetectorId;
use shared::job::RetryClass;

use super::notation;

/// File name and text of each pack.
const PACKS: &[(&str, &str)] = &[
    ("banking.toml", include_str!("../../detectors/banking.toml")),
    (
        "confidential.toml",
        include_str!("../../detectors/confidential.toml"),
    ),
    ("contact.toml", include_str!("../../detectors/contact.toml")),
    ("crypto.toml", include_str!("../../detectors/crypto.toml")),
    (
        "national-ids-africa-middle-east.toml",
        include_str!("../../detectors/national-ids-africa-middle-east.toml"),
    ),
    (
        "national-ids-americas.toml",
        include_str!("../../detectors/national-ids-americas.toml"),
    ),
    (
        "national-ids-asia-pacific.toml",
        include_str!("../../detectors/national-ids-asia-pacific.toml"),
    ),
    (
        "national-ids-europe-east.toml",
        include_str!("../../detectors/national-ids-europe-east.toml"),
    ),
    (
        "national-ids-europe-north.toml",
        include_str!("../../detectors/national-ids-europe-north.toml"),
    ),
    (
        "national-ids-europe-west.toml",
        include_str!("../../detectors/national-ids-europe-west.toml"),
    ),
    ("network.toml", include_str!("../../detectors/network.toml")),
    ("otp.toml", include_str!("../../detectors/otp.toml")),
    (
        "passports.toml",
        include_str!("../../detectors/passports.toml"),
    ),
    ("payment.toml", include_str!("../../detectors/payment.toml")),
    (
        "secrets-ai.toml",
        include_str!("../../detectors/secrets-ai.toml"),
    ),
    (
        "secrets-chat.toml",
        include_str!("../../detectors/secrets-chat.toml"),
    ),
    (
        "secrets-ci.toml",
        include_str!("../../detectors/secrets-ci.toml"),
    ),
    (
        "secrets-cloud.toml",
        include_str!("../../detectors/secrets-cloud.toml"),
    ),
    (
        "secrets-dev.toml",
        include_str!("../../detectors/secrets-dev.toml"),
    ),
    (
        "secrets-generic.toml",
        include_str!("../../detectors/secrets-generic.toml"),
    ),
    (
        "secrets-ops.toml",
        include_str!("../../detectors/secrets-ops.toml"),
    ),
    (
        "secrets-payment.toml",
        include_str!("../../detectors/secrets-payment.toml"),
    ),
    (
        "secrets-saas.toml",
        include_str!("../../detectors/secrets-saas.toml"),
    ),
    (
        "us-health.toml",
        include_str!("../../detectors/us-health.toml"),
    ),
    (
        "us-identity.toml",
        include_str!("../../detectors/us-identity.toml"),
    ),
];

/// A file of detectors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    detectors: Vec<DetectorSpec>,
}

/// A pack that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The file is not what a pack is.
    #[error("pack `{pack}` is not valid: {reason}")]
    Malformed {
        /// Which pack.
        pack: String,
        /// What the TOML parser says, without the text it read.
        reason: String,
    },
    /// The detectors do not make a set.
    #[error(transparent)]
    Set(#[from] SpecError),
}

impl PackError {
    /// Permanent: the file has to be changed.
    pub fn class(&self) -> RetryClass {
        RetryClass::Permanent
    }
}

/// The built-in detectors, enabled or not, in order of pack.
///
/// # Errors
/// [`PackError::Malformed`] if a pack that was built in is not valid; permanent, and caught by tests.
pub fn builtin_specs() -> Result<Vec<DetectorSpec>, PackError> {
    let mut all = Vec::new();
    for (name, text) in PACKS {
        all.extend(read_pack(name, text)?);
    }
    Ok(all)
}

/// Which family each built-in detector belongs to: the name of its pack, of several packs about the same the
/// name they have in common. A rule that names a family is about the detectors of later versions, too.
///
/// # Errors
/// As [`builtin_specs`]; permanent.
pub fn families() -> Result<HashMap<DetectorId, String>, PackError> {
    let mut families = HashMap::new();
    for (name, text) in PACKS {
        let family = family_of(name);
        let ids = read_pack(name, text)?.into_iter().map(|spec| spec.id);
        families.extend(ids.map(|id| (id, family.to_owned())));
    }
    Ok(families)
}

/// Families of several packs.
const SPLIT: [&str; 2] = ["national-ids", "secrets"];

fn family_of(pack: &'static str) -> &'static str {
    let name = pack.strip_suffix(".toml").unwrap_or(pack);
    let split = SPLIT.into_iter().find(|family| name.starts_with(family));
    split.unwrap_or(name)
}

/// The built-in detectors that are enabled, as a set.
///
/// # Errors
/// As [`builtin_specs`]; permanent.
pub fn builtin() -> Result<DetectorSet, PackError> {
    Ok(DetectorSet::of(builtin_specs()?)?)
}

/// The detectors of one pack.
///
/// # Errors
/// [`PackError::Malformed`]; permanent.
pub fn read_pack(name: &str, text: &str) -> Result<Vec<DetectorSpec>, PackError> {
    let pack: Pack = toml::from_str(text).map_err(|error| PackError::Malformed {
        pack: name.to_owned(),
        reason: error.message().to_owned(),
    })?;
    Ok(pack.detectors.into_iter().map(written_out).collect())
}

/// Writes out what is written short in a pack.
pub(super) fn written_out(mut detector: DetectorSpec) -> DetectorSpec {
    let examples = detector.examples.iter_mut();
    for text in examples.chain(&mut detector.counter_examples) {
        *text = notation::example(text);
    }
    for text in &mut detector.patterns {
        *text = notation::pattern(text);
    }
    for exclusion in &mut detector.exclusions {
        exclusion.named = notation::names(&exclusion.named);
    }
    detector
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use shared::content::TextUnit;
    use shared::finding::Likelihood;

    use super::*;
    use crate::detect::{Engine, Scratch};

    fn fired(engine: &Engine, text: &str) -> Vec<String> {
        let scan = engine.scan(&TextUnit::plain(text), &mut Scratch::new());
        scan.matches
            .iter()
            .map(|found| found.detector.id.to_string())
            .collect()
    }

    #[test]
    fn packs_about_the_same_are_one_family() {
        let families = families().unwrap();
        assert_eq!(families.len(), builtin_specs().unwrap().len());
        let of = |id: &str| families.get(&DetectorId::new(id)).map(String::as_str);
        assert_eq!(of("credit-card-number"), Some("payment"));
        assert_eq!(of("swift-code"), Some("banking"));
        let all: std::collections::BTreeSet<&str> = families.values().map(String::as_str).collect();
        let split = all
            .iter()
            .filter(|name| name.starts_with("secrets") || name.starts_with("national"));
        assert_eq!(
            split.copied().collect::<Vec<_>>(),
            ["national-ids", "secrets"]
        );
    }

    #[test]
    fn every_pattern_can_be_built() {
        let engine = Engine::compile(&builtin().unwrap()).unwrap();
        let unsound = engine
            .patterns
            .iter()
            .filter(|pattern| pattern.regex.get().is_none());
        assert_eq!(unsound.count(), 0);
        for exclusion in engine
            .detectors
            .iter()
            .flat_map(|detector| &detector.exclusions)
        {
            assert!(exclusion.is_sound());
        }
    }

    #[test]
    fn every_detector_fires_in_its_examples() {
        let engine = Engine::compile(&builtin().unwrap()).unwrap();
        let mut silent = Vec::new();
        for spec in builtin_specs().unwrap() {
            assert!(spec.examples.len() >= 3, "{} has too few examples", spec.id);
            for example in &spec.examples {
                let fired = fired(&engine, example);
                if fired.iter().all(|id| id != spec.id.as_str()) {
                    silent.push((spec.id.to_string(), example.clone(), fired));
                }
            }
        }
        assert!(silent.is_empty(), "{silent:#?}");
    }

    #[test]
    fn no_detector_fires_in_any_counter_example() {
        let engine = Engine::compile(&builtin().unwrap()).unwrap();
        let mut loud = Vec::new();
        for spec in builtin_specs().unwrap() {
            assert!(
                spec.counter_examples.len() >= 3,
                "{} has too few counter-examples",
                spec.id
            );
            for example in &spec.counter_examples {
                let fired = fired(&engine, example);
                if !fired.is_empty() {
                    loud.push((spec.id.to_string(), example.clone(), fired));
                }
            }
        }
        assert!(loud.is_empty(), "{loud:#?}");
    }

    #[test]
    fn every_detector_says_what_it_is_and_what_to_do() {
        for spec in builtin_specs().unwrap() {
            assert!(
                !spec.description.is_empty() && !spec.handling.is_empty(),
                "{}",
                spec.id
            );
            assert!(!spec.references.is_empty(), "{}", spec.id);
        }
    }

    #[test]
    fn digits_alone_are_rarely_called_likely() {
        let engine = Engine::compile(&builtin().unwrap()).unwrap();
        let mut scratch = Scratch::new();
        let mut state = 20_261_121_u64;
        let mut digit = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b'0' + u8::try_from((state >> 33) % 10).unwrap())
        };
        for length in 5..=20 {
            let mut likely = BTreeMap::new();
            for _ in 0..1_000 {
                let number: String = (0..length).map(|_| digit()).collect();
                let unit = TextUnit::plain(format!("look at {number} again"));
                for found in engine.scan(&unit, &mut scratch).matches {
                    if found.likelihood >= Likelihood::Likely {
                        *likely.entry(found.detector.id.to_string()).or_insert(0) += 1;
                    }
                }
            }
            // One number in forty of sixteen digits has an issuer and a Luhn digit, one in five hundred of
            // fifteen: people send cards without a word. No other number is likely without one.
            let bound = match length {
                16 => 40,
                15 => 6,
                _ => 0,
            };
            assert!(
                likely.values().sum::<u32>() <= bound,
                "{length}: {likely:?}"
            );
        }
    }
}
