//! Any string as an admin's pattern: refused with a reason, or it runs, within bounds, and the filter changes
//! nothing.

use scanner_node::detect::{MAX_MATCHES_PER_UNIT, Scratch, admit};
use serde_json::json;
use shared::content::TextUnit;
use shared::detector::DetectorSpec;

use super::scan::assert_sound;

/// Values weighed of one text, for each byte of it and beyond that: as sent and in its views, each at most
/// four times as long.
const WEIGHED_PER_BYTE: u64 = 8;
const WEIGHED_AT_LEAST: u64 = 64;

/// The first line is the pattern, the rest the text.
pub fn check(data: &[u8]) {
    let data = String::from_utf8_lossy(data);
    let (pattern, text) = data.split_once('\n').unwrap_or((&data, &data));
    let spec: Result<DetectorSpec, _> = serde_json::from_value(json!({
        "id": "a", "name": "A", "info_type": "A", "patterns": [pattern], "origin": "custom",
        "likelihood": "LIKELY", "severity": "LOW", "mask": {"first": 4, "last": 4},
    }));
    let engine = match spec.as_ref().map(admit) {
        Ok(Ok(engine)) => engine,
        Ok(Err(errors)) => {
            assert!(!errors.0.is_empty(), "refused without a reason");
            for error in &errors.0 {
                assert!(
                    !error.problem.to_string().is_empty(),
                    "refused without a word"
                );
            }
            return;
        }
        Err(error) => unreachable!("the specification is well-formed: {error}"),
    };
    let unit = TextUnit::plain(text);
    let mut scratch = Scratch::new();
    let scan = engine.scan(&unit, &mut scratch);
    let mut weighed = 0;
    scratch.tell_costs(&engine, |_, spent| weighed += spent.candidates);
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    assert!(
        weighed <= WEIGHED_AT_LEAST + WEIGHED_PER_BYTE * bytes,
        "{weighed} values weighed of {bytes} bytes"
    );
    assert!(
        scan.matches.len() <= MAX_MATCHES_PER_UNIT,
        "too many matches"
    );
    assert_sound(text, &scan);
    assert_eq!(
        scan,
        engine.scan_unfiltered(&unit, &mut scratch),
        "the filter changes what is found"
    );
}
