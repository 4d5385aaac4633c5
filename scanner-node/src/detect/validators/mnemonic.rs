//! Recovery phrases of crypto wallets: 12 to 24 words of a list, with a checksum.
//!
//! Owns finding the phrase at the start of a run of words. Leaves list and checksum to the `bip39` crate.
//! **Invariant:** valid means that all words are of the English list and the checksum holds.
//!
//! # Source
//! <https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki>.

use bip39::{Language, Mnemonic};

use super::Verdict;

/// Lengths of phrases; the longest that holds is taken.
const LENGTHS: [usize; 5] = [24, 21, 18, 15, 12];
/// Last words of the phrases that every manual prints: all words before them are the same.
const LAST_OF_EXAMPLES: [&str; 3] = ["about", "junk", "art"];

/// Checks the words at the start of the value; numbers and punctuation may stand between them.
pub(super) fn check(value: &str) -> Verdict {
    let mut words = Vec::with_capacity(24);
    let mut ends = Vec::with_capacity(24);
    let mut at = 0;
    for run in value.split_inclusive(|c: char| !c.is_ascii_alphabetic()) {
        let word = run.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
        if !word.is_empty() {
            let word = word.to_ascii_lowercase();
            if words.len() == 24 || Language::English.find_word(&word).is_none() {
                break;
            }
            ends.push(at + word.len());
            words.push(word);
        }
        at += run.len();
    }
    for count in LENGTHS {
        let (Some(phrase), Some(end)) = (words.get(..count), ends.get(count - 1)) else {
            continue;
        };
        if Mnemonic::parse_in_normalized(Language::English, &phrase.join(" ")).is_ok() {
            let verdict = Verdict::valid("words and checksum hold").test_value(is_example(phrase));
            return Verdict {
                bytes: Some(*end),
                ..verdict
            };
        }
    }
    Verdict::invalid("words or checksum do not hold")
}

fn is_example(phrase: &[String]) -> bool {
    let Some((last, others)) = phrase.split_last() else {
        return false;
    };
    others.windows(2).all(|pair| pair.first() == pair.last())
        && LAST_OF_EXAMPLES.contains(&last.as_str())
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    const PHRASE: &str =
        "legal winner thank year wave sausage worth useful legal winner thank yellow";

    #[test]
    fn words_and_checksum_have_to_hold() {
        let numbered: Vec<String> = PHRASE
            .split(' ')
            .enumerate()
            .map(|(place, word)| format!("{}. {word}", place + 1))
            .collect();
        for (phrase, expected) in [
            (PHRASE, Valid),
            (&PHRASE.to_uppercase(), Valid),
            (&numbered.join("\n"), Valid),
            (
                "scheme spot photo card baby mountain device kick cradle pact join borrow",
                Valid,
            ),
            (
                "legal winner thank year wave sausage worth useful legal winner thank year",
                Invalid,
            ),
            (
                "legal winner thanks year wave sausage worth useful legal winner thank yellow",
                Invalid,
            ),
            (
                "legal winner thank year wave sausage worth useful legal winner thank",
                Invalid,
            ),
            ("", Invalid),
        ] {
            assert_eq!(check(phrase).check, expected, "{phrase}");
        }
    }

    #[test]
    fn words_behind_the_phrase_do_not_belong_to_it() {
        let more = format!("{PHRASE} about this");
        assert_eq!(check(&more).bytes, Some(PHRASE.len()));
    }

    #[test]
    fn phrases_of_manuals_are_marked() {
        assert!(check(&format!("{}about", "abandon ".repeat(11))).test_value);
        assert!(check(&format!("{}junk", "test ".repeat(11))).test_value);
        assert!(!check(PHRASE).test_value);
    }
}
