//! How much a scan looks at, counted where a clock would tell of the machine.
//!
//! Owns the count of bytes that this thread's scans have gone over: each text and view once, and every stretch
//! that a pattern is tried on. Leaves what the filter does at a byte to the benchmark. Only tests count.
//! **Invariant:** outside of tests it is nothing.

use std::ops::Range;

#[cfg(test)]
std::thread_local! {
    static BYTES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A text or a view is gone over.
pub(super) fn of_text(text: &str) {
    add(text.len());
}

/// A pattern is tried on `range`; it stops at the end of a hit.
pub(super) fn of_search(range: &Range<usize>, hit: Option<&Range<usize>>) {
    let end = hit.map_or(range.end, |hit| hit.end);
    add(end.saturating_sub(range.start).max(1));
}

#[cfg(test)]
fn add(bytes: usize) {
    BYTES.set(BYTES.get() + bytes);
}

#[cfg(not(test))]
#[inline]
fn add(_: usize) {}

/// The count since it was asked last.
#[cfg(test)]
pub(super) fn spent() -> usize {
    BYTES.take()
}
