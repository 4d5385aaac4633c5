//! Text with nothing in it: every finding is a false one.
//!
//! Owns counting what fires. The sorts of lines that look like something are data, in `harmless.txt`; the
//! making of text is left to `corpora`. **Invariant:** what such text truly holds, as logs hold addresses of hosts, is not counted.

use std::collections::BTreeMap;

use super::corpora::{Kind, filled};
use super::judge::{Found, Judge};
use super::score::ratio;

const SEED: u64 = 90_125;
/// Lines of each sort.
const LINES: usize = 2_000;
/// Bytes of each kind of running text.
const BYTES: usize = 250_000;
/// What is really there: hosts and network cards in logs, people who write, places on a map.
const TRULY_THERE: &[&str] = &[
    "IP_ADDRESS",
    "MAC_ADDRESS",
    "PERSON",
    "PERSON_NAME",
    "FIRST_NAME",
    "LAST_NAME",
    "LOCATION_COORDINATES",
    "DATE",
    "TIME",
    "URL",
    "DOMAIN_NAME",
];

/// Sorts of lines: a heading behind `#`, then a template a line; `⏎` stands for the end of a line.
const SORTS: &str = include_str!("harmless.txt");

/// Where mailboxes that people name are.
const TOP_LEVELS: &[&str] = &[
    "com", "org", "net", "edu", "gov", "mil", "info", "de", "uk", "fr",
];

/// What fired in some text.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) lines: usize,
    /// Findings that are at least POSSIBLE.
    pub(crate) possible: usize,
    /// Findings that are at least LIKELY, by InfoType.
    pub(crate) likely: BTreeMap<String, usize>,
    /// Those of them that are addresses by a rule of this module's.
    pub(crate) addresses: usize,
}

pub(crate) fn measure(judge: &mut Judge) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, templates) in sorts() {
        let mut row = Row::named(name);
        for template in &templates {
            for line in filled(template, LINES.div_ceil(templates.len()), SEED) {
                row.see(judge, &line.replace('⏎', "\n"));
            }
        }
        rows.push(row);
    }
    for kind in Kind::ALL {
        let mut row = Row::named(kind.name());
        for record in kind.records(BYTES, None, SEED) {
            row.see(judge, &record.text);
        }
        rows.push(row);
    }
    rows
}

/// Whether the text is an address that somebody wrote: of mail, of a host or of a network card. A rule that
/// shares nothing with the detectors.
fn is_address(text: &str) -> bool {
    let is_mail = text.split_once('@').is_some_and(|(user, host)| {
        let top = host.rsplit('.').next().unwrap_or_default();
        !user.is_empty() && host.contains('.') && TOP_LEVELS.contains(&top)
    });
    let bytes = text.split([':', '-']);
    let is_card = bytes.clone().count() == 6
        && bytes
            .into_iter()
            .all(|byte| byte.len() == 2 && u8::from_str_radix(byte, 16).is_ok());
    is_mail || is_card || text.parse::<std::net::IpAddr>().is_ok()
}

/// The name of each sort, and its templates.
fn sorts() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut sorts: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in SORTS.lines().filter(|line| !line.is_empty()) {
        match (line.strip_prefix("# "), sorts.last_mut()) {
            (Some(name), _) => sorts.push((name, Vec::new())),
            (None, Some((_, templates))) => templates.push(line),
            (None, None) => {}
        }
    }
    sorts
}

impl Row {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    fn see(&mut self, judge: &mut Judge, line: &str) {
        let mut found = judge.found(line);
        found.retain(|found| !TRULY_THERE.contains(&found.info_type.as_str()));
        self.count(found, line);
    }

    /// Counts the findings of a line.
    pub(crate) fn count(&mut self, found: Vec<Found>, line: &str) {
        self.lines += 1;
        self.possible += found.len();
        for found in found.into_iter().filter(|found| found.is_likely) {
            let value = line.get(found.span).unwrap_or_default();
            self.addresses += usize::from(is_address(value));
            *self.likely.entry(found.info_type).or_default() += 1;
        }
    }

    pub(crate) fn likely_in_10_000(&self) -> f64 {
        ratio(self.likely.values().sum(), self.lines).unwrap_or(0.0) * 1e4
    }

    pub(crate) fn possible_in_10_000(&self) -> f64 {
        ratio(self.possible, self.lines).unwrap_or(0.0) * 1e4
    }

    /// Which types fired and how often, the loudest first.
    pub(crate) fn fired(&self) -> String {
        let mut fired: Vec<(&String, &usize)> = self.likely.iter().collect();
        fired.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        let fired: Vec<String> = fired
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        fired.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_looks_like_them() {
        for address in [
            "a@b.com",
            "193.99.144.80",
            "2001:db8::1",
            "00:02:6f:36:90:11",
        ] {
            assert!(is_address(address), "{address}");
        }
        for other in [
            "a@b.png",
            "1.2.3",
            "00:02:6f",
            "12-34-56-78-90-ab-cd",
            "a.b.com",
        ] {
            assert!(!is_address(other), "{other}");
        }
    }

    #[test]
    fn every_sort_has_lines() {
        let sorts = sorts();
        assert!(
            sorts.len() > 10
                && sorts
                    .iter()
                    .all(|(name, lines)| !name.is_empty() && !lines.is_empty())
        );
    }
}
