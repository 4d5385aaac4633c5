//! Plain text and tables, as they stand.
//!
//! Owns reading text through to the end. Tables are read as their text, with rows and columns as places:
//! so a cell keeps its neighbours as context and its offset in the file.
//! **Invariant:** every character reaches exactly one block's owned part.

use super::block::Cutter;
use super::charset::Decoded;
use super::layout::Layout;
use super::{Halt, Outlet};

/// Reads the rest of `input` as text.
pub(super) fn read(
    input: &mut Decoded<'_>,
    layout: Layout,
    out: &mut Outlet<'_>,
) -> Result<(), Halt> {
    read_from(input, 0, layout, out)
}

/// Reads the rest of `input` as text that starts at `base` of the whole.
pub(super) fn read_from(
    input: &mut Decoded<'_>,
    base: u64,
    layout: Layout,
    out: &mut Outlet<'_>,
) -> Result<(), Halt> {
    let mut cutter = Cutter::new(base, out.place(None), layout);
    loop {
        let piece = input.fill()?;
        if piece.is_empty() {
            return cutter.finish(out);
        }
        cutter.push(piece, out)?;
        let bytes = piece.len();
        input.consume(bytes);
    }
}
