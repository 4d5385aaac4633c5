//! The addresses that people sign in with.
//!
//! Owns what an address may look like and how two spellings of one are told to be the same. Leaves whether
//! anybody reads what is sent there to the mail.
//! **Invariant:** an [`Address`] holds no control character, blank, bracket or second `@`: it can stand in a
//! header of a mail as it is.

use std::fmt;

/// The longest address, in bytes.
///
/// # Source
/// RFC 5321, 4.5.3.1.3, less the angle brackets
pub const MAX_ADDRESS_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;
const MAX_LABEL_BYTES: usize = 63;

/// An address, in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

/// The text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`email` must be one address such as ada@example.org, of at most {MAX_ADDRESS_BYTES} bytes"
)]
pub struct InvalidAddress;

/// How an address is stored and compared, whether or not it is one.
pub fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

impl Address {
    /// Reads an address as people write it.
    ///
    /// # Errors
    /// [`InvalidAddress`] (permanent).
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let address = folded(text);
        let (local, domain) = address.split_once('@').ok_or(InvalidAddress)?;
        let fits = address.len() <= MAX_ADDRESS_BYTES
            && local.len() <= MAX_LOCAL_BYTES
            && local.split('.').all(|part| is_made_of(part, is_atom))
            && domain.split('.').all(is_label);
        if fits {
            Ok(Self(address))
        } else {
            Err(InvalidAddress)
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Does not show it.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address")
    }
}

fn is_label(label: &str) -> bool {
    label.len() <= MAX_LABEL_BYTES && is_made_of(label, |c| c.is_alphanumeric() || c == '-')
}

/// # Source
/// RFC 5321, 4.1.2 with RFC 6531, 3.3, without quoted strings
fn is_atom(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

fn is_made_of(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_taken_in_lower_case_and_without_blanks_around() {
        for (written, stored) in [
            (
                " Ada.Lovelace+x@Example.ORG\n",
                "ada.lovelace+x@example.org",
            ),
            ("admin@localhost", "admin@localhost"),
            ("JÜRGEN@müller.example", "jürgen@müller.example"),
        ] {
            assert_eq!(Address::parse(written).unwrap().as_str(), stored);
        }
    }

    #[test]
    fn what_is_no_address_or_could_be_two_is_refused() {
        let long = format!("{}@{}", "a".repeat(64), "b.".repeat(100) + "c");
        for bad in [
            "",
            "@",
            "a@",
            "@b",
            "a",
            "a@b@c",
            "a b@c",
            "a@b c",
            "a\0@b",
            "a@b\r\nBcc: c@d",
            "<a@b>",
            "a,b@c",
            "a@b,c@d",
            "a@b;c@d",
            "\"a\"@b",
            "a@[127.0.0.1]",
            ".a@b",
            "a.@b",
            "a@b..c",
            "a@.b",
            "a\u{200b}b@c",
            &format!("{}@b", "a".repeat(65)),
            &format!("a@{}", "b".repeat(64)),
            &long,
        ] {
            assert_eq!(Address::parse(bad), Err(InvalidAddress), "{bad}");
        }
    }

    #[test]
    fn an_address_is_not_shown_by_accident() {
        let shown = format!("{:?}", Address::parse("ada@example.org"));
        assert_eq!(shown, "Ok(Address)");
    }

    proptest! {
        #[test]
        fn an_address_holds_nothing_that_a_mail_header_would_misread(text in "\\PC{0,40}@\\PC{0,40}|[ -~]{0,60}") {
            if let Ok(address) = Address::parse(&text) {
                let text = address.as_str();
                prop_assert_eq!(text.matches('@').count(), 1);
                prop_assert!(!text.contains(|c: char| c.is_control() || c.is_whitespace() || "<>,;:\"\\()[]".contains(c)));
                prop_assert!(text.len() <= MAX_ADDRESS_BYTES);
                prop_assert_eq!(Address::parse(text), Ok(address.clone()));
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>()) {
            prop_assert!(Address::parse(&text).is_ok_and(|address| address.as_str() == folded(&text)) || Address::parse(&text).is_err());
        }
    }
}
