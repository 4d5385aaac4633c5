//! Long files take no more memory than short ones. A process of its own: the peak is the process's.
#![cfg(target_os = "linux")]

use std::io::{self, Read};

use scanner_node::detect::{Engine, Scratch, builtin};
use scanner_node::extract::{Hint, Limits};
use scanner_node::scan::scan_reader;

/// Bytes of which the stream consists, over and over.
const LINE: &[u8] =
    "the invoice for März is attached, please ask Ana about order no 12\n".as_bytes();
const SHORT: u64 = 8 << 20;
const LONG: u64 = 64 << 20;
/// Kilobytes by which the peak may grow: what the allocator does on the way.
const MAY_GROW_KB: u64 = 2 << 10;

/// Scans a stream of so many bytes.
#[cfg(test)]
fn scan(engine: &Engine, scratch: &mut Scratch, bytes: u64) {
    let mut stream = Lines { at: 0 }.take(bytes);
    let hint = Hint {
        name: Some("a.txt".to_owned()),
        media_type: None,
    };
    let limits = Limits::default();
    let source = (&mut stream as &mut dyn Read, &hint);
    let summary = scan_reader(engine, scratch, source, &limits, &mut |_| {}).unwrap();
    assert!(summary.scanned_bytes >= bytes);
}

/// The most memory that was ever resident, in kilobytes.
#[cfg(test)]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

#[test]
fn eight_times_the_file_takes_the_same_memory() {
    let engine = Engine::compile(&builtin().unwrap()).unwrap();
    let mut scratch = Scratch::new();
    scan(&engine, &mut scratch, SHORT);
    let short = peak();
    scan(&engine, &mut scratch, LONG);
    let long = peak();
    println!("{short} kB for the short one, {long} kB for the long one");
    assert!(long - short <= MAY_GROW_KB, "from {short} to {long} kB");
}

struct Lines {
    at: usize,
}

#[cfg(test)]
impl Read for Lines {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        for byte in into.iter_mut() {
            *byte = LINE[self.at];
            self.at = (self.at + 1) % LINE.len();
        }
        Ok(into.len())
    }
}
