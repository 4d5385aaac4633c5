//! The key ring a coordinator works with, and the keys made from it.
//!
//! Owns finding or making the ring, and the split of the token sub-key by use.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use aws_lc_rs::hmac;
use scanner_node::detect::IndexKeys;
use shared::config::SecretsConfig;
use shared::seal::{KeyRing, LookupKeys, Purpose};

/// Where the ring is if nothing else is said; made there on the first start.
pub const DEFAULT_RING: &str = "weir-data/keyring.json";

/// Keys for tokens, and for what must be looked up and not read. Each is of its own: a cursor can never pass
/// for a session.
pub struct TokenKeys {
    /// Signs access tokens.
    pub access: [u8; 32],
    /// Hashes refresh and API tokens.
    pub opaque: [u8; 32],
    /// Seals cursors.
    pub cursor: [u8; 32],
    /// Hashes addresses.
    pub address: [u8; 32],
}

/// The ring that is configured; the default one is made if it is not there.
///
/// # Errors
/// The ring is missing where it was said to be, or malformed.
pub fn ring(config: &SecretsConfig) -> anyhow::Result<KeyRing> {
    if let Some(key) = &config.master_key {
        return KeyRing::from_master_key(key).context("WEIR_SECRETS__MASTER_KEY");
    }
    if let Some(path) = &config.keyring_file {
        return KeyRing::load(path).with_context(|| {
            format!(
                "the key ring {} cannot be read: `weir keys generate` makes one",
                path.display()
            )
        });
    }
    let path = Path::new(DEFAULT_RING);
    if path.exists() {
        return KeyRing::load(path).with_context(|| format!("the key ring {DEFAULT_RING}"));
    }
    let ring = KeyRing::generate()?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    ring.save(path)
        .with_context(|| format!("the key ring {DEFAULT_RING} cannot be written"))?;
    tracing::warn!(
        path = DEFAULT_RING,
        "new key ring: back it up, nothing sealed opens without it"
    );
    Ok(ring)
}

/// The keys for tokens.
///
/// # Errors
/// The ring has no active key, or the library fails.
pub fn token_keys(ring: &KeyRing) -> anyhow::Result<TokenKeys> {
    let keys = ring.sub_keys(Purpose::Token)?;
    let (_, key) = keys.active().context("the key ring has no active key")?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    let derive = |label: &str| -> anyhow::Result<[u8; 32]> {
        Ok(<[u8; 32]>::try_from(
            hmac::sign(&key, label.as_bytes()).as_ref(),
        )?)
    };
    Ok(TokenKeys {
        access: derive("access")?,
        opaque: derive("opaque")?,
        cursor: derive("cursor")?,
        address: derive("address")?,
    })
}

/// The keys of rows and documents that admins registered.
///
/// # Errors
/// The ring has no active key, or the library fails.
pub fn index_keys(ring: &KeyRing) -> anyhow::Result<IndexKeys> {
    Ok(scanner_node::index_keys::index_keys(&LookupKeys::new(
        ring,
    )?))
}

/// The folder that a storage URL names.
///
/// # Errors
/// The URL names something else.
pub fn folder_of(url: &str) -> anyhow::Result<PathBuf> {
    match url.strip_prefix("file://") {
        Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => bail!(
            "WEIR_STORAGE__URL must be file://PATH: this version keeps blobs in a folder only"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_for_tokens_differ_and_come_back() {
        let ring = KeyRing::generate().unwrap();
        let (one, two) = (token_keys(&ring).unwrap(), token_keys(&ring).unwrap());
        assert_eq!(one.access, two.access);
        assert_ne!(one.access, one.opaque);
        assert_ne!(one.opaque, one.cursor);
        assert_ne!(one.cursor, one.address);
    }

    #[test]
    fn storage_is_a_folder() {
        assert_eq!(
            folder_of("file://weir-data/blobs").unwrap(),
            PathBuf::from("weir-data/blobs")
        );
        assert!(folder_of("s3://bucket/prefix").is_err());
    }
}
