//! Where a scan stops to look closer.
//!
//! Owns the pass over the text: 64 bytes at a time it finds where words, numbers and humps start, and asks of
//! each by two bits whether anything begins like this. A word of ordinary text costs two loads.
//! **Invariant:** it stops wherever an anchor of a sequence may stand, in order, whichever way it looks.

#![expect(
    clippy::inline_always,
    reason = "compiled once for each way to look; a call inside the loop would cost as much as the loop"
)]

use super::anchor::LONG_RUN;
#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
use super::block::{AHEAD, BLOCK, Block, Pairs};
use super::kinds::{self, Kinds, Shape};
use super::literals::{self, Literals};
use super::spelling::{self, Key, Spellings};

/// What the pass goes by.
#[derive(Debug)]
pub(super) struct Stops {
    pub(super) spellings: Spellings,
    /// Of all sequences that are entered by kinds.
    pub(super) kinds: Kinds,
    pub(super) marks: Vec<u8>,
    pub(super) pairs: Pairs,
    pub(super) literals: Literals,
    /// Whether something has to be looked for at letters beyond ASCII, and whether at every position.
    pub(super) at_leads: bool,
    pub(super) anywhere: bool,
    #[cfg(target_arch = "x86_64")]
    pub(super) avx2: Option<Avx2>,
}

/// A place to look closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    /// Which byte of the text.
    pub(super) at: usize,
    /// How the word begins that starts here, if one does.
    pub(super) word: Option<(Key, Shape)>,
    pub(super) signs: Signs,
}

/// What else there is at a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs(u8);

impl Signs {
    /// A long run begins.
    pub(super) const RUN: Self = Self(1);
    pub(super) const MARK: Self = Self(2);
    pub(super) const PAIR: Self = Self(4);
    pub(super) const LITERAL: Self = Self(8);

    pub(super) const fn has(self, sign: Self) -> bool {
        self.0 & sign.0 != 0
    }

    const fn with(self, sign: Self, is_there: bool) -> Self {
        if is_there {
            Self(self.0 | sign.0)
        } else {
            self
        }
    }
}

/// A way to look at bytes.
trait Look {
    fn block(&self, bytes: &[u8; BLOCK], marks: &[u8]) -> Block;

    fn pairs(&self, bytes: &[u8; BLOCK + AHEAD], pairs: &Pairs) -> u64;
}

/// The way of any processor.
struct Portable;

impl Look for Portable {
    fn block(&self, bytes: &[u8; BLOCK], marks: &[u8]) -> Block {
        Block::of(bytes, marks)
    }

    fn pairs(&self, bytes: &[u8; BLOCK + AHEAD], pairs: &Pairs) -> u64 {
        pairs.seen_in(bytes)
    }
}

#[cfg(target_arch = "x86_64")]
impl Look for Avx2 {
    #[inline(always)]
    fn block(&self, bytes: &[u8; BLOCK], marks: &[u8]) -> Block {
        Self::block(*self, bytes, marks)
    }

    #[inline(always)]
    fn pairs(&self, bytes: &[u8; BLOCK + AHEAD], pairs: &Pairs) -> u64 {
        Self::pairs(*self, bytes, pairs)
    }
}

/// A pass under way.
#[derive(Debug)]
pub(super) struct Pass<'t> {
    text: &'t [u8],
    at: usize,
    block: Block,
    /// Whether the byte before `at` was in each class.
    alnum_before: u64,
    low_before: u64,
    run_before: u64,
}

impl Stops {
    /// The beginning of a pass.
    pub(super) fn pass<'t>(&self, text: &'t [u8]) -> Pass<'t> {
        Pass {
            text,
            at: 0,
            block: self.block(&bytes_at(text, 0)),
            alnum_before: 0,
            low_before: 0,
            run_before: 0,
        }
    }

    /// Goes on until `end`, a multiple of the block size, or the end of the text.
    pub(super) fn until(&self, pass: &mut Pass<'_>, end: usize, mut stop: impl FnMut(Stop)) {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = self.avx2 {
            return avx2.run(|| self.go(pass, end, &avx2, &mut stop));
        }
        self.go(pass, end, &Portable, &mut stop);
    }

    fn block(&self, bytes: &[u8; BLOCK]) -> Block {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = self.avx2 {
            return avx2.block(bytes, &self.marks);
        }
        Block::of(bytes, &self.marks)
    }

    #[inline(always)]
    fn go(&self, pass: &mut Pass<'_>, end: usize, look: &impl Look, stop: &mut impl FnMut(Stop)) {
        let text = pass.text;
        while pass.at < end.min(text.len()) {
            let next = pass.at + BLOCK;
            let ahead = match text.get(next..).and_then(<[u8]>::first_chunk) {
                Some(bytes) => look.block(bytes, &self.marks),
                None => look.block(&bytes_at(text, next), &self.marks),
            };
            match text
                .get(pass.at..)
                .and_then(<[u8]>::first_chunk::<{ BLOCK + AHEAD }>)
            {
                Some(bytes) => self.step(pass, (ahead, bytes), look, stop),
                None => self.step(pass, (ahead, &bytes_at(text, pass.at)), look, stop),
            }
            pass.at = next;
            pass.block = ahead;
        }
    }

    /// Looks through a block and what little lies ahead of it.
    #[inline(always)]
    fn step(
        &self,
        pass: &mut Pass<'_>,
        (ahead, bytes): (Block, &[u8; BLOCK + AHEAD]),
        look: &impl Look,
        stop: &mut impl FnMut(Stop),
    ) {
        let block = pass.block;
        let alnum = block.alnum();
        let low = alnum & !block.upper();
        let humps = block.upper() & (low << 1 | pass.low_before);
        let starts = alnum & !(alnum << 1 | pass.alnum_before) | humps;
        let run_starts = block.run & !(block.run << 1 | pass.run_before);
        (pass.alnum_before, pass.low_before, pass.run_before) =
            (alnum >> 63, low >> 63, block.run >> 63);
        let wide = |now: u64, then: u64| u128::from(now) | u128::from(then) << 64;
        let [a, b, c] = [0, 1, 2].map(|bit| {
            let of = |block: Block| block.kinds.get(bit).copied().unwrap_or(0);
            wide(of(block), of(ahead))
        });
        let word_at = |at: u32| {
            let kinds = [lowest(a >> at), lowest(b >> at), lowest(c >> at)];
            let [.., alnum] = kinds;
            let key = spelling::key_of(four_at(bytes, at), alnum);
            (key, kinds::shape_of(kinds))
        };
        let mut words = 0;
        for at in bits(starts) {
            let (key, shape) = word_at(at);
            let may_be = self.spellings.may_be(key) | self.kinds.may_be(shape);
            words |= u64::from(may_be) << at;
        }
        let runs = (starts | run_starts) & long_runs(wide(block.run, ahead.run));
        let literals = self.literals(block, bytes);
        let pairs = if self.pairs.is_empty {
            0
        } else {
            look.pairs(bytes, &self.pairs)
        };
        for at in bits(words | runs | block.marks | pairs | literals) {
            let is = |mask: u64| mask >> at & 1 == 1;
            stop(Stop {
                at: pass.at + at as usize,
                word: is(words).then(|| word_at(at)),
                signs: Signs::default()
                    .with(Signs::RUN, is(runs))
                    .with(Signs::MARK, is(block.marks))
                    .with(Signs::PAIR, is(pairs))
                    .with(Signs::LITERAL, is(literals)),
            });
        }
    }

    /// The positions where four certain bytes may stand.
    #[inline(always)]
    fn literals(&self, block: Block, bytes: &[u8; BLOCK + AHEAD]) -> u64 {
        let positions = match (self.anywhere, self.at_leads) {
            (true, _) => u64::MAX,
            (false, true) => block.leads,
            (false, false) => 0,
        };
        let may_be = |at: &u32| self.literals.may_be(four_at(bytes, *at));
        bits(positions)
            .filter(may_be)
            .fold(0, |all, at| all | 1 << at)
    }
}

/// The bytes of a text from `at` on, zeros behind its end.
#[inline]
fn bytes_at<const COUNT: usize>(text: &[u8], at: usize) -> [u8; COUNT] {
    let mut bytes = [0; COUNT];
    let rest = text.get(at..).unwrap_or_default();
    let count = rest.len().min(COUNT);
    if let (Some(to), Some(from)) = (bytes.get_mut(..count), rest.get(..count)) {
        to.copy_from_slice(from);
    }
    bytes
}

#[inline(always)]
fn four_at(bytes: &[u8; BLOCK + AHEAD], at: u32) -> [u8; literals::WIDTH] {
    let four = bytes.get(at as usize..).and_then(<[u8]>::first_chunk);
    four.copied().unwrap_or_default()
}

/// The numbers of the bits that are set.
#[inline(always)]
fn bits(mut mask: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        (mask != 0).then(|| {
            let at = mask.trailing_zeros();
            mask &= mask - 1;
            at
        })
    })
}

/// Where at least [`LONG_RUN`] bits in a row are set.
#[inline(always)]
fn long_runs(run: u128) -> u64 {
    const { assert!(LONG_RUN == 16) };
    let two = run & run >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    lowest(eight & eight >> 8)
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
const fn lowest(wide: u128) -> u64 {
    wide as u64
}
