//! Signatures: what only this installation can have said.
//!
//! Owns the Ed25519 keys, one for each key of the ring. What is signed is for others, who put a name of their
//! own before it, so that a signature of one thing is none of another.
//! **Invariant:** a signature holds under the key that it names and no other; keys that were rotated out of
//! use still check what they signed.
//!
//! # Source
//! RFC 8032; aws-lc.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::SealError;
use super::key::{KeyId, Purpose};
use super::ring::KeyRing;

/// Bytes of a public key.
const PUBLIC_KEY_BYTES: usize = 32;

/// Signs.
#[derive(Clone)]
pub struct Signer {
    active: KeyId,
    pair: Arc<Ed25519KeyPair>,
    verifier: SignatureVerifier,
}

/// Checks signatures. Holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureVerifier {
    keys: BTreeMap<String, [u8; PUBLIC_KEY_BYTES]>,
}

/// A signature and the name of its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    /// Which key of the ring.
    pub key_id: String,
    /// 64 bytes.
    pub bytes: Vec<u8>,
}

impl Signer {
    /// The signer of a ring.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails; transient.
    pub fn new(ring: &KeyRing) -> Result<Self, SealError> {
        let seeds = ring.sub_keys(Purpose::Signature)?;
        let mut keys = BTreeMap::new();
        for (id, seed) in seeds.iter() {
            let pair = pair(seed.expose())?;
            let public = pair.public_key().as_ref().try_into();
            keys.insert(id.to_string(), public.or(Err(SealError::Crypto))?);
        }
        let (active, seed) = seeds.active().ok_or(SealError::UnknownKey)?;
        Ok(Self {
            active: active.clone(),
            pair: Arc::new(pair(seed.expose())?),
            verifier: SignatureVerifier { keys },
        })
    }

    /// Signs with the active key.
    pub fn sign(&self, statement: &[u8]) -> Signature {
        Signature {
            key_id: self.active.to_string(),
            bytes: self.pair.sign(statement).as_ref().to_vec(),
        }
    }

    /// What checks the signatures of this ring.
    pub const fn verifier(&self) -> &SignatureVerifier {
        &self.verifier
    }
}

impl SignatureVerifier {
    /// Of public keys by name.
    pub fn of(keys: impl IntoIterator<Item = (String, [u8; PUBLIC_KEY_BYTES])>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
        }
    }

    /// Whether one of the keys signed exactly this.
    pub fn holds(&self, statement: &[u8], signature: &Signature) -> bool {
        self.keys.get(&signature.key_id).is_some_and(|key| {
            UnparsedPublicKey::new(&ED25519, key)
                .verify(statement, &signature.bytes)
                .is_ok()
        })
    }

    /// The public keys by name.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &[u8; PUBLIC_KEY_BYTES])> {
        self.keys.iter().map(|(id, key)| (id.as_str(), key))
    }
}

fn pair(seed: &[u8; 32]) -> Result<Ed25519KeyPair, SealError> {
    Ed25519KeyPair::from_seed_unchecked(seed).or(Err(SealError::Crypto))
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.active)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Signature({}, {})",
            self.key_id,
            hex::encode(&self.bytes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_what_was_signed_and_nothing_else() {
        let signer = Signer::new(&KeyRing::generate().unwrap()).unwrap();
        let signature = signer.sign(b"so far");
        assert!(signer.verifier().holds(b"so far", &signature));
        assert!(!signer.verifier().holds(b"so far!", &signature));
        for at in 0..signature.bytes.len() {
            let mut altered = signature.clone();
            altered.bytes[at] ^= 1;
            assert!(!signer.verifier().holds(b"so far", &altered), "{at}");
        }
        let cut = Signature {
            bytes: Vec::new(),
            ..signature
        };
        assert!(!signer.verifier().holds(b"so far", &cut));
    }

    #[test]
    fn another_ring_signs_nothing_of_ours() {
        let (one, other) = (KeyRing::generate().unwrap(), KeyRing::generate().unwrap());
        let signature = Signer::new(&other).unwrap().sign(b"x");
        assert!(
            !Signer::new(&one)
                .unwrap()
                .verifier()
                .holds(b"x", &signature)
        );
    }

    #[test]
    fn a_rotated_key_still_checks_what_it_signed() {
        let mut ring = KeyRing::generate().unwrap();
        let before = Signer::new(&ring).unwrap().sign(b"x");
        ring.rotate().unwrap();
        let after = Signer::new(&ring).unwrap();
        assert_ne!(after.sign(b"x").key_id, before.key_id);
        assert!(after.verifier().holds(b"x", &before));
        let elsewhere = SignatureVerifier::of(
            after
                .verifier()
                .keys()
                .map(|(id, key)| (id.to_owned(), *key)),
        );
        assert!(elsewhere.holds(b"x", &before));
    }
}
