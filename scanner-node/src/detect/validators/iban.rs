//! International bank account numbers: country, length and the mod-97 check digits.
//!
//! Owns the lengths by country. **Invariant:** what it calls valid has check digits that hold.
//!
//! # Source
//! ISO 13616; SWIFT IBAN registry, <https://www.swift.com/standards/data-standards/iban>.

use super::Verdict;
use super::arithmetic::mod_97;

/// Country and length, in order of country.
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// Numbers that standards and banks print as examples.
const EXAMPLES: &[&str] = &[
    "GB82WEST12345698765432",
    "GB29NWBK60161331926819",
    "DE89370400440532013000",
    "FR1420041010050500013M02606",
    "ES9121000418450200051332",
    "IT60X0542811101000000123456",
    "NL91ABNA0417164300",
    "CH9300762011623852957",
    "AT611904300234573201",
    "BE68539007547034",
];

/// Checks country, length and check digits; knows where the number ends.
pub(super) fn check(value: &str) -> Verdict {
    let mut letters = value.bytes().filter(u8::is_ascii_alphanumeric);
    let country = [letters.next(), letters.next()].map(|b| b.unwrap_or(0).to_ascii_uppercase());
    let Some(&(_, length)) = LENGTHS.iter().find(|(known, _)| **known == country) else {
        return Verdict::invalid("no country issues these numbers");
    };
    let Some((number, bytes)) = first_letters(value, length) else {
        return Verdict::invalid("length is not the country's");
    };
    if remainder(&number) != Some(1) {
        return Verdict::invalid("check digits do not hold");
    }
    let is_example = EXAMPLES.contains(&number.as_str());
    let verdict = Verdict::valid("country, length and check digits hold").test_value(is_example);
    Verdict {
        bytes: Some(bytes),
        ..verdict
    }
}

/// The first `count` letters and digits in upper case, and the bytes they take; none if there are fewer,
/// or if the word goes on after them.
fn first_letters(value: &str, count: usize) -> Option<(String, usize)> {
    let mut number = String::with_capacity(count);
    let mut rest = value.char_indices();
    for (at, c) in rest.by_ref() {
        if c.is_ascii_alphanumeric() {
            number.push(c.to_ascii_uppercase());
        }
        if number.len() == count {
            let ends = rest.next().is_none_or(|(_, next)| !next.is_alphanumeric());
            return ends.then_some((number, at + 1));
        }
    }
    None
}

/// The number modulo 97, its first four characters moved to the end and letters counted from A = 10.
fn remainder(number: &str) -> Option<u32> {
    let (head, tail) = number.split_at_checked(4)?;
    mod_97(tail.bytes().chain(head.bytes()))
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn every_printed_example_holds() {
        for example in EXAMPLES {
            assert_eq!(check(example).check, Check::Valid, "{example}");
        }
    }

    #[test]
    fn refuses_wrong_digits_lengths_and_countries() {
        for number in [
            "GB82WEST12345698765433",
            "GB82WEST1234569876543",
            "ZZ82WEST12345698765432",
            "GB",
            "",
        ] {
            assert_eq!(check(number).check, Check::Invalid, "{number}");
        }
    }

    #[test]
    fn knows_where_the_number_ends() {
        let verdict = check("gb82 west 1234 5698 7654 32 card here");
        assert_eq!((verdict.check, verdict.bytes), (Check::Valid, Some(27)));
    }
}
