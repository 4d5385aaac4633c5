//! Claims about what hostile texts cost: twice the text, twice the work.
//!
//! Work is counted, not timed: see `effort`. Leaves speed to `benches/engine`.

#[path = "../../benches/corpora/hostile.rs"]
mod hostile;

use std::sync::LazyLock;

use shared::content::TextUnit;

use super::{Engine, Scratch, builtin, builtin_specs, effort};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::compile(&builtin().unwrap()).unwrap());

/// Slack's longest message, in characters.
const MESSAGE: usize = 40_000;
/// A long piece of a file.
const PIECE: usize = 1_000_000;

/// What a scan of the first `bytes` bytes of `text` goes over.
fn work(scratch: &mut Scratch, text: &str, bytes: usize) -> usize {
    let unit = TextUnit::plain(text.split_at(text.floor_char_boundary(bytes)).0);
    effort::spent();
    ENGINE.scan(&unit, scratch);
    effort::spent()
}

/// Fails unless twice the text is at most two and a half times the work, for each of the texts.
fn assert_linear(texts: &[hostile::Text]) {
    let mut scratch = Scratch::new();
    let mut steep = Vec::new();
    for (name, text) in texts {
        // A run cut inside a group of hex or base64 would say nothing.
        let half = work(&mut scratch, text, text.len() / 16 * 8);
        let whole = work(&mut scratch, text, text.len());
        let each = whole * 10 / text.len();
        println!("{name}: {half} bytes gone over for half, {whole} for the whole; {each} for ten");
        if 2 * whole > 5 * half {
            steep.push((name, half, whole));
        }
    }
    assert!(
        steep.is_empty(),
        "more than twice the work for twice the text: {steep:?}"
    );
}

#[test]
fn numbers_take_no_more_than_their_length() {
    assert_linear(&hostile::values(MESSAGE));
    assert_linear(&hostile::values(PIECE));
}

#[test]
fn one_sign_over_and_over_takes_no_more_than_its_length() {
    assert_linear(&hostile::signs(MESSAGE));
    assert_linear(&hostile::signs(PIECE));
}

#[test]
fn heads_of_tokens_and_hotwords_take_no_more_than_their_length() {
    assert_linear(&hostile::heads(MESSAGE));
    assert_linear(&hostile::heads(PIECE));
}

#[test]
fn encodings_of_encodings_take_no_more_than_their_length() {
    assert_linear(&hostile::encodings(MESSAGE));
    assert_linear(&hostile::encodings(PIECE));
}
