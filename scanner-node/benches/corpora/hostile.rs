//! Texts made to be slow: what detectors wait for, over and over and never come to an end.
//!
//! Owns making them up, by kind. Leaves counting the work to `detect/bounds.rs`, the time to
//! `benches/engine/hostile.rs`.
//! **Invariant:** the same number of bytes is the same text, and its first half is of the same kind.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
// Of the engine itself in its own tests.
use super::builtin_specs;

/// A name and a text of at least so many bytes.
pub(crate) type Text = (String, String);

/// Signs that many patterns begin with or hinge on.
const SIGNS: &[&str] = &[
    "@",
    "-",
    ".",
    ":",
    "/",
    "=",
    "_",
    "\"",
    "%",
    "&",
    "\\",
    "<",
    "A1",
    "a",
    "\n",
    "a.",
    "1.",
    "a@",
    "\u{200B}",
    "4\u{200B}",
    "e\u{301}\u{301}\u{301}",
    "４",
    "漢",
];
/// How tokens, keys and addresses begin.
const HEADS: &[&str] = &[
    "eyJ",
    "-----BEGIN ",
    "https://",
    "postgres://a:",
    "xoxb-1",
    "ghp_",
    "AKIA",
    "abandon ",
    "password ",
    "password=",
    "api_key: token = ",
    "0x",
    "{\"a\":[",
    "&#52;&amp;#53;",
    "%2534",
    "\\u0034",
];
/// Numbers and addresses, packed.
const VALUES: &[&str] = &[
    "1",
    "4539578763621486",
    "4 5 3 9 5 7 ",
    "4-5-3-9-5-7-",
    "4539578763621486 ",
    "4539 5787 6362 1486 ",
    "ssn 536904399 ",
    "a@corp.io,",
    "10.0.0.1 ",
    "1980-02-29 ",
];

/// Numbers without an end, and lines packed with values.
pub(crate) fn values(bytes: usize) -> Vec<Text> {
    repeated_all(VALUES, bytes)
}

/// One sign over and over.
pub(crate) fn signs(bytes: usize) -> Vec<Text> {
    repeated_all(SIGNS, bytes)
}

/// Heads of tokens without a body, and hotwords without a value.
pub(crate) fn heads(bytes: usize) -> Vec<Text> {
    let (mut words, mut numbers) = (String::new(), String::new());
    let lengths = (6..=20).cycle();
    let specs = builtin_specs().unwrap_or_default();
    let all = specs.iter().flat_map(|spec| &spec.hotwords);
    for (word, length) in all.flat_map(|hotwords| &hotwords.words).zip(lengths) {
        words.push_str(word);
        words.push(' ');
        let number = "1234567890".chars().cycle().take(length);
        numbers.extend(word.chars().chain([' ']).chain(number).chain([' ']));
    }
    let mut texts = repeated_all(HEADS, bytes);
    texts.push(("every hotword".to_owned(), repeated(&words, bytes)));
    texts.push((
        "every hotword, with numbers".to_owned(),
        repeated(&numbers, bytes),
    ));
    texts
}

/// Encodings of encodings.
pub(crate) fn encodings(bytes: usize) -> Vec<Text> {
    let cards = |bytes: usize| repeated("card 4539578763621486, ", bytes);
    let base64 = |text: String| STANDARD.encode(text);
    let quoted = |text: String| serde_json::Value::String(text).to_string();
    let json = repeated("{\"card\": \"4539578763621486\"}", bytes / 8);
    [
        ("base64", base64(cards(bytes))),
        ("base64 of base64", base64(base64(cards(bytes)))),
        (
            "base64, five deep",
            (0..5).fold(cards(bytes / 4), |text, _| base64(text)),
        ),
        (
            "base64 in words",
            repeated("Y2FyZCA0NTM5NTc4NzYzNjIxNDg2 ", bytes),
        ),
        ("hex", coded("", &cards(bytes))),
        ("percent", coded("%", &cards(bytes / 3))),
        (
            "percent of percent",
            coded("%", &coded("%", &cards(bytes / 9))),
        ),
        ("escapes", coded("\\x", &cards(bytes / 4))),
        ("JSON of JSON", (0..4).fold(json, |text, _| quoted(text))),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into()
}

fn repeated_all(parts: &[&str], bytes: usize) -> Vec<Text> {
    let name = |part: &str| part.escape_debug().to_string();
    let texts = parts.iter().map(|part| (name(part), repeated(part, bytes)));
    texts.collect()
}

fn repeated(part: &str, bytes: usize) -> String {
    part.repeat(bytes / part.len().max(1) + 1)
}

/// Each byte in hex, behind `mark`.
fn coded(mark: &str, text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let written = write!(out, "{mark}{byte:02X}");
        debug_assert!(written.is_ok(), "a string takes everything");
        out
    })
}
