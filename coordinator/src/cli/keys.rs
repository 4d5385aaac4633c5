//! `weir keys`: making, rotating and handing out keys.
//!
//! Owns which key ring is meant and what people are told to do next. How keys look and rest is for
//! `shared::seal`.
//! **Invariant:** a key is printed by `export-node` only, and no key ring is ever overwritten.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use scanner_node::detect::IndexKeys;
use shared::config::SecretsConfig;
use shared::detector::{DetectorSpec, Kind};
use shared::seal::{KeyRing, NodeKey};
use shared::secret::{ExposeSecret as _, SecretString};

use super::{Exit, Global, print};
use crate::config;
use crate::keys::DEFAULT_RING;

/// Which ring, and what to do with it.
#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    /// File of the key ring [default: `secrets.keyring_file` of the configuration, else weir-data/keyring.json]
    #[arg(long, global = true, value_name = "FILE")]
    keyring: Option<PathBuf>,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum KeysCommand {
    /// Make a key ring with one key; refuses to overwrite a file
    Generate,
    /// Add a key and seal with it from now on; what older keys sealed still opens
    Rotate,
    /// Print what a scanner node needs (`WEIR_NODE__KEY`); a secret
    ExportNode,
}

/// Where the keys are.
enum Keys {
    Ring(PathBuf),
    Master(SecretString),
}

pub(super) fn run(args: KeysArgs, global: &Global) -> anyhow::Result<Exit> {
    let keys = match args.keyring {
        Some(file) => Keys::Ring(file),
        None => configured(global)?,
    };
    match args.command {
        KeysCommand::Generate => generate(keys.ring_file()?)?,
        KeysCommand::Rotate => rotate(keys.ring_file()?)?,
        KeysCommand::ExportNode => export_node(&keys)?,
    }
    Ok(Exit::Success)
}

/// The ring of this file, or the one that is configured.
pub(super) fn ring(file: Option<PathBuf>, global: &Global) -> anyhow::Result<KeyRing> {
    let keys = match file {
        Some(file) => Keys::Ring(file),
        None => configured(global)?,
    };
    keys.load()
}

/// The keys for rows and documents, if one of these detectors looks for any, and there is a key ring.
pub(super) fn index_keys_for<'s>(
    specs: impl IntoIterator<Item = &'s DetectorSpec>,
    global: &Global,
) -> anyhow::Result<Option<IndexKeys>> {
    let mut specs = specs.into_iter();
    if !specs.any(|spec| matches!(spec.kind, Kind::ExactDataMatch | Kind::DocumentFingerprint)) {
        return Ok(None);
    }
    match configured(global)? {
        Keys::Ring(file) if file == Path::new(DEFAULT_RING) && !file.exists() => Ok(None),
        keys => crate::keys::index_keys(&keys.load()?).map(Some),
    }
}

fn configured(global: &Global) -> anyhow::Result<Keys> {
    let SecretsConfig {
        keyring_file,
        master_key,
    } = config::load(global.config.clone())?.secrets;
    match (keyring_file, master_key) {
        (Some(file), _) => Ok(Keys::Ring(file)),
        (None, Some(key)) => Ok(Keys::Master(key)),
        (None, None) => Ok(Keys::Ring(PathBuf::from(DEFAULT_RING))),
    }
}

impl Keys {
    fn ring_file(&self) -> anyhow::Result<&Path> {
        match self {
            Self::Ring(file) => Ok(file),
            Self::Master(_) => bail!(
                "secrets.master_key is set, which is one key and no ring; give --keyring FILE, or \
                 set secrets.keyring_file instead of it"
            ),
        }
    }

    fn load(&self) -> anyhow::Result<KeyRing> {
        match self {
            Self::Ring(file) => KeyRing::load(file).with_context(|| {
                let file = file.display();
                format!(
                    "cannot use the key ring {file}; make one with `weir keys generate`, or give \
                     the one of the coordinator with --keyring FILE"
                )
            }),
            Self::Master(key) => {
                KeyRing::from_master_key(key).context("cannot use secrets.master_key")
            }
        }
    }
}

fn generate(file: &Path) -> anyhow::Result<()> {
    let ring = KeyRing::generate().context("cannot make a key")?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    ring.save(file)
        .with_context(|| format!("cannot make the key ring {}", file.display()))?;
    print(&format_args!(
        "made the key ring {} with the key {}\n\
         keep a copy in a safe place: without it nothing that was sealed can be opened",
        file.display(),
        ring.active()
    ))?;
    Ok(())
}

fn rotate(file: &Path) -> anyhow::Result<()> {
    let ring = KeyRing::rotate_file(file)
        .with_context(|| format!("cannot rotate the key ring {}", file.display()))?;
    print(&format_args!(
        "{} now seals, in the ring {}; older keys stay, to open what they sealed\n\
         restart the coordinator, and give scanner nodes the key that `weir keys export-node` prints",
        ring.active(),
        file.display()
    ))?;
    Ok(())
}

fn export_node(keys: &Keys) -> anyhow::Result<()> {
    let key = NodeKey::new(&keys.load()?).context("cannot derive the node key")?;
    let text = key.export().context("cannot write the node key")?;
    print(&text.expose_secret())?;
    Ok(())
}
