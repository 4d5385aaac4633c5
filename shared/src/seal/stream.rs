//! Sealed streams: uploads and originals of any length, sealed and opened piece by piece.
//!
//! Owns the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): chunks of 64 KiB under a key of
//! the stream's own, each bound to its number and to whether it is the last. The head is that of `sealer`.
//! **Invariant:** a chunk that is changed, missing, doubled, moved or after the end breaks the stream; what
//! came before it has been given out by then, so a reader must not act on a stream before its end.

use std::fmt;
use std::io::{self, Read, Write};

use aws_lc_rs::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use zeroize::{Zeroize as _, Zeroizing};

use super::SealError;
use super::sealer::{Form, Sealer, TAG_LEN, open_body};

/// Bytes of plain text in each chunk but the last.
const CHUNK_LEN: usize = 64 * 1024;

/// Seals what is pushed.
pub struct StreamSealer {
    chunks: Chunks,
    pending: Zeroizing<Vec<u8>>,
}

/// Opens what is pushed.
pub struct StreamOpener {
    sealer: Sealer,
    aad: Vec<u8>,
    /// `None` until the whole head is there.
    chunks: Option<Chunks>,
    pending: Vec<u8>,
}

/// Seals what is written to it. [`Self::finish`] writes the end; without it the stream does not open.
pub struct SealWriter<W> {
    sealer: StreamSealer,
    sealed: Vec<u8>,
    inner: W,
}

/// Opens what it reads: the end of the plain text is given only if the sealed stream is whole.
pub struct OpenReader<R> {
    /// `None` after the end.
    opener: Option<StreamOpener>,
    inner: R,
    plain: Zeroizing<Vec<u8>>,
    given: usize,
}

struct Chunks {
    key: LessSafeKey,
    aad: Vec<u8>,
    next: u64,
}

#[derive(Clone, Copy)]
enum Place {
    Inner = 0,
    Last = 1,
}

impl StreamSealer {
    /// Begins a stream bound to `aad`; its head goes to `out`.
    ///
    /// # Errors
    /// [`SealError::Crypto`] without randomness; transient.
    pub fn new(sealer: &Sealer, aad: &[u8], out: &mut Vec<u8>) -> Result<Self, SealError> {
        let key = sealer.begin(Form::Stream, out)?;
        let pending = Zeroizing::new(Vec::with_capacity(CHUNK_LEN));
        Ok(Self {
            chunks: Chunks::new(key, aad),
            pending,
        })
    }

    /// Seals `plain`; whole chunks go to `out`.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails.
    pub fn push(&mut self, mut plain: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        while !plain.is_empty() {
            // A full chunk is sealed only when more follows: it might be the last.
            if self.pending.len() == CHUNK_LEN {
                self.chunks.seal(Place::Inner, &mut self.pending, out)?;
            }
            let free = CHUNK_LEN - self.pending.len();
            let (now, later) = plain.split_at_checked(free).unwrap_or((plain, &[]));
            self.pending.extend_from_slice(now);
            plain = later;
        }
        Ok(())
    }

    /// Writes the last chunk to `out`.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the library fails.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), SealError> {
        self.chunks.seal(Place::Last, &mut self.pending, out)
    }
}

impl StreamOpener {
    /// Begins to open a stream bound to `aad`.
    pub fn new(sealer: &Sealer, aad: &[u8]) -> Self {
        Self {
            sealer: sealer.clone(),
            aad: aad.to_vec(),
            chunks: None,
            pending: Vec::new(),
        }
    }

    /// Opens `sealed`; whole chunks go to `out`.
    ///
    /// # Errors
    /// As [`Sealer::open`]. The stream is lost then.
    pub fn push(&mut self, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        self.pending.extend_from_slice(sealed);
        if self.chunks.is_none() {
            let Some((key, head, _)) = self.sealer.resume(Form::Stream, &self.pending)? else {
                return Ok(());
            };
            let head = head.len();
            self.chunks = Some(Chunks::new(key, &self.aad));
            self.pending.drain(..head);
        }
        let Some(chunks) = self.chunks.as_mut() else {
            return Ok(());
        };
        // As in sealing: a full chunk is an inner one only when more follows.
        let mut opened = 0;
        while let Some(chunk) = self.pending.get(opened..opened + CHUNK_LEN + TAG_LEN) {
            if self.pending.len() == opened + chunk.len() {
                break;
            }
            chunks.open(Place::Inner, chunk, out)?;
            opened += chunk.len();
        }
        self.pending.drain(..opened);
        Ok(())
    }

    /// Opens the last chunk to `out`.
    ///
    /// # Errors
    /// [`SealError::Tampered`] if this was not the end, [`SealError::Malformed`] if it never began.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), SealError> {
        let chunks = self.chunks.as_mut().ok_or(SealError::Malformed)?;
        chunks.open(Place::Last, &self.pending, out)
    }
}

impl Chunks {
    fn new(key: LessSafeKey, aad: &[u8]) -> Self {
        Self {
            key,
            aad: aad.to_vec(),
            next: 0,
        }
    }

    fn seal(
        &mut self,
        place: Place,
        plain: &mut Zeroizing<Vec<u8>>,
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        let nonce = self.nonce(place)?;
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(&self.aad), plain.as_mut_slice())
            .or(Err(SealError::Crypto))?;
        out.extend_from_slice(plain);
        out.extend_from_slice(tag.as_ref());
        plain.clear();
        Ok(())
    }

    fn open(&mut self, place: Place, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        let nonce = self.nonce(place)?;
        out.extend_from_slice(&open_body(&self.key, nonce, &self.aad, chunk)?);
        Ok(())
    }

    /// Number of the chunk, big-endian in the last bytes but one, then whether it is the last.
    fn nonce(&mut self, place: Place) -> Result<Nonce, SealError> {
        let mut nonce = [0_u8; NONCE_LEN];
        let number = self.next.to_be_bytes();
        for (byte, value) in nonce
            .iter_mut()
            .skip(3)
            .zip(number.into_iter().chain([place as u8]))
        {
            *byte = value;
        }
        self.next = self.next.checked_add(1).ok_or(SealError::Crypto)?;
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

impl<W: Write> SealWriter<W> {
    /// Begins a stream bound to `aad` that is written to `inner`.
    ///
    /// # Errors
    /// [`SealError::Crypto`] without randomness.
    pub fn new(sealer: &Sealer, aad: &[u8], inner: W) -> Result<Self, SealError> {
        let mut head = Vec::new();
        let sealer = StreamSealer::new(sealer, aad, &mut head)?;
        Ok(Self {
            sealer,
            sealed: head,
            inner,
        })
    }

    /// Writes the end and gives back what was written to.
    ///
    /// # Errors
    /// Those of the inner writer.
    pub fn finish(self) -> io::Result<W> {
        let Self {
            sealer,
            sealed: mut rest,
            mut inner,
        } = self;
        sealer.finish(&mut rest).map_err(io::Error::other)?;
        inner.write_all(&rest)?;
        inner.flush()?;
        Ok(inner)
    }
}

impl<W: Write> Write for SealWriter<W> {
    fn write(&mut self, plain: &[u8]) -> io::Result<usize> {
        self.sealer
            .push(plain, &mut self.sealed)
            .map_err(io::Error::other)?;
        self.inner.write_all(&self.sealed)?;
        self.sealed.clear();
        Ok(plain.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> OpenReader<R> {
    /// Opens the stream bound to `aad` that `inner` gives.
    pub fn new(sealer: &Sealer, aad: &[u8], inner: R) -> Self {
        Self {
            opener: Some(StreamOpener::new(sealer, aad)),
            inner,
            plain: Zeroizing::new(Vec::new()),
            given: 0,
        }
    }

    /// Opens some more. `false` at the end.
    fn refill(&mut self) -> io::Result<bool> {
        self.plain.zeroize();
        self.given = 0;
        let mut sealed = vec![0_u8; CHUNK_LEN];
        while self.plain.is_empty() {
            let Some(opener) = self.opener.as_mut() else {
                return Ok(false);
            };
            let read = self.inner.read(&mut sealed)?;
            let result = match (read, sealed.get(..read)) {
                (1.., Some(sealed)) => opener.push(sealed, &mut self.plain),
                _ => self
                    .opener
                    .take()
                    .map_or(Ok(()), |opener| opener.finish(&mut self.plain)),
            };
            result.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
        Ok(true)
    }
}

impl<R: Read> Read for OpenReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.plain.len() && !buffer.is_empty() && !self.refill()? {
            return Ok(0);
        }
        let mut rest = self.plain.get(self.given..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.given += read;
        Ok(read)
    }
}

impl fmt::Debug for StreamSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamSealer(chunk {})", self.chunks.next)
    }
}

impl fmt::Debug for StreamOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamOpener({:?})", self.sealer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{KeyRing, Purpose};
    use proptest::prelude::*;

    const SEALED_CHUNK: usize = CHUNK_LEN + TAG_LEN;

    fn sealer() -> Sealer {
        Sealer::new(&KeyRing::generate().unwrap(), Purpose::Database).unwrap()
    }

    fn seal(sealer: &Sealer, plain: &[u8], step: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut stream = StreamSealer::new(sealer, b"aad", &mut out).unwrap();
        for piece in plain.chunks(step) {
            stream.push(piece, &mut out).unwrap();
        }
        stream.finish(&mut out).unwrap();
        out
    }

    fn open(sealer: &Sealer, aad: &[u8], bytes: &[u8], step: usize) -> Result<Vec<u8>, SealError> {
        let mut out = Vec::new();
        let mut stream = StreamOpener::new(sealer, aad);
        for piece in bytes.chunks(step) {
            stream.push(piece, &mut out)?;
        }
        stream.finish(&mut out)?;
        Ok(out)
    }

    /// Head and bytes chunks of a stream of three chunks and a bit.
    fn parts(sealer: &Sealer) -> (Vec<u8>, Vec<Vec<u8>>) {
        let plain: Vec<u8> = (0..=250).cycle().take(CHUNK_LEN * 3 + 10).collect();
        let bytes = seal(sealer, &plain, 9_999);
        let (head, body) = bytes.split_at(bytes.len() - 3 * SEALED_CHUNK - 10 - TAG_LEN);
        (
            head.to_vec(),
            body.chunks(SEALED_CHUNK).map(<[u8]>::to_vec).collect(),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn opens_what_it_sealed_in_whatever_pieces(
            len in 0..CHUNK_LEN * 3,
            seal_step in 1_000..CHUNK_LEN * 2,
            open_step in 1_000..CHUNK_LEN * 2,
        ) {
            let sealer = sealer();
            let plain = vec![b'x'; len];
            let bytes = seal(&sealer, &plain, seal_step);
            prop_assert_eq!(open(&sealer, b"aad", &bytes, open_step).unwrap(), plain);
        }

        #[test]
        fn any_flipped_bit_breaks_the_stream(at: prop::sample::Index, bit in 0_u8..8) {
            let sealer = sealer();
            let mut bytes = seal(&sealer, &vec![b'x'; CHUNK_LEN + 100], CHUNK_LEN);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(open(&sealer, b"aad", &bytes, CHUNK_LEN).is_err());
        }

        #[test]
        fn any_cut_breaks_the_stream(at: prop::sample::Index) {
            let sealer = sealer();
            let bytes = seal(&sealer, &vec![b'x'; CHUNK_LEN + 100], CHUNK_LEN);
            prop_assert!(open(&sealer, b"aad", &bytes[..at.index(bytes.len())], CHUNK_LEN).is_err());
        }
    }

    #[test]
    fn lengths_around_the_chunk_boundary_open() {
        let sealer = sealer();
        for len in [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 2 * CHUNK_LEN] {
            let plain = vec![7; len];
            assert_eq!(
                open(&sealer, b"aad", &seal(&sealer, &plain, 1 << 20), 1 << 20),
                Ok(plain)
            );
        }
    }

    #[test]
    fn dropped_doubled_and_swapped_chunks_break_the_stream() {
        let sealer = sealer();
        let (head, chunks) = parts(&sealer);
        let joined = |order: &[usize]| -> Vec<u8> {
            let body = order.iter().flat_map(|&n| chunks[n].clone());
            head.iter().copied().chain(body).collect()
        };
        assert!(open(&sealer, b"aad", &joined(&[0, 1, 2, 3]), 4_096).is_ok());
        for order in [
            &[0, 1, 2][..],
            &[0, 1, 3],
            &[1, 2, 3],
            &[0, 0, 1, 2, 3],
            &[1, 0, 2, 3],
            &[0, 1, 2, 3, 3],
            &[],
        ] {
            let result = open(&sealer, b"aad", &joined(order), 4_096);
            assert!(result.is_err(), "{order:?}");
        }
    }

    #[test]
    fn a_stream_opens_only_with_its_aad_and_not_as_a_message() {
        let sealer = sealer();
        let bytes = seal(&sealer, b"text", 10);
        assert_eq!(
            open(&sealer, b"other", &bytes, 10),
            Err(SealError::Tampered)
        );
        assert_eq!(sealer.open(b"aad", &bytes), Err(SealError::Malformed));
    }

    #[test]
    fn writer_and_reader_agree_and_a_cut_file_is_an_error() {
        let sealer = sealer();
        let plain = vec![b'y'; CHUNK_LEN * 2 + 5];
        let mut writer = SealWriter::new(&sealer, b"aad", Vec::new()).unwrap();
        writer.write_all(&plain).unwrap();
        let bytes = writer.finish().unwrap();
        let mut opened = Vec::new();
        OpenReader::new(&sealer, b"aad", bytes.as_slice())
            .read_to_end(&mut opened)
            .unwrap();
        assert_eq!(opened, plain);
        let mut cut = OpenReader::new(&sealer, b"aad", &bytes[..bytes.len() - 21]);
        let error = cut.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn an_empty_stream_reads_as_empty() {
        let sealer = sealer();
        let bytes = SealWriter::new(&sealer, b"", Vec::new())
            .unwrap()
            .finish()
            .unwrap();
        let mut opened = Vec::new();
        OpenReader::new(&sealer, b"", bytes.as_slice())
            .read_to_end(&mut opened)
            .unwrap();
        assert!(opened.is_empty());
    }
}
