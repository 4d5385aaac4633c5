//! Any text: the built-in detectors find it in order, on character boundaries, and show no value.

use std::cell::RefCell;
use std::sync::LazyLock;

use scanner_node::detect::{Engine, Match, Scan, Scratch, builtin};
use shared::content::TextUnit;

/// Longest text that the loop without a filter is run over: it takes hundreds of times as long.
const LONGEST_COMPARED: usize = 512;
/// Values with fewer letters and digits may be a part of any word.
const SHORTEST_VALUE: usize = 5;
/// Numbers with fewer digits may stand in an explanation by chance.
const SHORTEST_NUMBER: usize = 8;

static ENGINE: LazyLock<Option<Engine>> = LazyLock::new(|| Engine::compile(&builtin().ok()?).ok());

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// Holds the claims against `data`, read as text.
pub fn check(data: &[u8]) {
    let unit = TextUnit::plain(String::from_utf8_lossy(data));
    with_builtin(|engine, scratch| {
        let scan = engine.scan(&unit, scratch);
        assert_sound(&unit.text, &scan);
        assert_eq!(scan, engine.scan(&unit, scratch), "a second scan differs");
        if unit.text.len() <= LONGEST_COMPARED {
            let plain = engine.scan_unfiltered(&unit, scratch);
            assert_eq!(scan, plain, "the filter changes what is found");
        }
    });
}

/// Runs `check` with the built-in detectors.
pub(super) fn with_builtin<T>(check: impl FnOnce(&Engine, &mut Scratch) -> T) -> T {
    let engine = ENGINE.as_ref();
    assert!(engine.is_some(), "the built-in detectors do not compile");
    let checked = engine.map(|engine| SCRATCH.with_borrow_mut(|scratch| check(engine, scratch)));
    checked.unwrap_or_else(|| unreachable!("asserted above"))
}

/// What holds of every scan of `text`.
pub(super) fn assert_sound(text: &str, scan: &Scan) {
    let mut end = 0;
    for found in &scan.matches {
        let as_sent = text.get(found.span.clone());
        assert!(
            as_sent.is_some_and(|value| !value.is_empty()),
            "{:?} is no place in the text",
            found.span
        );
        assert!(found.span.start >= end, "{:?} overlaps", found.span);
        end = found.span.end;
        assert_hidden(text, found);
    }
}

/// Neither preview nor evidence tells the value.
fn assert_hidden(text: &str, found: &Match) {
    let (value, preview) = (found.value(text), found.preview(text));
    assert!(!value.is_empty(), "a value without text");
    let letters = value.chars().filter(|c| c.is_alphanumeric()).count();
    assert!(
        letters < SHORTEST_VALUE || !preview.contains(value),
        "the preview of {} shows the value",
        found.detector.id
    );
    let digits = value.chars().filter(char::is_ascii_digit).count();
    for evidence in &found.evidence {
        assert!(
            digits < SHORTEST_NUMBER || !evidence.reason.contains(value),
            "the evidence of {} tells the value",
            found.detector.id
        );
    }
}
