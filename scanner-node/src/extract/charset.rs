//! From bytes to text.
//!
//! Owns which encoding a file is in and decoding it as a stream, up to the size limit. Bytes that the
//! encoding does not know become U+FFFD; offsets are counted in the decoded text.
//! **Invariant:** what it hands on is UTF-8, and never more of the file than the limit.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes looked at before deciding anything.
const HEAD_BYTES: usize = 16 << 10;

/// Reads the first bytes, fewer only at the end.
pub(super) fn read_head(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    input
        .take(u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX))
        .read_to_end(&mut head)?;
    Ok(head)
}

/// The encoding of a text that starts with `head`; none if it is no text.
pub(super) fn of(head: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Some(encoding);
    }
    if let Some(encoding) = utf16_by_zeros(head) {
        return Some(encoding);
    }
    let controls = head.iter().filter(|byte| is_control(**byte)).count();
    if head.contains(&0) || controls * 20 > head.len() {
        return None;
    }
    if std::str::from_utf8(head).is_ok_and(|_| true)
        || std::str::from_utf8(head).is_err_and(|error| error.error_len().is_none())
    {
        return Some(UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(head, head.len() < HEAD_BYTES);
    Some(detector.guess(None, Utf8Detection::Allow))
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x08 | 0x0c | 0x1b)
}

/// UTF-16 without a mark: of Latin text every second byte is zero.
fn utf16_by_zeros(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |parity: usize| {
        head.iter()
            .skip(parity)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let pairs = head.len() / 2;
    if pairs >= 2 && odd * 10 >= pairs * 4 && even * 20 <= pairs {
        return Some(UTF_16LE);
    }
    (pairs >= 2 && even * 10 >= pairs * 4 && odd * 20 <= pairs).then_some(UTF_16BE)
}

/// A file as text, piece by piece.
pub(super) struct Decoded<'a> {
    raw: Vec<u8>,
    input: &'a mut dyn Read,
    decoder: Decoder,
    text: String,
    /// Bytes of `text` that were consumed.
    used: usize,
    left: u64,
    ended: bool,
    cut: bool,
}

impl<'a> Decoded<'a> {
    /// Decodes `head` and what follows it in `input`, at most `limit` bytes together.
    pub(super) fn new(
        head: Vec<u8>,
        input: &'a mut dyn Read,
        encoding: &'static Encoding,
        limit: u64,
    ) -> Self {
        Self {
            raw: head,
            input,
            decoder: encoding.new_decoder_with_bom_removal(),
            text: String::new(),
            used: 0,
            left: limit,
            ended: false,
            cut: false,
        }
    }

    /// Text that was not consumed yet; empty at the end.
    pub(super) fn fill(&mut self) -> io::Result<&str> {
        while self.used == self.text.len() && !self.ended {
            self.decode_next()?;
        }
        Ok(self.text.get(self.used..).unwrap_or_default())
    }

    /// Takes `bytes` of what [`Self::fill`] showed, up to a character boundary.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.used = self
            .text
            .ceil_char_boundary(self.used.saturating_add(bytes));
    }

    /// Whether the file went on after the limit.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    fn decode_next(&mut self) -> io::Result<()> {
        if self.raw.is_empty() {
            let chunk = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
            (&mut *self.input).take(chunk).read_to_end(&mut self.raw)?;
        }
        let last = self.raw.is_empty();
        let allowed = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(self.raw.len());
        self.cut = allowed < self.raw.len();
        self.raw.truncate(allowed);
        self.left -= u64::try_from(allowed).unwrap_or(self.left);
        self.ended = last || self.cut;
        self.text.clear();
        self.used = 0;
        let room = self
            .decoder
            .max_utf8_buffer_length(self.raw.len())
            .unwrap_or(0);
        self.text.reserve(room);
        let _outcome = self
            .decoder
            .decode_to_string(&self.raw, &mut self.text, self.ended);
        self.raw.clear();
        Ok(())
    }
}

/// The decoded text as bytes, for readers that want them.
impl Read for Decoded<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let text = self.fill()?;
        let mut from = text.as_bytes();
        if from.len() > into.len() {
            let whole = text.floor_char_boundary(into.len());
            from = text.as_bytes().get(..whole).unwrap_or_default();
        }
        let bytes = from.len();
        if let Some(room) = into.get_mut(..bytes) {
            room.copy_from_slice(from);
        }
        self.consume(bytes);
        Ok(bytes)
    }
}
