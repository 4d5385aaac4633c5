//! Detectors as an admin writes them.
//!
//! Owns the short forms (one `pattern`, hotwords as a plain list, an id made of the name) and saying
//! everything that is wrong with the fields at once. Leaves what the fields ask for to the engine.
//! **Invariant:** an error names a field of ours and never repeats what was sent.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shared::detector::{DetectorSpec, Kind, MaskRule, Origin, Precedence, WordMatching};
use shared::finding::{InfoType, Likelihood, Severity};
use shared::ids::DetectorId;
use utoipa::ToSchema;

/// A detector of one's own. `pattern` or `patterns` belong to kind `regex`, `words` and `matching` to kind
/// `dictionary`, `exact_data` to kind `exact_data_match`, `fingerprints` to kind `document_fingerprint`.
#[derive(ToSchema)]
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

/// Which fields may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    /// Every field.
    All,
    /// A detector keeps its id.
    AllButId,
    /// Those that are an admin's to decide about a detector that comes with Weir.
    OfBuiltIn,
}

const OF_BUILT_IN: [&str; 3] = ["enabled", "severity", "likelihood"];
const DETECTOR_FIELDS: &str = "id, name, info_type, description, kind, pattern, patterns, words, matching, \
    exact_data, fingerprints, validator, hotwords, exclusions, min_entropy_millibits, likelihood, severity, \
    precedence, mask, enabled, references, handling, examples, counter_examples";

/// A new detector.
///
/// # Errors
/// Everything that is wrong with the fields.
pub(super) fn new_spec(fields: Map<String, Value>) -> Result<DetectorSpec, Vec<String>> {
    let mut missing = Vec::new();
    for (field, expects) in [("name", NAME), ("info_type", INFO_TYPE)] {
        if !fields.contains_key(field) {
            missing.push(format!("`{field}` is missing; give {expects}"));
        }
    }
    let blank = blank();
    match changed(&blank, fields, Fields::All) {
        Ok(mut spec) if missing.is_empty() => {
            if spec.id.as_str().is_empty() {
                spec.id = DetectorId::new(slug(&spec.name));
            }
            Ok(spec)
        }
        Ok(_) => Err(missing),
        Err(errors) => Err(missing.into_iter().chain(errors).collect()),
    }
}

/// `base` with some fields changed.
///
/// # Errors
/// Everything that is wrong with the fields.
pub(super) fn changed(
    base: &DetectorSpec,
    fields: Map<String, Value>,
    allowed: Fields,
) -> Result<DetectorSpec, Vec<String>> {
    let mut read = Reader {
        fields,
        errors: Vec::new(),
    };
    let mut spec = base.clone();
    read.take("enabled", "true or false", &mut spec.enabled);
    read.take(
        "severity",
        &one_of(Severity::ALL, Severity::as_str),
        &mut spec.severity,
    );
    read.take(
        "likelihood",
        &one_of(Likelihood::ALL, Likelihood::as_str),
        &mut spec.likelihood,
    );
    if allowed == Fields::OfBuiltIn {
        if !read.fields.is_empty() {
            let own = OF_BUILT_IN.join(", ");
            read.errors
                .push(format!("of a built-in detector only {own} can be changed"));
        }
        return read.end(spec);
    }
    if allowed == Fields::All {
        read.take("id", "lower-case letters, digits and hyphens", &mut spec.id);
    }
    take_words_about_it(&mut read, &mut spec);
    take_search(&mut read, &mut spec);
    take_evidence(&mut read, &mut spec);
    if !read.fields.is_empty() {
        let count = read.fields.len();
        read.errors.push(format!(
            "{count} fields are not known here; a detector has {DETECTOR_FIELDS}"
        ));
    }
    read.end(spec)
}

const NAME: &str = "a few words for people";
const INFO_TYPE: &str = "upper-case letters, digits and underscores, beginning with a letter";
const TEXTS: &str = "a list of texts";

fn take_words_about_it(read: &mut Reader, spec: &mut DetectorSpec) {
    read.take("name", NAME, &mut spec.name);
    read.take("info_type", INFO_TYPE, &mut spec.info_type);
    read.take("description", "a text", &mut spec.description);
    read.take("handling", "a text", &mut spec.handling);
    read.take("references", TEXTS, &mut spec.references);
    read.take("examples", TEXTS, &mut spec.examples);
    read.take("counter_examples", TEXTS, &mut spec.counter_examples);
    read.take("mask", "`{\"first\": 0, \"last\": 4}`", &mut spec.mask);
    read.take(
        "precedence",
        "catch_all, generic or specific",
        &mut spec.precedence,
    );
}

fn take_search(read: &mut Reader, spec: &mut DetectorSpec) {
    read.take("kind", &one_of(Kind::ALL, Kind::as_str), &mut spec.kind);
    if let Some(pattern) = read.fields.remove("pattern") {
        if read.fields.contains_key("patterns") {
            read.errors
                .push("`pattern` and `patterns` are both given; keep one".to_owned());
        } else {
            read.fields.insert("patterns".to_owned(), json!([pattern]));
        }
    }
    read.take(
        "patterns",
        "a list of regular expressions",
        &mut spec.patterns,
    );
    read.take("words", "a list of words", &mut spec.words);
    let expects = "`{\"part_of_word\": false, \"match_case\": false}`";
    read.take("matching", expects, &mut spec.matching);
    let expects = "`{\"columns\", \"min_corroborating\", \"window\", \"index\"}`, as `weir edm build` writes it";
    read.take("exact_data", expects, &mut spec.exact_data);
    let expects = "`{\"documents\", \"threshold_percent\", \"index\"}`, as `weir fingerprint build` writes it";
    read.take("fingerprints", expects, &mut spec.fingerprints);
}

fn take_evidence(read: &mut Reader, spec: &mut DetectorSpec) {
    if let Some(Value::Array(words)) = read.fields.get_mut("hotwords") {
        let words = std::mem::take(words);
        let hotwords = if words.is_empty() {
            Value::Null
        } else {
            json!({ "words": words })
        };
        read.fields.insert("hotwords".to_owned(), hotwords);
    }
    let expects =
        "a list of words, or `{\"words\", \"before\", \"after\", \"raise\", \"required\"}`";
    read.take("hotwords", expects, &mut spec.hotwords);
    read.take("validator", "a validator's name", &mut spec.validator);
    let expects = "a list of `{\"pattern\", \"named\", \"reason\", \"lower\"}`";
    read.take("exclusions", expects, &mut spec.exclusions);
    read.take(
        "min_entropy_millibits",
        "a whole number",
        &mut spec.min_entropy_millibits,
    );
}

/// Gives `fields` the index of the detector that they change, if they speak of exact data or documents and
/// bring none: a detector is shown without its index.
pub(super) fn keep_index(fields: &mut Map<String, Value>, of: &DetectorSpec) {
    let exact = of.exact_data.as_ref().map(|data| &data.index);
    let documents = of.fingerprints.as_ref().map(|data| &data.index);
    for (field, present) in [("exact_data", exact), ("fingerprints", documents)] {
        if let (Some(Value::Object(data)), Some(present)) = (fields.get_mut(field), present) {
            data.entry("index").or_insert_with(|| json!(present));
        }
    }
}

/// Takes fields out of an object.
struct Reader {
    fields: Map<String, Value>,
    errors: Vec<String>,
}

impl Reader {
    fn take<T: DeserializeOwned>(&mut self, field: &str, expects: &str, into: &mut T) {
        let Some(value) = self.fields.remove(field) else {
            return;
        };
        match serde_json::from_value(value) {
            Ok(value) => *into = value,
            // serde's words repeat the value.
            Err(_repeats) => self
                .errors
                .push(format!("`{field}` is not usable; give {expects}")),
        }
    }

    fn end(self, spec: DetectorSpec) -> Result<DetectorSpec, Vec<String>> {
        if self.errors.is_empty() {
            Ok(spec)
        } else {
            Err(self.errors)
        }
    }
}

fn one_of<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> String {
    let words: Vec<&str> = all.iter().map(|&one| word(one)).collect();
    format!("one of {}", words.join(", "))
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
        new_spec(value.as_object().unwrap().clone()).map_err(|errors| errors.join("\n"))
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
        `name` is missing; give a few words for people
        `likelihood` is not usable; give one of VERY_UNLIKELY, UNLIKELY, POSSIBLE, LIKELY, VERY_LIKELY
        `info_type` is not usable; give upper-case letters, digits and underscores, beginning with a letter
        `kind` is not usable; give one of regex, dictionary, exact_data_match, document_fingerprint
        `pattern` and `patterns` are both given; keep one
        `hotwords` is not usable; give a list of words, or `{"words", "before", "after", "raise", "required"}`
        1 fields are not known here; a detector has id, name, info_type, description, kind, pattern, patterns, words, matching, exact_data, fingerprints, validator, hotwords, exclusions, min_entropy_millibits, likelihood, severity, precedence, mask, enabled, references, handling, examples, counter_examples
        "#);
    }

    #[test]
    fn of_a_built_in_detector_only_its_weight_can_be_changed() {
        let change = |fields: &Value| {
            let fields = fields.as_object().unwrap().clone();
            changed(&blank(), fields, Fields::OfBuiltIn)
        };
        assert!(!change(&json!({"enabled": false})).unwrap().enabled);
        assert!(change(&json!({"pattern": "x"})).is_err());
    }

    #[test]
    fn hotwords_can_be_taken_away_again() {
        let mut with = blank();
        with.hotwords = serde_json::from_value(json!({"words": ["w"]})).unwrap();
        for none in [json!(null), json!([])] {
            let fields = json!({"hotwords": none}).as_object().unwrap().clone();
            assert_eq!(
                changed(&with, fields, Fields::AllButId).unwrap().hotwords,
                None
            );
        }
    }

    #[test]
    fn exact_data_keeps_its_index_unless_another_is_brought() {
        let mut with = blank();
        with.exact_data =
            serde_json::from_value(json!({"columns": ["id", "name"], "index": "AA=="})).unwrap();
        let change = |data: Value| {
            let mut fields = json!({"exact_data": data}).as_object().unwrap().clone();
            keep_index(&mut fields, &with);
            let changed = changed(&with, fields, Fields::AllButId).unwrap();
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
