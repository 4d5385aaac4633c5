//! Fingerprints: how the same secret is known again without keeping it.
//!
//! Owns how a value is normalised before it is keyed. Which values are fingerprinted is for the engine.
//! **Invariant:** a fingerprint depends on the info type, the value's letters and digits, and the
//! fingerprint key, and on nothing else.

use std::fmt;

use aws_lc_rs::hmac;

use super::SealError;
use super::key::{Key, Purpose};
use super::ring::KeyRing;
use crate::finding::{Fingerprint, InfoType};

/// Bytes of the HMAC that are kept.
const FINGERPRINT_LEN: usize = 16;

/// Makes fingerprints.
#[derive(Clone)]
pub struct Fingerprinter(hmac::Key);

impl Fingerprinter {
    /// The fingerprinter of a ring.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails; transient.
    pub fn new(ring: &KeyRing) -> Result<Self, SealError> {
        let keys = ring.sub_keys(Purpose::Fingerprint)?;
        let (_, key) = keys.active().ok_or(SealError::UnknownKey)?;
        Ok(Self::from_key(key))
    }

    pub(super) fn from_key(key: &Key) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.expose()))
    }

    /// The fingerprint of a value: HMAC-SHA256 over the info type and the value without separators, cut to
    /// 128 bits. `4111 1111` and `4111-1111` are the same value; case makes a difference, because it does in
    /// tokens. A value of separators only stands for itself.
    pub fn fingerprint(&self, info_type: &InfoType, value: &str) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(info_type.as_str().as_bytes());
        context.update(&[0]);
        let mut any = false;
        for part in value
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| !part.is_empty())
        {
            context.update(part.as_bytes());
            any = true;
        }
        if !any {
            context.update(value.as_bytes());
        }
        let tag = context.sign();
        Fingerprint::new(hex::encode(
            tag.as_ref().get(..FINGERPRINT_LEN).unwrap_or_default(),
        ))
    }
}

impl fmt::Debug for Fingerprinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprinter(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn card() -> InfoType {
        "CREDIT_CARD_NUMBER".parse().unwrap()
    }

    fn fingerprinter() -> Fingerprinter {
        Fingerprinter::new(&KeyRing::generate().unwrap()).unwrap()
    }

    #[test]
    fn separators_make_no_difference_and_case_does() {
        let prints = fingerprinter();
        let of = |value| prints.fingerprint(&card(), value);
        assert_eq!(of("4111 1111-1111.1111"), of("4111111111111111"));
        assert_ne!(of("abcD"), of("abcd"));
        assert_ne!(of("--"), of("++"));
    }

    #[test]
    fn a_fingerprint_is_32_hex_digits() {
        let print = fingerprinter().fingerprint(&card(), "4111111111111111");
        assert_eq!(print.as_str().len(), 32);
        assert!(print.as_str().bytes().all(|b| b.is_ascii_hexdigit()));
    }

    #[test]
    fn the_info_type_and_the_ring_make_a_difference_and_rotation_does_not() {
        let mut ring = KeyRing::generate().unwrap();
        let of = |ring: &KeyRing, info_type: &str| {
            let info_type: InfoType = info_type.parse().unwrap();
            Fingerprinter::new(ring)
                .unwrap()
                .fingerprint(&info_type, "12345678")
        };
        let before = of(&ring, "A");
        assert_ne!(before, of(&ring, "B"));
        assert_ne!(before, of(&KeyRing::generate().unwrap(), "A"));
        ring.rotate().unwrap();
        assert_eq!(before, of(&ring, "A"));
    }

    proptest! {
        #[test]
        fn inserting_separators_changes_nothing(value in "[a-zA-Z0-9]{1,20}", at: prop::sample::Index, sep in "[ ./_-]{1,3}") {
            let prints = fingerprinter();
            let mut spaced = value.clone();
            spaced.insert_str(at.index(value.len()), &sep);
            prop_assert_eq!(prints.fingerprint(&card(), &spaced), prints.fingerprint(&card(), &value));
        }
    }
}
