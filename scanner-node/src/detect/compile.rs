//! From detectors as data to an engine.
//!
//! Owns the limits of patterns and the collecting of every error. Leaves searching to `matcher`.
//! **Invariant:** a compiled pattern matches ASCII classes only and never matches nothing; one that somebody
//! wrote is built here and now, so that what cannot be built is told at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::{self, Hir, HirKind};
use shared::detector::{DetectorSet, DetectorSpec, Hotwords, Origin};
use shared::ids::DetectorSetVersion;

use super::cost;
use super::documents::{Registered, Sheaf};
use super::error::{CompileError, CompileErrors, Problem};
use super::exact::{Table, Tables};
use super::exclusion::CompiledExclusion;
use super::filter::{self, Filter, Wanted};
use super::first::First;
use super::hotword::HotwordSearch;
use super::keys::IndexKeys;
use super::lazy::{LazyRegex, Refused};
use super::name::Names;
use super::terms::Terms;
use super::validators::{self, Validator};
use super::value::Value;

/// Deepest nesting of groups in a pattern.
pub(super) const NEST_LIMIT: u32 = 50;

/// A compiled detector set: immutable, `Send` and `Sync`, made to be shared behind an `Arc`.
#[derive(Debug)]
pub struct Engine {
    /// Tells one engine's scratch from another's.
    pub(super) id: u64,
    version: DetectorSetVersion,
    pub(super) detectors: Vec<Detector>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) filter: Filter,
    pub(super) terms: Terms,
    pub(super) exact: Tables,
    pub(super) documents: Registered,
    /// Whether a pattern is timed; empty if none is.
    pub(super) timed: Vec<bool>,
}

/// A detector without its patterns.
#[derive(Debug)]
pub(super) struct Detector {
    pub(super) spec: Arc<DetectorSpec>,
    pub(super) validator: Option<Validator>,
    pub(super) hotwords: Option<HotwordSearch>,
    pub(super) exclusions: Vec<CompiledExclusion>,
}

/// One pattern of a detector.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Index into [`Engine::detectors`].
    pub(super) detector: usize,
    pub(super) regex: LazyRegex,
    pub(super) value: Value,
    /// Longest match in bytes; none: no limit.
    pub(super) longest: Option<usize>,
    /// The bytes that a match may begin with.
    pub(super) first: First,
    /// Bytes that every match contains.
    pub(super) needs: [Option<u8>; 2],
}

impl Engine {
    /// Compiles a detector set in which there is neither an exact data match nor a document fingerprint.
    ///
    /// # Errors
    /// Everything that is wrong with any of its detectors; permanent.
    pub fn compile(set: &DetectorSet) -> Result<Self, CompileErrors> {
        Self::compile_with(set, None)
    }

    /// The same as on a processor without vector instructions, to be measured.
    #[must_use]
    pub fn without_vectors(mut self) -> Self {
        self.filter.leave_vectors();
        self
    }

    /// Compiles a detector set, with the keys of the rows and documents that admins registered.
    ///
    /// # Errors
    /// Everything that is wrong with any of its detectors, or the keys for them; permanent.
    pub fn compile_with(
        set: &DetectorSet,
        keys: Option<&IndexKeys>,
    ) -> Result<Self, CompileErrors> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let mut errors = Vec::new();
        let mut detectors = Vec::with_capacity(set.detectors.len());
        let mut patterns = Vec::new();
        let mut hirs = Vec::new();
        let mut tables = Vec::new();
        let mut sheaves = Vec::new();
        let (exact, documents) = (
            keys.map(|keys| &keys.exact),
            keys.map(|keys| &keys.documents),
        );
        for spec in &set.detectors {
            let mut problems = Vec::new();
            for (at, source) in spec.patterns.iter().enumerate() {
                match compile_pattern(source, at + 1, spec.origin) {
                    Ok((hir, regex, value)) => {
                        patterns.push(Pattern {
                            detector: detectors.len(),
                            regex,
                            value,
                            longest: hir.properties().maximum_len(),
                            first: First::of(&hir),
                            needs: filter::needed(&hir),
                        });
                        hirs.push((hir, detectors.len(), required_hotwords(spec)));
                    }
                    Err(problem) => problems.push(problem),
                }
            }
            match Table::compile(detectors.len(), spec, exact) {
                Ok(table) => tables.extend(table),
                Err(problem) => problems.push(problem),
            }
            match Sheaf::compile(detectors.len(), spec, documents) {
                Ok(sheaf) => sheaves.extend(sheaf),
                Err(problem) => problems.push(problem),
            }
            detectors.push(compile_detector(spec, &mut problems));
            errors.extend(problems.into_iter().map(|problem| CompileError {
                detector: spec.id.clone(),
                problem,
            }));
        }
        if !errors.is_empty() {
            return Err(CompileErrors(errors));
        }
        Ok(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            version: set.version.clone(),
            detectors,
            filter: Filter::build(hirs.iter().map(|(hir, detector, hotwords)| Wanted {
                hir,
                detector: *detector,
                hotwords: *hotwords,
            })),
            timed: cost::of_admins(&patterns, &set.detectors),
            patterns,
            terms: Terms::compile(&set.detectors),
            exact: Tables::new(exact, tables),
            documents: Registered::new(documents, sheaves),
        })
    }

    /// The version of the set it was compiled from.
    pub fn version(&self) -> &DetectorSetVersion {
        &self.version
    }

    /// How many detectors it runs.
    pub fn detector_count(&self) -> usize {
        self.detectors.len()
    }
}

/// The words without one of which there is no finding.
fn required_hotwords(spec: &DetectorSpec) -> Option<&Hotwords> {
    spec.hotwords.as_ref().filter(|rule| rule.required)
}

fn compile_detector(spec: &DetectorSpec, problems: &mut Vec<Problem>) -> Detector {
    let validator = spec.validator.as_ref().and_then(|name| {
        let found = validators::by_name(&name.0);
        if found.is_none() {
            problems.push(Problem::UnknownValidator {
                name: name.0.clone(),
                known: validators::names().collect::<Vec<_>>().join(", "),
            });
        }
        found
    });
    let hotwords = spec.hotwords.as_ref().and_then(|rule| {
        let search = HotwordSearch::compile(rule);
        if search.is_none() {
            problems.push(Problem::BadHotwords);
        }
        search
    });
    let mut exclusions = Vec::new();
    for (at, exclusion) in spec.exclusions.iter().enumerate() {
        match compile_exclusion(&exclusion.pattern, at + 1, spec.origin) {
            Ok(regex) => {
                let words = &exclusion.named;
                let names = (!words.is_empty()).then(|| Names::new(words));
                exclusions.push(CompiledExclusion::new(regex, names, exclusion.lower));
            }
            Err(problem) => problems.push(Problem::BadExclusion {
                number: at + 1,
                what: match problem {
                    Problem::BadPattern { what, .. } => what,
                    _ => "it is too large once compiled".to_owned(),
                },
            }),
        }
    }
    Detector {
        spec: Arc::new(spec.clone()),
        validator,
        hotwords,
        exclusions,
    }
}

fn compile_pattern(
    source: &str,
    number: usize,
    origin: Origin,
) -> Result<(Hir, LazyRegex, Value), Problem> {
    let hir = parse(source).map_err(|problem| problem.numbered(number))?;
    match hir.properties().minimum_len() {
        Some(0) => return Err(Problem::EmptyMatch { number }),
        None => return Err(Problem::NeverMatches { number }),
        Some(_) => {}
    }
    let mut names = Vec::new();
    groups(&hir, &mut names);
    let value = names.iter().find(|(_, name)| *name == "value");
    if let (None, Some((_, group))) = (value, names.first()) {
        let group = (*group).to_owned();
        return Err(Problem::NoValueGroup { number, group });
    }
    let value = Value::of(&hir, value.map(|(group, _)| *group));
    let regex = LazyRegex::new(source, value.captures());
    build_at_once(&regex, &hir, (number, origin))?;
    Ok((hir, regex, value))
}

/// The numbers and names of the groups that have one, in order.
fn groups<'h>(hir: &'h Hir, names: &mut Vec<(usize, &'h str)>) {
    match hir.kind() {
        HirKind::Capture(capture) => {
            let number = usize::try_from(capture.index).unwrap_or(usize::MAX);
            names.extend(capture.name.as_deref().map(|name| (number, name)));
            groups(&capture.sub, names);
        }
        HirKind::Repetition(repetition) => groups(&repetition.sub, names),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            for part in parts {
                groups(part, names);
            }
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

fn compile_exclusion(source: &str, number: usize, origin: Origin) -> Result<LazyRegex, Problem> {
    let hir = parse(source).map_err(|problem| problem.numbered(number))?;
    let regex = LazyRegex::new(source, WhichCaptures::Implicit);
    build_at_once(&regex, &hir, (number, origin))?;
    Ok(regex)
}

/// Builds a pattern unless it comes with Weir: those are known to be sound, and few of them run.
fn build_at_once(
    regex: &LazyRegex,
    hir: &Hir,
    (number, origin): (usize, Origin),
) -> Result<(), Problem> {
    if origin == Origin::Builtin {
        return Ok(());
    }
    regex.build(hir).map_err(|refused| match refused {
        Refused::TooLarge => Problem::TooLarge { number },
        Refused::Unsupported => Problem::BadPattern {
            number,
            what: "the compiler refuses it".to_owned(),
        },
    })
}

/// Parses in ASCII mode. A class may then match part of a character; spans are widened afterwards.
pub(super) fn parse(source: &str) -> Result<Hir, Problem> {
    use regex_syntax::ast::ErrorKind;
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .nest_limit(NEST_LIMIT)
        .build()
        .parse(source)
        .map_err(|error| match &error {
            regex_syntax::Error::Parse(error) => match error.kind() {
                ErrorKind::GroupNameDuplicate { .. } => Problem::DoubledGroup { number: 1 },
                kind => bad_pattern(&format!("{kind} at byte {}", error.span().start.offset)),
            },
            regex_syntax::Error::Translate(error)
                if *error.kind() == hir::ErrorKind::UnicodeNotAllowed =>
            {
                bad_pattern(&format!(
                    "patterns know ASCII classes only; write other letters as alternatives, `(?:ä|ö)`, at byte {}",
                    error.span().start.offset
                ))
            }
            regex_syntax::Error::Translate(error) => bad_pattern(&format!(
                "{} at byte {}",
                error.kind(),
                error.span().start.offset
            )),
            _ => bad_pattern("the parser refuses it"),
        })
}

fn bad_pattern(what: &str) -> Problem {
    Problem::BadPattern {
        number: 1,
        what: what.to_owned(),
    }
}

impl Problem {
    fn numbered(self, to: usize) -> Self {
        match self {
            Self::BadPattern { what, .. } => Self::BadPattern { number: to, what },
            Self::DoubledGroup { .. } => Self::DoubledGroup { number: to },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn problems_of(extra: &Value) -> Vec<String> {
        let mut spec = json!({
            "id": "a", "name": "A", "info_type": "A", "patterns": ["a"],
            "likelihood": "LIKELY", "severity": "LOW", "origin": "custom",
        });
        for (key, value) in extra.as_object().unwrap() {
            spec[key] = value.clone();
        }
        let set = DetectorSet::of([serde_json::from_value(spec).unwrap()]).unwrap();
        Engine::compile(&set).map_or_else(
            |errors| errors.0.iter().map(ToString::to_string).collect(),
            |_| Vec::new(),
        )
    }

    #[test]
    fn every_error_of_a_set_is_named_at_once() {
        let problems = problems_of(&json!({
            "patterns": ["(", "x*", r"[^\x00-\xFF]", r"(?:\w{900}){900}", "(?<v>x)", "(?<value>x)(?<value>y)"],
            "validator": "nope",
            "exclusions": [{"pattern": "[", "reason": "r"}],
            "hotwords": {"words": []},
        }));
        let known = validators::names().collect::<Vec<_>>().join(", ");
        insta::assert_snapshot!(problems.join("\n").replace(&known, "[all names]"), @"
        detector `a`: pattern 1 is not a regular expression: unclosed group at byte 0; correct the pattern
        detector `a`: pattern 2 matches empty text; make at least one character mandatory
        detector `a`: pattern 3 can never match; remove it or correct its character classes
        detector `a`: pattern 4 is too large once compiled; use smaller repetition counts
        detector `a`: pattern 5 names the group `v` but none `value`; call the group around the finding `value`
        detector `a`: pattern 6 names a group twice; keep one group called `value`
        detector `a`: there is no validator `nope`; use one of [all names]
        detector `a`: a hotword is empty, or there is none; give whole words or leave hotwords out
        detector `a`: exclusion 1 is not usable: unclosed character class at byte 0; correct its pattern
        ");
    }

    #[test]
    fn a_sound_detector_compiles() {
        assert!(problems_of(&json!({"patterns": [r"\b(?<value>\d{4})x"]})).is_empty());
    }

    #[test]
    fn an_engine_can_be_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Engine>();
    }
}
