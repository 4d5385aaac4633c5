//! Sealed bytes: a message that is sealed and opened whole.
//!
//! Owns the format `version, length of key id, key id, salt, ciphertext and tag`, and the choice of the key
//! a sealed message was made with. Streams, with the same head, are for `stream`.
//! **Invariant:** a key seals one message: it is derived from the sub-key and a fresh 192-bit salt.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use zeroize::Zeroizing;

use super::SealError;
use super::key::{KeyId, Purpose, SubKeys};
use super::ring::KeyRing;
use crate::ids::BlobId;

/// Bytes of random salt in each sealed message.
const SALT_LEN: usize = 24;

/// Bytes of the authentication tag.
pub(super) const TAG_LEN: usize = 16;

/// What a head begins with: it says whether a message or a stream follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Message = 1,
    Stream = 2,
}

/// Seals with the active key of one purpose, and opens with all of them.
#[derive(Clone)]
pub struct Sealer {
    active: KeyId,
    keys: BTreeMap<KeyId, hmac::Key>,
}

/// What binds a blob's sealed bytes to its id, at rest and on the way to a node.
pub fn blob_associated_data(blob: BlobId) -> Vec<u8> {
    format!("weir/blob/{blob}").into_bytes()
}

impl Sealer {
    /// A sealer for one purpose.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails; transient.
    pub fn new(ring: &KeyRing, purpose: Purpose) -> Result<Self, SealError> {
        Ok(Self::from_sub_keys(&ring.sub_keys(purpose)?))
    }

    /// A sealer of sub-keys that somebody else derived.
    pub fn from_sub_keys(keys: &SubKeys) -> Self {
        let prepared = |(id, key): (&KeyId, &super::Key)| {
            (id.clone(), hmac::Key::new(hmac::HMAC_SHA256, key.expose()))
        };
        Self {
            active: keys.active_id().clone(),
            keys: keys.iter().map(prepared).collect(),
        }
    }

    /// Seals `plain`, bound to `aad`.
    ///
    /// # Errors
    /// [`SealError::Crypto`] without randomness; transient.
    pub fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut sealed = Vec::with_capacity(2 + 32 + SALT_LEN + plain.len() + TAG_LEN);
        let key = self.begin(Form::Message, &mut sealed)?;
        let head = sealed.len();
        sealed.extend_from_slice(plain);
        let Some(body) = sealed.get_mut(head..) else {
            return Err(SealError::Crypto);
        };
        let tag = key
            .seal_in_place_separate_tag(only_nonce(), Aad::from(aad), body)
            .or(Err(SealError::Crypto))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed with the same `aad`.
    ///
    /// # Errors
    /// [`SealError::UnknownKey`] and [`SealError::UnknownVersion`] are transient (another process may open
    /// it), [`SealError::Malformed`] and [`SealError::Tampered`] permanent.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (key, _, body) = self
            .resume(Form::Message, sealed)?
            .ok_or(SealError::Malformed)?;
        open_body(&key, only_nonce(), aad, body)
    }

    /// Writes the head of a new message or stream and gives its key.
    pub(super) fn begin(&self, form: Form, out: &mut Vec<u8>) -> Result<LessSafeKey, SealError> {
        let sub_key = self.keys.get(&self.active).ok_or(SealError::UnknownKey)?;
        let mut salt = [0_u8; SALT_LEN];
        rand::fill(&mut salt).or(Err(SealError::Crypto))?;
        let id = self.active.as_str().as_bytes();
        out.push(form as u8);
        // Key ids have at most 32 bytes.
        out.push(u8::try_from(id.len()).or(Err(SealError::Malformed))?);
        out.extend_from_slice(id);
        out.extend_from_slice(&salt);
        message_key(sub_key, form, &salt)
    }

    /// Reads a head: the key, the head's bytes, and what follows. `None` if there is not yet enough of it.
    pub(super) fn resume<'a>(
        &self,
        form: Form,
        sealed: &'a [u8],
    ) -> Result<Option<Opening<'a>>, SealError> {
        let Some((&version, rest)) = sealed.split_first() else {
            return Ok(None);
        };
        if version != form as u8 {
            let known = [Form::Message as u8, Form::Stream as u8].contains(&version);
            return Err(if known {
                SealError::Malformed
            } else {
                SealError::UnknownVersion
            });
        }
        let Some((&id_len, rest)) = rest.split_first() else {
            return Ok(None);
        };
        let Some((id, rest)) = rest.split_at_checked(usize::from(id_len)) else {
            return Ok(None);
        };
        let Some((salt, body)) = rest.split_first_chunk::<SALT_LEN>() else {
            return Ok(None);
        };
        let sub_key = self
            .keys
            .iter()
            .find(|(known, _)| known.as_str().as_bytes() == id)
            .map(|(_, key)| key)
            .ok_or(SealError::UnknownKey)?;
        let head = sealed
            .get(..sealed.len() - body.len())
            .ok_or(SealError::Malformed)?;
        Ok(Some((message_key(sub_key, form, salt)?, head, body)))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Sealer({} keys, active {})",
            self.keys.len(),
            self.active
        )
    }
}

/// The key of a message or stream, its head, and what follows the head.
pub(super) type Opening<'a> = (LessSafeKey, &'a [u8], &'a [u8]);

/// Opens ciphertext and tag.
pub(super) fn open_body(
    key: &LessSafeKey,
    nonce: Nonce,
    aad: &[u8],
    body: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if body.len() < TAG_LEN {
        return Err(SealError::Malformed);
    }
    let mut plain = Zeroizing::new(body.to_vec());
    let len = key
        .open_in_place(nonce, Aad::from(aad), plain.as_mut_slice())
        .or(Err(SealError::Tampered))?
        .len();
    plain.truncate(len);
    Ok(plain)
}

/// The key is used once, so there is but one nonce.
fn only_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

fn message_key(
    sub_key: &hmac::Key,
    form: Form,
    salt: &[u8; SALT_LEN],
) -> Result<LessSafeKey, SealError> {
    let mut context = hmac::Context::with_key(sub_key);
    context.update(&[form as u8]);
    context.update(salt);
    UnboundKey::new(&AES_256_GCM, context.sign().as_ref())
        .map(LessSafeKey::new)
        .or(Err(SealError::Crypto))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealer() -> Sealer {
        Sealer::new(&KeyRing::generate().unwrap(), Purpose::Queue).unwrap()
    }

    proptest! {
        #[test]
        fn opens_what_it_sealed(aad: Vec<u8>, plain: Vec<u8>) {
            let sealer = sealer();
            let sealed = sealer.seal(&aad, &plain).unwrap();
            prop_assert_eq!(&*sealer.open(&aad, &sealed).unwrap(), &plain);
        }

        #[test]
        fn any_flipped_bit_breaks_the_seal(plain: Vec<u8>, at: prop::sample::Index, bit in 0_u8..8) {
            let sealer = sealer();
            let mut sealed = sealer.seal(b"aad", &plain).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(sealer.open(b"aad", &sealed).is_err());
        }

        #[test]
        fn another_aad_does_not_open_it(aad: Vec<u8>, other: Vec<u8>, plain: Vec<u8>) {
            prop_assume!(aad != other);
            let sealer = sealer();
            let sealed = sealer.seal(&aad, &plain).unwrap();
            prop_assert_eq!(sealer.open(&other, &sealed), Err(SealError::Tampered));
        }

        #[test]
        fn arbitrary_bytes_are_refused(bytes: Vec<u8>) {
            prop_assert!(sealer().open(b"", &bytes).is_err());
        }
    }

    #[test]
    fn every_cut_is_refused() {
        let sealer = sealer();
        let bytes = sealer.seal(b"", b"text").unwrap();
        for len in 0..bytes.len() {
            assert!(sealer.open(b"", &bytes[..len]).is_err(), "cut to {len}");
        }
    }

    #[test]
    fn an_old_key_still_opens_after_rotation_and_a_lost_one_is_named_as_such() {
        let mut ring = KeyRing::generate().unwrap();
        let before = Sealer::new(&ring, Purpose::Queue).unwrap();
        let old = before.seal(b"a", b"text").unwrap();
        ring.rotate().unwrap();
        let after = Sealer::new(&ring, Purpose::Queue).unwrap();
        assert_eq!(after.open(b"a", &old).unwrap().as_slice(), b"text");
        let new = after.seal(b"a", b"text").unwrap();
        assert_eq!(before.open(b"a", &new), Err(SealError::UnknownKey));
    }

    #[test]
    fn purposes_do_not_open_each_other() {
        let ring = KeyRing::generate().unwrap();
        let queue = Sealer::new(&ring, Purpose::Queue).unwrap();
        let database = Sealer::new(&ring, Purpose::Database).unwrap();
        let sealed = queue.seal(b"", b"text").unwrap();
        assert_eq!(database.open(b"", &sealed), Err(SealError::Tampered));
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time() {
        let sealer = sealer();
        assert_ne!(
            sealer.seal(b"", b"text").unwrap(),
            sealer.seal(b"", b"text").unwrap()
        );
    }
}
