//! Keys and their names, and the sub-keys of each purpose.
//!
//! Owns how a sub-key is derived and how keys are written as text. Which keys there are is for `ring`.
//! **Invariant:** a key is wiped when dropped and never shown by `Debug`.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::{hkdf, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// 32 secret bytes, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<[u8; 32]>);

/// The name of a master key: 1 to 32 lower-case letters, digits, `-` and `_`. Stands in clear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(super) String);

/// What a sub-key is for. A sub-key of one purpose says nothing of another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// What travels between coordinator and nodes: envelopes, and blobs on their way to a node.
    Queue,
    /// Payloads in the database and blobs at rest.
    Database,
    /// Fingerprints of matched values.
    Fingerprint,
    /// Signatures of access tokens and hashes of opaque ones.
    Token,
    /// The credential by which nodes call the coordinator.
    Node,
    /// Signatures of what this installation says of itself.
    Signature,
}

/// The sub-keys of one purpose, one for each master key.
#[derive(Clone)]
pub struct SubKeys {
    pub(super) active: KeyId,
    pub(super) keys: BTreeMap<KeyId, Key>,
}

impl SubKeys {
    /// The sub-key that seals or signs, and its name.
    pub fn active(&self) -> Option<(&KeyId, &Key)> {
        self.keys.get_key_value(&self.active)
    }

    /// The name of the key that seals or signs.
    pub fn active_id(&self) -> &KeyId {
        &self.active
    }

    /// The sub-key of a master key.
    pub fn get(&self, id: &str) -> Option<&Key> {
        self.keys
            .iter()
            .find(|(known, _)| known.as_str() == id)
            .map(|(_, key)| key)
    }

    /// All sub-keys.
    pub fn iter(&self) -> impl Iterator<Item = (&KeyId, &Key)> {
        self.keys.iter()
    }

    pub(super) fn single(id: KeyId, key: Key) -> Self {
        Self {
            keys: BTreeMap::from([(id.clone(), key)]),
            active: id,
        }
    }

    pub(super) fn from_text(active: &str, keys: &BTreeMap<String, String>) -> Option<Self> {
        let keys = keys
            .iter()
            .map(|(id, key)| Some((KeyId::parse(id)?, Key::from_base64(key)?)))
            .collect::<Option<BTreeMap<_, _>>>()?;
        let active = KeyId::parse(active).filter(|active| keys.contains_key(active))?;
        Some(Self { active, keys })
    }

    pub(super) fn to_text(&self) -> (String, BTreeMap<String, String>) {
        (self.active.0.clone(), text_of(&self.keys))
    }
}

impl Key {
    /// The bytes, for the library that needs them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn random() -> Option<Self> {
        let mut key = Zeroizing::new([0_u8; 32]);
        rand::fill(key.as_mut_slice()).ok()?;
        Some(Self(key))
    }

    pub(super) fn from_base64(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
        Some(Self(Zeroizing::new(
            <[u8; 32]>::try_from(bytes.as_slice()).ok()?,
        )))
    }

    pub(super) fn to_base64(&self) -> String {
        STANDARD.encode(self.0.as_slice())
    }

    /// HKDF-SHA256 (RFC 5869) with a fixed salt.
    pub(super) fn derive(&self, info: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0_u8; 32]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"weir")
            .extract(self.0.as_slice())
            .expand(&[info], hkdf::HKDF_SHA256)
            .ok()?
            .fill(key.as_mut_slice())
            .ok()?;
        Some(Self(key))
    }
}

impl Purpose {
    pub(super) const fn info(self) -> &'static [u8] {
        match self {
            Self::Queue => b"weir/v1/queue",
            Self::Database => b"weir/v1/database",
            Self::Fingerprint => b"weir/v1/fingerprint",
            Self::Token => b"weir/v1/token",
            Self::Node => b"weir/v1/node",
            Self::Signature => b"weir/v1/signature",
        }
    }
}

impl KeyId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let well_formed = (1..=32).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        well_formed.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl fmt::Debug for SubKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SubKeys({} keys, active {})",
            self.keys.len(),
            self.active
        )
    }
}

pub(super) fn text_of(keys: &BTreeMap<KeyId, Key>) -> BTreeMap<String, String> {
    keys.iter()
        .map(|(id, key)| (id.0.clone(), key.to_base64()))
        .collect()
}
