//! Texts to try on a detector what it costs.
//!
//! Owns making them up: mixed text, digits, and text out of the detector's own classes, which comes as
//! close to matching as it can. Leaves measuring to whoever has a clock.
//! **Invariant:** the same detector gets the same texts; they hold nothing of anybody's.

use regex_syntax::hir::{Class, Hir, HirKind};
use shared::detector::{DetectorSpec, Kind};

use super::compile::parse;

/// Bytes of each text.
pub const PROBE_BYTES: usize = 256 << 10;
/// Most repetitions made up beyond the least.
const SPREAD: u64 = 48;
/// Longest stretch made up in one go, in bytes.
const STRETCH: usize = 4 << 10;
/// Words that mixed text is made of.
const WORDS: &[&str] = &[
    "the",
    "invoice",
    "for",
    "March",
    "is",
    "attached",
    "please",
    "ask",
    "Ana",
    "about",
    "order",
    "number",
    "key",
    "token",
    "password",
    "card",
    "id",
    "user",
    "error",
    "at",
    "line",
    "deploy",
    "https://example.test/a/b?c=d",
    "10.0.0.1",
    "2026-11-21",
    "ana@example.test",
    "let x = 42;",
    "{\"a\": [1, 2]}",
    "É",
    "naïve",
    "+49 30 1234567",
    "a1b2c3d4e5f6",
    "TODO",
    "(see",
    "below)",
];

/// What a text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Words, numbers, addresses, code.
    Mixed,
    /// Digits in groups.
    Digits,
    /// What the detector looks for, nearly.
    Own,
}

impl Probe {
    /// Every text.
    pub const ALL: [Self; 3] = [Self::Mixed, Self::Digits, Self::Own];

    /// What it is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mixed => "mixed text",
            Self::Digits => "digits",
            Self::Own => "text of its own characters",
        }
    }

    /// [`PROBE_BYTES`] of it, for this detector.
    pub fn text(self, spec: &DetectorSpec) -> String {
        let mut dice = Dice(0x5EED);
        let mut text = String::with_capacity(PROBE_BYTES + STRETCH);
        let own = Own::of(spec);
        while text.len() < PROBE_BYTES {
            match self {
                Self::Mixed => {
                    text.push_str(dice.one_of(WORDS).copied().unwrap_or("x"));
                    text.push(if dice.below(12) == 0 { '\n' } else { ' ' });
                }
                Self::Digits => {
                    for _ in 0..=dice.below(19) {
                        text.push(char::from(b'0' + u8::try_from(dice.below(10)).unwrap_or(0)));
                    }
                    text.push(dice.one_of(&[' ', '-', '.', '\n']).copied().unwrap_or(' '));
                }
                Self::Own => own.nearly(&mut dice, &mut text),
            }
        }
        text.truncate(text.floor_char_boundary(PROBE_BYTES));
        text
    }
}

/// Work of a known size, to measure a detector against: one step a byte, each waiting for the one before, so
/// that it takes a nanosecond or so on any machine of today and is slowed by whatever slows the detector.
pub fn reference_work(text: &[u8]) -> u64 {
    // FNV-1a.
    text.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// What a detector looks for.
enum Own<'s> {
    Patterns(Vec<Hir>),
    Words(Vec<&'s str>),
}

impl<'s> Own<'s> {
    fn of(spec: &'s DetectorSpec) -> Self {
        match spec.kind {
            Kind::Regex => Self::Patterns(
                spec.patterns
                    .iter()
                    .flat_map(|source| parse(source))
                    .collect(),
            ),
            Kind::Dictionary => Self::Words(spec.words.iter().map(String::as_str).collect()),
            // Nobody here knows its values or documents.
            Kind::ExactDataMatch | Kind::DocumentFingerprint => Self::Words(WORDS.to_vec()),
        }
    }

    /// Adds a stretch that matches, or stops just short of it.
    fn nearly(&self, dice: &mut Dice, text: &mut String) {
        let mut stretch = Vec::new();
        match self {
            Self::Patterns(all) => {
                if let Some(hir) = dice.one_of(all) {
                    sample(hir, dice, &mut stretch);
                }
            }
            Self::Words(words) => {
                let word = dice.one_of(words).copied().unwrap_or_default();
                stretch.extend_from_slice(word.as_bytes());
            }
        }
        let mut stretch = String::from_utf8_lossy(&stretch).into_owned();
        let mut times = 1;
        match dice.below(4) {
            0 => {}
            1 => times = 8,
            // All but the end, again and again.
            more => {
                let keep = dice.below(u64::try_from(stretch.len()).unwrap_or(1) + 1);
                let keep = usize::try_from(keep).unwrap_or(0);
                stretch.truncate(stretch.floor_char_boundary(keep));
                times = if more == 2 { 1 } else { 8 };
            }
        }
        for _ in 0..times {
            text.push_str(&stretch);
        }
        text.push_str(
            dice.one_of(&["", "x", " ", "\n", "0"])
                .copied()
                .unwrap_or(" "),
        );
    }
}

/// Adds bytes that the expression matches.
fn sample(hir: &Hir, dice: &mut Dice, out: &mut Vec<u8>) {
    if out.len() >= STRETCH {
        return;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.extend_from_slice(&literal.0),
        HirKind::Class(class) => out.push(member(class, dice)),
        HirKind::Repetition(repetition) => {
            let least = u64::from(repetition.min);
            let most = repetition.max.map_or(u64::MAX, u64::from);
            let times = least + dice.below(most.min(least + SPREAD) - least + 1);
            for _ in 0..times {
                sample(&repetition.sub, dice, out);
            }
        }
        HirKind::Capture(capture) => sample(&capture.sub, dice, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| sample(part, dice, out)),
        HirKind::Alternation(branches) => {
            if let Some(branch) = dice.one_of(branches) {
                sample(branch, dice, out);
            }
        }
    }
}

/// A member of a class that is ASCII, if there is one.
fn member(class: &Class, dice: &mut Dice) -> u8 {
    let ranges: Vec<(u8, u8)> = match class {
        Class::Bytes(class) => class.iter().map(|r| (r.start(), r.end())).collect(),
        Class::Unicode(class) => class
            .iter()
            .filter_map(|r| {
                Some((
                    u8::try_from(r.start()).ok()?,
                    u8::try_from(r.end()).unwrap_or(127),
                ))
            })
            .collect(),
    };
    let ascii: Vec<(u8, u8)> = ranges
        .into_iter()
        .filter(|(start, _)| start.is_ascii())
        .map(|(start, end)| (start, end.min(127)))
        .collect();
    let Some(&(start, end)) = dice.one_of(&ascii) else {
        return b'?';
    };
    let member = u64::from(start) + dice.below(u64::from(end - start) + 1);
    u8::try_from(member).unwrap_or(start)
}

/// Chance from a seed: xorshift64 (Marsaglia 2003).
struct Dice(u64);

impl Dice {
    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound.max(1)
    }

    fn one_of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let index = self.below(u64::try_from(all.len()).unwrap_or(1));
        all.get(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(extra: &serde_json::Value) -> DetectorSpec {
        let mut spec = json!({
            "id": "a", "name": "A", "info_type": "A", "likelihood": "LIKELY", "severity": "LOW",
        });
        for (key, value) in extra.as_object().unwrap() {
            spec[key] = value.clone();
        }
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn every_text_has_its_length_and_is_the_same_each_time() {
        let spec = spec(&json!({"patterns": [r"(?i)ab[^a-z]{2,}\s(?:x|y){0,900}", r"[^\n]+"]}));
        for probe in Probe::ALL {
            let text = probe.text(&spec);
            assert!(
                PROBE_BYTES - 4 < text.len() && text.len() <= PROBE_BYTES,
                "{probe:?}"
            );
            assert!(text == probe.text(&spec), "{probe:?}");
        }
    }

    #[test]
    fn a_detector_s_own_text_holds_matches_and_near_misses() {
        let own = Probe::Own.text(&spec(&json!({"patterns": [r"\bEMP-\d{6}\b"]})));
        let whole = regex::Regex::new(r"EMP-\d{6}")
            .unwrap()
            .find_iter(&own)
            .count();
        let begun = regex::Regex::new(r"EMP-\d{1,5}(?:\D|$)")
            .unwrap()
            .find_iter(&own)
            .count();
        assert!(whole > 1_000 && begun > 1_000, "{whole} {begun}");
        let own = Probe::Own.text(&spec(&json!({"kind": "dictionary", "words": ["aurora"]})));
        assert!(own.contains("aurora") && own.contains("auro "));
    }
}
