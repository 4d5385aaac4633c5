//! How much memory a file takes, however long it is.
//!
//! Owns the stream, which is made as it is read, and the two measurements, each in a process of its own.
//! **Invariant:** nothing of the stream is kept, here or on a disk.

use std::io::{self, Read};
use std::process::Command;

use anyhow::{Context, ensure};
use scanner_node::detect::{Engine, Scratch};
use scanner_node::extract::{Hint, Limits};
use scanner_node::scan::scan_reader;
use shared::content::TextUnit;

use crate::measure::{peak_megabytes, processor_time, seconds_since};
use crate::{Corpus, say};

/// Prints a row for each length, in megabytes.
pub(crate) fn table(lengths: &[u64]) -> anyhow::Result<()> {
    say("\n    stream MB   peak RSS MB   MB per processor second   findings")?;
    for length in lengths {
        let output = Command::new(std::env::current_exe()?)
            .args(["--stream", &length.to_string()])
            .output()?;
        ensure!(
            output.status.success(),
            "{length} MB: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        say(String::from_utf8_lossy(&output.stdout).trim_end())?;
    }
    Ok(())
}

/// One row: what a stream of so many megabytes takes.
pub(crate) fn row(engine: &Engine, megabytes: u64, corpus: &Corpus) -> anyhow::Result<String> {
    let mut scratch = Scratch::new();
    let text = clean(engine, &mut scratch, corpus);
    ensure!(!text.is_empty(), "nothing of the text is clean");
    let mut stream = Stream {
        text: text.into_bytes(),
        at: 0,
        left: megabytes * 1_000_000,
    };
    let limits = Limits {
        total_bytes: u64::MAX,
        ..Limits::default()
    };
    let hint = Hint {
        name: Some("stream.txt".to_owned()),
        media_type: None,
    };
    let started = processor_time();
    let source = (&mut stream as &mut dyn Read, &hint);
    let summary = scan_reader(engine, &mut scratch, source, &limits, &mut |_| {})?;
    let seconds = seconds_since(started);
    ensure!(
        summary.scanned_bytes >= megabytes * 1_000_000,
        "only {} bytes were scanned",
        summary.scanned_bytes
    );
    let peak = peak_megabytes().context("there is no /proc to read the peak from")?;
    let speed = f64::from(u32::try_from(megabytes)?) / seconds;
    Ok(format!(
        "{megabytes:>13} {peak:>13.1} {speed:>25.1} {:>10}",
        summary.findings
    ))
}

/// The lines in which nothing is found, one beside the other: whoever finds too much stops, and such a stream is
/// read to its end.
fn clean(engine: &Engine, scratch: &mut Scratch, corpus: &Corpus) -> String {
    let units = corpus.units.iter();
    let mut text: String = units.flat_map(|unit| [unit.text.as_str(), "\n"]).collect();
    loop {
        // Twice, so that the end stands before the beginning too.
        let unit = TextUnit::plain(text.repeat(2));
        let scan = engine.scan(&unit, scratch);
        if scan.matches.is_empty() {
            return text;
        }
        let hits = scan
            .matches
            .iter()
            .map(|found| found.span.start % text.len().max(1));
        let mut hits: Vec<usize> = hits.collect();
        hits.sort_unstable();
        let mut kept = String::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let end = at + line.len();
            let first = hits.partition_point(|hit| *hit < at);
            if hits.get(first).is_none_or(|hit| *hit >= end) {
                kept.push_str(line);
            }
            at = end;
        }
        text = kept;
    }
}

/// A text over and over.
struct Stream {
    text: Vec<u8>,
    at: usize,
    left: u64,
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(into.len());
        let rest = self.text.get(self.at..).unwrap_or_default();
        let given = rest.len().min(most);
        for (to, from) in into.iter_mut().zip(rest.iter().take(given)) {
            *to = *from;
        }
        self.at = (self.at + given) % self.text.len().max(1);
        self.left -= u64::try_from(given).unwrap_or(0);
        Ok(given)
    }
}
