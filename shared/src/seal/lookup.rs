//! The keys of what admins register: rows of tables, and documents.
//!
//! Owns their derivation. How values and documents are hashed is for the engine.
//! **Invariant:** coordinator and nodes derive the same keys; they do not change when the ring rotates, and
//! say nothing of each other and of the fingerprint key they are derived from.

use std::fmt;

use super::SealError;
use super::key::{Key, Purpose};
use super::ring::KeyRing;

/// What the derivations are bound to.
const EXACT_DATA: &[u8] = b"weir/v1/exact-data";
const SHINGLES: &[u8] = b"weir/v1/document-shingles";
const DOCUMENTS: &[u8] = b"weir/v1/document-index";

/// Keys of indexes: who has only the database can try neither values nor texts on them.
#[derive(Clone)]
pub struct LookupKeys {
    exact_data: Key,
    shingles: Key,
    documents: Key,
}

impl LookupKeys {
    /// The lookup keys of a ring.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails; transient.
    pub fn new(ring: &KeyRing) -> Result<Self, SealError> {
        let keys = ring.sub_keys(Purpose::Fingerprint)?;
        let (_, key) = keys.active().ok_or(SealError::UnknownKey)?;
        Self::from_fingerprint_key(key)
    }

    /// From the key that a node is given, so that nodes need no new ones.
    pub(super) fn from_fingerprint_key(key: &Key) -> Result<Self, SealError> {
        let derive = |info| key.derive(info).ok_or(SealError::Crypto);
        Ok(Self {
            exact_data: derive(EXACT_DATA)?,
            shingles: derive(SHINGLES)?,
            documents: derive(DOCUMENTS)?,
        })
    }

    /// What keys the hashes of values.
    pub fn exact_data(&self) -> &Key {
        &self.exact_data
    }

    /// What keys the hashes of shingles.
    pub fn shingles(&self) -> &Key {
        &self.shingles
    }

    /// What seals the fingerprints of documents.
    pub fn documents(&self) -> &Key {
        &self.documents
    }

    #[cfg(test)]
    fn all(&self) -> [&[u8; 32]; 3] {
        [&self.exact_data, &self.shingles, &self.documents].map(Key::expose)
    }
}

impl fmt::Debug for LookupKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookupKeys(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::seal::NodeKey;

    #[test]
    fn a_node_has_the_same_keys_as_its_ring_also_after_a_rotation() {
        let mut ring = KeyRing::generate().unwrap();
        let node: NodeKey = {
            let text = NodeKey::new(&ring).unwrap().export().unwrap();
            text.expose_secret().parse().unwrap()
        };
        ring.rotate().unwrap();
        let of_ring = LookupKeys::new(&ring).unwrap();
        assert_eq!(of_ring.all(), node.lookup_keys().unwrap().all());
    }

    #[test]
    fn rings_have_keys_of_their_own_and_none_is_another_or_the_fingerprint_key() {
        let (one, other) = (KeyRing::generate().unwrap(), KeyRing::generate().unwrap());
        let (keys, others) = (
            LookupKeys::new(&one).unwrap(),
            LookupKeys::new(&other).unwrap(),
        );
        let prints = one.sub_keys(Purpose::Fingerprint).unwrap();
        let mut all: Vec<&[u8; 32]> = keys.all().into_iter().chain(others.all()).collect();
        all.extend(prints.iter().map(|(_, key)| key.expose()));
        let distinct: BTreeSet<&[u8; 32]> = all.iter().copied().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(format!("{keys:?}"), "LookupKeys(…)");
    }
}
