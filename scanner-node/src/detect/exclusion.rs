//! Patterns that speak against a value.
//!
//! Owns how an exclusion is searched: anywhere in the value, and in nothing but the value, so that a
//! word elsewhere in the message never hides a secret. Leaves what a text calls a value to `name`.
//! **Invariant:** an exclusion sees the value alone; one that goes by the value's name lowers, and never drops.

use super::lazy::LazyRegex;
use super::name::Names;

/// An exclusion, ready to run.
#[derive(Debug)]
pub(super) struct CompiledExclusion {
    regex: LazyRegex,
    names: Option<Names>,
    lower: Option<i16>,
}

impl CompiledExclusion {
    pub(super) fn new(regex: LazyRegex, names: Option<Names>, lower: Option<i16>) -> Self {
        let no_steps = names.as_ref().map(|_| 0);
        Self {
            regex,
            names,
            lower: lower.or(no_steps),
        }
    }

    /// Whether it speaks against `value`, which begins at `start` of `text`.
    pub(super) fn matches(&self, value: &str, (text, start): (&str, usize)) -> bool {
        self.regex.get().is_some_and(|regex| regex.is_match(value))
            && self
                .names
                .as_ref()
                .is_none_or(|names| names.name(text, start))
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
