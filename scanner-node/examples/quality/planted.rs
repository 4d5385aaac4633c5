//! Fresh values in made-up messages: one in each, of every kind that the corpora know.
//!
//! Owns what counts as found: a finding of the label's class that shares a byte with it.
//! **Invariant:** kinds that no detector knows are listed too, with nothing found.

use std::collections::BTreeMap;
use std::ops::Range;

use super::canon::class_of;
use super::corpora::Kind;
use super::judge::{Found, Judge};

const BYTES: usize = 900_000;
const SEED: u64 = 4_812;

/// How values of one kind are found.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) texts: usize,
    pub(crate) possible: usize,
    pub(crate) likely: usize,
    /// Found from the first to the last byte.
    pub(crate) whole: usize,
}

/// By InfoType.
pub(crate) fn measure(judge: &mut Judge) -> BTreeMap<&'static str, Row> {
    let mut rows: BTreeMap<&'static str, Row> = BTreeMap::new();
    for message in Kind::Chat.records(BYTES, Some(1), SEED) {
        let Some((span, info_type)) = message.planted else {
            continue;
        };
        let mut found = judge.found(&message.text);
        found.retain(|found| {
            found.meets(&span) && class_of(&found.info_type) == class_of(info_type)
        });
        rows.entry(info_type).or_default().count(&found, &span);
    }
    rows
}

impl Row {
    /// Counts a text by what was found of the value at `span`.
    pub(crate) fn count(&mut self, found: &[Found], span: &Range<usize>) {
        self.texts += 1;
        self.possible += usize::from(!found.is_empty());
        self.likely += usize::from(found.iter().any(|found| found.is_likely));
        self.whole += usize::from(found.iter().any(|found| found.covers(span)));
    }
}
