//! Values as people and programs write them down, in many styles and languages: one in each line.
//!
//! Owns the styles, which are data in `leaking.txt`: the kind of the value, then a template with `@` in its
//! place. Leaves the values to `corpora`.
//! **Invariant:** each style is tried with as many values as any other.

use std::collections::BTreeMap;

use super::canon::class_of;
use super::corpora::{Kind, filled};
use super::judge::Judge;
use super::planted::Row;

const STYLES: &str = include_str!("leaking.txt");
/// Lines of each style.
const LINES: usize = 20;
/// Of chat, to take values from.
const BYTES: usize = 900_000;
const SEED: u64 = 20_777;

/// By InfoType.
pub(crate) fn measure(judge: &mut Judge) -> BTreeMap<&'static str, Row> {
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for message in Kind::Chat.records(BYTES, Some(1), SEED) {
        if let Some((span, info_type)) = message.planted {
            let value = message.text.get(span).unwrap_or_default().to_owned();
            values.entry(info_type).or_default().push(value);
        }
    }
    let mut rows: BTreeMap<&'static str, Row> = BTreeMap::new();
    for (info_type, template) in STYLES.lines().filter_map(|line| line.split_once(": ")) {
        let values = values.get(info_type).map_or(&[][..], Vec::as_slice);
        let row = rows.entry(info_type).or_default();
        for (line, value) in filled(template, LINES, SEED).iter().zip(values) {
            let (before, after) = line.split_once('@').unwrap_or((line, ""));
            let span = before.len()..before.len() + value.len();
            let mut found = judge.found(&format!("{before}{value}{after}"));
            found.retain(|found| {
                found.meets(&span) && class_of(&found.info_type) == class_of(info_type)
            });
            row.count(&found, &span);
        }
    }
    rows
}
