//! Checks of a value by its own arithmetic or structure, by name.
//!
//! Owns the list of validators. Leaves what their word is worth to `likelihood`.
//! **Invariant:** a validator is a pure function of the value; it says Invalid only of what cannot be one.

mod age_key;
mod arithmetic;
mod atlassian_token;
mod aws_key_id;
mod azure_key;
mod base64_key;
mod basic_auth;
mod connection_string;
mod email;
mod github_token;
mod gitlab_token;
mod iban;
mod iccid;
mod imei;
mod ip_address;
mod jwt;
mod mrz;
mod npm_token;
mod password;
mod payment_card;
mod pem;
mod phone;
mod random_key;
mod us_ssn;

use shared::detector::Check;

use super::entropy::millibits as entropy_millibits;

/// A check of a value.
pub type Validator = fn(&str) -> Verdict;

/// What a validator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Its word.
    pub check: Check,
    /// Why, for the explanation: fixed words, never the value.
    pub note: &'static str,
    /// The value is a published example or test number.
    pub test_value: bool,
    /// How many bytes from the start belong to the value, where the validator knows better than the
    /// pattern.
    pub bytes: Option<usize>,
}

/// In order of name.
const VALIDATORS: &[(&str, Validator)] = &[
    ("age_key", age_key::check),
    ("atlassian_token", atlassian_token::check),
    ("aws_key_id", aws_key_id::check),
    ("azure_key", azure_key::check),
    ("base64_key", base64_key::check),
    ("basic_auth", basic_auth::check),
    ("connection_string", connection_string::check),
    ("email", email::check),
    ("github_token", github_token::check),
    ("gitlab_token", gitlab_token::check),
    ("iban", iban::check),
    ("iccid", iccid::check),
    ("imei", imei::check),
    ("ip_address", ip_address::check),
    ("jwt", jwt::check),
    ("mrz", mrz::check),
    ("npm_token", npm_token::check),
    ("password", password::check),
    ("payment_card", payment_card::check),
    ("pem", pem::check),
    ("phone", phone::check),
    ("random_key", random_key::check),
    ("us_ssn", us_ssn::check),
];

/// The validator of that name.
pub fn by_name(name: &str) -> Option<Validator> {
    VALIDATORS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, validator)| *validator)
}

/// The names there are, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    VALIDATORS.iter().map(|(name, _)| *name)
}

impl Verdict {
    const fn new(check: Check, note: &'static str) -> Self {
        Self {
            check,
            note,
            test_value: false,
            bytes: None,
        }
    }

    const fn valid(note: &'static str) -> Self {
        Self::new(Check::Valid, note)
    }

    const fn shaped(note: &'static str) -> Self {
        Self::new(Check::StructurallyValid, note)
    }

    const fn invalid(note: &'static str) -> Self {
        Self::new(Check::Invalid, note)
    }

    const fn test_value(self, yes: bool) -> Self {
        Self {
            test_value: yes,
            ..self
        }
    }
}

/// The value of an ASCII digit.
fn digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit().then(|| u32::from(byte - b'0'))
}

/// The ASCII digits of a value, as digits.
fn digits_of(value: &str) -> Vec<u8> {
    value
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|byte| byte - b'0')
        .collect()
}

/// The number that the first `count` digits spell; 0 where there are none.
fn leading(digits: &[u8], count: usize) -> u32 {
    digits
        .iter()
        .take(count)
        .fold(0, |number, &digit| number * 10 + u32::from(digit))
}

fn all_same(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair.first() == pair.last())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn validators_are_listed_in_order_and_found_by_name() {
        assert!(names().is_sorted());
        assert!(names().all(|name| by_name(name).is_some()));
        assert!(by_name("nope").is_none());
    }

    proptest! {
        #[test]
        fn no_validator_panics_on_any_text(value in "\\PC{0,80}", ascii in "[ -~\\n]{0,80}") {
            for (_, validator) in VALIDATORS {
                validator(&value);
                validator(&ascii);
            }
        }

        #[test]
        fn no_validator_panics_on_digits_and_separators(value in "[0-9A-Z ().+-]{0,40}") {
            for (_, validator) in VALIDATORS {
                validator(&value);
            }
        }
    }
}
