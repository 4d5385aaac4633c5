//! The index of documents: bytes as they travel.
//!
//! Owns the layout, and sealing it (AES-256-GCM under a random nonce). All numbers are little-endian.
//!
//! | bytes | hold |
//! |---|---|
//! | 0..8 | `weirdoc1` |
//! | 8..16 | by which the key is known again |
//! | 16..28 | nonce |
//! | then, sealed | documents, 4 bytes; for each how many fingerprints it has, 4 bytes, and those, 8 bytes each, ascending |
//!
//! **Invariant:** without the key it says how many fingerprints there are, and nothing else; a byte that was
//! changed makes all of it unusable.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use shared::detector::Fingerprints;

use super::shingle::DocumentKey;

const MAGIC: [u8; 8] = *b"weirdoc1";
const HEAD_BYTES: usize = 16;

/// Why bytes are no index to be used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// They are none, or not as they were made.
    Malformed,
    /// It was made under another key.
    OtherKey,
}

/// Seals the fingerprints of documents, each ascending.
///
/// # Errors
/// There is no randomness; transient.
pub(super) fn seal(key: &DocumentKey, documents: &[Vec<u64>]) -> Result<Vec<u8>, Unspecified> {
    let prints: usize = documents.iter().map(Vec::len).sum();
    let mut body = Vec::with_capacity(4 + 4 * documents.len() + 8 * prints + 16);
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
    body.extend(count(documents.len()));
    for document in documents {
        body.extend(count(document.len()));
        body.extend(document.iter().flat_map(|print| print.to_le_bytes()));
    }
    let mut bytes = head(key);
    let aad = Aad::from(bytes.as_slice());
    let nonce = sealing_key(key)?.seal_in_place_append_tag(aad, &mut body)?;
    bytes.extend(nonce.as_ref());
    bytes.extend(body);
    Ok(bytes)
}

/// Opens what [`seal`] gave under the same key.
///
/// # Errors
/// It did not.
pub(super) fn open(key: &DocumentKey, bytes: &[u8]) -> Result<Vec<Vec<u64>>, Unusable> {
    let (given, rest) = bytes
        .split_first_chunk::<HEAD_BYTES>()
        .ok_or(Unusable::Malformed)?;
    if !given.starts_with(&MAGIC) {
        return Err(Unusable::Malformed);
    }
    if given.as_slice() != head(key) {
        return Err(Unusable::OtherKey);
    }
    let (nonce, sealed) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(Unusable::Malformed)?;
    let mut body = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let plain = sealing_key(key)
        .and_then(|key| key.open_in_place(nonce, Aad::from(given.as_slice()), &mut body))
        .or(Err(Unusable::Malformed))?;
    documents(plain).ok_or(Unusable::Malformed)
}

fn head(key: &DocumentKey) -> Vec<u8> {
    [MAGIC, key.check().to_le_bytes()].concat()
}

fn sealing_key(key: &DocumentKey) -> Result<RandomizedNonceKey, Unspecified> {
    RandomizedNonceKey::new(&AES_256_GCM, key.seal.as_slice())
}

/// None if these are not the bytes of documents.
fn documents(bytes: &[u8]) -> Option<Vec<Vec<u64>>> {
    let mut rest = bytes;
    let count = take_count(&mut rest)?;
    if count > Fingerprints::MAX_DOCUMENTS {
        return None;
    }
    let mut documents = Vec::with_capacity(count);
    for _ in 0..count {
        let prints = take_count(&mut rest)?.checked_mul(8)?;
        let (taken, after) = rest.split_at_checked(prints)?;
        let (prints, _) = taken.as_chunks();
        let prints: Vec<u64> = prints.iter().map(|b| u64::from_le_bytes(*b)).collect();
        if prints.is_empty() || !prints.is_sorted_by(|a, b| a < b) {
            return None;
        }
        documents.push(prints);
        rest = after;
    }
    let all: usize = documents.iter().map(Vec::len).sum();
    (rest.is_empty() && all <= Fingerprints::MAX_FINGERPRINTS).then_some(documents)
}

fn take_count(rest: &mut &[u8]) -> Option<usize> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    usize::try_from(u32::from_le_bytes(*taken)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> DocumentKey {
        DocumentKey::new(&[7; 32], &[8; 32])
    }

    fn some() -> Vec<Vec<u64>> {
        vec![vec![3, 5, 9], vec![5], vec![1, u64::MAX]]
    }

    #[test]
    fn an_index_is_opened_as_it_was_sealed_under_its_own_key_only() {
        let bytes = seal(&key(), &some()).unwrap();
        assert_eq!(bytes.len(), HEAD_BYTES + NONCE_LEN + 4 * 4 + 6 * 8 + 16);
        assert_eq!(open(&key(), &bytes), Ok(some()));
        let other = DocumentKey::new(&[9; 32], &[8; 32]);
        assert_eq!(open(&other, &bytes), Err(Unusable::OtherKey));
        assert_eq!(open(&key(), b"weiredm1"), Err(Unusable::Malformed));
    }

    #[test]
    fn the_same_documents_look_different_each_time() {
        let (one, other) = (
            seal(&key(), &some()).unwrap(),
            seal(&key(), &some()).unwrap(),
        );
        assert_eq!(one.get(..HEAD_BYTES), other.get(..HEAD_BYTES));
        assert_ne!(one.get(HEAD_BYTES..), other.get(HEAD_BYTES..));
    }

    #[test]
    fn documents_out_of_order_or_without_fingerprints_are_refused() {
        for bad in [vec![vec![5, 3]], vec![vec![5, 5]], vec![vec![]]] {
            let bytes = seal(&key(), &bad).unwrap();
            assert_eq!(open(&key(), &bytes), Err(Unusable::Malformed));
        }
    }

    proptest! {
        #[test]
        fn any_changed_byte_makes_it_unusable(at in any::<prop::sample::Index>(), to in 1_u8..) {
            let mut bytes = seal(&key(), &some()).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= to;
            prop_assert!(open(&key(), &bytes).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            documents(&bytes);
        }
    }
}
