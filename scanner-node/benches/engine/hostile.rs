//! How fast the engine is on texts made to be slow, beside chat in the same run.
//!
//! Owns the table. Leaves the texts to `corpora/hostile.rs`.

use std::fmt::Write as _;

use scanner_node::detect::{Engine, Scratch, builtin_specs};
use shared::content::TextUnit;

use crate::measure::{Speed, median};
use crate::{Corpus, say};

#[path = "../corpora/hostile.rs"]
mod texts;

/// Bytes of each text.
const BYTES: usize = 500_000;
/// Nobody takes longer than this for one text.
const SECONDS: f64 = 2.0;
/// Times as long as chat, from which on a text is marked.
const SLOW: f64 = 3.0;

/// Prints nanoseconds a byte for each text, and how many times those of chat.
pub(crate) fn table(engine: &Engine, chat: &Corpus, rounds: usize) -> anyhow::Result<()> {
    let mut scratch = Scratch::new();
    let mut nanoseconds = |units: &[TextUnit]| {
        let speed = |_| {
            Speed::of(units, SECONDS, |unit| {
                engine.scan(unit, &mut scratch).matches.len()
            })
        };
        let speeds: Vec<Speed> = (0..rounds.max(1)).map(speed).collect();
        1e3 / median(&speeds).rate
    };
    let base = nanoseconds(&chat.units);
    let mut table = format!("\nhostile text          ns/byte  times chat ({base:.1} ns/byte)");
    let kinds = [texts::values, texts::signs, texts::heads, texts::encodings];
    for (name, text) in kinds.iter().flat_map(|kind| kind(BYTES)) {
        let took = nanoseconds(&[TextUnit::plain(text)]);
        let mark = if took > SLOW * base { "  slow" } else { "" };
        write!(table, "\n{name:20} {took:>8.1} {:>8.1}x{mark}", took / base)?;
    }
    say(&table)
}
