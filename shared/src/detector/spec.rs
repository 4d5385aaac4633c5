//! One detector: the logic that finds one kind of sensitive data.

use serde::{Deserialize, Serialize};

use crate::finding::{InfoType, Likelihood, Severity};
use crate::ids::DetectorId;

/// A detector, as a pack or the database holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorSpec {
    /// Unique in a set: `credit-card-number`.
    pub id: DetectorId,
    /// For people: `Credit card number`.
    pub name: String,
    /// What it finds.
    pub info_type: InfoType,
    /// What it finds and how, in a sentence or two.
    #[serde(default)]
    pub description: String,
    /// Regular expressions, any of which makes a candidate. ASCII classes, linear time. The group named
    /// `value` is the finding where there is one, else the whole match.
    pub patterns: Vec<String>,
    /// The check of the value, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<ValidatorName>,
    /// Words nearby that speak for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotwords: Option<Hotwords>,
    /// What speaks against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Exclusion>,
    /// Least Shannon entropy of the value, in thousandths of a bit per character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_entropy_millibits: Option<u32>,
    /// Likelihood of a candidate whose validator said Valid, or that has none.
    pub likelihood: Likelihood,
    /// How bad a hit is.
    pub severity: Severity,
    /// Who wins where two detectors hit the same text.
    #[serde(default)]
    pub precedence: Precedence,
    /// What a preview may show.
    #[serde(default)]
    pub mask: MaskRule,
    /// Off means: known, listed, not compiled.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// Where the format is described.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// What to do about a leak: how to rotate it, whom to tell.
    #[serde(default)]
    pub handling: String,
    /// Texts in which it must fire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// Texts in which it must not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counter_examples: Vec<String>,
}

fn enabled() -> bool {
    true
}

/// A validator of the engine, by name: `luhn`, `iban`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ValidatorName(pub String);

/// What a validator says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The checksum holds.
    Valid,
    /// The shape is right and nothing stronger can be said.
    StructurallyValid,
    /// It cannot be one.
    Invalid,
    /// The validator does not know this form.
    NotApplicable,
}

/// Words whose nearness makes a candidate likelier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hotwords {
    /// Whole words, compared without regard to ASCII case.
    pub words: Vec<String>,
    /// How far before the value they count, in bytes.
    #[serde(default = "bytes_before")]
    pub before: u32,
    /// How far after the value they count, in bytes.
    #[serde(default = "bytes_after")]
    pub after: u32,
    /// By how many steps one of them raises the likelihood.
    #[serde(default = "one_step")]
    pub raise: i16,
    /// Without one of them there is no finding.
    #[serde(default)]
    pub required: bool,
}

fn bytes_before() -> u32 {
    50
}

fn bytes_after() -> u32 {
    20
}

fn one_step() -> i16 {
    1
}

/// A value that matches is no finding, or a lesser one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Searched in the value.
    pub pattern: String,
    /// Why, for the explanation: `documentation example`.
    pub reason: String,
    /// Steps to lower the likelihood by; without it the candidate is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<i16>,
}

/// Who wins where two detectors hit the same text.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Precedence {
    /// Loses to everything: high entropy, any password.
    CatchAll,
    /// A broad form: digits of a length.
    Generic,
    /// A form of its own: a prefix, a checksum.
    #[default]
    Specific,
}

/// What a preview may show of a value; the rest of its letters and digits become `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskRule {
    /// Letters and digits shown at the start.
    #[serde(default)]
    pub first: u8,
    /// Letters and digits shown at the end.
    #[serde(default)]
    pub last: u8,
}

/// Shows nothing of the value.
impl Default for MaskRule {
    fn default() -> Self {
        Self { first: 0, last: 0 }
    }
}

/// A detector that cannot be used as written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Nothing to look for.
    #[error("detector `{0}` has no pattern")]
    NoPattern(DetectorId),
    /// A pattern beyond [`DetectorSpec::MAX_PATTERN_BYTES`].
    #[error("detector `{0}`: a pattern is longer than {max} bytes", max = DetectorSpec::MAX_PATTERN_BYTES)]
    PatternTooLong(DetectorId),
    /// Two detectors of one id.
    #[error("two detectors are called `{0}`")]
    DuplicateId(DetectorId),
}

impl DetectorSpec {
    /// Longest pattern, in bytes.
    pub const MAX_PATTERN_BYTES: usize = 4_096;

    /// Checks what can be checked without compiling.
    ///
    /// # Errors
    /// The first thing that is wrong; permanent until the detector is changed.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.patterns.iter().all(String::is_empty) {
            return Err(SpecError::NoPattern(self.id.clone()));
        }
        if self
            .patterns
            .iter()
            .any(|pattern| pattern.len() > Self::MAX_PATTERN_BYTES)
        {
            return Err(SpecError::PatternTooLong(self.id.clone()));
        }
        Ok(())
    }
}
