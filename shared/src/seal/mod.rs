//! Sealing: what keeps message text unreadable in the queue, the database and the blob store.
//!
//! Owns the key ring, the sub-key of each purpose, sealed bytes and streams, fingerprints, signatures, and
//! what a scanner node is given of all this. Where sealed bytes are kept or carried is for others.
//!
//! AES-256-GCM, with a key of its own for each message: `HMAC-SHA256(sub-key, 192 random bits)`. The usual
//! limit of a random 96-bit nonce, 2^32 seals under one key, is a week of a busy installation; with a key
//! for each message the first expected collision lies beyond 2^96 seals, so rings need not be rotated for
//! volume.
//!
//! **Invariant:** no error, `Debug` or `Display` of this module shows a key or what was sealed.

mod envelope;
mod fingerprint;
mod key;
mod lookup;
mod node_key;
mod ring;
mod sealer;
mod signer;
mod stream;

pub use envelope::EnvelopeSealer;
pub use fingerprint::Fingerprinter;
pub use key::{Key, KeyId, Purpose, SubKeys};
pub use lookup::LookupKeys;
pub use node_key::{NODE_KEY_PREFIX, NodeKey, NodeVerifier};
pub use ring::{KeyRing, KeyRingError};
pub use sealer::{Sealer, blob_associated_data};
pub use signer::{Signature, SignatureVerifier, Signer};
pub use stream::{OpenReader, SealWriter, StreamOpener, StreamSealer};

use crate::job::RetryClass;

/// Why something could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Sealed under a key that this ring does not hold. Another process may hold it.
    #[error("sealed under a key that is not in the ring")]
    UnknownKey,
    /// Written in a version that this build does not read. Another process may.
    #[error("sealed in a version this build does not read")]
    UnknownVersion,
    /// Changed, cut short, put together anew, or bound to something else.
    #[error("the seal is broken")]
    Tampered,
    /// Not sealed bytes at all, or the opened bytes are not what they should be.
    #[error("not well-formed")]
    Malformed,
    /// The operating system or the crypto library gave no randomness or cipher.
    #[error("the crypto library failed")]
    Crypto,
}

impl SealError {
    /// Whether trying again, perhaps elsewhere, can help.
    pub const fn class(self) -> RetryClass {
        match self {
            Self::UnknownKey | Self::UnknownVersion | Self::Crypto => RetryClass::Transient,
            Self::Tampered | Self::Malformed => RetryClass::Permanent,
        }
    }
}
