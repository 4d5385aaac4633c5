//! The key ring: master keys with ids, and the file they rest in.
//!
//! Owns how master keys are made, kept and rotated. How keys look and sub-keys are derived is for `key`.
//! **Invariant:** the fingerprint key never changes with rotation: the same value keeps its fingerprint.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::SealError;
use super::key::{Key, KeyId, Purpose, SubKeys, text_of};
use crate::job::RetryClass;

/// All master keys, which of them seals, and the fingerprint key.
#[derive(Clone)]
pub struct KeyRing {
    active: KeyId,
    keys: BTreeMap<KeyId, Key>,
    fingerprint: Key,
}

/// Why a ring could not be made, read or written. Never shows what the file holds.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The file could not be read or written.
    #[error("the key ring file could not be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// The file is there already, and overwriting it would lose keys.
    #[error("the key ring file exists already and is not overwritten")]
    Exists,
    /// Not a key ring.
    #[error("not a key ring: {0}")]
    Malformed(&'static str),
    /// No randomness.
    #[error("the crypto library failed")]
    Crypto,
}

impl KeyRingError {
    /// Whether trying again can help.
    pub const fn class(&self) -> RetryClass {
        match self {
            Self::Io(_) | Self::Crypto => RetryClass::Transient,
            Self::Exists | Self::Malformed(_) => RetryClass::Permanent,
        }
    }
}

impl KeyRing {
    /// Makes a ring of one new key, `k1`.
    ///
    /// # Errors
    /// [`KeyRingError::Crypto`] without randomness; transient.
    pub fn generate() -> Result<Self, KeyRingError> {
        let active = KeyId("k1".to_owned());
        Ok(Self {
            keys: BTreeMap::from([(active.clone(), Key::random().ok_or(KeyRingError::Crypto)?)]),
            active,
            fingerprint: Key::random().ok_or(KeyRingError::Crypto)?,
        })
    }

    /// A ring of the one key `k1`, base64 of 32 bytes. The fingerprint key is derived from it.
    ///
    /// # Errors
    /// [`KeyRingError::Malformed`] if it is not 32 bytes in base64; permanent.
    pub fn from_master_key(base64: &SecretString) -> Result<Self, KeyRingError> {
        let key = Key::from_base64(base64.expose_secret()).ok_or(KeyRingError::Malformed(
            "a master key is 32 bytes in base64",
        ))?;
        let fingerprint = key
            .derive(b"weir/v1/fingerprint-root")
            .ok_or(KeyRingError::Crypto)?;
        let active = KeyId("k1".to_owned());
        Ok(Self {
            keys: BTreeMap::from([(active.clone(), key)]),
            active,
            fingerprint,
        })
    }

    /// Reads a ring from its file.
    ///
    /// # Errors
    /// [`KeyRingError::Io`] transient, [`KeyRingError::Malformed`] permanent.
    pub fn load(path: &Path) -> Result<Self, KeyRingError> {
        Self::from_json(&Zeroizing::new(std::fs::read(path)?))
    }

    /// Writes a new file, readable by its owner only, whole or not at all.
    ///
    /// # Errors
    /// [`KeyRingError::Exists`] if there is a file already; [`KeyRingError::Io`] otherwise.
    pub fn save(&self, path: &Path) -> Result<(), KeyRingError> {
        match self.write_beside(path)?.persist_noclobber(path) {
            Ok(_) => sync_folder(path),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(KeyRingError::Exists)
            }
            Err(error) => Err(error.error.into()),
        }
    }

    /// Adds a new key to the ring's file and makes it the active one: the file is replaced whole or not at
    /// all. The keys before it stay, so what they sealed still opens.
    ///
    /// # Errors
    /// As [`Self::load`] and [`Self::save`].
    pub fn rotate_file(path: &Path) -> Result<Self, KeyRingError> {
        let mut ring = Self::load(path)?;
        ring.rotate()?;
        ring.write_beside(path)?
            .persist(path)
            .map_err(|error| error.error)?;
        sync_folder(path)?;
        Ok(ring)
    }

    /// Adds a new key and makes it the active one.
    ///
    /// # Errors
    /// [`KeyRingError::Crypto`] without randomness; transient.
    pub fn rotate(&mut self) -> Result<&KeyId, KeyRingError> {
        let mut number = self.keys.len() + 1;
        while self.keys.contains_key(&KeyId(format!("k{number}"))) {
            number += 1;
        }
        let id = KeyId(format!("k{number}"));
        self.keys
            .insert(id.clone(), Key::random().ok_or(KeyRingError::Crypto)?);
        self.active = id;
        Ok(&self.active)
    }

    /// The key that seals.
    pub fn active(&self) -> &KeyId {
        &self.active
    }

    /// The names of all keys.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.keys()
    }

    /// The sub-keys of a purpose. Fingerprints have one, which does not rotate.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails.
    pub fn sub_keys(&self, purpose: Purpose) -> Result<SubKeys, SealError> {
        if purpose == Purpose::Fingerprint {
            let key = self
                .fingerprint
                .derive(purpose.info())
                .ok_or(SealError::Crypto)?;
            return Ok(SubKeys::single(self.active.clone(), key));
        }
        let mut keys = BTreeMap::new();
        for (id, key) in &self.keys {
            let sub_key = key.derive(purpose.info()).ok_or(SealError::Crypto)?;
            keys.insert(id.clone(), sub_key);
        }
        Ok(SubKeys {
            active: self.active.clone(),
            keys,
        })
    }

    fn from_json(json: &[u8]) -> Result<Self, KeyRingError> {
        let file: RingFile = serde_json::from_slice(json)
            .ok()
            .ok_or(KeyRingError::Malformed(
                "expected {active, keys, fingerprint}",
            ))?;
        let keys = SubKeys::from_text(&file.active, &file.keys).ok_or(KeyRingError::Malformed(
            "expected 32 bytes in base64 for each key, and the active one among them",
        ))?;
        let fingerprint = Key::from_base64(&file.fingerprint).ok_or(KeyRingError::Malformed(
            "the fingerprint key is 32 bytes in base64",
        ))?;
        Ok(Self {
            active: keys.active,
            keys: keys.keys,
            fingerprint,
        })
    }

    fn write_beside(&self, path: &Path) -> Result<tempfile::NamedTempFile, KeyRingError> {
        let file = RingFile {
            active: self.active.0.clone(),
            keys: text_of(&self.keys),
            fingerprint: self.fingerprint.to_base64(),
        };
        let json = serde_json::to_vec_pretty(&file)
            .map(Zeroizing::new)
            .map_err(std::io::Error::from)?;
        // Temporary files are made with mode 0600, and keep it when they get their name.
        let mut beside = tempfile::NamedTempFile::new_in(folder_of(path))?;
        beside.write_all(&json)?;
        beside.as_file().sync_all()?;
        Ok(beside)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "KeyRing({} keys, active {})",
            self.keys.len(),
            self.active
        )
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RingFile {
    active: String,
    keys: BTreeMap<String, String>,
    fingerprint: String,
}

impl Drop for RingFile {
    fn drop(&mut self) {
        self.keys.values_mut().for_each(String::zeroize);
        self.fingerprint.zeroize();
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// A name is on disk only when its folder is.
fn sync_folder(path: &Path) -> Result<(), KeyRingError> {
    std::fs::File::open(folder_of(path))?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn same_keys(a: &KeyRing, b: &KeyRing) -> bool {
        a.active == b.active && a.keys == b.keys && a.fingerprint == b.fingerprint
    }

    #[test]
    fn a_saved_ring_loads_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring.json");
        let ring = KeyRing::generate().unwrap();
        ring.save(&path).unwrap();
        assert!(same_keys(&KeyRing::load(&path).unwrap(), &ring));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_file_also_after_rotation() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring.json");
        KeyRing::generate().unwrap().save(&path).unwrap();
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        KeyRing::rotate_file(&path).unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn saving_refuses_to_overwrite_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring.json");
        let first = KeyRing::generate().unwrap();
        first.save(&path).unwrap();
        let second = KeyRing::generate().unwrap();
        assert!(matches!(second.save(&path), Err(KeyRingError::Exists)));
        assert!(same_keys(&KeyRing::load(&path).unwrap(), &first));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn rotation_keeps_the_old_keys_and_the_fingerprint_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring.json");
        let before = KeyRing::generate().unwrap();
        before.save(&path).unwrap();
        KeyRing::rotate_file(&path).unwrap();
        let after = KeyRing::load(&path).unwrap();
        assert_eq!(after.active().as_str(), "k2");
        assert_eq!(
            after.keys.get(before.active()),
            before.keys.get(before.active())
        );
        assert_eq!(after.fingerprint, before.fingerprint);
    }

    #[test]
    fn purposes_and_keys_all_have_different_sub_keys() {
        let mut ring = KeyRing::generate().unwrap();
        ring.rotate().unwrap();
        let purposes = [
            Purpose::Queue,
            Purpose::Database,
            Purpose::Token,
            Purpose::Node,
            Purpose::Signature,
            Purpose::Fingerprint,
        ];
        let mut seen: Vec<[u8; 32]> = purposes
            .into_iter()
            .flat_map(|purpose| {
                let keys = ring.sub_keys(purpose).unwrap();
                keys.iter()
                    .map(|(_, key)| *key.expose())
                    .collect::<Vec<_>>()
            })
            .collect();
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!((seen.len(), all), (11, 11));
    }

    #[test]
    fn a_master_key_gives_the_same_ring_each_time() {
        let key = SecretString::from(STANDARD.encode([7_u8; 32]));
        let (a, b) = (
            KeyRing::from_master_key(&key).unwrap(),
            KeyRing::from_master_key(&key).unwrap(),
        );
        assert!(same_keys(&a, &b));
        assert_ne!(a.fingerprint.expose(), &[7_u8; 32]);
    }

    #[test]
    fn refuses_short_keys_and_a_missing_active_key() {
        let short = SecretString::from(STANDARD.encode([7_u8; 31]));
        assert!(matches!(
            KeyRing::from_master_key(&short),
            Err(KeyRingError::Malformed(_))
        ));
        let key = STANDARD.encode([7_u8; 32]);
        let ring = format!(r#"{{"active":"k2","keys":{{"k1":"{key}"}},"fingerprint":"{key}"}}"#);
        assert!(matches!(
            KeyRing::from_json(ring.as_bytes()),
            Err(KeyRingError::Malformed(_))
        ));
    }

    #[test]
    fn neither_debug_nor_errors_show_a_key() {
        let text = STANDARD.encode([7_u8; 32]);
        let ring = KeyRing::from_master_key(&SecretString::from(text.clone())).unwrap();
        let shown = format!(
            "{ring:?} {:?} {:?}",
            ring.fingerprint,
            ring.sub_keys(Purpose::Token)
        );
        assert!(!shown.contains(&text));
        let error = KeyRing::from_json(format!(r#"{{"active":"{text}"}}"#).as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&text));
    }
}
