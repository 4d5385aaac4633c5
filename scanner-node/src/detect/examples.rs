//! Whether detectors do as their examples say.
//!
//! Owns running examples and counter-examples. **Invariant:** a failure names an example by its number, and
//! does not repeat it.

use std::fmt;

use shared::content::TextUnit;
use shared::detector::DetectorSpec;
use shared::ids::DetectorId;

use super::{Engine, Quotes, Scratch};

/// A detector that does otherwise than it declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It finds nothing in a text that it should find something in.
    Silent {
        /// Which example, from 1.
        example: usize,
    },
    /// Something is found in a text that nothing should be found in.
    Loud {
        /// Which counter-example, from 1.
        counter_example: usize,
        /// By which detector.
        by: DetectorId,
    },
}

/// What `spec` and the other detectors of `engine` do otherwise than `spec` declares.
pub fn failures(engine: &Engine, scratch: &mut Scratch, spec: &DetectorSpec) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (example, text) in (1..).zip(&spec.examples) {
        if !fired(engine, scratch, text).contains(&spec.id) {
            failures.push(Failure::Silent { example });
        }
    }
    for (counter_example, text) in (1..).zip(&spec.counter_examples) {
        for by in fired(engine, scratch, text) {
            failures.push(Failure::Loud {
                counter_example,
                by,
            });
        }
    }
    failures
}

fn fired(engine: &Engine, scratch: &mut Scratch, text: &str) -> Vec<DetectorId> {
    let (unit, mut quotes) = (TextUnit::plain(text), Quotes::default());
    let scan = engine.scan_part(&unit, 0..text.len(), scratch, &mut quotes);
    let mut ids: Vec<DetectorId> = scan
        .matches
        .iter()
        .map(|found| found.detector.id.clone())
        .collect();
    let documents = engine.quoted(&quotes).into_iter();
    ids.extend(documents.map(|quoted| quoted.detector.id.clone()));
    ids.dedup();
    ids
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent { example } => write!(f, "does not fire in its example {example}"),
            Self::Loud {
                counter_example,
                by,
            } => write!(f, "`{by}` fires in its counter-example {counter_example}"),
        }
    }
}
