//! From files to text, each piece with its place.
//!
//! Owns the readers (plain text, tables, JSON, HTML), telling them apart by content, decoding, and the
//! cutting of long texts into blocks. Leaves detection to `detect`. Everything streams: memory is bounded
//! by the block size, not by the file.
//! **Invariant:** what was not read is a [`Gap`]; a type without a reader is never silence.

mod block;
mod charset;
mod html;
mod json;
mod layout;
mod sniff;
mod text;

use std::io::{self, Read};

use shared::content::{Gap, GapReason, Location};
use shared::job::RetryClass;

pub use block::{Block, Locator};
use charset::Decoded;
use sniff::Kind;

/// What is known of a file besides its bytes. Hints only: content decides first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// File name.
    pub name: Option<String>,
    /// Media type that its sender gave.
    pub media_type: Option<String>,
}

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file; the rest is a gap.
    pub total_bytes: u64,
    /// Levels of nesting whose names are kept in pointers; deeper text is read without them.
    pub depth: usize,
    /// Bytes of HTML that are parsed; the rest is read as plain text.
    pub markup_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total_bytes: 256 << 20,
            depth: 64,
            markup_bytes: 32 << 20,
        }
    }
}

/// Whether the receiver of blocks wants more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Yes.
    Continue,
    /// No: reading ends here.
    Stop,
}

/// The file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// The source of bytes failed; transient.
    #[error("reading failed: {0}")]
    Read(io::ErrorKind),
}

impl ExtractError {
    /// Transient: the bytes may be readable later.
    pub fn class(&self) -> RetryClass {
        match self {
            Self::Read(_) => RetryClass::Transient,
        }
    }
}

/// Reads `input` and hands its text to `sink`, block by block; returns what was not read.
///
/// Memory stays within a few blocks, except for HTML, where one token may reach `markup_bytes`.
///
/// # Errors
/// [`ExtractError::Read`] if `input` fails; transient. Content never makes it fail.
pub fn extract(
    input: &mut dyn Read,
    hint: &Hint,
    limits: &Limits,
    sink: &mut dyn FnMut(Block) -> Flow,
) -> Result<Vec<Gap>, ExtractError> {
    let mut out = Outlet {
        sink,
        gaps: Vec::new(),
        file: hint.name.clone(),
    };
    match read(input, hint, limits, &mut out) {
        Ok(()) | Err(Halt::Stopped) => Ok(out.gaps),
        Err(Halt::Read(kind)) => Err(ExtractError::Read(kind)),
    }
}

fn read(
    input: &mut dyn Read,
    hint: &Hint,
    limits: &Limits,
    out: &mut Outlet<'_>,
) -> Result<(), Halt> {
    let head = charset::read_head(input)?;
    let Some(encoding) = (!sniff::is_binary(&head))
        .then(|| charset::of(&head))
        .flatten()
    else {
        out.gap(GapReason::UnsupportedType);
        return Ok(());
    };
    let mut decoded = Decoded::new(head, input, encoding, limits.total_bytes);
    let kind = sniff::kind(decoded.fill()?, hint);
    match kind {
        Kind::Text => text::read(&mut decoded, layout::Layout::lines(), out)?,
        Kind::Markup => text::read(&mut decoded, layout::Layout::lines(), out)
            .inspect(|()| out.gap(GapReason::UnsupportedType))?,
        Kind::Table(delimiter) => {
            text::read(&mut decoded, layout::Layout::table(delimiter), out)?;
        }
        Kind::Json => json::read(&mut decoded, limits, out)?,
        Kind::Html => html::read(&mut decoded, limits, out)?,
    }
    if decoded.is_cut() {
        out.gap(GapReason::TooLarge);
    }
    Ok(())
}

/// Where readers put what they read.
struct Outlet<'a> {
    sink: &'a mut dyn FnMut(Block) -> Flow,
    gaps: Vec<Gap>,
    file: Option<String>,
}

/// Why reading ended early.
#[derive(Debug)]
enum Halt {
    Stopped,
    Read(io::ErrorKind),
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Read(error.kind())
    }
}

impl Outlet<'_> {
    fn emit(&mut self, block: Block) -> Result<(), Halt> {
        match (self.sink)(block) {
            Flow::Continue => Ok(()),
            Flow::Stop => Err(Halt::Stopped),
        }
    }

    fn gap(&mut self, reason: GapReason) {
        self.gaps.push(Gap::whole(reason));
    }

    /// A place in this file.
    fn place(&self, part: Option<&str>) -> Location {
        Location {
            file: self.file.clone(),
            part: part.map(str::to_owned),
            ..Location::default()
        }
    }
}

#[cfg(test)]
mod tests;
