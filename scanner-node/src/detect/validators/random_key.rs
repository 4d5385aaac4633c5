//! Keys and tokens behind a name: `api_key = …`.
//!
//! Owns what tells a generated key from a name: how often letters, capitals and digits alternate. Judges
//! the value only, never the text around it.
//! **Invariant:** a name made of words is no key, whatever its length.
//!
//! # Source
//! Own rules. Entropy alone does not tell a long name from a key, alternation does: in random base 62 two
//! of five neighbours differ in kind, in names of words one of six.

use super::Verdict;
use super::entropy_millibits;
use super::password::{is_code, is_mail_or_file, is_placeholder};

/// Fewer characters are no generated key.
const SHORTEST: usize = 8;
/// From this length on, alternation and entropy decide.
const LONG: usize = 16;
/// Least share of neighbours of different kinds in a long key, in hundredths.
const ALTERNATION: usize = 20;
/// Least entropy of a long key.
const MILLIBITS: u32 = 3_000;

/// Checks that the value looks generated.
pub(super) fn check(value: &str) -> Verdict {
    if value.len() < SHORTEST || is_placeholder(value) || is_code(value) || is_mail_or_file(value) {
        return Verdict::invalid("a variable, a name or a placeholder");
    }
    if value.starts_with(['/', '.', '-', '$', '%']) || is_uuid(value) {
        return Verdict::invalid("a path, an option or an identifier");
    }
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    if digits == 0 || letters == 0 {
        return Verdict::invalid("a plain word or number");
    }
    let changes = changes(value);
    let is_random = if value.len() >= LONG {
        changes * 100 >= value.len() * ALTERNATION && entropy_millibits(value) >= MILLIBITS
    } else {
        changes >= 3 && digits >= 2
    };
    if is_random {
        Verdict::valid("looks generated")
    } else if value.len() < LONG || digits >= 2 && changes * 100 >= value.len() * ALTERNATION / 2 {
        Verdict::shaped("could be a name with digits")
    } else {
        Verdict::invalid("a name with digits")
    }
}

/// How many neighbours differ in kind, the capital that opens a word aside.
fn changes(value: &str) -> usize {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 'a',
        b'A'..=b'Z' => 'A',
        b'0'..=b'9' => '0',
        _ => '-',
    };
    value
        .as_bytes()
        .windows(2)
        .filter(|pair| match pair {
            [left, right] => match (kind(*left), kind(*right)) {
                ('-', _) | (_, '-') | ('A', 'a') => false,
                (left, right) => left != right,
            },
            _ => false,
        })
        .count()
}

fn is_uuid(value: &str) -> bool {
    let lengths = value.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn tells_generated_keys_from_names() {
        for (value, check_) in [
            ("q7Zp0Lm4Kx9", Check::Valid),
            ("9f86d081884c7d659a2feaa0c55ad015", Check::Valid),
            ("zT8/qLm3Xo+R2vN5bYc7WdJ4hKs9PfUg", Check::Valid),
            ("q7Zp0-Lm4Kx9_b3c", Check::Valid),
            ("hunter22", Check::StructurallyValid),
            ("node18-alpine3", Check::StructurallyValid),
            ("LibraryWebpageUploadUr1RowStatus", Check::Invalid),
            ("my_service_account_token_v2", Check::Invalid),
            ("123e4567-e89b-12d3-a456-426614174000", Check::Invalid),
            ("response.data.token1", Check::Invalid),
            ("AAAAAAAAAAAAAAAA1", Check::Invalid),
            ("1234567890123456", Check::Invalid),
            ("sha512-9f86d081884c7d659a2feaa0c55ad015", Check::Invalid),
            ("short1", Check::Invalid),
            ("--verbose1", Check::Invalid),
        ] {
            assert_eq!(check(value).check, check_, "{value}");
        }
    }
}
