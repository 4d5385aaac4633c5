//! Claims about whole scans, made with the built-in detectors.

use std::sync::LazyLock;

use proptest::prelude::*;
use shared::content::TextUnit;
use shared::detector::DetectorSet;
use shared::finding::Likelihood;

use super::{Engine, MAX_MATCHES_PER_UNIT, Scan, Scratch, builtin};

/// Compiled once: what a test costs is the scan.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::compile(&builtin().unwrap()).unwrap());

fn engine() -> &'static Engine {
    &ENGINE
}

fn scan(text: &str) -> Scan {
    engine().scan(&TextUnit::plain(text), &mut Scratch::new())
}

/// Info type, value and preview of each match.
fn found(text: &str) -> Vec<(String, String)> {
    let scan = scan(text);
    let of = |m: &super::Match| (m.detector.info_type.to_string(), m.value(text).to_owned());
    scan.matches.iter().map(of).collect()
}

fn pair(info_type: &str, value: &str) -> (String, String) {
    (info_type.to_owned(), value.to_owned())
}

#[test]
fn the_card_of_the_readme_is_found_and_called_a_test_value() {
    let text = "card 4111 1111 1111 1111 please";
    let scan = scan(text);
    let card = &scan.matches[0];
    assert_eq!(card.likelihood, Likelihood::VeryLikely);
    assert_eq!(card.preview(text), "4111 **** **** 1111");
    let reasons: Vec<&str> = card.evidence.iter().map(|e| e.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "pattern of `credit-card-number`, LIKELY",
            "valid: Visa, Luhn digit holds",
            "likely test value",
            "hotword `card` nearby",
        ]
    );
}

#[test]
fn what_begins_far_behind_a_place_is_not_cut_short() {
    let spec = serde_json::json!({
        "id": "far", "name": "Far", "info_type": "FAR", "patterns": ["[a-z]{0,20}@[0-9]{2,30}"],
        "likelihood": "LIKELY", "severity": "LOW", "origin": "custom",
    });
    let set = DetectorSet::of([serde_json::from_value(spec).unwrap()]).unwrap();
    let engine = Engine::compile(&set).unwrap();
    for gap in 0..60 {
        let text = format!("@{}@{}", ".".repeat(gap), "1".repeat(30));
        let unit = TextUnit::plain(text);
        let scan = engine.scan(&unit, &mut Scratch::new());
        assert_eq!(scan.matches[0].span.len(), 31, "{gap}");
        assert_eq!(scan, engine.scan_unfiltered(&unit, &mut Scratch::new()));
    }
}

#[test]
fn one_card_is_one_finding_and_two_are_two() {
    let text = "4539578763621486 5105105105105100";
    assert_eq!(
        found(text),
        [
            pair("CREDIT_CARD_NUMBER", "4539578763621486"),
            pair("CREDIT_CARD_NUMBER", "5105105105105100")
        ]
    );
}

#[test]
fn a_value_behind_other_digits_is_still_found() {
    assert_eq!(
        found("12 4539 5787 6362 1486"),
        [pair("CREDIT_CARD_NUMBER", "4539 5787 6362 1486")]
    );
}

#[test]
fn a_link_and_its_label_are_one_finding() {
    assert_eq!(
        found("<mailto:a@corp.io|a@corp.io>"),
        [pair("EMAIL_ADDRESS", "a@corp.io")]
    );
    assert_eq!(found("a@corp.io|a@corp.io").len(), 2);
}

#[test]
fn the_specific_detector_wins_over_the_catch_all() {
    let token = format!("ghp_{}", "aB3".repeat(12));
    assert_eq!(
        found(&format!("token: {token}.")),
        [pair("GITHUB_TOKEN", &token)]
    );
}

#[test]
fn spans_keep_to_character_boundaries_in_mixed_scripts() {
    assert_eq!(
        found("пароль password: пар0ль§Ж1 да"),
        [pair("PASSWORD", "пар0ль§Ж1")]
    );
}

#[test]
fn a_flood_is_cut_and_said_to_be() {
    let scan = scan(&"a@corp.io ".repeat(MAX_MATCHES_PER_UNIT + 5));
    assert_eq!(scan.matches.len(), MAX_MATCHES_PER_UNIT);
    assert!(scan.truncated);
}

#[test]
fn a_scratch_follows_when_the_engine_is_swapped() {
    let mut scratch = Scratch::new();
    let unit = TextUnit::plain("card 4111 1111 1111 1111");
    assert_eq!(engine().scan(&unit, &mut scratch).matches.len(), 1);
    let none = Engine::compile(&DetectorSet::of([]).unwrap()).unwrap();
    assert_eq!(none.scan(&unit, &mut scratch).matches.len(), 0);
    assert_eq!(engine().scan(&unit, &mut scratch).matches.len(), 1);
}

/// Texts made of pieces that detectors look for.
fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        "[0-9 .-]{0,24}",
        "[A-Za-z0-9_@.:/=+-]{0,40}",
        proptest::sample::select(vec![
            "4111 1111 1111 1111",
            "536-90-4399",
            "password: ",
            "ssn ",
            "ghp_",
            "AKIA",
            "eyJ",
            "é",
            "漢",
            "-----BEGIN PRIVATE KEY-----",
            "DE89 3704 0044 0532 0130 00",
            "a@corp.io",
            "\n",
            "postgres://a:b1c@d",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_prefilter_changes_nothing_and_spans_are_sound(texts in proptest::collection::vec(hostile_text(), 1..6)) {
        let engine = engine();
        let mut scratch = Scratch::new();
        for text in texts {
            let unit = TextUnit::plain(text.clone());
            let scan = engine.scan(&unit, &mut scratch);
            prop_assert_eq!(&scan, &engine.scan_unfiltered(&unit, &mut scratch));
            let mut end = 0;
            for found in &scan.matches {
                prop_assert!(text.get(found.span.clone()).is_some_and(|value| !value.is_empty()));
                prop_assert!(found.span.start >= end);
                end = found.span.end;
            }
        }
    }
}
