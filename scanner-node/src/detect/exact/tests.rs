//! Rows found in texts, compared with looking everywhere for the values themselves.

use proptest::prelude::*;
use serde_json::json;
use shared::content::TextUnit;
use shared::detector::{DetectorSet, DetectorSpec, Origin};
use shared::finding::Likelihood;

use super::*;
use crate::detect::documents::DocumentKey;
use crate::detect::{Engine, IndexKeys, Match, Scratch};

fn key() -> ExactKey {
    ExactKey::new(&[7; 32])
}

fn keys(exact: ExactKey) -> IndexKeys {
    IndexKeys {
        exact,
        documents: DocumentKey::new(&[8; 32], &[9; 32]),
    }
}

fn detector(rows: &[Vec<String>], needed: u8) -> DetectorSpec {
    let others = rows.first().map_or(0, |row| row.len() - 1);
    let mut builder = ExactIndexBuilder::new(key(), others);
    for row in rows {
        builder.add(&row[0], row.iter().skip(1).map(String::as_str));
    }
    let columns: Vec<String> = (0..=others).map(|n| format!("c{n}")).collect();
    let mut spec: DetectorSpec = serde_json::from_value(json!({
        "id": "staff", "name": "Staff", "info_type": "STAFF", "kind": "exact_data_match",
        "exact_data": {"columns": columns, "min_corroborating": needed, "index": builder.build(1).index},
        "likelihood": "POSSIBLE", "severity": "HIGH",
    }))
    .unwrap();
    spec.origin = Origin::Custom;
    spec
}

fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
    let row = |row: &&[&str]| row.iter().map(ToString::to_string).collect();
    rows.iter().map(row).collect()
}

fn staff() -> Vec<Vec<String>> {
    rows(&[
        &["E-10001", "Anna Berg", "anna.berg@example.test", "Kiel"],
        &["E-10002", "Bert Cole", "bert@example.test", "Kiel"],
    ])
}

fn engine(spec: DetectorSpec) -> Engine {
    Engine::compile_with(&DetectorSet::of([spec]).unwrap(), Some(&keys(key()))).unwrap()
}

fn scan(engine: &Engine, text: &str) -> Vec<Match> {
    let unit = TextUnit::plain(text);
    let filtered = engine.scan(&unit, &mut Scratch::new());
    assert_eq!(filtered, engine.scan_unfiltered(&unit, &mut Scratch::new()));
    filtered.matches
}

#[test]
fn a_row_is_found_by_its_primary_value_and_another_nearby() {
    let engine = engine(detector(&staff(), 1));
    let found = scan(&engine, "for ANNA  BERG: e 10001, thanks");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].span, 16..23);
    assert_eq!(found[0].likelihood, Likelihood::Possible);
    let reasons: Vec<(&str, i16)> = found[0]
        .evidence
        .iter()
        .map(|e| (e.reason.as_str(), e.effect))
        .collect();
    assert_eq!(
        reasons,
        [
            ("row of exact data `staff`, POSSIBLE", 0),
            ("1 more value of the same row nearby", 0)
        ]
    );
}

#[test]
fn a_value_of_another_row_speaks_for_nothing() {
    let engine = engine(detector(&staff(), 1));
    assert_eq!(scan(&engine, "E-10001 is Bert Cole, bert@example.test"), []);
    assert_eq!(scan(&engine, "E-10001"), []);
    assert_eq!(scan(&engine, "Anna Berg of Kiel"), []);
}

#[test]
fn each_further_value_makes_it_likelier() {
    let engine = engine(detector(&staff(), 1));
    let likelihood = |text: &str| scan(&engine, text)[0].likelihood;
    assert_eq!(likelihood("E-10001 Kiel"), Likelihood::Possible);
    assert_eq!(likelihood("E-10001 Anna Berg, Kiel"), Likelihood::Likely);
    let all = "E-10001,Anna Berg,anna.berg@example.test,Kiel";
    assert_eq!(likelihood(all), Likelihood::VeryLikely);
    let found = scan(&engine, all);
    assert_eq!(
        found[0].evidence[1].reason,
        "3 more values of the same row nearby"
    );
    assert_eq!(found[0].evidence[1].effect, 2);
}

#[test]
fn what_is_too_far_away_or_too_little_does_not_count() {
    let far = format!("E-10001 {} Kiel", "x ".repeat(160));
    assert_eq!(scan(&engine(detector(&staff(), 1)), &far), []);
    assert_eq!(scan(&engine(detector(&staff(), 2)), "E-10001 Kiel"), []);
    assert_eq!(scan(&engine(detector(&staff(), 0)), &far).len(), 1);
}

#[test]
fn a_table_pasted_whole_is_found_row_by_row_and_the_work_is_bounded() {
    let rows: Vec<Vec<String>> = (0..3_000)
        .map(|n| vec![format!("{}", 10_000_000 + n * 7), format!("city{n}")])
        .collect();
    let text: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
    let engine = engine(detector(&rows, 1));
    let found = engine.scan(&TextUnit::plain(text.join("\n")), &mut Scratch::new());
    assert_eq!(found.matches.len(), crate::detect::MAX_MATCHES_PER_UNIT);
    assert!(found.truncated);
}

#[test]
fn a_row_is_found_in_other_spellings() {
    let engine = engine(detector(&staff(), 1));
    assert_eq!(scan(&engine, "Ｅ‑１０００１ for Kiel").len(), 1);
    assert_eq!(scan(&engine, "E-10001 *Ki*el").len(), 1);
}

#[test]
fn without_the_key_it_is_refused_with_what_to_do() {
    let set = |index: &str| {
        let mut spec = detector(&staff(), 1);
        if let Some(data) = &mut spec.exact_data
            && !index.is_empty()
        {
            data.index = index.into();
        }
        DetectorSet::of([spec]).unwrap()
    };
    let problem = |set: &DetectorSet, key: Option<ExactKey>| {
        Engine::compile_with(set, key.map(keys).as_ref())
            .unwrap_err()
            .to_string()
    };
    let other = ExactKey::new(&[8; 32]);
    let problems = [
        Engine::compile(&set("")).unwrap_err().to_string(),
        problem(&set(""), Some(other)),
        problem(&set("?"), Some(key())),
        problem(&set("AAAA"), Some(key())),
    ];
    insta::assert_snapshot!(problems.join("\n"), @"
    detector `staff`: it is hashed under a key that is not at hand; say where the key ring is (`secrets.keyring_file`)
    detector `staff`: its values were hashed under another key ring; make it anew with `weir edm build` and the key ring in use
    detector `staff`: the index is damaged; make it anew with `weir edm build`
    detector `staff`: the index is damaged; make it anew with `weir edm build`
    ");
}

/// The letters and digits that make a value the same as another, told without hashes.
fn canonical(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let chars = words.iter().map(|word| word.chars().count()).sum();
    words.join(if 2 * digits >= chars { "" } else { " " })
}

/// Every run of words in `text`, as it reads.
fn all_values(text: &str) -> Vec<(Range<usize>, String)> {
    let is_of_word = |at: Option<char>| at.is_some_and(char::is_alphanumeric);
    let mut all = Vec::new();
    for start in 0..text.len() {
        for end in start + 1..=text.len() {
            let (head, after) = text.split_at(end);
            let (before, value) = head.split_at(start);
            let whole = is_of_word(value.chars().next())
                && is_of_word(value.chars().next_back())
                && !is_of_word(before.chars().next_back())
                && !is_of_word(after.chars().next());
            if whole {
                all.push((start..end, canonical(value)));
            }
        }
    }
    all
}

fn naive(rows: &[Vec<String>], needed: usize, text: &str) -> Vec<(Range<usize>, usize)> {
    let values = all_values(text);
    let apart = |a: &Range<usize>, b: &Range<usize>| a.end <= b.start || b.end <= a.start;
    let mut found = Vec::new();
    for (span, value) in &values {
        let same = rows.iter().filter(|row| canonical(&row[0]) == *value);
        let seen = same.map(|row| {
            let mut cells: Vec<String> = row.iter().skip(1).map(|cell| canonical(cell)).collect();
            cells.retain(|cell| cell.chars().filter(|c| *c != ' ').count() >= MIN_OTHER_CHARS);
            cells.retain(|cell| cell != value);
            cells.sort();
            cells.dedup();
            let seen = |cell: &&String| {
                values
                    .iter()
                    .any(|(other, near)| near == *cell && apart(other, span))
            };
            cells.iter().filter(seen).count()
        });
        match seen.max() {
            Some(seen) if seen >= needed => found.push((span.clone(), seen)),
            _ => {}
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn finds_what_looking_everywhere_finds(
        rows in prop::collection::vec((
            "[1-3]{2}-?[1-3]{2}|[ab]{3} ?[ab]{1,2}[1-2]?",
            "[12]{3}|[abA]{2,3}|[ab] [ab]{2}", "[ab]{3}|[12] [12]{2}|x?",
        ), 1..6),
        text in "(([1-3]{2}[- ]?[1-3]{2}|[abA]{1,3}|[12]{1,3})[ ,.;]{1,2}){0,9}",
        needed in 0_u8..3,
    ) {
        let rows: Vec<Vec<String>> = rows.into_iter().map(|(a, b, c)| vec![a, b, c]).collect();
        // A primary value in more than three rows is left out.
        let mut firsts: Vec<String> = rows.iter().map(|row| canonical(&row[0])).collect();
        firsts.sort();
        prop_assume!(firsts.chunk_by(|a, b| a == b).all(|same| same.len() <= 3));
        let table = Table::compile(0, &detector(&rows, needed), Some(&key())).unwrap().unwrap();
        let mut found = Vec::new();
        Tables::new(Some(&key()), vec![table]).each(&text, &mut |row| {
            found.push((row.span, usize::from(row.corroboration.seen)));
        });
        found.sort_by_key(|(span, _)| (span.start, span.end));
        prop_assert_eq!(found, naive(&rows, needed.into(), &text));
    }
}
