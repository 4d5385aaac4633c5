//! The detectors' own examples, as they stand in messages.
//!
//! Owns the surroundings that an example is put into. Leaves the examples to the packs.
//! **Invariant:** no surrounding holds a hotword, so that an example stands on its own.

use scanner_node::detect::builtin_specs;
use shared::detector::DetectorSpec;

use super::judge::Judge;

/// What stands before and after: plain, in a sentence, and in the ways that Slack marks text up.
const AROUND: &[(&str, &str)] = &[
    ("", ""),
    ("fyi ", " thanks"),
    ("see below\n", "\nregards"),
    ("`", "`"),
    ("```\n", "\n```"),
    ("*", "*"),
    ("_", "_"),
    ("> ", ""),
    ("• ", "\n• next one"),
    ("(", ")"),
    ("\"", "\""),
    ("“", "”"),
    ("Вот: ", " спасибо"),
    ("これ：", "。"),
    ("👉 ", " 🙏"),
    ("a,b;", ";c"),
];

/// How a detector does on its own examples.
pub(crate) struct Row {
    pub(crate) detector: String,
    pub(crate) info_type: String,
    /// Examples times surroundings.
    pub(crate) texts: usize,
    pub(crate) possible: usize,
    pub(crate) likely: usize,
    /// Counter-examples times surroundings, and how many of them it fired in.
    pub(crate) counter_texts: usize,
    pub(crate) fired: usize,
}

pub(crate) fn measure(judge: &mut Judge) -> anyhow::Result<Vec<Row>> {
    let specs = builtin_specs()?;
    let enabled = specs.iter().filter(|spec| spec.enabled);
    Ok(enabled.map(|spec| row(spec, judge)).collect())
}

fn row(spec: &DetectorSpec, judge: &mut Judge) -> Row {
    let mut row = Row {
        detector: spec.id.to_string(),
        info_type: spec.info_type.to_string(),
        texts: spec.examples.len() * AROUND.len(),
        possible: 0,
        likely: 0,
        counter_texts: spec.counter_examples.len() * AROUND.len(),
        fired: 0,
    };
    for (before, after) in AROUND {
        for example in &spec.examples {
            let span = before.len()..before.len() + example.len();
            let mut found = judge.found(&format!("{before}{example}{after}"));
            found.retain(|found| found.info_type == row.info_type && found.meets(&span));
            row.possible += usize::from(!found.is_empty());
            row.likely += usize::from(found.iter().any(|found| found.is_likely));
        }
        for example in &spec.counter_examples {
            let mut found = judge.found(&format!("{before}{example}{after}"));
            found.retain(|found| found.detector == row.detector);
            row.fired += usize::from(!found.is_empty());
        }
    }
    row
}
