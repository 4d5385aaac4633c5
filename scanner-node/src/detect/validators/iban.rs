//! International bank account numbers: country, form and the mod-97 check digits.
//!
//! Owns the forms by country. **Invariant:** what it calls valid has check digits that hold, and digits where
//! its country has no letters.
//!
//! # Source
//! ISO 13616; SWIFT IBAN registry, <https://www.swift.com/standards/data-standards/iban>.

use super::Verdict;
use super::arithmetic::mod_97;

/// Country, and the form of what follows the check digits, in order of country: so many digits (`n`), capitals
/// (`a`), or either (`c`).
const FORMS: &[(&[u8; 2], &str)] = &[
    (b"AD", "8n12c"),
    (b"AE", "19n"),
    (b"AL", "8n16c"),
    (b"AT", "16n"),
    (b"AZ", "4a20c"),
    (b"BA", "16n"),
    (b"BE", "12n"),
    (b"BG", "4a6n8c"),
    (b"BH", "4a14c"),
    (b"BI", "23n"),
    (b"BR", "23n1a1c"),
    (b"BY", "4c4n16c"),
    (b"CH", "5n12c"),
    (b"CR", "18n"),
    (b"CY", "8n16c"),
    (b"CZ", "20n"),
    (b"DE", "18n"),
    (b"DJ", "23n"),
    (b"DK", "14n"),
    (b"DO", "4c20n"),
    (b"EE", "16n"),
    (b"EG", "25n"),
    (b"ES", "20n"),
    (b"FI", "14n"),
    (b"FK", "2a12n"),
    (b"FO", "14n"),
    (b"FR", "10n11c2n"),
    (b"GB", "4a14n"),
    (b"GE", "2a16n"),
    (b"GI", "4a15c"),
    (b"GL", "14n"),
    (b"GR", "7n16c"),
    (b"GT", "24c"),
    (b"HN", "4a20n"),
    (b"HR", "17n"),
    (b"HU", "24n"),
    (b"IE", "4a14n"),
    (b"IL", "19n"),
    (b"IQ", "4a15n"),
    (b"IS", "22n"),
    (b"IT", "1a10n12c"),
    (b"JO", "4a4n18c"),
    (b"KW", "4a22c"),
    (b"KZ", "3n13c"),
    (b"LB", "4n20c"),
    (b"LC", "4a24c"),
    (b"LI", "5n12c"),
    (b"LT", "16n"),
    (b"LU", "3n13c"),
    (b"LV", "4a13c"),
    (b"LY", "21n"),
    (b"MC", "10n11c2n"),
    (b"MD", "20c"),
    (b"ME", "18n"),
    (b"MK", "3n10c2n"),
    (b"MN", "16n"),
    (b"MR", "23n"),
    (b"MT", "4a5n18c"),
    (b"MU", "4a19n3a"),
    (b"NI", "4a20n"),
    (b"NL", "4a10n"),
    (b"NO", "11n"),
    (b"OM", "3n16c"),
    (b"PK", "4a16c"),
    (b"PL", "24n"),
    (b"PS", "4a21c"),
    (b"PT", "21n"),
    (b"QA", "4a21c"),
    (b"RO", "4a16c"),
    (b"RS", "18n"),
    (b"RU", "14n15c"),
    (b"SA", "2n18c"),
    (b"SC", "4a20n3a"),
    (b"SD", "14n"),
    (b"SE", "20n"),
    (b"SI", "15n"),
    (b"SK", "20n"),
    (b"SM", "1a10n12c"),
    (b"SO", "19n"),
    (b"ST", "21n"),
    (b"SV", "4a20n"),
    (b"TL", "19n"),
    (b"TN", "20n"),
    (b"TR", "6n16c"),
    (b"UA", "6n19c"),
    (b"VA", "18n"),
    (b"VG", "4a16n"),
    (b"XK", "16n"),
    (b"YE", "4a4n18c"),
];

/// Country and check digits.
const HEAD: usize = 4;
/// Characters of a group.
const GROUP: usize = 4;

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

/// Checks country, form and check digits; knows where the number ends.
pub(super) fn check(value: &str) -> Verdict {
    let mut letters = value.bytes().filter(u8::is_ascii_alphanumeric);
    let country = [letters.next(), letters.next()].map(|b| b.unwrap_or(0).to_ascii_uppercase());
    let Some(&(_, form)) = FORMS.iter().find(|(known, _)| **known == country) else {
        return Verdict::invalid("no country issues these numbers");
    };
    let places: String = places(form).collect();
    let Some((number, bytes)) = first_letters(value, places.len() + HEAD) else {
        return Verdict::invalid("length is not the country's");
    };
    if remainder(&number) != Some(1) {
        return Verdict::invalid("check digits do not hold");
    }
    let account = number.get(HEAD..).unwrap_or_default();
    // A bank's code has digits now and then where the registry has letters only.
    let fits = places
        .bytes()
        .zip(account.bytes())
        .all(|(place, byte)| place != b'n' || byte.is_ascii_digit());
    if !fits || !hyphens_agree(value.get(..bytes).unwrap_or_default()) {
        return Verdict::invalid("letters, digits or hyphens are not where the country has them");
    }
    let is_example = EXAMPLES.contains(&number.as_str());
    let verdict = Verdict::valid("country, form and check digits hold").test_value(is_example);
    Verdict {
        bytes: Some(bytes),
        ..verdict
    }
}

/// A form written out, a letter for each place.
fn places(form: &str) -> impl Iterator<Item = char> {
    let parts = form.split_inclusive(|c: char| c.is_ascii_alphabetic());
    parts.flat_map(|part| {
        let (count, kind) = part.split_at_checked(part.len() - 1).unwrap_or_default();
        kind.repeat(count.parse().unwrap_or(0))
            .chars()
            .collect::<Vec<_>>()
    })
}

/// Whether there is no hyphen, or one after each four characters and nowhere else: identifiers have them
/// elsewhere.
fn hyphens_agree(number: &str) -> bool {
    let mut groups = number.split('-').rev();
    let last = groups.next().unwrap_or_default();
    !number.contains('-') || last.len() <= GROUP && groups.all(|group| group.len() == GROUP)
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
            "DE47A25726888914715331",
            "be292d52d45372b1",
            "NO93-8601-1117947",
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
