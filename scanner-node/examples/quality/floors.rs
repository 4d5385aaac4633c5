//! What was reached once and must not get worse.
//!
//! Owns the figures on record and comparing with them. **Invariant:** whole numbers from made-up text
//! only: the same detectors reach the same figures on every machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::report::Generated;
use super::variants::{self, Outcome};

/// Figures by name.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Floors {
    /// More is better: texts of 1,000 in which something is found.
    at_least: BTreeMap<String, usize>,
    /// Less is better: false findings in 10,000 lines, counter-examples in which something fires.
    at_most: BTreeMap<String, usize>,
}

impl Floors {
    pub(crate) fn reached(generated: &Generated) -> Self {
        let mut floors = Self::default();
        for row in &generated.examples {
            let name = format!("examples of {}", row.detector);
            floors.found(&format!("{name}, POSSIBLE"), row.possible, row.texts);
            floors.found(&format!("{name}, LIKELY"), row.likely, row.texts);
            let name = format!("counter-examples of {}", row.detector);
            floors.at_most.insert(name, row.fired);
        }
        let planted = generated.planted.iter().map(|row| ("planted", row));
        let leaking = generated.leaking.iter().map(|row| ("lines with", row));
        for (what, (info_type, row)) in planted.chain(leaking) {
            let name = format!("{what} {info_type}");
            floors.found(&format!("{name}, POSSIBLE"), row.possible, row.texts);
            floors.found(&format!("{name}, LIKELY"), row.likely, row.texts);
        }
        for (at, info_type) in variants::info_types().enumerate() {
            let kept = |row: &&variants::Row| row.outcomes.get(at) == Some(&Outcome::Kept);
            let rows = &generated.variants.rows;
            let kept = rows.iter().filter(kept).count();
            let name = format!("variants of {info_type}");
            floors.found(&name, kept, rows.len());
        }
        for row in &generated.benign {
            let likely: usize = row.likely.values().sum();
            let rate = (likely * 10_000).div_ceil(row.lines.max(1));
            floors
                .at_most
                .insert(format!("false findings in {}", row.name), rate);
        }
        floors
    }

    /// # Errors
    /// The text is no record of figures.
    pub(crate) fn from_json(text: &str) -> anyhow::Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    /// # Errors
    /// None in practice: these are names and numbers.
    pub(crate) fn to_json(&self) -> anyhow::Result<String> {
        Ok(format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    /// What of these figures `reached` does not hold, in words.
    pub(crate) fn missed_by(&self, reached: &Self) -> Vec<String> {
        let mut missed = Vec::new();
        for (name, floor) in &self.at_least {
            match reached.at_least.get(name) {
                Some(now) if now >= floor => {}
                Some(now) => missed.push(format!("{name}: {floor} of 1000 were found, now {now}")),
                None => missed.push(format!("{name}: there is no such detector any more")),
            }
        }
        for (name, ceiling) in &self.at_most {
            if let Some(now) = reached.at_most.get(name).filter(|now| *now > ceiling) {
                missed.push(format!("{name}: {ceiling} before, now {now}"));
            }
        }
        missed
    }

    fn found(&mut self, name: &str, found: usize, texts: usize) {
        let rate = found * 1_000 / texts.max(1);
        self.at_least.insert(name.to_owned(), rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floors(found: usize, fired: usize) -> Floors {
        let one = |value| BTreeMap::from([("a".to_owned(), value)]);
        Floors {
            at_least: one(found),
            at_most: one(fired),
        }
    }

    #[test]
    fn worse_is_named_and_better_is_not() {
        let record = floors(900, 5);
        assert!(record.missed_by(&floors(900, 5)).is_empty());
        assert!(record.missed_by(&floors(950, 0)).is_empty());
        assert_eq!(record.missed_by(&floors(899, 6)).len(), 2);
    }

    #[test]
    fn what_is_new_is_no_worse_and_what_is_gone_is() {
        assert!(Floors::default().missed_by(&floors(0, 9)).is_empty());
        assert_eq!(floors(0, 0).missed_by(&Floors::default()).len(), 1);
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record = floors(900, 5);
        assert_eq!(
            Floors::from_json(&record.to_json().unwrap()).unwrap(),
            record
        );
    }
}
