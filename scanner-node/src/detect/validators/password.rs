//! Passwords written behind a name: `password: …`.
//!
//! Owns what is a word, a variable, an expression or a placeholder and no password. Judges the value
//! only, never the text around it. **Invariant:** a plain word is no password.
//!
//! # Source
//! Own rules; the kinds of noise are those that open secret scanners list as stop words.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::Verdict;

/// Values that contain one of these stand for another text.
const PLACEHOLDERS: &[&str] = &[
    "${",
    "{{",
    "}}",
    "$(",
    "#{",
    "%(",
    "<",
    "****",
    "••",
    "xxxx",
    "....",
    "…",
    "redacted",
    "masked",
    "filtered",
    "your_",
    "your-",
    "yourpass",
    "yourtoken",
    "yourkey",
    "yoursecret",
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "replace_",
    "replace-",
    "process.env",
    "os.environ",
    "env.",
    "env[",
    "env:",
    "getenv",
    "secrets.",
    "vault:",
    "ssm:",
    "arn:aws",
    "()",
    "://",
    "dummy",
    "insert",
    "sha256-",
    "sha384-",
    "sha512-",
    "sha1-",
    "sha256:",
    "op://",
];
/// Endings of files, which name a place and no secret.
const FILE_ENDINGS: &[&str] = &[
    ".json", ".yaml", ".yml", ".txt", ".pem", ".key", ".crt", ".js", ".ts", ".py", ".rs", ".go",
    ".md", ".html", ".php", ".java", ".toml", ".conf", ".env", ".log", ".csv", ".com", ".png",
    ".tf",
];
/// What may follow a number without making it a password: `30s`, `2fa`.
const UNITS: &[&str] = &[
    "s",
    "sec",
    "secs",
    "seconds",
    "m",
    "min",
    "mins",
    "minutes",
    "h",
    "hr",
    "hrs",
    "hours",
    "d",
    "days",
    "weeks",
    "months",
    "years",
    "ms",
    "am",
    "pm",
    "st",
    "nd",
    "rd",
    "th",
    "x",
    "k",
    "kb",
    "mb",
    "gb",
    "fa",
    "factor",
    "chars",
    "characters",
    "digits",
    "times",
    "bit",
    "bits",
    "bytes",
];
/// From this length on, three kinds of characters make a strong one.
const STRONG_LENGTH: usize = 8;

/// Checks that the value looks chosen or generated. In a query, as links have it, it ends where the next
/// parameter begins.
pub(super) fn check(value: &str) -> Verdict {
    let end = next_parameter(value).unwrap_or(value.len());
    let verdict = judge(value.get(..end).unwrap_or(value));
    Verdict {
        bytes: (end < value.len()).then_some(end),
        ..verdict
    }
}

/// Where `&name=` begins.
fn next_parameter(value: &str) -> Option<usize> {
    value.match_indices('&').map(|(at, _)| at).find(|&at| {
        let rest = value.get(at + 1..).unwrap_or_default();
        rest.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && is_identifier(name))
    })
}

fn judge(value: &str) -> Verdict {
    if is_placeholder(value) || value.starts_with(['$', '%', '/', '{', '[', '(']) {
        return Verdict::invalid("a variable or a placeholder");
    }
    if value.contains('(') && !value.contains(' ') && is_identifier(before(value, '(')) {
        return Verdict::invalid("a call");
    }
    if is_list_of_rules(value) {
        return Verdict::invalid("rules of a form");
    }
    if is_code(value) || is_mail_or_file(value) {
        return Verdict::invalid("a name in code, a file or an address");
    }
    let core = value.trim_matches(|c: char| c.is_ascii_punctuation());
    let has = |test: fn(&char) -> bool| value.chars().any(|c| test(&c));
    let inside = |test: fn(&char) -> bool| core.chars().any(|c| test(&c));
    let digits = has(char::is_ascii_digit);
    if !digits && !inside(is_sign) {
        return Verdict::invalid("a plain word");
    }
    if !has(|c| c.is_alphabetic()) && !inside(is_sign) {
        return Verdict::invalid("a plain number");
    }
    let number = core.trim_start_matches(|c: char| c.is_ascii_digit());
    if number.len() < core.len() && UNITS.contains(&number.to_ascii_lowercase().as_str()) {
        return Verdict::invalid("a number with a unit");
    }
    let kinds = [
        digits,
        has(is_sign),
        has(char::is_ascii_lowercase),
        has(char::is_ascii_uppercase),
    ];
    if value.len() >= STRONG_LENGTH && kinds.iter().filter(|kind| **kind).count() >= 3 {
        return Verdict::valid("long and of several kinds of characters");
    }
    Verdict::shaped("no plain word")
}

/// Whether the text stands for another one: a variable, a template, stars.
pub(super) fn is_placeholder(value: &str) -> bool {
    /// Any of them, in either case.
    static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let mut search = AhoCorasick::builder();
        search.ascii_case_insensitive(true).build(PLACEHOLDERS).ok()
    });
    value.ends_with('(') || SEARCH.as_ref().is_some_and(|known| known.is_match(value))
}

/// Whether the text is a path of names, as code has it: `config.db.password2`, `user->pass`.
pub(super) fn is_code(value: &str) -> bool {
    let is_path = value.contains(['.', '[', '>']) || value.starts_with('&');
    let mut parts = value
        .split(['.', '>', '[', ']', '!', '?'])
        .map(|part| {
            part.trim_end_matches('-')
                .trim_matches(['\'', '"', '&', '*'])
        })
        .filter(|part| !part.is_empty());
    let is_indexed = value.contains('[');
    let is_index = |part: &str| is_indexed && part.bytes().all(|byte| byte.is_ascii_digit());
    is_path
        && parts.next().is_some_and(is_identifier)
        && parts.all(|part| is_identifier(part) || is_index(part))
}

/// Whether the text lists rules, as forms have them: `required|min:8|confirmed`.
fn is_list_of_rules(value: &str) -> bool {
    let is_rule = |rule: &str| {
        let name = rule.split(':').next().unwrap_or_default();
        name.len() > 1
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let value = value.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    value.contains('|') && value.split('|').all(is_rule)
}

/// Whether the text names a mailbox or a file.
pub(super) fn is_mail_or_file(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_mail = lower.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.split_once('.').is_some_and(|(name, top)| {
                name.len() > 1
                    && top.len() > 1
                    && top.bytes().all(|b| b.is_ascii_lowercase() || b == b'.')
            })
    });
    is_mail || FILE_ENDINGS.iter().any(|ending| lower.ends_with(ending))
}

/// Letters and underscores, with at most two digits at the end.
fn is_identifier(name: &str) -> bool {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    !letters.is_empty()
        && name.len() - letters.len() <= 2
        && letters
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || b == b'_')
}

fn before(value: &str, sign: char) -> &str {
    let head = value.split(sign).next().unwrap_or_default();
    head.rsplit(['.', ':', '>']).next().unwrap_or_default()
}

/// Signs that words and numbers do not have inside them.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "one signature for all tests of a character"
)]
fn is_sign(c: &char) -> bool {
    c.is_ascii_punctuation() && !matches!(c, '_' | '-' | '.' | '/' | ':' | ',' | '\'')
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn a_parameter_of_a_query_ends_before_the_next() {
        let verdict = check("S3cr3t!Pass&user=ana");
        assert_eq!((verdict.check, verdict.bytes), (Check::Valid, Some(11)));
        assert_eq!(check("9282&v=2028.54.8").check, Check::Invalid);
        assert_eq!(check("abc&def1").bytes, None);
    }

    #[test]
    fn tells_secrets_from_words_and_variables() {
        for (value, check_) in [
            ("S3cr3t!Pass", Check::Valid),
            ("P@ssw0rd", Check::Valid),
            ("Summer.2024", Check::Valid),
            ("hunter2", Check::StructurallyValid),
            ("abc&def", Check::StructurallyValid),
            ("incorrect", Check::Invalid),
            ("incorrect!", Check::Invalid),
            ("#general", Check::Invalid),
            (":tada:", Check::Invalid),
            ("getPassword()", Check::Invalid),
            ("getPassword(", Check::Invalid),
            ("derive(user1)", Check::Invalid),
            ("config.db.password2", Check::Invalid),
            ("&str", Check::Invalid),
            ("req.body['password1']", Check::Invalid),
            ("${DB_PASSWORD}", Check::Invalid),
            ("$PASSWORD1", Check::Invalid),
            ("sys.argv[3", Check::Invalid),
            ("required|min:8|confirmed", Check::Invalid),
            ("******", Check::Invalid),
            ("12345678", Check::Invalid),
            ("2024-01-15", Check::Invalid),
            ("30seconds", Check::Invalid),
            ("/etc/pass1", Check::Invalid),
            ("secret1.json", Check::Invalid),
            ("ana1@corp.io", Check::Invalid),
        ] {
            assert_eq!(check(value).check, check_, "{value}");
        }
    }
}
