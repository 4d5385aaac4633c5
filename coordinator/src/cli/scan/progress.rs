//! The progress bar.
//!
//! Owns when there is one (standard error is a terminal) and leaving the terminal as it was, also on Ctrl-C.
//! **Invariant:** shows counts only: no path, no finding.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::walk::Entry;

const BAR: &str = "{bar:30} {decimal_bytes}/{decimal_total_bytes} {msg}";
const UNKNOWN_LENGTH: &str = "{spinner} {decimal_bytes} {msg}";
/// What a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// How far the scan is.
pub(super) struct Progress {
    bar: ProgressBar,
    all_files: usize,
    files: AtomicU64,
    findings: AtomicU64,
}

impl Progress {
    /// Starts the bar if somebody can see it and wants it.
    ///
    /// # Errors
    /// The handler of Ctrl-C cannot be set.
    pub(super) fn start(
        entries: &[Entry],
        max_file_bytes: u64,
        unwanted: bool,
    ) -> anyhow::Result<Self> {
        let mut progress = Self::hidden();
        if unwanted || !io::stderr().is_terminal() {
            return Ok(progress);
        }
        let bytes = entries
            .iter()
            .map(|entry| entry.bytes.min(max_file_bytes))
            .sum();
        let template = if bytes == 0 { UNKNOWN_LENGTH } else { BAR };
        let style = ProgressStyle::with_template(template).context("cannot draw a progress bar")?;
        progress.bar = ProgressBar::new(bytes).with_style(style);
        progress.all_files = entries.len();
        progress.bar.enable_steady_tick(Duration::from_millis(200));
        leave_clean_when_interrupted(progress.bar.clone())?;
        Ok(progress)
    }

    /// Counts, and shows nothing.
    pub(super) fn hidden() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            all_files: 0,
            files: AtomicU64::new(0),
            findings: AtomicU64::new(0),
        }
    }

    /// Some bytes were read.
    pub(super) fn read(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// A file is done; `unread` bytes of it were expected and not needed.
    pub(super) fn finished(&self, unread: u64, findings: usize) {
        self.bar.inc(unread);
        if self.bar.is_hidden() {
            return;
        }
        let found = u64::try_from(findings).unwrap_or(u64::MAX);
        let files = self.files.fetch_add(1, Ordering::Relaxed) + 1;
        let findings = self.findings.fetch_add(found, Ordering::Relaxed) + found;
        self.bar.set_message(format!(
            "{files}/{} files, {findings} findings",
            self.all_files
        ));
    }

    /// Removes the bar.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Nothing but the bar needs cleaning up: a scan writes no files.
fn leave_clean_when_interrupted(bar: ProgressBar) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot listen for Ctrl-C")?;
    // Ends with the process: there is nothing to wait for.
    thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            bar.finish_and_clear();
            std::process::exit(INTERRUPTED);
        }
    });
    Ok(())
}
