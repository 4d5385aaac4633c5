//! Where a scan stops to look closer.
//!
//! Owns the pass over the text: 64 bytes at a time it finds where words, numbers and humps start, and asks of
//! each by a bit whether anything begins like this. A word of ordinary text costs one load.
//! **Invariant:** it stops wherever an anchor of a sequence may stand, in order, whichever way it looks.

#![expect(
    clippy::inline_always,
    reason = "compiled once for each way to look; a call inside the loop would cost as much as the loop"
)]

use std::ops::Range;

use super::anchor::LONG_RUN;
#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
use super::bits::{all, bits, from_bit, in_a_row, lowest, wide};
use super::block::{AHEAD, BLOCK, Block, Infixes, Marks, bytes_at};
use super::kinds::{self, Kinds, Shape};
use super::literals::Literals;
use super::rhythm::{Rhythm, Streak};
use super::spelling::{self, Spellings};
use crate::detect::normalise::SHORTEST_RUN;

/// What the pass goes by.
#[derive(Debug)]
pub(super) struct Stops {
    pub(super) spellings: Spellings,
    /// Of all sequences that are entered by kinds.
    pub(super) kinds: Kinds,
    pub(super) marks: Marks,
    /// The infixes, seen at once and in truth.
    pub(super) infixes: (Infixes, Literals),
    pub(super) literals: Literals,
    /// Words in a row.
    pub(super) rhythm: Option<Rhythm>,
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
    /// How the number begins that may start here.
    pub(super) number: Option<Shape>,
    pub(super) signs: Signs,
    /// Where the words begin that end here.
    pub(super) since: usize,
}

/// What else there is at a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs(u8);

impl Signs {
    /// A long run begins.
    pub(super) const RUN: Self = Self(1);
    pub(super) const MARK: Self = Self(2);
    pub(super) const INFIX: Self = Self(4);
    pub(super) const LITERAL: Self = Self(8);
    /// A word that is spelled like one that is looked for.
    pub(super) const WORD: Self = Self(16);
    /// Words in a row end.
    pub(super) const WORDS: Self = Self(32);

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

impl Stop {
    /// Where words in a row end.
    fn behind(words: Range<usize>) -> Self {
        Self {
            at: words.end,
            number: None,
            signs: Signs::WORDS,
            since: words.start,
        }
    }
}

/// A way to look at bytes.
trait Look {
    fn block(&self, bytes: &[u8; BLOCK], marks: &Marks) -> Block;

    fn infixes(&self, bytes: &[u8; BLOCK + AHEAD], infixes: &Infixes) -> u64;
}

/// The way of any processor.
struct Portable;

impl Look for Portable {
    fn block(&self, bytes: &[u8; BLOCK], marks: &Marks) -> Block {
        Block::of(bytes, marks)
    }

    fn infixes(&self, bytes: &[u8; BLOCK + AHEAD], infixes: &Infixes) -> u64 {
        infixes.seen_in(bytes)
    }
}

#[cfg(target_arch = "x86_64")]
impl Look for Avx2 {
    #[inline(always)]
    fn block(&self, bytes: &[u8; BLOCK], marks: &Marks) -> Block {
        Self::block(*self, bytes, marks)
    }

    #[inline(always)]
    fn infixes(&self, bytes: &[u8; BLOCK + AHEAD], infixes: &Infixes) -> u64 {
        Self::infixes(*self, bytes, infixes)
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
    letter_before: u64,
    run_before: u64,
    /// There is something that could be read in another way.
    notes: u64,
    long_runs: u64,
    streak: Streak,
}

impl Stops {
    /// The beginning of a pass, at a multiple of the block size.
    pub(super) fn pass<'t>(&self, text: &'t [u8], from: usize) -> Pass<'t> {
        let mut pass = Pass {
            text,
            at: from,
            block: self.block(&bytes_at(text, from)),
            alnum_before: 0,
            low_before: 0,
            letter_before: 0,
            run_before: 0,
            notes: 0,
            long_runs: 0,
            streak: Streak::default(),
        };
        if let Some(before) = from.checked_sub(BLOCK) {
            pass.come_from(self.block(&bytes_at(text, before)));
        }
        pass
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
            let ahead = match text.get(next..) {
                None | Some([]) => Block::default(),
                Some(rest) => match rest.first_chunk() {
                    Some(bytes) => look.block(bytes, &self.marks),
                    None => look.block(&bytes_at(text, next), &self.marks),
                },
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
        if let Some(rhythm) = self.rhythm {
            let letters = block.letters();
            let starts = letters & !(letters << 1 | pass.letter_before);
            let letters = wide(letters, ahead.letters());
            rhythm.follow(&mut pass.streak, (starts, letters), pass.at, |words| {
                stop(Stop::behind(words));
            });
        }
        pass.come_from(block);
        let shape_at = |at: u32| {
            let kinds = block.kinds.into_iter().zip(ahead.kinds);
            let mut kinds = kinds.map(|(now, then)| from_bit((now, then), at));
            kinds::shape_of(std::array::from_fn(|_| kinds.next().unwrap_or(0)))
        };
        let key_at = |at: u32| {
            let alnum = from_bit((alnum, ahead.alnum()), at);
            spelling::key_of(some_at(bytes, at), alnum)
        };
        let mut words = 0;
        for at in bits(starts) {
            words |= u64::from(self.spellings.may_begin(key_at(at))) << at;
        }
        let goes_on = |at: &u32| self.spellings.may_go_on(key_at(*at), some_at(bytes, *at));
        let words = all(bits(words).filter(goes_on));
        let mut numbers = 0;
        for at in bits(starts & self.kinds.may_begin(block)) {
            numbers |= u64::from(self.kinds.may_be(shape_at(at))) << at;
        }
        let long_runs = long_runs(block.run, ahead.run);
        pass.long_runs |= long_runs;
        pass.notes |= block.notes;
        let runs = (starts | run_starts) & long_runs;
        let literals = self.literals(block, bytes);
        let (infixes, spelled) = &self.infixes;
        let infixes = if infixes.is_empty {
            0
        } else {
            let is_one = |at: &u32| spelled.may_be(some_at(bytes, *at));
            all(bits(look.infixes(bytes, infixes)).filter(is_one))
        };
        for at in bits(words | numbers | runs | block.marks | infixes | literals) {
            let is = |mask: u64| mask >> at & 1 == 1;
            stop(Stop {
                at: pass.at + at as usize,
                number: is(numbers).then(|| shape_at(at)),
                since: 0,
                signs: Signs::default()
                    .with(Signs::WORD, is(words))
                    .with(Signs::RUN, is(runs))
                    .with(Signs::MARK, is(block.marks))
                    .with(Signs::INFIX, is(infixes))
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
        all(bits(positions).filter(|at| self.literals.may_be(some_at(bytes, *at))))
    }
}

impl Pass<'_> {
    /// Whether what has been passed might be read in another way too: there is none of a text that says no.
    pub(super) const fn is_of_note(&self) -> bool {
        const { assert!(LONG_RUN <= SHORTEST_RUN) };
        self.notes | self.long_runs != 0
    }

    /// Where words in a row end with the text.
    pub(super) fn last_words(&mut self, rhythm: Option<Rhythm>) -> Option<Stop> {
        let words = rhythm?.end(&mut self.streak, self.text.len())?;
        Some(Stop::behind(words))
    }

    /// Notes what the last byte of a block was.
    #[inline(always)]
    const fn come_from(&mut self, block: Block) {
        let alnum = block.alnum();
        self.alnum_before = alnum >> 63;
        self.low_before = (alnum & !block.upper()) >> 63;
        self.letter_before = block.letters() >> 63;
        self.run_before = block.run >> 63;
    }
}

#[inline(always)]
fn some_at<const COUNT: usize>(bytes: &[u8; BLOCK + AHEAD], at: u32) -> [u8; COUNT] {
    // A bit of a block is below its size, which the compiler does not know.
    let at = at as usize % BLOCK;
    let some = bytes.get(at..).and_then(<[u8]>::first_chunk);
    some.copied().unwrap_or([0; COUNT])
}

/// Where at least [`LONG_RUN`] bits in a row are set.
#[inline(always)]
fn long_runs(run: u64, ahead: u64) -> u64 {
    const { assert!(LONG_RUN == 16) };
    lowest(in_a_row(wide(run, ahead), 16))
}
