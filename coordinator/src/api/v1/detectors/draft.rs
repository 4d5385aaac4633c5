//! Detectors as an admin writes them.
//!
//! Owns the short forms (one `pattern`, hotwords as a plain list, an id made of the name) and saying
//! everything that is wrong with the fields at once. Leaves what the fields ask for to the engine.
//! **Invariant:** an error names a field of ours and never repeats what was sent.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::detector::{DetectorSpec, Hotwords, Kind, MaskRule, Origin, Precedence, WordMatching};
use shared::finding::{InfoType, Likelihood, Severity};
use shared::ids::DetectorId;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::api::body::Object;
use crate::api::fields::{Fields, one_of, read_draft};

/// A detector of one's own. `pattern` or `patterns` belong to kind `regex`, `words` and `matching` to kind
/// `dictionary`, `exact_data` to kind `exact_data_match`, `fingerprints` to kind `document_fingerprint`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Employee number", "info_type": "EMPLOYEE_ID", "kind": "regex", "pattern": "\\bEMP-\\d{6}\\b",
    "hotwords": ["badge"], "severity": "MEDIUM", "likelihood": "LIKELY", "enabled": true,
}))]
#[expect(dead_code, reason = "describes what `read` takes field by field")]
pub struct DetectorDraft {
    /// Unique; made of the name if it is left out.
    id: Option<String>,
    /// For people.
    name: String,
    /// What it finds: upper-case letters, digits and underscores.
    info_type: String,
    /// What it finds and how.
    description: Option<String>,
    /// `regex` (the default), `dictionary`, `exact_data_match` or `document_fingerprint`.
    kind: Option<String>,
    /// A regular expression; the group named `value` is the finding, else the whole match.
    pattern: Option<String>,
    /// Several of them.
    patterns: Option<Vec<String>>,
    /// Words and phrases.
    words: Option<Vec<String>>,
    /// `{"part_of_word": false, "match_case": false}`: what counts as one of the words.
    #[schema(value_type = Option<Object>)]
    matching: Option<Value>,
    /// `{"columns", "min_corroborating", "window", "index"}`, as `weir edm build` writes it; of a detector
    /// that is changed, `index` stays as it is if it is left out.
    #[schema(value_type = Option<Object>)]
    exact_data: Option<Value>,
    /// `{"documents", "threshold_percent", "index"}`, as `weir fingerprint build` writes it; of a detector
    /// that is changed, `index` stays as it is if it is left out.
    #[schema(value_type = Option<Object>)]
    fingerprints: Option<Value>,
    /// A check of the value, by name: `luhn`, `iban` and others.
    validator: Option<String>,
    /// A list of words that speak for it when they are near, or
    /// `{"words", "before", "after", "raise", "required"}`.
    #[schema(value_type = Option<Vec<String>>)]
    hotwords: Option<Value>,
    /// `[{"pattern", "named", "reason", "lower"}]`: values that are no finding, or a lesser one.
    #[schema(value_type = Option<Vec<Object>>)]
    exclusions: Option<Value>,
    /// Least entropy of the value, in thousandths of a bit a character.
    min_entropy_millibits: Option<u32>,
    /// How sure a hit is: `VERY_UNLIKELY` to `VERY_LIKELY`; `LIKELY` if left out.
    likelihood: Option<String>,
    /// How bad: `INFO` to `CRITICAL`; `MEDIUM` if left out.
    severity: Option<String>,
    /// `catch_all`, `generic` or `specific`: who wins where two detectors hit the same text.
    precedence: Option<String>,
    /// `{"first": 0, "last": 4}`: letters and digits that a preview shows.
    #[schema(value_type = Option<Object>)]
    mask: Option<Value>,
    /// Whether it is in force.
    enabled: Option<bool>,
    /// Where the format is described.
    references: Option<Vec<String>>,
    /// What to do about a leak.
    handling: Option<String>,
    /// Texts in which it must fire.
    examples: Option<Vec<String>>,
    /// Texts in which it must not.
    counter_examples: Option<Vec<String>>,
}

/// Fields of a detector, each of which may be left out: those to change, or a draft to try.
pub struct DetectorFields;

impl PartialSchema for DetectorFields {
    fn schema() -> RefOr<Schema> {
        let mut schema = DetectorDraft::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
            object.example = Some(json!({"enabled": false}));
            let what = "Fields of a detector; what is left out stays as it is. Of one that comes with Weir only \
                `enabled`, `severity` and `likelihood` can be changed.";
            object.description = Some(what.to_owned());
        }
        schema
    }
}

impl ToSchema for DetectorFields {}

/// Which fields may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    /// Every field.
    All,
    /// A detector keeps its id.
    AllButId,
    /// Those that are an admin's to decide about a detector that comes with Weir.
    OfBuiltIn,
}

/// A new detector.
///
/// # Errors
/// Everything that is wrong with the fields.
pub(super) fn new_spec(draft: Object) -> Result<DetectorSpec, Vec<String>> {
    read_draft(draft, |fields| {
        fields.require("name", NAME);
        fields.require("info_type", INFO_TYPE);
        Some(with_id(spec_in(fields, blank(), Allowed::All)))
    })
}

/// A detector that was given no id is called by its name.
pub(super) fn with_id(mut spec: DetectorSpec) -> DetectorSpec {
    if spec.id.as_str().is_empty() {
        spec.id = DetectorId::new(slug(&spec.name));
    }
    spec
}

/// `base` with some fields changed.
///
/// # Errors
/// Everything that is wrong with the fields.
pub(super) fn changed(
    base: &DetectorSpec,
    draft: Object,
    allowed: Allowed,
) -> Result<DetectorSpec, Vec<String>> {
    read_draft(draft, |fields| Some(spec_in(fields, base.clone(), allowed)))
}

/// `spec` with what `fields` say; what is wrong with them, they know.
pub(super) fn spec_in(
    fields: &mut Fields<'_>,
    mut spec: DetectorSpec,
    allowed: Allowed,
) -> DetectorSpec {
    fields.replace("enabled", "true or false", &mut spec.enabled);
    let severities = one_of(Severity::ALL, Severity::as_str);
    fields.replace("severity", &severities, &mut spec.severity);
    let likelihoods = one_of(Likelihood::ALL, Likelihood::as_str);
    fields.replace("likelihood", &likelihoods, &mut spec.likelihood);
    if allowed == Allowed::OfBuiltIn {
        fields.refuse_rest(
            "of a built-in detector only enabled, severity, likelihood can be changed",
        );
        return spec;
    }
    if allowed == Allowed::All {
        let expects = "lower-case letters, digits and hyphens";
        fields.replace("id", expects, &mut spec.id);
    }
    words_about_it_in(fields, &mut spec);
    search_in(fields, &mut spec);
    evidence_in(fields, &mut spec);
    spec
}

const NAME: &str = "a few words for people";
const INFO_TYPE: &str = "upper-case letters, digits and underscores, beginning with a letter";
const TEXTS: &str = "a list of texts";

fn words_about_it_in(fields: &mut Fields<'_>, spec: &mut DetectorSpec) {
    fields.replace("name", NAME, &mut spec.name);
    fields.replace("info_type", INFO_TYPE, &mut spec.info_type);
    fields.replace("description", "a text", &mut spec.description);
    fields.replace("handling", "a text", &mut spec.handling);
    fields.replace("references", TEXTS, &mut spec.references);
    fields.replace("examples", TEXTS, &mut spec.examples);
    fields.replace("counter_examples", TEXTS, &mut spec.counter_examples);
    fields.replace("mask", "`{\"first\": 0, \"last\": 4}`", &mut spec.mask);
    let expects = "catch_all, generic or specific";
    fields.replace("precedence", expects, &mut spec.precedence);
}

fn search_in(fields: &mut Fields<'_>, spec: &mut DetectorSpec) {
    fields.replace("kind", &one_of(Kind::ALL, Kind::as_str), &mut spec.kind);
    if fields.has("pattern") && fields.has("patterns") {
        fields.note_whole("`pattern` and `patterns` are both given; keep one");
    }
    if let Some(pattern) = fields.read("pattern", "a regular expression") {
        spec.patterns = vec![pattern];
    }
    let expects = "a list of regular expressions";
    fields.replace("patterns", expects, &mut spec.patterns);
    fields.replace("words", "a list of words", &mut spec.words);
    let expects = "`{\"part_of_word\": false, \"match_case\": false}`";
    fields.replace("matching", expects, &mut spec.matching);
    let expects = "`{\"columns\", \"min_corroborating\", \"window\", \"index\"}`, as `weir edm build` writes it";
    fields.replace("exact_data", expects, &mut spec.exact_data);
    let expects = "`{\"documents\", \"threshold_percent\", \"index\"}`, as `weir fingerprint build` writes it";
    fields.replace("fingerprints", expects, &mut spec.fingerprints);
}

fn evidence_in(fields: &mut Fields<'_>, spec: &mut DetectorSpec) {
    let expects =
        "a list of words, or `{\"words\", \"before\", \"after\", \"raise\", \"required\"}`";
    if let Some(hotwords) = fields.read_or_null("hotwords", expects) {
        spec.hotwords = hotwords.and_then(WrittenHotwords::whole);
    }
    fields.replace("validator", "a validator's name", &mut spec.validator);
    let expects = "a list of `{\"pattern\", \"named\", \"reason\", \"lower\"}`";
    fields.replace("exclusions", expects, &mut spec.exclusions);
    let expects = "a whole number";
    fields.replace(
        "min_entropy_millibits",
        expects,
        &mut spec.min_entropy_millibits,
    );
}

/// Hotwords as they may be written.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenHotwords {
    /// With the usual reach; none of them is as good as no hotwords.
    Words(Vec<String>),
    Whole(Hotwords),
}

impl WrittenHotwords {
    fn whole(self) -> Option<Hotwords> {
        match self {
            Self::Words(words) => (!words.is_empty()).then(|| Hotwords::of(words)),
            Self::Whole(hotwords) => Some(hotwords),
        }
    }
}

/// Gives a draft the index of the detector that it changes, if it speaks of exact data or documents and
/// brings none: a detector is shown without its index.
pub(super) fn keep_index(draft: &mut Object, of: &DetectorSpec) {
    let exact = of.exact_data.as_ref().map(|data| &data.index);
    let documents = of.fingerprints.as_ref().map(|data| &data.index);
    for (field, present) in [("exact_data", exact), ("fingerprints", documents)] {
        if let (Some(Value::Object(data)), Some(present)) = (draft.0.get_mut(field), present) {
            data.entry("index").or_insert_with(|| json!(present));
        }
    }
}

/// What a new detector is before any field is read.
pub fn blank() -> DetectorSpec {
    DetectorSpec {
        id: DetectorId::new(""),
        name: "Draft".to_owned(),
        info_type: InfoType::unnamed(),
        description: String::new(),
        kind: Kind::default(),
        patterns: Vec::new(),
        words: Vec::new(),
        matching: WordMatching::default(),
        exact_data: None,
        fingerprints: None,
        validator: None,
        hotwords: None,
        exclusions: Vec::new(),
        min_entropy_millibits: None,
        likelihood: Likelihood::Likely,
        severity: Severity::Medium,
        precedence: Precedence::default(),
        mask: MaskRule::default(),
        enabled: true,
        origin: Origin::Custom,
        references: Vec::new(),
        handling: String::new(),
        examples: Vec::new(),
        counter_examples: Vec::new(),
    }
}

/// `Employee number (EU)` → `employee-number-eu`; a name without ASCII letters or digits is `detector`.
pub fn slug(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let parts = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let mut slug = parts.join("-");
    slug.truncate(DetectorSpec::MAX_ID_BYTES);
    if slug.is_empty() {
        "detector".to_owned()
    } else {
        slug
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<DetectorSpec, String> {
        new_spec(Object(value.as_object().unwrap().clone())).map_err(|errors| errors.join("\n"))
    }

    #[test]
    fn the_short_form_is_a_whole_detector() {
        let spec = read(&json!({
            "name": "Employee number", "info_type": "EMPLOYEE_ID", "kind": "regex",
            "pattern": r"\bEMP-\d{6}\b", "hotwords": ["badge"], "severity": "MEDIUM",
            "likelihood": "LIKELY", "enabled": true,
        }))
        .unwrap();
        assert_eq!(spec.id.as_str(), "employee-number");
        assert_eq!(spec.patterns, [r"\bEMP-\d{6}\b"]);
        assert_eq!(spec.hotwords.unwrap().words, ["badge"]);
        assert_eq!(spec.origin, Origin::Custom);
    }

    #[test]
    fn everything_wrong_is_told_at_once_and_nothing_is_repeated() {
        let errors = read(&json!({
            "info_type": "4111 1111", "kind": "4111", "likelihood": 4111, "4111": 1, "pattern": "a",
            "patterns": ["b"], "hotwords": {"4111": 1},
        }))
        .unwrap_err();
        assert!(!errors.contains("4111"));
        insta::assert_snapshot!(errors, @r#"
        `name`: is missing; give a few words for people
        `likelihood`: give one of VERY_UNLIKELY, UNLIKELY, POSSIBLE, LIKELY, VERY_LIKELY
        `info_type`: give upper-case letters, digits and underscores, beginning with a letter
        `kind`: give one of regex, dictionary, exact_data_match, document_fingerprint
        `pattern` and `patterns` are both given; keep one
        `hotwords`: give a list of words, or `{"words", "before", "after", "raise", "required"}`, or null
        1 fields are not known here; there are enabled, severity, likelihood, id, name, info_type, description, handling, references, examples, counter_examples, mask, precedence, kind, pattern, patterns, words, matching, exact_data, fingerprints, hotwords, validator, exclusions, min_entropy_millibits
        "#);
    }

    #[test]
    fn of_a_built_in_detector_only_its_weight_can_be_changed() {
        let change = |fields: &Value| {
            let draft = Object(fields.as_object().unwrap().clone());
            changed(&blank(), draft, Allowed::OfBuiltIn)
        };
        assert!(!change(&json!({"enabled": false})).unwrap().enabled);
        assert!(change(&json!({"pattern": "x"})).is_err());
    }

    #[test]
    fn hotwords_can_be_taken_away_again() {
        let mut with = blank();
        with.hotwords = serde_json::from_value(json!({"words": ["w"]})).unwrap();
        for none in [json!(null), json!([])] {
            let draft = serde_json::from_value(json!({"hotwords": none})).unwrap();
            let changed = changed(&with, draft, Allowed::AllButId).unwrap();
            assert_eq!(changed.hotwords, None);
        }
    }

    #[test]
    fn exact_data_keeps_its_index_unless_another_is_brought() {
        let mut with = blank();
        with.exact_data =
            serde_json::from_value(json!({"columns": ["id", "name"], "index": "AA=="})).unwrap();
        let change = |data: Value| {
            let mut draft = serde_json::from_value(json!({"exact_data": data})).unwrap();
            keep_index(&mut draft, &with);
            let changed = changed(&with, draft, Allowed::AllButId).unwrap();
            changed.exact_data.unwrap()
        };
        let kept = change(json!({"columns": ["id", "mail"], "window": 100}));
        assert_eq!((&*kept.index, kept.window), ("AA==", 100));
        let brought = change(json!({"columns": ["id"], "min_corroborating": 0, "index": "BB=="}));
        assert_eq!(&*brought.index, "BB==");
    }

    #[test]
    fn an_id_is_made_of_the_name() {
        assert_eq!(slug("  Employee number (EU)!"), "employee-number-eu");
        assert_eq!(slug("秘密"), "detector");
    }
}
