//! All files, on all cores.
//!
//! Owns the threads. Files are handed out from one shared cursor over the sorted list: nothing is queued,
//! and a thread that is done takes the next file.
//! **Invariant:** reports come in the order of the list, whichever thread made them.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context as _;
use scanner_node::detect::Scratch;

use super::examine::Examiner;
use super::progress::Progress;
use super::report::FileReport;
use super::walk::Entry;

/// Examines every entry.
///
/// # Errors
/// A thread panicked.
pub(super) fn examine_all(
    examiner: &Examiner<'_>,
    entries: &[Entry],
    progress: &Progress,
) -> anyhow::Result<Vec<FileReport>> {
    let cursor = AtomicUsize::new(0);
    let work = || {
        let (mut scratch, mut done) = (Scratch::new(), Vec::new());
        loop {
            let index = cursor.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = entries.get(index) else {
                return done;
            };
            done.push((index, examiner.examine(entry, &mut scratch, progress)));
        }
    };
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(entries.len());
    let joined: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        started
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect()
    });
    let mut reports = Vec::with_capacity(entries.len());
    for done in joined {
        reports.extend(done.ok().context("a scanning thread panicked")?);
    }
    reports.sort_by_key(|(index, _)| *index);
    Ok(reports.into_iter().map(|(_, report)| report).collect())
}
