//! The key under which the values of exact-data indexes are hashed.
//!
//! Owns its derivation. How values are hashed is for the engine.
//! **Invariant:** coordinator and nodes derive the same key; it does not change when the ring rotates, and
//! says nothing of the fingerprint key it is derived from.

use std::fmt;

use super::SealError;
use super::key::{Key, Purpose};
use super::ring::KeyRing;

/// What the derivation is bound to.
const INFO: &[u8] = b"weir/v1/exact-data";

/// Keys the hashes of exact-data indexes: who has only the database cannot try values on them.
#[derive(Clone)]
pub struct LookupKey(Key);

impl LookupKey {
    /// The lookup key of a ring.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails; transient.
    pub fn new(ring: &KeyRing) -> Result<Self, SealError> {
        let keys = ring.sub_keys(Purpose::Fingerprint)?;
        let (_, key) = keys.active().ok_or(SealError::UnknownKey)?;
        Self::from_fingerprint_key(key)
    }

    /// From the key that a node is given, so that nodes need no new one.
    pub(super) fn from_fingerprint_key(key: &Key) -> Result<Self, SealError> {
        key.derive(INFO).map(Self).ok_or(SealError::Crypto)
    }

    /// The bytes, for the hash that needs them.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl fmt::Debug for LookupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookupKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::seal::NodeKey;

    #[test]
    fn a_node_has_the_same_key_as_its_ring_also_after_a_rotation() {
        let mut ring = KeyRing::generate().unwrap();
        let node: NodeKey = {
            let text = NodeKey::new(&ring).unwrap().export().unwrap();
            text.expose_secret().parse().unwrap()
        };
        ring.rotate().unwrap();
        let of_ring = LookupKey::new(&ring).unwrap();
        assert_eq!(of_ring.expose(), node.lookup_key().unwrap().expose());
    }

    #[test]
    fn rings_have_keys_of_their_own_and_none_is_the_fingerprint_key() {
        let (one, other) = (KeyRing::generate().unwrap(), KeyRing::generate().unwrap());
        let key = LookupKey::new(&one).unwrap();
        assert_ne!(key.expose(), LookupKey::new(&other).unwrap().expose());
        let prints = one.sub_keys(Purpose::Fingerprint).unwrap();
        assert!(
            prints
                .iter()
                .all(|(_, print)| print.expose() != key.expose())
        );
        assert_eq!(format!("{key:?}"), "LookupKey(…)");
    }
}
