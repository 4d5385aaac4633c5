//! What a new password must be.
//!
//! Owns the rules. Leaves hashing to `api::auth`.
//! **Invariant:** a fault says what to do and nothing of the password.
//!
//! # Source
//! NIST SP 800-63B, 5.1.1.2: length counts, mixtures of signs are not asked for, and what is commonly used
//! or tells of the account is refused.

use super::address::folded;

/// A new password has at least this many characters.
pub const MIN_PASSWORD_CHARS: usize = 12;
/// Longer ones are refused before any work is done.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// The commonest of those that are long enough, in lower case.
const COMMONEST: &str = include_str!("commonest_passwords.txt");

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too short or too long.
    #[error(
        "a password has at least {MIN_PASSWORD_CHARS} characters and at most {MAX_PASSWORD_BYTES} bytes"
    )]
    Length,
    /// It is the address, or the part before the `@`.
    #[error("a password must not be the address: choose another")]
    Address,
    /// Many people have it.
    #[error("this is one of the commonest passwords: choose another")]
    Common,
}

/// The first fault of a new password of whoever signs in with this address.
///
/// # Errors
/// [`PasswordFault`] (permanent).
pub fn admit(password: &str, address: &str) -> Result<(), PasswordFault> {
    if password.chars().count() < MIN_PASSWORD_CHARS || password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordFault::Length);
    }
    let (password, address) = (folded(password), folded(address));
    let local = address.split_once('@').map_or("", |(local, _)| local);
    if password == address || password == local {
        return Err(PasswordFault::Address);
    }
    if COMMONEST.lines().any(|common| common == password) {
        return Err(PasswordFault::Common);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const ADA: &str = "ada.lovelace@example.org";

    #[test]
    fn a_sentence_is_a_good_password() {
        assert_eq!(admit("correct horse battery staple", ADA), Ok(()));
    }

    #[test]
    fn short_and_endless_ones_are_refused() {
        for bad in ["", "elevenchars", &"x".repeat(1025)] {
            assert_eq!(admit(bad, ADA), Err(PasswordFault::Length));
        }
        // Characters are counted, not bytes.
        assert_eq!(admit("ééééééééééé", ADA), Err(PasswordFault::Length));
    }

    #[test]
    fn the_address_and_its_name_are_refused_in_any_case() {
        for bad in [ADA, "ADA.Lovelace@Example.Org", "Ada.Lovelace"] {
            assert_eq!(admit(bad, ADA), Err(PasswordFault::Address), "{bad}");
        }
        assert_eq!(admit(ADA, "bob@example.org"), Ok(()));
    }

    #[test]
    fn the_commonest_are_refused_in_any_case() {
        for bad in ["password1234", "PasswordPassword", "123456789012"] {
            assert_eq!(admit(bad, ADA), Err(PasswordFault::Common), "{bad}");
        }
    }

    #[test]
    fn the_list_holds_only_what_the_other_rules_let_through() {
        let all: Vec<&str> = COMMONEST.lines().collect();
        assert!(all.len() >= 100);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        for common in all {
            assert!(common.chars().count() >= MIN_PASSWORD_CHARS, "{common}");
            assert_eq!(common, folded(common));
        }
    }
}
