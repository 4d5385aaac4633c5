//! Connection strings that hold a password.
//!
//! Owns what is a placeholder and no password. **Invariant:** a string whose password is a variable or
//! is starred out is refused.
//!
//! # Source
//! RFC 3986, section 3.2.1 (user information); JDBC and ADO.NET connection string syntax.

use super::Verdict;

/// Parts of passwords that stand for another text.
const PLACEHOLDERS: &[&str] = &[
    "${",
    "{{",
    "$(",
    "<",
    "****",
    "xxxx",
    "....",
    "redacted",
    "your_password",
    "your-password",
    "yourpassword",
    "%s",
    "[password]",
    "changeme",
];
/// Passwords of local databases in every tutorial.
const TUTORIAL: &[&str] = &[
    "password", "pass", "postgres", "root", "secret", "mysql", "admin", "test", "example", "pwd",
];

/// Checks the password of the string.
pub(super) fn check(value: &str) -> Verdict {
    let Some(password) = password(value).filter(|password| !password.is_empty()) else {
        return Verdict::invalid("no password");
    };
    let lower = password.to_ascii_lowercase();
    if lower.starts_with('$')
        || lower.starts_with('%')
        || PLACEHOLDERS.iter().any(|p| lower.contains(p))
    {
        return Verdict::invalid("the password is a placeholder");
    }
    if TUTORIAL.contains(&lower.as_str()) {
        return Verdict::shaped("a password of tutorials");
    }
    Verdict::valid("holds a password")
}

/// What stands after the user's colon, or after `password=`.
fn password(value: &str) -> Option<&str> {
    if let Some((_, rest)) = value.split_once("://")
        && let Some((user_info, _)) = rest.rsplit_once('@')
    {
        return Some(user_info.split_once(':')?.1);
    }
    value.split([';', '&', '?']).find_map(|part| {
        let (name, password) = part.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        matches!(name.as_str(), "password" | "pwd").then_some(password.trim())
    })
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn finds_the_password_and_knows_placeholders() {
        for (value, check_) in [
            ("postgres://app:k3yB0ard@db:5432/x", Check::Valid),
            ("postgres://app:p@ss@db", Check::Valid),
            ("Server=db;Database=x;Password=k3yB0ard", Check::Valid),
            ("jdbc:mysql://db/x?user=a&password=k3yB0ard", Check::Valid),
            (
                "postgres://postgres:postgres@localhost",
                Check::StructurallyValid,
            ),
            ("postgres://app:${DB_PASSWORD}@db", Check::Invalid),
            ("postgres://app:****@db", Check::Invalid),
            ("postgres://app@db", Check::Invalid),
            ("Server=db;Password=", Check::Invalid),
        ] {
            assert_eq!(check(value).check, check_, "{value}");
        }
    }
}
