//! Runs of letters and digits long enough to be encoded text.
//!
//! Owns finding them at little cost: a run of 24 fills a block of eight, which few words do. Leaves reading
//! them to `decode`. **Invariant:** every run of the least length is reported once, in order, from its first to its
//! last byte.

use std::ops::Range;

/// Shorter runs are words, ids and short values; what they encode is shorter than most of what is looked for.
pub(in crate::detect) const SHORTEST: usize = 24;

/// A run fills at least one of the blocks into which the text falls.
const BLOCK: usize = 8;
/// Bytes looked at in one step.
const STEP: usize = 32;

/// The runs in `text`, one after another.
#[derive(Debug)]
pub(super) struct Runs<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Runs<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Goes on at `at` at the earliest.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = self.at.max(at);
    }
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let block = next_full_block(self.text, self.at.next_multiple_of(BLOCK))?;
            let before = self.text.get(self.at..block).unwrap_or_default();
            let back = before.iter().rev().take_while(|byte| is_of_run(**byte));
            let start = block - back.count();
            self.at = block + length(self.text, block);
            if self.at - start >= SHORTEST {
                return Some(start..self.at);
            }
        }
    }
}

/// The first block from `at` on, a whole number of blocks, in which every byte is of a run.
fn next_full_block(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    while let Some(step) = text.get(at..)?.first_chunk::<STEP>() {
        // Without a branch in it, this becomes vector instructions.
        let flags = step.map(|byte| u8::from(is_of_run(byte)));
        let full = |block: &[u8]| block.iter().fold(1, |all, flag| all & flag) == 1;
        if let Some(block) = flags.chunks_exact(BLOCK).position(full) {
            return Some(at + block * BLOCK);
        }
        at += STEP;
    }
    let mut rest = text.get(at..)?.chunks_exact(BLOCK);
    let full = rest.position(|block| block.iter().all(|byte| is_of_run(*byte)));
    full.map(|block| at + block * BLOCK)
}

/// How many bytes of a run stand at `at`.
pub(super) fn length(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.iter().take_while(|byte| is_of_run(**byte)).count()
}

/// Both alphabets of base64; hex is in them.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without a branch, a look at many bytes becomes vector instructions"
)]
fn is_of_run(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26)
        | (byte.wrapping_sub(b'0') < 10)
        | (byte == b'+')
        | (byte == b'/')
        | (byte == b'-')
        | (byte == b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_look_at_every_byte_finds(text in "([a-zA-Z+/_-]{0,40}[ .é\n]?){0,6}") {
            let mut slow = Vec::new();
            let mut at = 0;
            while at < text.len() {
                let len = length(text.as_bytes(), at);
                if len >= SHORTEST {
                    slow.push(at..at + len);
                }
                at += len.max(1);
            }
            prop_assert_eq!(Runs::of(text.as_bytes()).collect::<Vec<_>>(), slow);
        }
    }
}
