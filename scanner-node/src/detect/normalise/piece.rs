//! A few characters, held in place.
//!
//! Owns what a change puts in the place of another text: at most four bytes, so that a long list of changes
//! is one piece of memory. **Invariant:** it is valid UTF-8.

/// At most four bytes of text.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::detect) struct Piece {
    bytes: [u8; 4],
    len: u8,
}

impl Piece {
    /// One character.
    pub(super) fn of(c: char) -> Self {
        let mut bytes = [0; 4];
        let len = c.encode_utf8(&mut bytes).len();
        Self {
            bytes,
            len: u8::try_from(len).unwrap_or(0),
        }
    }

    /// A short text; none if it is too long.
    pub(super) fn try_of(text: &str) -> Option<Self> {
        let mut bytes = [0; 4];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        let len = u8::try_from(text.len()).ok()?;
        Some(Self { bytes, len })
    }

    pub(in crate::detect) fn as_str(&self) -> &str {
        let held = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(held).unwrap_or_default()
    }

    /// Whether it is one letter or digit of ASCII, and not a word like `No` for `№`.
    pub(super) fn is_one_alphanumeric(self) -> bool {
        self.len == 1 && self.is_alphanumeric()
    }

    /// Whether it holds a letter or a digit of ASCII.
    pub(super) fn is_alphanumeric(self) -> bool {
        self.as_str()
            .bytes()
            .any(|byte| byte.is_ascii_alphanumeric())
    }
}

/// Shows no more than the length: it may be of a value.
impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Piece({} bytes)", self.len)
    }
}
