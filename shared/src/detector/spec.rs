//! One detector: the logic that finds one kind of sensitive data.

use serde::{Deserialize, Serialize};

use super::{ExactData, Fingerprints};
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
    /// By which logic it finds.
    #[serde(default, skip_serializing_if = "Kind::is_regex")]
    pub kind: Kind,
    /// Of a `regex`: regular expressions, any of which makes a candidate. ASCII classes, linear time. The
    /// group named `value` is the finding where there is one, else the whole match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<String>,
    /// Of a `dictionary`: words and phrases, any of which makes a candidate. White space in one stands for
    /// any amount of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Of a `dictionary`: what counts as one of its words.
    #[serde(default, skip_serializing_if = "WordMatching::is_default")]
    pub matching: WordMatching,
    /// Of an `exact_data_match`: the rows to look for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_data: Option<ExactData>,
    /// Of a `document_fingerprint`: the documents to look for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<Fingerprints>,
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
    /// Who made it.
    #[serde(default, skip_serializing_if = "Origin::is_builtin")]
    pub origin: Origin,
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

/// By which logic a detector finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Regular expressions.
    #[default]
    Regex,
    /// A list of words.
    Dictionary,
    /// Values that are in a table, with others of the same row nearby.
    ExactDataMatch,
    /// Documents, of which a share of the text is there.
    DocumentFingerprint,
}

/// What counts as one of a dictionary's words. As it is by default, a word stands alone and its case makes
/// no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordMatching {
    /// It counts inside a longer word, too: for languages that put no spaces between words.
    #[serde(default)]
    pub part_of_word: bool,
    /// Its case has to be as written.
    #[serde(default)]
    pub match_case: bool,
}

/// Who made a detector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It comes with Weir.
    #[default]
    Builtin,
    /// An admin: what it costs is measured on its own.
    Custom,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Regex,
        Self::Dictionary,
        Self::ExactDataMatch,
        Self::DocumentFingerprint,
    ];

    /// The word, as written in packs and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Regex => "regex",
            Self::Dictionary => "dictionary",
            Self::ExactDataMatch => "exact_data_match",
            Self::DocumentFingerprint => "document_fingerprint",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_regex(&self) -> bool {
        *self == Self::Regex
    }
}

impl WordMatching {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Origin {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_builtin(&self) -> bool {
        *self == Self::Builtin
    }
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

impl Hotwords {
    /// Words with the usual reach.
    pub fn of(words: Vec<String>) -> Self {
        Self {
            words,
            before: bytes_before(),
            after: bytes_after(),
            raise: one_step(),
            required: false,
        }
    }
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
    /// It counts only of a value that the text calls by one of these words or signs: `order`, `#`. None:
    /// it counts of every value. With them there has to be a `lower`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<String>,
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
