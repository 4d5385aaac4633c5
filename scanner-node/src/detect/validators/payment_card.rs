//! Payment card numbers: issuer range, length and the Luhn check digit.
//!
//! Owns ISO/IEC 7812 as issuers use it. **Invariant:** what it lets pass has a Luhn digit that holds; it is
//! called valid only in a range that many cards are of, since other numbers run into wide ranges too.
//!
//! # Source
//! ISO/IEC 7812-1 (Luhn, annex B); issuer ranges: <https://en.wikipedia.org/wiki/Payment_card_number>.

use super::arithmetic::luhn;
use super::{Verdict, all_same, digits_of, leading};

/// Numbers that payment providers publish for testing.
const TEST_NUMBERS: &[&str] = &[
    "4111111111111111",
    "4242424242424242",
    "4012888888881881",
    "4000056655665556",
    "4222222222222",
    "5555555555554444",
    "5105105105105100",
    "2223003122003222",
    "5200828282828210",
    "378282246310005",
    "371449635398431",
    "378734493671000",
    "6011111111111117",
    "6011000990139424",
    "3530111333300000",
    "3566002020360505",
    "30569309025904",
    "38520000023237",
    "6200000000000005",
];

/// Checks issuer, length, grouping and check digit.
pub(super) fn check(value: &str) -> Verdict {
    let digits = digits_of(value);
    if !separators_agree(value) {
        return Verdict::invalid("separators differ");
    }
    if all_same(&digits) || !luhn(&digits) {
        return Verdict::invalid("check digit does not hold");
    }
    if is_article(&digits) {
        return Verdict::invalid("the number of an article");
    }
    let Some((note, range)) = issuer(&digits) else {
        return Verdict::invalid("no issuer has this range and length");
    };
    let text: String = digits
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect();
    let verdict = match range {
        Range::Common => Verdict::valid(note),
        Range::Wide => Verdict::shaped(note),
    };
    verdict.test_value(TEST_NUMBERS.contains(&text.as_str()))
}

/// Whether the number has one kind of separator throughout.
fn separators_agree(value: &str) -> bool {
    let mut separators = value.chars().filter(|c| !c.is_ascii_digit());
    let first = separators.next();
    separators.all(|c| Some(c) == first)
}

/// Whether thirteen digits have the check digit of articles in shops, too: hardly a card has this length.
fn is_article(digits: &[u8]) -> bool {
    let weights = [1, 3].into_iter().cycle();
    let sum: u32 = digits
        .iter()
        .zip(weights)
        .map(|(&digit, weight)| u32::from(digit) * weight)
        .sum();
    digits.len() == 13 && sum.is_multiple_of(10)
}

/// How much a range and a length say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Range {
    /// Many cards are of it.
    Common,
    /// It is wide for the few cards of it, or hardly a card has this length.
    Wide,
}

/// Prefixes that cards of Maestro really begin with, out of those that are set aside for it.
const MAESTRO: &[u32] = &[5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763];

/// The issuer, and what range and length say.
fn issuer(digits: &[u8]) -> Option<(&'static str, Range)> {
    let (two, three, four) = (leading(digits, 2), leading(digits, 3), leading(digits, 4));
    let usual = |range| {
        if digits.len() == 16 {
            range
        } else {
            Range::Wide
        }
    };
    let found = match digits.len() {
        16 if two / 10 == 4 => ("Visa, Luhn digit holds", Range::Common),
        13 | 19 if two / 10 == 4 => ("Visa of a rare length, Luhn digit holds", Range::Wide),
        16 if (51..=55).contains(&two) || (2221..=2720).contains(&four) => {
            ("Mastercard, Luhn digit holds", Range::Common)
        }
        15 if two == 34 || two == 37 => ("American Express, Luhn digit holds", Range::Common),
        16..=19 if four == 6011 || (644..=649).contains(&three) || two == 65 => {
            ("Discover, Luhn digit holds", usual(Range::Common))
        }
        16 if (3528..=3589).contains(&four) => ("JCB, Luhn digit holds", Range::Common),
        // Ranges of JCB that are no longer listed still turn up, in test data above all.
        16 if two == 35 => ("JCB of an old range, Luhn digit holds", Range::Wide),
        16 if two == 81 || two == 82 => ("RuPay, Luhn digit holds", Range::Wide),
        15 if four == 2131 || four == 1800 => ("JCB, Luhn digit holds", Range::Common),
        15 if two / 10 == 1 => ("UATP, Luhn digit holds", Range::Wide),
        16..=19 if two == 62 => ("UnionPay, Luhn digit holds", usual(Range::Common)),
        14 if (300..=305).contains(&three) || three == 309 || matches!(two, 36 | 38 | 39) => {
            ("Diners Club, Luhn digit holds", Range::Wide)
        }
        16..=19 if (2200..=2204).contains(&four) => ("Mir, Luhn digit holds", usual(Range::Common)),
        12..=19 if MAESTRO.contains(&four) => ("Maestro, Luhn digit holds", usual(Range::Common)),
        // In the lengths that such cards have had.
        12 | 16 | 18 | 19 if two == 50 || (56..=69).contains(&two) => (
            "Maestro of a rare range, Luhn digit holds",
            usual(Range::Wide),
        ),
        _ => return None,
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn numbers_of_every_issuer_are_told_apart() {
        for (number, check_) in [
            ("4111 1111 1111 1111", Check::Valid),
            ("5555-5555-5555-4444", Check::Valid),
            ("2223003122003222", Check::Valid),
            ("3782 822463 10005", Check::Valid),
            ("6011111111111117", Check::Valid),
            ("30569309025904", Check::StructurallyValid),
            ("8112345678901239", Check::StructurallyValid),
            ("6759649826438453", Check::Valid),
            ("5612345678901230", Check::StructurallyValid),
            ("3530111333300000", Check::Valid),
            ("4222222222222", Check::StructurallyValid),
            ("3522235032377454", Check::StructurallyValid),
            ("4042452845231", Check::Invalid),
            ("4111 1111 1111 1112", Check::Invalid),
            ("4111 1111-1111 1111", Check::Invalid),
            ("0000000000000000", Check::Invalid),
            ("1111111111111117", Check::Invalid),
            ("9999999999999995", Check::Invalid),
        ] {
            assert_eq!(check(number).check, check_, "{number}");
        }
    }

    #[test]
    fn published_test_numbers_are_marked_and_nothing_else() {
        assert!(TEST_NUMBERS.iter().all(|number| {
            let verdict = check(number);
            verdict.test_value && verdict.check != Check::Invalid
        }));
        assert!(!check("4539578763621486").test_value);
    }
}
