//! Passwords and keys written behind a name: `password: …`.
//!
//! Owns what is a word, a variable or a placeholder and no secret. Judges the value only, never the
//! text around it. **Invariant:** a plain word is no password.
//!
//! # Source
//! Own rules; the kinds of noise are those that open secret scanners list as stop words.

use super::Verdict;

/// Values that contain one of these stand for another text.
const PLACEHOLDERS: &[&str] = &[
    "${",
    "{{",
    "$(",
    "<",
    "****",
    "xxxx",
    "....",
    "redacted",
    "your_",
    "your-",
    "example",
    "placeholder",
    "changeme",
    "process.env",
    "os.environ",
    "getenv",
    "secrets.",
    "vault:",
    "()",
    "://",
    "dummy",
    "insert",
];
/// From this length on, three kinds of characters make a strong one.
const STRONG_LENGTH: usize = 8;

/// Checks that the value looks chosen or generated.
pub(super) fn check(value: &str) -> Verdict {
    let lower = value.to_ascii_lowercase();
    let is_call = value.ends_with('(');
    if is_call
        || value.starts_with(['$', '%', '/', '{', '[', '('])
        || PLACEHOLDERS.iter().any(|p| lower.contains(p))
    {
        return Verdict::invalid("a variable or a placeholder");
    }
    let has = |test: fn(&char) -> bool| value.chars().any(|c| test(&c));
    let digits = has(char::is_ascii_digit);
    let signs =
        has(|c| c.is_ascii_punctuation() && !matches!(c, '_' | '-' | '.' | '/' | ':' | ','));
    if !digits && !signs {
        return Verdict::invalid("a plain word");
    }
    if !has(|c| c.is_alphabetic()) && !signs {
        return Verdict::invalid("a plain number");
    }
    let kinds = [
        digits,
        signs,
        has(char::is_ascii_lowercase),
        has(char::is_ascii_uppercase),
    ];
    if value.len() >= STRONG_LENGTH && kinds.iter().filter(|kind| **kind).count() >= 3 {
        return Verdict::valid("long and of several kinds of characters");
    }
    Verdict::shaped("no plain word")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn tells_secrets_from_words_and_variables() {
        for (value, check_) in [
            ("S3cr3t!Pass", Check::Valid),
            ("hunter2", Check::StructurallyValid),
            ("incorrect", Check::Invalid),
            ("getPassword()", Check::Invalid),
            ("getPassword(", Check::Invalid),
            ("${DB_PASSWORD}", Check::Invalid),
            ("$PASSWORD1", Check::Invalid),
            ("******", Check::Invalid),
            ("12345678", Check::Invalid),
            ("/etc/pass1", Check::Invalid),
        ] {
            assert_eq!(check(value).check, check_, "{value}");
        }
    }
}
