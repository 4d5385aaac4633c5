//! Documents found in texts that hold them whole, in part, and written otherwise.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;
use shared::content::TextUnit;
use shared::detector::{DetectorSet, DetectorSpec, Origin};
use shared::finding::Likelihood;

use super::shingle::letters_of;
use super::*;
use crate::detect::terms::words::scattered;
use crate::detect::{ExactKey, IndexKeys, builtin};
use crate::scan::scan_units;

pub(super) fn key() -> DocumentKey {
    DocumentKey::new(&[7; 32], &[8; 32])
}

fn keys(documents: DocumentKey) -> IndexKeys {
    IndexKeys {
        exact: ExactKey::new(&[9; 32]),
        documents,
    }
}

/// Words that look like words, in sentences and paragraphs.
pub(super) fn prose(seed: u64, words: usize) -> String {
    const SYLLABLES: &[&str] = &[
        "ba", "con", "de", "fer", "gla", "hin", "is", "ku", "lor", "men", "no", "pra", "que",
        "res", "sta", "tu", "ver", "wo", "xi", "zen",
    ];
    let mut text = String::new();
    for at in 0..words as u64 {
        let dice = scattered(seed << 32 | at);
        for syllable in 0..2 + dice % 3 {
            text +=
                SYLLABLES[usize::from((dice >> (8 * syllable)).to_be_bytes()[5]) % SYLLABLES.len()];
        }
        text += match at % 60 {
            59 => ".\n\n",
            14 | 29 | 44 => ". ",
            _ => " ",
        };
    }
    text
}

/// The part of a text that ends with so many of its letters.
pub(super) fn first_letters(text: &str, letters: usize) -> &str {
    let mut ends = (0..=text.len()).filter_map(|end| text.get(..end));
    ends.find(|part| letters_of(part) == letters).unwrap()
}

fn detector(id: &str, documents: &[(&str, &str)], threshold_percent: u8) -> DetectorSpec {
    let mut builder = DocumentIndexBuilder::new(key());
    for (_, text) in documents {
        let mut draft = DocumentDraft::new(key());
        draft.add(text, 0..text.len());
        builder.add(draft).unwrap();
    }
    let names: Vec<&str> = documents.iter().map(|(name, _)| *name).collect();
    let mut spec: DetectorSpec = serde_json::from_value(json!({
        "id": id, "name": "Plans", "info_type": "PLAN", "kind": "document_fingerprint",
        "fingerprints": {
            "documents": names, "threshold_percent": threshold_percent, "index": builder.build().unwrap(),
        },
        "likelihood": "LIKELY", "severity": "HIGH",
    }))
    .unwrap();
    spec.origin = Origin::Custom;
    assert_eq!(spec.faults(), []);
    spec
}

fn engine(specs: impl IntoIterator<Item = DetectorSpec>) -> Engine {
    Engine::compile_with(&DetectorSet::of(specs).unwrap(), Some(&keys(key()))).unwrap()
}

fn quotes(engine: &Engine, text: &str) -> Quotes {
    let (unit, mut quotes) = (TextUnit::plain(text), Quotes::default());
    engine.scan_part(&unit, 0..text.len(), &mut Scratch::new(), &mut quotes);
    quotes
}

fn found(engine: &Engine, text: &str) -> Vec<QuotedDocument> {
    engine.quoted(&quotes(engine, text))
}

/// Share of the one document that is found, in percent; 0 if none is.
fn share(engine: &Engine, text: &str) -> u8 {
    found(engine, text)
        .first()
        .map_or(0, |quoted| quoted.percent)
}

fn one(document: &str) -> Engine {
    engine([detector("plans", &[("plan.txt", document)], 1)])
}

#[test]
fn a_copy_is_found_whole_and_said_where_and_how_much() {
    let plan = prose(1, 400);
    let text = format!("Look at this:\n{plan}\nDo not tell anybody.");
    let engine = engine([detector("plans", &[("plan.txt", &plan)], 30)]);
    let found = found(&engine, &text);
    assert_eq!(found.len(), 1);
    let quoted = found.first().unwrap();
    assert_eq!(
        (quoted.percent, quoted.likelihood),
        (100, Likelihood::VeryLikely)
    );
    assert_eq!(quoted.preview(), "[100 % of plan.txt]");
    let span = usize::try_from(quoted.start).unwrap()..usize::try_from(quoted.end).unwrap();
    let inner = text.get(span.clone()).unwrap();
    assert!(plan.contains(inner) && inner.len() + 2 * GUARANTEED_BYTES * 2 > plan.len());
    let reasons: Vec<(&str, i16)> = quoted
        .evidence
        .iter()
        .map(|evidence| (evidence.reason.as_str(), evidence.effect))
        .collect();
    assert_eq!(
        reasons.first(),
        Some(&("document of fingerprints `plans`, LIKELY", 0))
    );
    let (reason, effect) = reasons.get(1).unwrap();
    assert!(
        reason.starts_with("100 % of document `plan.txt`, ") && *effect == 1,
        "{reason}"
    );
}

#[test]
fn layout_case_punctuation_and_look_alikes_hide_nothing() {
    let plan = prose(2, 400);
    let engine = one(&plan);
    for other in [
        plan.to_uppercase(),
        plan.replace(' ', "\n> "),
        plan.replace(['.', '\n'], ""),
        plan.replace(' ', "\u{200B} *"),
        plan.replace('o', "о").replace('e', "é").replace('a', "ａ"),
    ] {
        assert_eq!(share(&engine, &other), 100);
    }
}

#[test]
fn encoded_copies_are_found_at_their_place() {
    let plan = prose(3, 400);
    let engine = one(&plan);
    let coded = STANDARD.encode(&plan);
    let text = format!("see {coded} please");
    let found = found(&engine, &text);
    let quoted = found.first().unwrap();
    assert!(quoted.percent >= 95, "{}", quoted.percent);
    assert!(quoted.start >= 4 && quoted.end <= 4 + u64::try_from(coded.len()).unwrap());
    let escaped = plan.replace('e', "&#101;");
    assert!(share(&engine, &escaped) >= 95);
}

#[test]
fn paragraphs_in_another_order_are_the_same_document() {
    let plan = prose(4, 1_200);
    let mut paragraphs: Vec<&str> = plan.split("\n\n").collect();
    paragraphs.reverse();
    assert!(paragraphs.len() > 15);
    assert!(share(&one(&plan), &paragraphs.join("\n\n")) >= 85);
}

#[test]
fn a_short_quote_is_no_finding_however_low_the_threshold() {
    let plan = prose(5, 120);
    let engine = one(&plan);
    let quote: String = plan.split_inclusive(' ').skip(40).take(16).collect();
    assert!(letters_of(&quote) > GUARANTEED_BYTES);
    assert_eq!(found(&engine, &quote), []);
    assert!(quotes(&engine, &quote).each().next().is_some());
    assert_eq!(found(&engine, &prose(6, 2_000)), []);
}

#[test]
fn a_part_is_found_from_the_threshold_on() {
    let plan = prose(7, 1_000);
    let engine = engine([detector("plans", &[("plan.txt", &plan)], 30)]);
    let part = |percent: usize| plan.get(..plan.len() * percent / 100).unwrap();
    assert_eq!(found(&engine, part(20)), []);
    let shares = [40, 60, 80].map(|percent| share(&engine, part(percent)));
    for (share, percent) in shares.into_iter().zip([40_u8, 60, 80]) {
        assert!(share.abs_diff(percent) <= 8, "{share} of {percent}");
    }
}

#[test]
fn likelihood_grows_with_the_share() {
    let plan = prose(8, 1_000);
    let engine = one(&plan);
    let likelihood = |percent: usize| {
        let part = plan.get(..plan.len() * percent / 100).unwrap();
        found(&engine, part).first().unwrap().likelihood
    };
    assert_eq!(likelihood(12), Likelihood::Possible);
    assert_eq!(likelihood(42), Likelihood::Likely);
    assert_eq!(likelihood(90), Likelihood::VeryLikely);
}

#[test]
fn each_document_of_each_detector_is_told_the_largest_share_first() {
    let (plan, letter, common) = (prose(10, 400), prose(11, 400), prose(12, 400));
    let long = format!("{letter}{common}");
    let engine = engine([
        detector("plans", &[("plan.txt", &plan), ("long.txt", &long)], 30),
        detector("letters", &[("letter.txt", &letter)], 30),
    ]);
    let names = |text: &str| -> Vec<(String, String)> {
        let found = found(&engine, text).into_iter();
        found
            .map(|quoted| (quoted.detector.id.to_string(), quoted.name))
            .collect()
    };
    let pair = |id: &str, name: &str| (id.to_owned(), name.to_owned());
    let (of_letter, of_long) = (pair("letters", "letter.txt"), pair("plans", "long.txt"));
    assert_eq!(names(&letter), [of_letter, of_long.clone()]);
    assert_eq!(names(&common), [of_long]);
    assert_eq!(names(&plan), [pair("plans", "plan.txt")]);
}

#[test]
fn a_document_and_the_values_inside_it_are_all_found() {
    let plan = format!(
        "{} card 4539 5787 6362 1486, {}",
        prose(13, 200),
        prose(14, 200)
    );
    let mut specs = builtin().unwrap().detectors;
    specs.push(detector("plans", &[("plan.txt", &plan)], 30));
    let (engine, mut all) = (engine(specs), Vec::new());
    let units = [TextUnit::plain(plan.clone())];
    scan_units(&engine, &mut Scratch::new(), &units, &mut |located| {
        all.push((
            located.detector.info_type.to_string(),
            located.value.into_owned(),
        ));
    });
    let pair = |of: &str, value: &str| (of.to_owned(), value.to_owned());
    let card = pair("CREDIT_CARD_NUMBER", "4539 5787 6362 1486");
    assert_eq!(all, [card, pair("PLAN", "plan.txt")]);
}

#[test]
fn what_a_message_says_in_pieces_and_twice_is_one_finding_where_most_of_it_is() {
    let plan = prose(15, 600);
    let (head, tail) = plan.split_at(plan.len() / 4);
    let engine = engine([detector("plans", &[("plan.txt", &plan)], 90)]);
    let unit = |pointer: &str, text: &str| TextUnit {
        location: shared::content::Location::pointer(pointer),
        ..TextUnit::plain(text)
    };
    let units = [
        unit("/text", head),
        unit("/blocks/0", tail),
        unit("/blocks/1", &plan),
    ];
    let mut all = Vec::new();
    let summary = scan_units(&engine, &mut Scratch::new(), &units, &mut |located| {
        all.push((located.location.pointer.unwrap(), located.preview));
    });
    assert_eq!(
        all,
        [("/blocks/0".to_owned(), "[100 % of plan.txt]".to_owned())]
    );
    assert_eq!(summary.findings, 1);
}

#[test]
fn without_the_right_key_or_index_it_is_refused_with_what_to_do() {
    let set = |change: &dyn Fn(&mut shared::detector::Fingerprints)| {
        let mut spec = detector("plans", &[("plan.txt", &prose(16, 200))], 30);
        change(spec.fingerprints.as_mut().unwrap());
        DetectorSet::of([spec]).unwrap()
    };
    let problem = |set: &DetectorSet, key: Option<DocumentKey>| {
        let keys = key.map(keys);
        Engine::compile_with(set, keys.as_ref())
            .unwrap_err()
            .to_string()
    };
    let sound = set(&|_| {});
    let problems = [
        problem(&sound, None),
        problem(&sound, Some(DocumentKey::new(&[1; 32], &[8; 32]))),
        problem(&set(&|data| data.index = "?".into()), Some(key())),
        problem(
            &set(&|data| data.documents.push("more".to_owned())),
            Some(key()),
        ),
    ];
    insta::assert_snapshot!(problems.join("\n"), @"
    detector `plans`: it is hashed under a key that is not at hand; say where the key ring is (`secrets.keyring_file`)
    detector `plans`: its documents were sealed under another key ring; make it anew with `weir fingerprint build` and the key ring in use
    detector `plans`: the fingerprints are damaged; make them anew with `weir fingerprint build`
    detector `plans`: the fingerprints are damaged; make them anew with `weir fingerprint build`
    ");
}

#[test]
fn a_text_without_fingerprints_takes_no_memory() {
    let engine = one(&prose(17, 200));
    let quotes = quotes(&engine, &prose(18, 5_000));
    assert_eq!(format!("{quotes:?}"), format!("{:?}", Quotes::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn changing_one_word_in_n_costs_what_stands_around_it(seed in 100_u64..1_000, every in 8_usize..60) {
        let plan = prose(seed, 1_000);
        let engine = one(&plan);
        let changed: Vec<&str> = plan
            .split(' ')
            .enumerate()
            .map(|(at, word)| if at % every == 0 { "qq" } else { word })
            .collect();
        // A changed word takes its shingles with it: of some 32 letters in every word's six times `every`.
        let lost = 3_200 / (6 * every);
        let share = usize::from(share(&engine, &changed.join(" ")));
        prop_assert!(share + lost + 12 >= 100, "{share} with {lost} lost");
        prop_assert!(share < 100);
    }

    #[test]
    fn whatever_stands_around_a_long_enough_run_something_of_it_is_seen(
        seed in 0_u64..500, from in 0_usize..2_000, before in "\\PC{0,80}", after in "\\PC{0,80}",
    ) {
        let plan = prose(seed, 500);
        let engine = one(&plan);
        let rest = plan.get(from..).unwrap();
        let run = first_letters(rest, GUARANTEED_BYTES);
        let text = format!("{before}{run}{after}");
        let quotes = quotes(&engine, &text);
        let (_, count, at) = quotes.each().next().expect("something is seen");
        prop_assert!(count >= 1);
        let span = usize::try_from(at.start).unwrap()..usize::try_from(at.end).unwrap();
        prop_assert!(text.get(span).is_some());
    }

    #[test]
    fn what_is_found_has_the_share_that_is_asked_for(prints in 1_u32..200_000, threshold in 1_u8..=100) {
        let needed = needed(prints, threshold);
        prop_assert!(percent(needed, prints) >= threshold || needed > prints);
        prop_assert!(needed == 8 || percent(needed - 1, prints) < threshold);
    }

    #[test]
    fn hashes_of_two_texts_do_not_meet(one in 0_u64..500, other in 500_u64..1_000) {
        let of = |seed: u64| {
            let mut all = BTreeSet::new();
            key().each(&prose(seed, 300), |hash, _| {
                all.insert(hash);
            });
            all
        };
        prop_assert_eq!(of(one).intersection(&of(other)).count(), 0);
    }
}
