//! `weir detectors check`: whether detectors are sound and do as they declare.
//!
//! Owns what is checked, and in which order it is told. Leaves what is wrong with a form, a pattern or an
//! example to `scanner_node::detect`.
//! **Invariant:** everything that is wrong is told in one go; warnings alone are no failure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use scanner_node::detect::examples::{self, Failure};
use scanner_node::detect::{Engine, IndexKeys, PackFile, Scratch, admit_with, builtin_specs};
use shared::detector::{DetectorSet, DetectorSpec};
use shared::ids::{DetectorId, DetectorSetVersion};

use super::files::text_of;
use crate::cli::keys::index_keys_for;
use crate::cli::output::harmless;
use crate::cli::{Exit, Global, print};
use crate::detector_cost::Cost;

/// Runs the built-in detectors on their examples.
pub(super) fn builtin() -> anyhow::Result<Exit> {
    let specs = builtin_specs()?;
    let failures = failures(&specs)?;
    let examples: usize = specs.iter().map(|spec| spec.examples.len()).sum();
    let counter: usize = specs.iter().map(|spec| spec.counter_examples.len()).sum();
    let mut text = failures.join("\n");
    // Writing to a string cannot fail.
    write!(
        text,
        "{}{} detectors, {examples} examples, {counter} counter-examples: {} failed",
        if failures.is_empty() { "" } else { "\n" },
        specs.len(),
        failures.len()
    )
    .ok();
    print(&text)?;
    Ok(exit(failures.len()))
}

/// What the detectors do otherwise than they declare. Those that are on are run together, as in service;
/// one that is off is run alone.
fn failures(specs: &[DetectorSpec]) -> anyhow::Result<Vec<String>> {
    let together = Engine::compile(&DetectorSet::of(specs.iter().cloned())?)?;
    let mut scratch = Scratch::new();
    let mut failures = Vec::new();
    for spec in specs {
        let alone = (!spec.enabled).then(|| alone(spec)).transpose()?;
        let engine = alone.as_ref().unwrap_or(&together);
        let failed = examples::failures(engine, &mut scratch, spec);
        failures.extend(
            failed
                .iter()
                .map(|failure| format!("{}: {failure}", spec.id)),
        );
    }
    Ok(failures)
}

fn alone(spec: &DetectorSpec) -> anyhow::Result<Engine> {
    let mut spec = spec.clone();
    spec.enabled = true;
    Ok(Engine::compile(&DetectorSet::of([spec])?)?)
}

/// Checks detectors of one's own.
pub(super) fn files(paths: &[PathBuf], global: &Global) -> anyhow::Result<Exit> {
    let mut report = Report::default();
    let mut sound = Vec::new();
    let mut ids = BTreeSet::new();
    for path in paths {
        let file = PackFile::read(&text_of(path)?);
        for problem in &file.problems {
            report.fault(&format!("{}:{problem}", path.display()));
        }
        let keys = index_keys_for(file.detectors.iter().map(|(_, spec)| spec), global)?;
        report.keys = report.keys.or(keys);
        for (line, spec) in file.detectors {
            let at = At {
                path,
                line,
                spec: &spec,
            };
            report.detectors += 1;
            if !ids.insert(spec.id.clone()) {
                report.fault(&at.says("another detector here has the same id; give one another"));
            }
            if report.look_at(&at) {
                sound.push((path.as_path(), line, spec));
            }
        }
    }
    report.run_together(&sound, &builtin_specs()?)?;
    print(&report.ended())?;
    Ok(exit(report.faults))
}

fn exit(faults: usize) -> Exit {
    if faults == 0 {
        Exit::Success
    } else {
        Exit::Found
    }
}

/// A detector and where it stands.
struct At<'a> {
    path: &'a Path,
    line: usize,
    spec: &'a DetectorSpec,
}

impl At<'_> {
    fn says(&self, what: &str) -> String {
        format!(
            "{}:{}: `{}`: {what}",
            self.path.display(),
            self.line,
            self.spec.id
        )
    }
}

/// What is told in the end.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    detectors: usize,
    faults: usize,
    warnings: usize,
    /// The keys of rows and documents, if there are any.
    keys: Option<IndexKeys>,
}

impl Report {
    fn fault(&mut self, line: &str) {
        self.faults += 1;
        self.lines.push(harmless(line));
    }

    fn warning(&mut self, line: &str) {
        self.warnings += 1;
        self.lines.push(harmless(&format!("{line} (warning)")));
    }

    /// Looks at a detector alone; says whether it can be run with others.
    fn look_at(&mut self, at: &At<'_>) -> bool {
        let spec = at.spec;
        for (missing, what) in [
            (
                spec.description.is_empty(),
                "`description`: say what it finds and how",
            ),
            (
                spec.handling.is_empty(),
                "`handling`: say what to do about a leak",
            ),
            (
                spec.examples.is_empty(),
                "`examples`: give texts in which it must fire",
            ),
            (
                spec.counter_examples.is_empty(),
                "`counter_examples`: give texts in which it must not",
            ),
        ] {
            if missing {
                self.warning(&at.says(&format!("there is no {what}")));
            }
        }
        let engine = match admit_with(spec, self.keys.as_ref()) {
            Ok(engine) => engine,
            Err(errors) => {
                for error in errors.0 {
                    self.fault(&at.says(&error.problem.to_string()));
                }
                return false;
            }
        };
        for failure in examples::failures(&engine, &mut Scratch::new(), spec) {
            self.fault(&at.says(&failure.to_string()));
        }
        let cost = Cost::measure(&engine, spec);
        if cost.is_too_much() {
            self.fault(&at.says(&cost.to_string()));
        } else if cost.is_much() {
            self.warning(&at.says(&cost.to_string()));
        }
        true
    }

    /// Looks for detectors that fire in counter-examples of others. Of one's own that is wrong; what a built-in
    /// one must not find, one's own may mean to.
    fn run_together(
        &mut self,
        own: &[(&Path, usize, DetectorSpec)],
        builtin: &[DetectorSpec],
    ) -> anyhow::Result<()> {
        let set = DetectorSet {
            version: DetectorSetVersion::new("drafts"),
            detectors: own.iter().map(|(_, _, spec)| spec.clone()).collect(),
        };
        let engine = Engine::compile_with(&set, self.keys.as_ref())?;
        let of_own = loud_in(&engine, own.iter().map(|(_, _, spec)| spec));
        let of_builtin = loud_in(&engine, builtin.iter());
        for (path, line, spec) in own {
            let (path, line) = (*path, *line);
            let at = At { path, line, spec };
            if let Some(others) = of_own.get(&spec.id) {
                let others = some_of(others);
                self.fault(&at.says(&format!("fires in counter-examples of {others}")));
            }
            if let Some(others) = of_builtin.get(&spec.id) {
                let others = some_of(others);
                self.warning(&at.says(&format!(
                    "fires in counter-examples of {others}, which come with Weir: make sure that it is meant to"
                )));
            }
        }
        Ok(())
    }

    fn ended(&self) -> String {
        let total = format!(
            "{}: {} wrong, {}",
            counted(self.detectors, "detector"),
            self.faults,
            counted(self.warnings, "warning")
        );
        let mut lines = self.lines.clone();
        lines.push(total);
        lines.join("\n")
    }
}

/// The detectors that fire in counter-examples of others, and of which.
fn loud_in<'s>(
    engine: &Engine,
    others: impl Iterator<Item = &'s DetectorSpec>,
) -> BTreeMap<DetectorId, BTreeSet<&'s DetectorId>> {
    let mut loud = BTreeMap::<_, BTreeSet<_>>::new();
    let mut scratch = Scratch::new();
    for other in others {
        for failure in examples::failures(engine, &mut scratch, other) {
            if let Failure::Loud { by, .. } = failure
                && by != other.id
            {
                loud.entry(by).or_default().insert(&other.id);
            }
        }
    }
    loud
}

/// A few by name, and how many more there are.
fn some_of(ids: &BTreeSet<&DetectorId>) -> String {
    const NAMED: usize = 3;
    let named: Vec<_> = ids.iter().take(NAMED).map(|id| format!("`{id}`")).collect();
    let named = named.join(", ");
    match ids.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {}", counted(more, "other")),
    }
}

/// `1 detector`, `2 detectors`.
fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector(patch: &serde_json::Value) -> DetectorSpec {
        let mut spec = serde_json::json!({
            "id": "badge", "name": "Badge", "info_type": "BADGE", "patterns": ["BDG-[0-9]{4}"],
            "likelihood": "LIKELY", "severity": "LOW",
            "examples": ["my BDG-1234"], "counter_examples": ["my BDG-123"],
        });
        let patched = spec.as_object_mut().unwrap();
        patched.extend(patch.as_object().unwrap().clone());
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn a_detector_that_does_as_it_declares_passes_on_or_off() {
        for enabled in [true, false] {
            let spec = detector(&serde_json::json!({ "enabled": enabled }));
            assert_eq!(failures(&[spec]).unwrap(), [""; 0]);
        }
    }

    #[test]
    fn a_silent_example_and_a_loud_counter_example_are_named_by_number() {
        let spec = detector(&serde_json::json!({
            "examples": ["BDG-1234", "BDG-12"], "counter_examples": ["none", "BDG-9999"],
        }));
        assert_eq!(
            failures(&[spec]).unwrap(),
            [
                "badge: does not fire in its example 2",
                "badge: `badge` fires in its counter-example 2"
            ]
        );
    }

    #[test]
    fn one_of_a_thing_is_not_called_several() {
        assert_eq!(counted(1, "detector"), "1 detector");
        assert_eq!(counted(0, "warning"), "0 warnings");
    }

    #[test]
    fn a_detector_that_fires_in_another_s_counter_example_is_named() {
        let path = Path::new("own.toml");
        let own = [
            (path, 1, detector(&serde_json::json!({}))),
            (
                path,
                9,
                detector(&serde_json::json!({"id": "any", "patterns": ["BDG-[0-9]+"]})),
            ),
        ];
        let mut report = Report::default();
        report.run_together(&own, &[]).unwrap();
        assert_eq!(
            report.lines,
            ["own.toml:9: `any`: fires in counter-examples of `badge`"]
        );
        assert_eq!((report.faults, report.warnings), (1, 0));
    }

    #[test]
    fn one_that_fires_in_many_counter_examples_of_weir_is_warned_of_in_a_line() {
        let wide = detector(&serde_json::json!({"patterns": ["[0-9a-z]"]}));
        let own = [(Path::new("own.toml"), 1, wide)];
        let mut report = Report::default();
        report
            .run_together(&own, &builtin_specs().unwrap())
            .unwrap();
        let [line] = report.lines.as_slice() else {
            panic!("{:?}", report.lines)
        };
        assert!(line.contains(" others, which come with Weir"), "{line}");
        assert_eq!((report.faults, report.warnings), (0, 1));
    }
}
