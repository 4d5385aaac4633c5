//! What in a text could be read in another way.
//!
//! Owns the one pass that finds characters to fold, escapes, links and style marks, and the judgement which of
//! them can matter: a dash between words hides nothing, one between digits may part a number. Leaves the
//! meaning of each to `fold`, `escape` and `markup`.
//! **Invariant:** edits come in order, do not overlap and lie on character boundaries; the pass is linear.

use std::ops::Range;
use std::sync::LazyLock;

use super::change::Change;
use super::escape::{self, Escape};
use super::fold::{Fold, fold};
use super::look_alike::Word;
use super::markup::{self, Italics, Role};
use super::piece::Piece;

/// Bytes looked at in one step where there is nothing of note.
const STEP: usize = 32;
/// Most edits in a row that are looked across for what stands on their other side.
const MOST_ACROSS: usize = 8;

/// One thing to read in another way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edit {
    at: u32,
    len: u32,
    pub(super) with: Piece,
    pub(super) change: Change,
    /// It may hide a value; other edits only come along with one that does.
    pub(super) matters: bool,
}

impl Edit {
    pub(super) fn range(&self) -> Range<usize> {
        let at = self.at as usize;
        at..at + self.len as usize
    }
}

/// Appends the edits of `text` to `edits`; says whether any of them matters.
pub(super) fn sweep(text: &str, edits: &mut Vec<Edit>) -> bool {
    let bytes = text.as_bytes();
    let mut sweep = Sweep {
        text,
        bytes,
        edits,
        matters: false,
        word: Word::default(),
        italics: Italics::default(),
        link_close: None,
    };
    let mut at = 0;
    while let Some(next) = next_of_note(bytes, at) {
        at = sweep.look(next).max(next + 1);
    }
    sweep.matters
}

/// The next byte that may begin an edit.
fn next_of_note(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        // In other scripts one follows the other.
        if rest.first().is_some_and(|byte| listed(*byte)) {
            return Some(at);
        }
        if let Some(chunk) = rest.first_chunk::<STEP>() {
            let any = chunk
                .iter()
                .fold(false, |any, byte| any | is_of_note(*byte));
            if !any {
                at += STEP;
                continue;
            }
        }
        let near = rest.iter().take(STEP).position(|byte| listed(*byte));
        match near {
            Some(offset) => return Some(at + offset),
            None if rest.len() <= STEP => return None,
            None => at += STEP,
        }
    }
}

/// The same as [`is_of_note`], for one byte.
fn listed(byte: u8) -> bool {
    static LIST: LazyLock<[bool; 256]> = LazyLock::new(|| {
        let mut bytes = 0..=u8::MAX;
        std::array::from_fn(|_| bytes.next().is_some_and(is_of_note))
    });
    LIST.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Whether a byte may begin an edit.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without a branch, a look at many bytes becomes vector instructions"
)]
pub(in crate::detect) fn is_of_note(byte: u8) -> bool {
    const SIGNS: [u8; 9] = *b"&<>%\\*_~`";
    SIGNS
        .iter()
        .fold(byte >= 0x80, |any, sign| any | (byte == *sign))
}

struct Sweep<'t> {
    text: &'t str,
    bytes: &'t [u8],
    edits: &'t mut Vec<Edit>,
    matters: bool,
    word: Word,
    italics: Italics,
    /// Where the link that is open closes, and whether it matters.
    link_close: Option<(usize, bool)>,
}

impl Sweep<'_> {
    /// Looks at what begins at `at`; returns where to go on.
    fn look(&mut self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        match rest.first() {
            Some(b'&') => self.escape(at, escape::entity(rest), Change::Entity),
            Some(b'%') => self.escape(at, escape::percent(rest), Change::Percent),
            Some(b'\\') => self.escape(at, escape::backslash(rest), Change::Escape),
            Some(b'<') => self.link(at, rest),
            Some(b'>') => self.end_of_link(at),
            Some(0x80..) => self.character(at),
            _ => self.marks(at, rest),
        }
    }

    fn edit(&mut self, range: Range<usize>, with: Piece, change: Change, matters: bool) -> usize {
        let short = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        self.matters |= matters;
        self.edits.push(Edit {
            at: short(range.start),
            len: short(range.len()),
            with,
            change,
            matters,
        });
        range.end
    }

    fn character(&mut self, at: usize) -> usize {
        let Some(c) = self.text.get(at..).and_then(|rest| rest.chars().next()) else {
            return at + 1;
        };
        let range = at..at + c.len_utf8();
        match fold(c) {
            Fold::LookAlike(twin) if self.word.takes(self.text, at) => {
                self.edit(range, twin, Change::Unicode, true)
            }
            Fold::Keep | Fold::Letter | Fold::LookAlike(_) => range.end,
            Fold::Text(with) => {
                let matters = with.is_one_alphanumeric() || self.matters_by_place(&range, with);
                self.edit(range, with, Change::Unicode, matters)
            }
        }
    }

    /// Whether a sign, a blank or nothing in the place of `range` may be part of a value.
    fn matters_by_place(&self, range: &Range<usize>, with: Piece) -> bool {
        let (Some(before), Some(after)) = (self.before(range.start), self.after(range.end)) else {
            return false;
        };
        match with.as_str() {
            // An apostrophe is in every other message; it encloses a value after an equals sign.
            "'" | "\"" => b"=:(".contains(&before) || before.is_ascii_digit(),
            // What is not seen may stand between digits and the blank that parts them.
            "" => before.is_ascii_graphic() || after.is_ascii_graphic(),
            _ => before.is_ascii_graphic() && after.is_ascii_graphic(),
        }
    }

    /// The byte before `at` that no edit touches, if it is close.
    fn before(&self, at: usize) -> Option<u8> {
        let mut at = at;
        for edit in self.edits.iter().rev().take(MOST_ACROSS) {
            if edit.range().end != at {
                break;
            }
            at = edit.range().start;
        }
        self.bytes.get(at.checked_sub(1)?).copied()
    }

    /// The byte after `at` that is not folded, if it is close.
    fn after(&self, at: usize) -> Option<u8> {
        let rest = self.text.get(at..)?;
        let next = rest.chars().take(MOST_ACROSS).find_map(|c| match fold(c) {
            _ if c.is_ascii() => Some(Some(c)),
            Fold::Text(with) if with.is_alphanumeric() => Some(with.as_str().chars().next()),
            Fold::Text(_) => None,
            Fold::Keep | Fold::Letter | Fold::LookAlike(_) => Some(None),
        });
        next.flatten().and_then(|c| u8::try_from(c).ok())
    }

    fn escape(&mut self, at: usize, escape: Option<Escape>, change: Change) -> usize {
        let Some(Escape { stands_for, bytes }) = escape else {
            return at + 1;
        };
        let with = match fold(stands_for) {
            Fold::Text(with) => with,
            Fold::Keep | Fold::Letter | Fold::LookAlike(_) => Piece::of(stands_for),
        };
        let before = at.checked_sub(1).and_then(|at| self.bytes.get(at)).copied();
        let after = self.bytes.get(at + bytes).copied();
        let both = |fits: fn(u8) -> bool| before.is_some_and(fits) && after.is_some_and(fits);
        let matters = match stands_for {
            // A path of Windows, or the end of a line in a string of a program.
            '\\' => false,
            '\n' | '\r' | '\t' => {
                both(|byte| byte.is_ascii_alphanumeric() || b"-+/=".contains(&byte))
            }
            _ if with.is_alphanumeric() => true,
            _ => both(|byte| byte.is_ascii_graphic()),
        };
        self.edit(at..at + bytes, with, change, matters)
    }

    fn link(&mut self, at: usize, rest: &[u8]) -> usize {
        let Some(link) = markup::link(rest) else {
            return at + 1;
        };
        let close = at + link.close;
        let before = at.checked_sub(1).and_then(|at| self.bytes.get(at)).copied();
        let after = self.bytes.get(close + 1).copied();
        let matters = markup::continues_a_link(before)
            || before == Some(b'.')
            || markup::continues_a_link(after);
        self.link_close = Some((close, matters));
        self.edit(
            at..at + link.before,
            Piece::default(),
            Change::Markup,
            matters,
        )
    }

    fn end_of_link(&mut self, at: usize) -> usize {
        let closed = self.link_close.take_if(|(close, _)| *close <= at);
        match closed {
            Some((close, matters)) if close == at => {
                self.edit(at..at + 1, Piece::default(), Change::Markup, matters)
            }
            _ => at + 1,
        }
    }

    fn marks(&mut self, at: usize, rest: &[u8]) -> usize {
        let count = rest
            .iter()
            .take_while(|byte| markup::is_mark(**byte))
            .count();
        let run = at..at + count;
        match markup::role(self.bytes, &run, &mut self.italics) {
            Role::Text => run.end,
            role => self.edit(
                run,
                Piece::default(),
                Change::Markup,
                role == Role::InTheWay,
            ),
        }
    }
}
