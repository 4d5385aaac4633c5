//! A reader that knows what went through it.
//!
//! Owns counting, telling the progress bar, and noticing whether the bytes are plain UTF-8: only then do
//! offsets in the decoded text equal offsets in the file.
//! **Invariant:** bytes pass unchanged, and nothing of them is kept but an unfinished character.

use std::io::{self, Read};
use std::str;

use super::progress::Progress;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Counts, and watches the encoding.
pub(super) struct Metered<'p, R> {
    inner: R,
    progress: &'p Progress,
    read: u64,
    is_utf8: bool,
    /// The start of a character whose rest has not come yet.
    unfinished: Vec<u8>,
}

impl<'p, R: Read> Metered<'p, R> {
    pub(super) fn new(inner: R, progress: &'p Progress) -> Self {
        Self {
            inner,
            progress,
            read: 0,
            is_utf8: true,
            unfinished: Vec::new(),
        }
    }

    /// Bytes read.
    pub(super) fn read_bytes(&self) -> u64 {
        self.read
    }

    /// Whether all that was read is UTF-8 without a byte order mark.
    pub(super) fn is_plain_utf8(&self) -> bool {
        self.is_utf8
    }

    fn watch(&mut self, bytes: &[u8]) {
        if !self.is_utf8 {
            return;
        }
        let at_start = usize::try_from(self.read).is_ok_and(|read| read == self.unfinished.len());
        let joined;
        let bytes = if self.unfinished.is_empty() {
            bytes
        } else {
            joined = [self.unfinished.as_slice(), bytes].concat();
            &joined
        };
        if at_start && bytes.starts_with(BYTE_ORDER_MARK) {
            self.is_utf8 = false;
            return;
        }
        match str::from_utf8(bytes) {
            Ok(_) => self.unfinished.clear(),
            Err(error) if error.error_len().is_none() => {
                self.unfinished = bytes.iter().copied().skip(error.valid_up_to()).collect();
            }
            Err(_) => self.is_utf8 = false,
        }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.watch(buffer.get(..count).unwrap_or_default());
        let bytes = u64::try_from(count).unwrap_or(u64::MAX);
        self.read += bytes;
        self.progress.read(bytes);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slow<'b>(&'b [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    fn is_plain(bytes: &[u8]) -> bool {
        let progress = Progress::hidden();
        let mut whole = Metered::new(bytes, &progress);
        let mut slow = Metered::new(Slow(bytes), &progress);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        whole.read_to_end(&mut a).unwrap();
        slow.read_to_end(&mut b).unwrap();
        assert_eq!((&a[..], &b[..]), (bytes, bytes));
        assert_eq!(whole.read_bytes(), slow.read_bytes());
        assert_eq!(whole.is_plain_utf8(), slow.is_plain_utf8());
        whole.is_plain_utf8()
    }

    #[test]
    fn characters_across_reads_are_utf8() {
        assert!(is_plain("ASCII, grün, 表, 🦀".as_bytes()));
        assert!(is_plain(b""));
    }

    #[test]
    fn other_encodings_and_a_byte_order_mark_are_not_plain() {
        assert!(!is_plain(b"gr\xfcn is Latin-1"));
        assert!(!is_plain(b"\xff\xfea\0b\0"));
        assert!(!is_plain(b"\xef\xbb\xbfwith a mark"));
        assert!(is_plain("a mark \u{feff} inside".as_bytes()));
    }
}
