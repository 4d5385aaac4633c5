//! What an admin's detector may ask for: stricter than what comes with Weir.
//!
//! Owns the limits of such patterns and gathering everything that is wrong with a detector at once. Leaves
//! what it costs to run to whoever has a clock.
//! **Invariant:** what is admitted compiles in every set, and no set grows much by it.

use regex_automata::nfa::thompson;
use regex_syntax::ast::{self, Ast, RepetitionKind, RepetitionRange};
use shared::detector::{DetectorSet, DetectorSpec};
use shared::ids::DetectorSetVersion;

use super::compile::{Engine, NEST_LIMIT, parse};
use super::error::{CompileError, CompileErrors, Problem};
use super::keys::IndexKeys;

/// Largest automaton of one pattern, in bytes: a quarter of what a pattern of our own may have.
const NFA_BYTES: usize = 256 << 10;
/// Largest count in a repetition.
pub(super) const MAX_REPEAT: u32 = 1_000;

/// Compiles a detector of an admin's on its own, whether it is enabled or not.
///
/// # Errors
/// Everything that is wrong with it; permanent until it is changed.
pub fn admit(spec: &DetectorSpec) -> Result<Engine, CompileErrors> {
    admit_with(spec, None)
}

/// The same, with the keys of what admins registered.
///
/// # Errors
/// As [`admit`].
pub fn admit_with(spec: &DetectorSpec, keys: Option<&IndexKeys>) -> Result<Engine, CompileErrors> {
    let mut problems: Vec<Problem> = spec.faults().into_iter().map(Problem::Fault).collect();
    // What a list of a million patterns would take to look through is not worth knowing.
    if problems.is_empty() {
        for (number, pattern) in (1..).zip(&spec.patterns) {
            problems.extend(excess(pattern, number));
        }
        for (number, exclusion) in (1..).zip(&spec.exclusions) {
            let what = excess(&exclusion.pattern, number);
            problems.extend(what.map(|excess| Problem::BadExclusion {
                number,
                what: match excess {
                    Problem::LongRepeat { at, count, .. } => {
                        format!(
                            "the repetition at byte {at} counts to {count}, more than {MAX_REPEAT}"
                        )
                    }
                    _ => "it is too large once compiled".to_owned(),
                },
            }));
        }
    }
    if !problems.is_empty() {
        let named = problems.into_iter().map(|problem| CompileError {
            detector: spec.id.clone(),
            problem,
        });
        return Err(CompileErrors(named.collect()));
    }
    let set = DetectorSet {
        version: DetectorSetVersion::new("draft"),
        detectors: vec![spec.clone()],
    };
    Engine::compile_with(&set, keys)
}

/// What a pattern asks for beyond the limits. One that cannot be parsed is for the compiler to explain.
fn excess(pattern: &str, number: usize) -> Option<Problem> {
    let parsed = ast::parse::ParserBuilder::new()
        .nest_limit(NEST_LIMIT)
        .build()
        .parse(pattern)
        .ok()?;
    if let Ok(Some((at, count))) = ast::visit(&parsed, LongestRepeat::default()) {
        return Some(Problem::LongRepeat { number, at, count });
    }
    let hir = parse(pattern).ok()?;
    let config = thompson::Config::new()
        .utf8(false)
        .nfa_size_limit(Some(NFA_BYTES));
    let built = thompson::Compiler::new()
        .configure(config)
        .build_from_hir(&hir);
    built.is_err().then_some(Problem::TooLarge { number })
}

/// Looks for a repetition that counts too far: where it stands, and how far it counts.
#[derive(Default)]
struct LongestRepeat(Option<(usize, u32)>);

impl ast::Visitor for LongestRepeat {
    type Output = Option<(usize, u32)>;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<Self::Output, Self::Err> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        if let Ast::Repetition(repetition) = ast
            && let RepetitionKind::Range(range) = &repetition.op.kind
        {
            let count = match *range {
                RepetitionRange::Exactly(count)
                | RepetitionRange::AtLeast(count)
                | RepetitionRange::Bounded(_, count) => count,
            };
            if count > MAX_REPEAT && self.0.is_none_or(|(_, most)| count > most) {
                self.0 = Some((repetition.op.span.start.offset, count));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn problems_of(extra: &Value) -> String {
        let mut spec = json!({
            "id": "a", "name": "A", "info_type": "A", "likelihood": "LIKELY", "severity": "LOW",
        });
        for (key, value) in extra.as_object().unwrap() {
            spec[key] = value.clone();
        }
        let admitted = admit(&serde_json::from_value(spec).unwrap());
        let errors = admitted.err().map_or(Vec::new(), |errors| errors.0);
        let words: Vec<String> = errors.iter().map(|e| e.problem.to_string()).collect();
        words.join("\n")
    }

    #[test]
    fn a_sound_detector_is_admitted_even_if_it_is_off() {
        assert_eq!(
            problems_of(&json!({"patterns": [r"\bEMP-\d{6}\b"], "enabled": false})),
            ""
        );
        assert_eq!(
            problems_of(&json!({"kind": "dictionary", "words": ["aurora"]})),
            ""
        );
    }

    #[test]
    fn patterns_beyond_the_limits_are_refused_with_what_to_do() {
        let nested = format!("{}x{}", "(".repeat(60), ")".repeat(60));
        let problems = problems_of(&json!({
            "patterns": ["ab{3,2000}", r"(?:\w{300}){100}"],
            "exclusions": [{"pattern": "a{5000}", "reason": "r"}],
        }));
        insta::assert_snapshot!(problems, @"
        pattern 1: the repetition at byte 2 counts to 2000; count to 1000 at most, or use `+`
        pattern 2 is too large once compiled; use smaller repetition counts
        exclusion 1 is not usable: the repetition at byte 1 counts to 5000, more than 1000; correct its pattern
        ");
        let problems = problems_of(&json!({"patterns": ["x*", "[é]x", "(?=x)y", nested]}));
        insta::assert_snapshot!(problems, @"
        pattern 1 matches empty text; make at least one character mandatory
        pattern 2 is not a regular expression: patterns know ASCII classes only; write other letters as alternatives, `(?:ä|ö)`, at byte 1; correct the pattern
        pattern 3 is not a regular expression: look-around, including look-ahead and look-behind, is not supported at byte 0; correct the pattern
        pattern 4 is not a regular expression: exceed the maximum number of nested parentheses/brackets (50) at byte 50; correct the pattern
        ");
    }

    #[test]
    fn faults_of_the_form_are_told_first() {
        let problems = problems_of(&json!({"kind": "dictionary", "patterns": ["("]}));
        insta::assert_snapshot!(problems, @"
        there are no words; give at least one, or choose another `kind`
        `patterns` belongs to kind `regex`, this one is `dictionary`; take it out or change the `kind`
        ");
    }
}
