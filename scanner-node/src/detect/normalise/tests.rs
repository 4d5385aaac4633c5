//! Claims about views as a whole.

use proptest::prelude::*;

use super::*;

/// The views of a text.
fn views(text: &str) -> Vec<String> {
    let mut views = Views::default();
    views.read(text);
    (0..views.count())
        .map(|view| views.text(view).to_owned())
        .collect()
}

/// What stands, as sent, for `value` in the views of a text.
fn as_sent<'t>(text: &'t str, value: &str) -> Vec<&'t str> {
    let mut views = Views::default();
    views.read(text);
    (0..views.count())
        .filter_map(|view| {
            let at = views.text(view).find(value)?;
            let (span, _) = views.trace(view, at..at + value.len())?;
            text.get(span)
        })
        .collect()
}

#[test]
fn plain_text_has_no_views() {
    for text in [
        "",
        "a plain message, 50% off * now * 4111 1111 1111 1111",
        "fn main() { let snake_case = a * b; println!(\"{}\", &x); }",
        "if a < b && c > d { _unused }",
        "Привет, как дела? «Хорошо» — сказал он.",
        "don’t “worry” — it’s fine…",
        "договор №5 от 10.02, Weir™ и 5 ㎏",
        "你好，世界。これは、テストです。",
        "👩‍👩‍👧 family ❤️ 🏳️‍🌈",
        "*bold* and _so_ on, see <https://example.com|the page>.",
        "C:\\Users\\ana and \\d+ and 100%",
    ] {
        assert_eq!(views(text), [""; 0], "{text}");
    }
}

#[test]
fn a_value_is_traced_to_what_was_sent() {
    for (text, value, sent) in [
        ("card ４１１１ 1111.", "4111 1111", "４１１１ 1111"),
        (
            "a\u{200B}4111\u{200B}1111\u{200B} b",
            "41111111",
            "4111\u{200B}1111",
        ),
        ("x@corp.io\u{200B}y", "x@corp.io", "x@corp.io"),
        ("*4111* 1111", "4111 1111", "4111* 1111"),
        ("(_AKIA1234_)", "AKIA1234", "AKIA1234"),
        ("pa&amp;ss", "pa&ss", "pa&amp;ss"),
        (
            "ana@<http://corp.io|corp.io>",
            "ana@corp.io",
            "ana@<http://corp.io|corp.io",
        ),
        (r"\u0034111", "4111", r"\u0034111"),
        ("ana%40corp.io", "ana@corp.io", "ana%40corp.io"),
        ("&#52;111", "4111", "&#52;111"),
        ("АKIA1234", "AKIA1234", "АKIA1234"),
    ] {
        assert_eq!(as_sent(text, value), [sent], "{text}");
    }
}

#[test]
fn what_stands_far_from_a_change_is_left_out() {
    let far = "harmless words ".repeat(1_000);
    let text = format!("{far}4111\u{200B}1111 {far}5105\u{AD}1051 {far}");
    let all = views(&text);
    assert!(all[0].len() < 8_000 && all[0].contains("41111111") && all[0].contains("51051051"));
    assert_eq!(as_sent(&text, "51051051"), ["5105\u{AD}1051"]);
}

#[test]
fn decoded_text_is_read_like_any_other() {
    use base64::Engine as _;
    let coded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let inner = coded("the card is 4111\u{200B}1111 as agreed");
    assert!(views(&inner).iter().any(|view| view.contains("41111111")));
    let twice = coded(&format!("see {inner}"));
    assert!(views(&twice).iter().any(|view| view.contains("41111111")));
    let thrice = coded(&format!("see {twice}"));
    assert!(!views(&thrice).iter().any(|view| view.contains("4111")));
    let escaped = inner
        .replace('=', "%3D")
        .replacen(|c: char| c.is_ascii_lowercase(), "&#97;", 0);
    assert!(views(&escaped).iter().any(|view| view.contains("41111111")));
}

/// Pieces that changes are made of.
pub(super) fn odd_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,8}",
        "[0-9a-zA-Z_*~`<>|&%; .\n-]{0,16}",
        "[A-Za-z0-9+/]{20,70}",
        "[0-9a-f]{20,60}",
        "(\\PC|[a-z ]){0,60}".prop_map(|text| base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            text
        )),
        proptest::sample::select(vec![
            "\u{200B}",
            "\u{AD}",
            "½",
            "\u{2011}",
            "А",
            "о",
            "４",
            "&amp;",
            "&#52;",
            "&#x1F600;",
            "%D0%B0",
            "%34",
            "\\u0034",
            "\\ud83d\\ude4f",
            "\\n",
            "<https://a.b|",
            "<mailto:",
            "|",
            ">",
            "_",
            "*",
            "\n",
            "=",
            "é",
            "漢",
            " ",
            "a",
            "1",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn views_are_bounded_and_traces_are_sound(text in odd_text(), cuts in proptest::collection::vec((0_usize..400, 0_usize..60), 12)) {
        let mut views = Views::default();
        views.read(&text);
        let all: usize = (0..views.count()).map(|view| views.text(view).len()).sum();
        prop_assert!(all <= 4 * (text.len() + SPARE_BYTES));
        for view in 0..views.count() {
            for (start, len) in &cuts {
                let seen = views.text(view);
                let start = seen.floor_char_boundary(*start.min(&seen.len()));
                let end = seen.ceil_char_boundary((start + len).min(seen.len()));
                if let Some((span, _)) = views.trace(view, start..end) {
                    prop_assert!(text.get(span.clone()).is_some(), "{:?}", span);
                }
            }
        }
    }

    #[test]
    fn positions_grow_together_and_a_change_maps_back(text in odd_text()) {
        let mut edits = Vec::new();
        let _matters = sweep(&text, &mut edits);
        let mut end = 0;
        for edit in &mut edits {
            prop_assert!(edit.range().start >= end && text.get(edit.range()).is_some());
            end = edit.range().end;
            edit.matters = true;
        }
        let (mut view, mut map) = (String::new(), Map::default());
        excerpt(&text, &edits, &mut view, &mut map);
        let mut last = 0..0;
        for (at, c) in view.char_indices() {
            let shown = at..at + c.len_utf8();
            let span = map.to_text(&shown);
            prop_assert!(span.start >= last.start && span.end >= last.end);
            let sent = text.get(span.clone());
            let is_changed = edits.iter().any(|edit| edit.range().start < span.end && span.start < edit.range().end);
            prop_assert!(sent.is_some_and(|sent| is_changed || !map.is_whole(&shown) || sent.starts_with(c)), "{:?} {:?}", at, span);
            last = span;
        }
    }

    #[test]
    fn any_text_has_views(text in "\\PC{0,200}") {
        let _views = views(&text);
    }
}

#[test]
fn encodings_in_encodings_stay_within_bounds() {
    use base64::Engine as _;
    let mut text = "4111\u{200B}1111 ".repeat(600);
    for _ in 0..5 {
        text = base64::engine::general_purpose::STANDARD.encode(&text);
        let all: usize = views(&text).iter().map(String::len).sum();
        assert!(all <= 4 * (text.len() + SPARE_BYTES));
    }
    let short_runs = format!(
        "{} ",
        base64::engine::general_purpose::STANDARD.encode("a run of text, short")
    )
    .repeat(2_000);
    let all: usize = views(&short_runs).iter().map(String::len).sum();
    assert!(all <= 2 * short_runs.len());
}
