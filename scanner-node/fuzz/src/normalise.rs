//! A number in another spelling is found, whatever stands in the lines around it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use shared::content::TextUnit;

use super::scan::{assert_sound, with_builtin};

/// Made up; the check digits hold.
const NUMBERS: &[&str] = &[
    "4539578763621486",
    "4539 5787 6362 1486",
    "DE89370400440532013000",
];

/// Ways to write a number.
const SPELLINGS: &[fn(&str) -> String] = &[
    str::to_owned,
    |number| each(number, |c, out| out.push(wide(c))),
    |number| each(number, |c, out| out.extend([c, '\u{200B}'])),
    |number| each(number, |c, out| out.extend(['\u{2060}', c])),
    |number| written(number, |c, out| write!(out, "&#{};", c as u32)),
    |number| written(number, |c, out| write!(out, "&#x{:X};", c as u32)),
    |number| written(number, |c, out| write!(out, "%{:02x}", c as u32)),
    |number| written(number, |c, out| write!(out, "\\u{:04x}", c as u32)),
    |number| written(number, |c, out| write!(out, "\\x{:02x}", c as u32)),
    |number| STANDARD.encode(format!("card {number}")),
    |number| URL_SAFE_NO_PAD.encode(format!("card {number} of mine")),
    |number| {
        written(&format!("card {number}"), |c, out| {
            write!(out, "{:02x}", c as u32)
        })
    },
    |number| STANDARD.encode(STANDARD.encode(format!("the card is {number}."))),
];

/// The first byte chooses the number and its spelling, the second how much of the rest stands before it.
pub fn check(data: &[u8]) {
    let [choice, share, rest @ ..] = data else {
        return;
    };
    let choice = usize::from(*choice);
    let (Some(number), Some(spell)) = (
        NUMBERS.get(choice % NUMBERS.len()),
        SPELLINGS.get(choice / NUMBERS.len() % SPELLINGS.len()),
    ) else {
        return;
    };
    let (before, after) = rest.split_at(rest.len() * usize::from(*share) / 256);
    let mut text = format!("{}\nhere: ", String::from_utf8_lossy(before));
    let start = text.len();
    text.push_str(&spell(number));
    let end = text.len();
    text.push_str(" please\n");
    text.push_str(&String::from_utf8_lossy(after));

    let unit = TextUnit::plain(text);
    let scan = with_builtin(|engine, scratch| engine.scan(&unit, scratch));
    assert_sound(&unit.text, &scan);
    let spans = scan.matches.iter().map(|found| &found.span);
    assert!(
        scan.truncated
            || spans
                .into_iter()
                .any(|span| span.start < end && span.end > start),
        "the number is not found"
    );
}

fn each(number: &str, write: impl Fn(char, &mut String)) -> String {
    let mut out = String::new();
    number.chars().for_each(|c| write(c, &mut out));
    out
}

fn written(number: &str, write: impl Fn(char, &mut String) -> std::fmt::Result) -> String {
    each(number, |c, out| {
        let done = write(c, out);
        assert!(done.is_ok(), "a string takes everything");
    })
}

/// The full-width twin of an ASCII character.
fn wide(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(c as u32 + 0xFEE0).unwrap_or(c),
        ' ' => '\u{3000}',
        _ => c,
    }
}
