//! Where in a text an offset stands: its line, or its row and column.
//!
//! Owns the walk over lines and table cells. **Invariant:** walking a text in pieces gives the same
//! places as walking it whole.

use shared::content::Location;

/// How places in a text are named, and the place reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Not at all: the unit's own location says it.
    Fixed,
    /// By line.
    Lines {
        /// From 1.
        line: u64,
    },
    /// By row and column.
    Table {
        /// Between cells.
        delimiter: u8,
        /// From 1; a quoted cell may span lines.
        row: u64,
        /// From 1.
        column: u64,
        /// Inside quotes, where delimiters and line ends are text.
        quoted: bool,
    },
}

impl Layout {
    pub(super) fn lines() -> Self {
        Self::Lines { line: 1 }
    }

    pub(super) fn table(delimiter: u8) -> Self {
        Self::Table {
            delimiter,
            row: 1,
            column: 1,
            quoted: false,
        }
    }

    /// Walks over `text`.
    pub(super) fn advance(&mut self, text: &str) {
        match self {
            Self::Fixed => {}
            Self::Lines { line } => {
                let ends = memchr::memchr_iter(b'\n', text.as_bytes()).count();
                *line = line.saturating_add(u64::try_from(ends).unwrap_or(u64::MAX));
            }
            Self::Table {
                delimiter,
                row,
                column,
                quoted,
            } => {
                for byte in text.bytes() {
                    match byte {
                        b'"' => *quoted = !*quoted,
                        b'\n' if !*quoted => (*row, *column) = (*row + 1, 1),
                        byte if byte == *delimiter && !*quoted => *column += 1,
                        _ => {}
                    }
                }
            }
        }
    }

    /// Writes the place reached into `location`.
    pub(super) fn mark(&self, location: &mut Location) {
        match self {
            Self::Fixed => {}
            Self::Lines { line } => location.line = Some(*line),
            Self::Table { row, column, .. } => {
                location.row = Some(*row);
                location.column = Some(*column);
            }
        }
    }
}
