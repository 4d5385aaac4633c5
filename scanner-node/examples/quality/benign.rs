//! Text with nothing in it: every finding is a false one.
//!
//! Owns the sorts of lines that look like something, and counting what fires. Leaves the making of text
//! to `corpora`. **Invariant:** what such text truly holds, as logs hold addresses of hosts, is not counted.

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

/// Sorts of lines, each with the templates it is made from.
const SORTS: &[(&str, &[&str])] = &[
    (
        "order numbers",
        &[
            "order {order} shipped on {date}",
            "your order no. {d12} is on its way, invoice {d10}",
            "customer {d9} asks about {d16}",
            "ref {u3}{d9}, batch {d8}-{d4}, delivery note {d14}",
        ],
    ),
    (
        "timestamps of Slack",
        &[
            "see ts {ts} in {chan}",
            "https://acme.slack.com/archives/C{u8}/p17{d14}?thread_ts={ts}&cid=C{u8}",
            "thread_ts={ts} latest_reply={ts}",
            "moved from {ms} to {ms}",
        ],
    ),
    (
        "hashes",
        &[
            "merged as {sha}, reverted {x7}",
            "image sha256:{x64}",
            "md5 {x32}  {file}",
            "etag \"{x32}-{n}\", trace {x32}/{x16}",
        ],
    ),
    (
        "UUIDs",
        &[
            "request {uuid} failed",
            "{\"id\":\"{uuid}\",\"parent\":\"{uuid}\"}",
            "trace_id: {uuid}",
            "/api/{noun}/{uuid}/{noun}/{uuid}",
        ],
    ),
    (
        "versions",
        &[
            "upgrade {ident} from {ver} to {ver}",
            "{svc}@{ver}, {svc}@{ver}, node {ver}",
            "build {ver}+{d8}.{x7} of {date}",
            "kernel {d1}.{d2}.{n}-{n}-generic #{n}-Ubuntu",
        ],
    ),
    (
        "dates, times, amounts",
        &[
            "from {date} {clock} to {date} {clock}",
            "{money} on {date}, {money} on {date}, {pct} less",
            "{iso} {dur} {size} {k}",
            "{d3}-{d3}-{d3} pieces at {money}, {float} x {float}",
        ],
    ),
    (
        "long ids",
        &[
            "user {d18} in guild {d19}",
            "tweet {d19}, account {d10}",
            "tracking 1Z{u8}{d8}, parcel {d14}, ean {d13}",
            "serial {u2}{d9}, imsi-like {d15}, case {d8}",
        ],
    ),
    (
        "talk about secrets",
        &[
            "how do I {verb} the password for {svc}? the docs say: password is {adj}",
            "the token: {noun} is {adj}, the secret is {noun}, see {link}",
            "api_key=${{u6}_KEY} token=<your {noun} here> password=********",
            "password: {adj}? no, the {noun} key is {noun}",
        ],
    ),
    (
        "IRC",
        &[
            "{name}: did you try `{cmd}`? it {verb}s the {noun}",
            "{name}{d2}: E: unable to {verb} {noun} ({ver}), {n} not upgraded",
            "[{clock}] <{name}> anyone here with a {adj} {noun}? lspci says {x4}:{x4} (rev {x2})",
            "{name}, deb http://archive.example.com/{noun} {adj} main {noun} # {d5}/{d6}",
        ],
    ),
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
}

pub(crate) fn measure(judge: &mut Judge) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, templates) in SORTS {
        let mut row = Row::named(name);
        for template in *templates {
            for line in filled(template, LINES / templates.len(), SEED) {
                row.see(judge, &line);
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
        self.count(found);
    }

    /// Counts the findings of a line.
    pub(crate) fn count(&mut self, found: Vec<Found>) {
        self.lines += 1;
        self.possible += found.len();
        for found in found.into_iter().filter(|found| found.is_likely) {
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
