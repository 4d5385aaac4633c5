//! What is wrong with a configuration, and what to do about it.
//!
//! Owns how problems are told. Finding them is for `source`.
//! **Invariant:** a problem names keys and files, never values.

use std::fmt;

use crate::job::RetryClass;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, as it is written in the environment and in the file; or the file.
    pub subject: String,
    /// What is wrong and what to do.
    pub advice: String,
}

/// Everything that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Problem>);

impl ConfigErrors {
    /// Whether trying again can help: no, somebody has to change something.
    pub const fn class(&self) -> RetryClass {
        RetryClass::Permanent
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.advice)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used")?;
        for problem in &self.0 {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// `WEIR_QUEUE__BACKEND`.
pub(super) fn env_name(section: &str, key: &str) -> String {
    format!(
        "WEIR_{}__{}",
        section.to_ascii_uppercase(),
        key.to_ascii_uppercase()
    )
}

/// Both names of a key.
pub(super) fn subject(section: &str, key: &str) -> String {
    format!("{} ({section}.{key} in the file)", env_name(section, key))
}

/// The known name that was probably meant.
pub fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(unknown, name);
    known
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}
