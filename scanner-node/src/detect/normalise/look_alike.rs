//! Letters of other alphabets that look like ASCII, and the words in which they are taken for it.
//!
//! Owns the list of twins and the rule of words. A look-alike is read as its twin only in a word that has a
//! letter or digit of ASCII, and in which every other letter has a twin: `AKIА…` with a Cyrillic А is a key,
//! while `сорт` is a Russian word though each of its first three letters has a twin, and `iPhone-ы` is one too.
//! **Invariant:** a word without ASCII is never changed, so that text in another script reads as it is.

use std::ops::Range;

use super::fold::{Fold, fold};
use super::piece::Piece;

/// Letters, each followed by its twin. Cyrillic, Greek, Armenian, Latin small capitals, Cherokee, Lisu.
const TWINS: &str = "аaеeоoрpсcуyхxѕsіiјjԁdԛqԝwһhӏlкkѵvԍGАAВBЕEКKМMНHОOРPСCТTХXУYЅSІIЈJԌGѴVԚQԜWӀIҮYҺH\
αaοoνvρpιiκkυuχxγyϲcϳjηnΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXϹCͿJօoոnսuհhցgզqՏSՕO\
ıiɑaɡgɩiǀlᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz\
ᎠDᎡRᎢTᎪAᎫJᎬEᎳWᎷMᎻHᏀGᏃZᏟCᏢPᏚSᏙVᏞLᏦKᏴBꓐBꓑPꓓDꓔTꓖGꓗKꓙJꓚCꓜZꓝFꓟMꓠNꓡLꓢSꓣRꓥVꓦVꓧHꓪWꓫXꓬYꓮAꓰEꓲIꓳOꓴUꭺa";

/// Each letter with the ASCII letter that it looks like.
pub(super) fn twins() -> impl Iterator<Item = (char, char)> {
    let letters = TWINS.chars().step_by(2);
    letters.zip(TWINS.chars().skip(1).step_by(2))
}

/// The word at hand, and whether look-alikes in it are read as their twins.
#[derive(Debug, Default)]
pub(super) struct Word {
    range: Range<usize>,
    is_ascii: bool,
}

impl Word {
    /// Whether the look-alike at `at` is read as its twin. Asked in order of position, all words together are
    /// read twice at most.
    pub(super) fn takes(&mut self, text: &str, at: usize) -> bool {
        if !self.range.contains(&at) {
            *self = Self::around(text, at, self.range.end);
        }
        self.is_ascii
    }

    fn around(text: &str, at: usize, from: usize) -> Self {
        let before = text.get(from..at).unwrap_or_default();
        let after = text.get(at..).unwrap_or_default();
        let back: usize = before
            .chars()
            .rev()
            .take_while(|c| joins(*c))
            .map(char::len_utf8)
            .sum();
        let on: usize = after
            .chars()
            .take_while(|c| joins(*c))
            .map(char::len_utf8)
            .sum();
        let range = at - back..at + on;
        let word = text.get(range.clone()).unwrap_or_default();
        Self {
            is_ascii: is_ascii_in_disguise(word),
            range,
        }
    }
}

/// Whether `c` continues a word: what addresses and tokens are made of, and what is not seen.
fn joins(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || "@._-+".contains(c);
    }
    match fold(c) {
        Fold::Letter | Fold::LookAlike(_) => true,
        Fold::Text(with) => with == Piece::default() || with.is_alphanumeric(),
        // Ideographs and syllables are not in the table.
        Fold::Keep => c.is_alphanumeric(),
    }
}

fn is_ascii_in_disguise(word: &str) -> bool {
    let mut has_ascii = false;
    for c in word.chars() {
        if c.is_ascii() {
            has_ascii |= c.is_ascii_alphanumeric();
        } else if matches!(fold(c), Fold::Keep | Fold::Letter) {
            return false;
        }
    }
    has_ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(text: &str) -> Vec<bool> {
        let mut word = Word::default();
        let all = text
            .char_indices()
            .filter(|(_, c)| twins().any(|(letter, _)| letter == *c));
        all.map(|(at, _)| word.takes(text, at)).collect()
    }

    #[test]
    fn every_letter_has_a_twin_of_ascii() {
        assert!(twins().count() > 100 && TWINS.chars().count().is_multiple_of(2));
        for (letter, twin) in twins() {
            assert!(!letter.is_ascii() && twin.is_ascii_alphabetic(), "{letter}");
        }
    }

    #[test]
    fn a_look_alike_among_ascii_is_taken_for_it() {
        assert_eq!(takes("key AKIАIOSF"), [true]);
        assert_eq!(takes("jоhn@cоrp.io"), [true, true]);
    }

    #[test]
    fn words_of_another_script_stay() {
        assert!(takes("сорт хор рука").iter().all(|taken| !taken));
        assert!(takes("ο λογος").iter().all(|taken| !taken));
        assert!(takes("iPhoneы о").iter().all(|taken| !taken));
    }
}
