//! `weir audit`: proving the trail of deeds, and taking it elsewhere.
//!
//! Reads beside a running server, and changes nothing. A file that was exported is proved without a database:
//! by this machine's key ring, or by public keys that somebody kept.
//! **Invariant:** exit code 0 says that everything holds, 1 that something does not.

use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use shared::clock::{SharedClock, SystemClock};
use shared::seal::{SignatureVerifier, Signer};

use super::{Exit, Global, print};
use crate::config::{self, CoordinatorConfig};
use crate::domain::chain::{Break, BreakKind};
use crate::keys;
use crate::store::{Store, audit};
use crate::trail::{self, Examiner, Exported, Scope, Verdict};

/// What to do with the trail.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Prove that no entry was altered, taken away or moved; exit code 1 if one was
    Verify {
        /// An exported trail instead of the database; `-` for standard input
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// A public key to trust instead of the key ring, as `weir audit keys` prints it
        #[arg(long = "key", value_name = "NAME=BASE64", requires = "file")]
        keys: Vec<String>,
    },
    /// Print the trail as lines of JSON, with its checkpoints
    Export,
    /// Print the public keys that check the trail's signatures: keep them elsewhere
    Keys,
}

pub(super) fn run(args: AuditArgs, global: &Global) -> anyhow::Result<Exit> {
    match args.command {
        AuditCommand::Verify {
            file: Some(file),
            keys,
        } => {
            let keys = if keys.is_empty() {
                ring_keys(&config::load(global.config.clone())?)?
            } else {
                given_keys(&keys)?
            };
            told(&examine_file(&file, &keys)?)
        }
        AuditCommand::Verify { file: None, .. } => {
            let verdict = with_store(global, async |config, store| {
                let keys = ring_keys(&config)?;
                let clock: SharedClock = Arc::new(SystemClock);
                Ok(trail::verify(&store, &keys, Scope::default(), &clock).await?)
            })?;
            told(&verdict)
        }
        AuditCommand::Export => {
            with_store(global, async |_config, store| export(&store).await)?;
            Ok(Exit::Success)
        }
        AuditCommand::Keys => {
            let keys = ring_keys(&config::load(global.config.clone())?)?;
            for (name, key) in keys.keys() {
                print(&format!("{name}={}", STANDARD.encode(key)))?;
            }
            Ok(Exit::Success)
        }
    }
}

fn with_store<T>(
    global: &Global,
    work: impl AsyncFnOnce(CoordinatorConfig, Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let config = config::load(global.config.clone())?;
    // Reading and hashing go on at once.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = Store::connect_reader(config.database.options(), Arc::new(SystemClock))
            .await
            .context("the database cannot be opened: look at WEIR_DATABASE__URL")?;
        work(config, store).await
    })
}

fn ring_keys(config: &CoordinatorConfig) -> anyhow::Result<SignatureVerifier> {
    Ok(Signer::new(&keys::ring(&config.secrets)?)?
        .verifier()
        .clone())
}

fn given_keys(given: &[String]) -> anyhow::Result<SignatureVerifier> {
    let mut keys = Vec::with_capacity(given.len());
    for key in given {
        let (name, key) = key
            .split_once('=')
            .context("a key is NAME=BASE64, as `weir audit keys` prints it")?;
        let bytes = STANDARD
            .decode(key)
            .ok()
            .and_then(|key| key.try_into().ok());
        let bytes = bytes.with_context(|| format!("the key {name} is not 32 bytes in base64"))?;
        keys.push((name.to_owned(), bytes));
    }
    Ok(SignatureVerifier::of(keys))
}

/// Proves an exported trail; one that begins later begins behind its first checkpoint.
fn examine_file(path: &Path, keys: &SignatureVerifier) -> anyhow::Result<Verdict> {
    let reader: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        let file = File::open(path).with_context(|| format!("{}", path.display()))?;
        let length = file.metadata().map_or(0, |about| about.len());
        let bar = ProgressBar::new(length);
        Box::new(BufReader::with_capacity(1 << 20, bar.wrap_read(file)))
    };
    let mut examiner: Option<Examiner<'_>> = None;
    for (at, line) in reader.lines().enumerate() {
        let line = line.context("the file cannot be read")?;
        let exported = trail::read_line(&line).with_context(|| format!("line {}", at + 1))?;
        match exported {
            Exported::Checkpoint(checkpoint) => match &mut examiner {
                Some(examiner) => examiner.expect([checkpoint]),
                None => examiner = Some(Examiner::before_any(keys, checkpoint)),
            },
            Exported::Entry(entry) => examiner
                .get_or_insert_with(|| Examiner::whole(keys))
                .entry(&entry),
        }
    }
    let Some(mut examiner) = examiner else {
        bail!("the file holds no entry");
    };
    examiner.end_of_file();
    Ok(examiner.verdict())
}

async fn export(store: &Store) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut after = 0;
    loop {
        let (entries, checkpoints) = store
            .read(move |conn| {
                let entries = audit::segment(conn, after, 1_000)?;
                let last = entries.last().map_or(after, |last| last.seq);
                Ok((entries, audit::checkpoints_between(conn, after, last)?))
            })
            .await?;
        for checkpoint in &checkpoints {
            writeln!(out, "{}", trail::checkpoint_line(checkpoint)?)?;
        }
        for entry in &entries {
            writeln!(out, "{}", trail::entry_line(entry)?)?;
        }
        match entries.last() {
            Some(last) => after = last.seq,
            None => return Ok(out.flush()?),
        }
    }
}

fn told(verdict: &Verdict) -> anyhow::Result<Exit> {
    let looked_at = match verdict.to.checked_sub(verdict.from) {
        Some(more) => format!("entries {} to {} ({})", verdict.from, verdict.to, more + 1),
        None => "no entry".to_owned(),
    };
    let signed = match (
        verdict.signed_to,
        verdict.to.saturating_sub(verdict.signed_to),
    ) {
        (0, _) => "not signed yet".to_owned(),
        (to, 0) => format!("signed to its end, {to}"),
        (to, more) => format!("signed up to {to}, {more} not signed yet"),
    };
    match verdict.broken {
        None => {
            print(&format!(
                "the audit trail holds: {looked_at}, {} checkpoints, {signed}",
                verdict.checkpoints
            ))?;
            Ok(Exit::Success)
        }
        Some(found) => {
            print(&format!(
                "the audit trail is BROKEN at entry {}: {}\nbefore that it holds: {looked_at}, {} checkpoints, {signed}",
                found.seq,
                described(found),
                verdict.checkpoints
            ))?;
            Ok(Exit::Found)
        }
    }
}

fn described(found: Break) -> String {
    match found.kind {
        BreakKind::Altered => "it was altered, or put in".to_owned(),
        BreakKind::Missing => "it is missing".to_owned(),
        BreakKind::Reordered { found_at } => format!("it was moved, and stands at {found_at}"),
        BreakKind::Forged => "the trail up to here is not the one that was signed".to_owned(),
        BreakKind::BadSignature => "its checkpoint is not signed by a key that is known".to_owned(),
    }
}
