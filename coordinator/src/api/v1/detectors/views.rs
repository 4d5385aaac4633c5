//! Detectors as they are shown.
//!
//! Owns the shapes. **Invariant:** a detail can be sent back as a draft once `version`, `origin` and `cost`
//! are taken out. The index of exact data or documents is not shown, and stays as it is.

use serde::Serialize;
use shared::detector::{
    DetectorSpec, Exclusion, Hotwords, Kind, MaskRule, Origin, Precedence, WordMatching,
};
use utoipa::ToSchema;

use crate::detector_cost::Cost;
use crate::detector_sets::KnownDetector;

/// A detector.
#[derive(Serialize, ToSchema)]
pub struct DetectorView {
    /// Its id.
    #[schema(example = "credit-card-number")]
    id: String,
    /// For people.
    #[schema(example = "Credit card number")]
    name: String,
    /// What it finds.
    #[schema(example = "CREDIT_CARD_NUMBER")]
    info_type: String,
    /// By which logic: `regex`, `dictionary`, `exact_data_match` or `document_fingerprint`.
    #[schema(value_type = String, example = "regex")]
    kind: Kind,
    /// Who made it: `builtin` or `custom`.
    #[schema(value_type = String, example = "builtin")]
    origin: Origin,
    /// Whether it is in force.
    enabled: bool,
    /// How often it was changed; 0 for a built-in one that is as it came.
    version: i32,
    /// What it finds and how.
    #[schema(example = "Numbers of payment cards.")]
    description: String,
    /// How sure a hit is without further evidence.
    #[schema(example = "LIKELY")]
    likelihood: &'static str,
    /// How bad a hit is.
    #[schema(example = "HIGH")]
    severity: &'static str,
    /// What to do about a leak.
    #[schema(example = "Tell whoever issued the card.")]
    handling: String,
    /// Where the format is described.
    #[schema(example = json!(["https://en.wikipedia.org/wiki/ISO/IEC_7812"]))]
    references: Vec<String>,
}

/// All detectors.
#[derive(Serialize, ToSchema)]
pub struct DetectorList {
    /// Which set is in force: nodes that scan with it say so in their results.
    #[schema(example = "5f2a8c1e9b7d4a60")]
    pub(super) version: String,
    /// The detectors, by id.
    pub(super) items: Vec<DetectorView>,
    /// How many there are.
    pub(super) total: usize,
}

/// A detector with all that it consists of.
#[derive(Serialize, ToSchema)]
pub struct DetectorDetail {
    #[serde(flatten)]
    view: DetectorView,
    /// Regular expressions.
    #[schema(example = json!(["\\bEMP-\\d{6}\\b"]))]
    patterns: Vec<String>,
    /// Words of a dictionary.
    #[schema(example = json!(["zanarkand"]))]
    words: Vec<String>,
    /// What counts as one of the words: `part_of_word`, `match_case`.
    #[schema(value_type = Object)]
    matching: WordMatching,
    /// Of exact data: `columns`, `min_corroborating`, `window`. The index is not shown.
    #[schema(value_type = Option<Object>)]
    exact_data: Option<ExactDataView>,
    /// Of registered documents: `documents`, `threshold_percent`. The index is not shown.
    #[schema(value_type = Option<Object>)]
    fingerprints: Option<FingerprintsView>,
    /// The check of the value.
    validator: Option<String>,
    /// Words nearby that speak for it: `words`, `before`, `after`, `raise`, `required`.
    #[schema(value_type = Option<Object>)]
    hotwords: Option<Hotwords>,
    /// What speaks against it: `pattern`, `named`, `reason`, `lower`.
    #[schema(value_type = Vec<Object>)]
    exclusions: Vec<Exclusion>,
    /// Least entropy of the value, in thousandths of a bit a character.
    min_entropy_millibits: Option<u32>,
    /// Who wins where two detectors hit the same text.
    #[schema(value_type = String, example = "specific")]
    precedence: Precedence,
    /// What a preview shows: `first`, `last`.
    #[schema(value_type = Object)]
    mask: MaskRule,
    /// Texts in which it fires.
    #[schema(example = json!(["badge EMP-123456"]))]
    examples: Vec<String>,
    /// Texts in which it does not.
    #[schema(example = json!(["EMP-12"]))]
    counter_examples: Vec<String>,
    /// What it was measured to cost, where this request changed what it looks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<CostView>,
}

/// Exact data without its index, which may be large.
#[derive(Serialize)]
pub(super) struct ExactDataView {
    columns: Vec<String>,
    min_corroborating: u8,
    window: u32,
}

/// Registered documents without their index.
#[derive(Serialize)]
pub(super) struct FingerprintsView {
    documents: Vec<String>,
    threshold_percent: u8,
}

/// What a detector costs at worst.
#[derive(Serialize, ToSchema)]
pub struct CostView {
    /// Processor time on text made up to be hard for it, brought to a common scale.
    #[schema(example = 0.4)]
    ns_per_byte: f64,
    /// On which text it was slowest.
    #[schema(example = "digits")]
    slowest: &'static str,
    /// What to do about it, if it is much.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

impl From<&KnownDetector> for DetectorView {
    fn from(known: &KnownDetector) -> Self {
        let spec: &DetectorSpec = &known.spec;
        Self {
            id: spec.id.to_string(),
            name: spec.name.clone(),
            info_type: spec.info_type.to_string(),
            kind: spec.kind,
            origin: spec.origin,
            enabled: spec.enabled,
            version: known.version,
            description: spec.description.clone(),
            likelihood: spec.likelihood.as_str(),
            severity: spec.severity.as_str(),
            handling: spec.handling.clone(),
            references: spec.references.clone(),
        }
    }
}

impl DetectorDetail {
    /// A detector, and what it was just measured to cost.
    pub(super) fn of(known: &KnownDetector, cost: Option<Cost>) -> Self {
        let spec = known.spec.clone();
        Self {
            view: DetectorView::from(known),
            patterns: spec.patterns,
            words: spec.words,
            matching: spec.matching,
            fingerprints: spec.fingerprints.map(|data| FingerprintsView {
                documents: data.documents,
                threshold_percent: data.threshold_percent,
            }),
            exact_data: spec.exact_data.map(|data| ExactDataView {
                columns: data.columns,
                min_corroborating: data.min_corroborating,
                window: data.window,
            }),
            validator: spec.validator.map(|name| name.0),
            hotwords: spec.hotwords,
            exclusions: spec.exclusions,
            min_entropy_millibits: spec.min_entropy_millibits,
            precedence: spec.precedence,
            mask: spec.mask,
            examples: spec.examples,
            counter_examples: spec.counter_examples,
            cost: cost.map(CostView::from),
        }
    }
}

impl From<Cost> for CostView {
    fn from(cost: Cost) -> Self {
        Self {
            ns_per_byte: (cost.ns_per_byte * 100.0).round() / 100.0,
            slowest: cost.slowest.as_str(),
            warning: cost.is_much().then(|| cost.to_string()),
        }
    }
}
