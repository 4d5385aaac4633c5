//! What a scanner node is given of the key ring, and how the coordinator knows it again.
//!
//! Owns the text that `weir keys export-node` prints and `WEIR_NODE__KEY` takes, and the check of the
//! credential in it. A node gets the queue's sub-keys, the fingerprint key and its credential. It gets
//! nothing that opens the database or the blob store: the coordinator opens a blob and seals it anew under
//! the queue's key when a node asks for it.
//! **Invariant:** no master key, database key or token key is in a node key.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::constant_time;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::SealError;
use super::fingerprint::Fingerprinter;
use super::key::{Key, KeyId, Purpose, SubKeys};
use super::lookup::LookupKeys;
use super::ring::KeyRing;
use super::sealer::Sealer;

/// What the text of every node key begins with.
pub const NODE_KEY_PREFIX: &str = "weirnode1.";

/// All that a scanner node may know.
#[derive(Clone)]
pub struct NodeKey {
    queue: SubKeys,
    fingerprint: Key,
    credential: SecretString,
}

/// Knows the credentials of nodes.
#[derive(Clone)]
pub struct NodeVerifier(Vec<Zeroizing<String>>);

impl NodeKey {
    /// The node key of a ring. After a rotation, nodes need a new one.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails; transient.
    pub fn new(ring: &KeyRing) -> Result<Self, SealError> {
        let fingerprint = ring.sub_keys(Purpose::Fingerprint)?;
        let (_, fingerprint) = fingerprint.active().ok_or(SealError::UnknownKey)?;
        let node = ring.sub_keys(Purpose::Node)?;
        let (id, key) = node.active().ok_or(SealError::UnknownKey)?;
        Ok(Self {
            queue: ring.sub_keys(Purpose::Queue)?,
            fingerprint: fingerprint.clone(),
            credential: SecretString::from(credential(id, key)),
        })
    }

    /// The text to give to a node. A secret.
    ///
    /// # Errors
    /// [`SealError::Malformed`] if it cannot be written as JSON.
    pub fn export(&self) -> Result<SecretString, SealError> {
        let (active, queue) = self.queue.to_text();
        let text = NodeKeyText {
            active,
            queue,
            fingerprint: self.fingerprint.to_base64(),
            credential: self.credential.expose_secret().to_owned(),
        };
        let json = serde_json::to_vec(&text)
            .map(Zeroizing::new)
            .or(Err(SealError::Malformed))?;
        Ok(SecretString::from(format!(
            "{NODE_KEY_PREFIX}{}",
            URL_SAFE_NO_PAD.encode(&*json)
        )))
    }

    /// What opens jobs and blobs, and seals results.
    pub fn sealer(&self) -> Sealer {
        Sealer::from_sub_keys(&self.queue)
    }

    /// What makes fingerprints.
    pub fn fingerprinter(&self) -> Fingerprinter {
        Fingerprinter::from_key(&self.fingerprint)
    }

    /// What keys the indexes of rows and documents.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails; transient.
    pub fn lookup_keys(&self) -> Result<LookupKeys, SealError> {
        LookupKeys::from_fingerprint_key(&self.fingerprint)
    }

    /// What the node shows the coordinator, as a bearer token.
    pub fn credential(&self) -> &SecretString {
        &self.credential
    }
}

impl FromStr for NodeKey {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let encoded = text
            .trim()
            .strip_prefix(NODE_KEY_PREFIX)
            .ok_or(SealError::Malformed)?;
        let json = URL_SAFE_NO_PAD
            .decode(encoded)
            .map(Zeroizing::new)
            .or(Err(SealError::Malformed))?;
        let text: NodeKeyText = serde_json::from_slice(&json).or(Err(SealError::Malformed))?;
        Ok(Self {
            queue: SubKeys::from_text(&text.active, &text.queue).ok_or(SealError::Malformed)?,
            fingerprint: Key::from_base64(&text.fingerprint).ok_or(SealError::Malformed)?,
            credential: SecretString::from(text.credential.clone()),
        })
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeKey({:?})", self.queue)
    }
}

impl NodeVerifier {
    /// Knows the credentials made from any key of the ring.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails; transient.
    pub fn new(ring: &KeyRing) -> Result<Self, SealError> {
        let keys = ring.sub_keys(Purpose::Node)?;
        Ok(Self(
            keys.iter()
                .map(|(id, key)| Zeroizing::new(credential(id, key)))
                .collect(),
        ))
    }

    /// Whether this is the credential of a node. Takes the same time for every credential of one length.
    pub fn verify(&self, shown: &str) -> bool {
        self.0.iter().fold(false, |found, known| {
            constant_time::verify_slices_are_equal(known.as_bytes(), shown.as_bytes()).is_ok()
                | found
        })
    }
}

impl fmt::Debug for NodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeVerifier({} keys)", self.0.len())
    }
}

#[derive(Serialize, Deserialize)]
struct NodeKeyText {
    active: String,
    queue: BTreeMap<String, String>,
    fingerprint: String,
    credential: String,
}

impl Drop for NodeKeyText {
    fn drop(&mut self) {
        self.queue.values_mut().for_each(String::zeroize);
        self.fingerprint.zeroize();
        self.credential.zeroize();
    }
}

fn credential(id: &KeyId, key: &Key) -> String {
    format!("{id}.{}", URL_SAFE_NO_PAD.encode(key.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_opens_what_the_coordinator_seals_and_makes_the_same_fingerprints() {
        let ring = KeyRing::generate().unwrap();
        let text = NodeKey::new(&ring).unwrap().export().unwrap();
        let node: NodeKey = text.expose_secret().parse().unwrap();
        let sealed = Sealer::new(&ring, Purpose::Queue)
            .unwrap()
            .seal(b"a", b"job")
            .unwrap();
        assert_eq!(
            node.sealer().open(b"a", &sealed).unwrap().as_slice(),
            b"job"
        );
        let info_type = "TOKEN".parse().unwrap();
        assert_eq!(
            node.fingerprinter().fingerprint(&info_type, "value"),
            Fingerprinter::new(&ring)
                .unwrap()
                .fingerprint(&info_type, "value"),
        );
    }

    #[test]
    fn a_node_cannot_open_the_database() {
        let ring = KeyRing::generate().unwrap();
        let sealed = Sealer::new(&ring, Purpose::Database)
            .unwrap()
            .seal(b"", b"row")
            .unwrap();
        assert_eq!(
            NodeKey::new(&ring).unwrap().sealer().open(b"", &sealed),
            Err(SealError::Tampered)
        );
    }

    #[test]
    fn credentials_outlive_a_rotation_and_strangers_are_refused() {
        let mut ring = KeyRing::generate().unwrap();
        let node = NodeKey::new(&ring).unwrap();
        ring.rotate().unwrap();
        let verifier = NodeVerifier::new(&ring).unwrap();
        assert!(verifier.verify(node.credential().expose_secret()));
        let stranger = NodeKey::new(&KeyRing::generate().unwrap()).unwrap();
        assert!(!verifier.verify(stranger.credential().expose_secret()));
        assert!(!verifier.verify(""));
    }

    #[test]
    fn debug_shows_no_secret_and_garbage_is_refused_without_being_quoted() {
        let node = NodeKey::new(&KeyRing::generate().unwrap()).unwrap();
        let secret = node.credential().expose_secret();
        assert!(!format!("{node:?}").contains(secret));
        for text in ["", "weirnode1.", "weirnode1.e30", "weirnode2.e30", "k1"] {
            assert_eq!(text.parse::<NodeKey>().unwrap_err(), SealError::Malformed);
        }
    }
}
