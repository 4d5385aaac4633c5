//! Patterns that speak against a value.
//!
//! Owns how an exclusion is searched: anywhere in the value, and in nothing but the value, so that a
//! word elsewhere in the message never hides a secret.
//! **Invariant:** an exclusion sees the value alone.

use super::lazy::LazyRegex;

/// An exclusion, ready to run.
#[derive(Debug)]
pub(super) struct CompiledExclusion {
    regex: LazyRegex,
    lower: Option<i16>,
}

impl CompiledExclusion {
    pub(super) fn new(regex: LazyRegex, lower: Option<i16>) -> Self {
        Self { regex, lower }
    }

    pub(super) fn matches(&self, value: &str) -> bool {
        self.regex.get().is_some_and(|regex| regex.is_match(value))
    }

    #[cfg(test)]
    pub(super) fn is_sound(&self) -> bool {
        self.regex.get().is_some()
    }

    /// Steps it lowers the likelihood by; none means that the candidate is dropped.
    pub(super) fn lower(&self) -> Option<i16> {
        self.lower
    }
}
