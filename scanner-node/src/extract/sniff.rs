//! Which reader a file needs.
//!
//! Owns telling types apart: by content first, by name where content leaves it open.
//! **Invariant:** a known binary type is never read as text, whatever its name.

use super::{Hint, json};

/// Starts of files that are no text, or text only on their first line.
const BINARY_STARTS: &[&[u8]] = &[
    b"%PDF-",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\x89PNG",
    b"GIF87a",
    b"GIF89a",
    b"\xff\xd8\xff",
    b"RIFF",
    b"\x7fELF",
    b"MZ\x90",
    b"SQLite format 3\0",
    b"OggS",
    b"ID3",
    b"%!PS",
];
/// Lines looked at to tell a table.
const TABLE_LINES: usize = 8;

/// The reader that a text needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Plain text, source code, logs.
    Text,
    /// Text in a mark-up without a reader (RTF): read as it is, and said to be incomplete.
    Markup,
    /// Rows and columns, with the byte between cells.
    Table(u8),
    /// JSON, or one JSON value a line.
    Json,
    /// HTML.
    Html,
}

/// Whether the file starts like a binary type that has no reader.
pub(super) fn is_binary(head: &[u8]) -> bool {
    BINARY_STARTS.iter().any(|start| head.starts_with(start))
}

/// The kind of a text by its start.
pub(super) fn kind(start: &str, hint: &Hint) -> Kind {
    let trimmed = start.trim_start();
    let extension = hint.name.as_deref().and_then(|name| name.rsplit_once('.'));
    let extension = extension
        .map(|(_, ext)| ext.to_ascii_lowercase())
        .unwrap_or_default();
    let media_type = hint.media_type.as_deref().unwrap_or_default();
    let named_json = matches!(
        extension.as_str(),
        "json" | "ndjson" | "jsonl" | "geojson" | "ipynb"
    ) || media_type.ends_with("json");
    if trimmed.starts_with("{\\rtf") {
        return Kind::Markup;
    }
    if trimmed.starts_with(['{', '[']) && (named_json || json::looks_like(trimmed)) {
        return Kind::Json;
    }
    if looks_like_html(trimmed)
        || (matches!(extension.as_str(), "html" | "htm" | "xhtml") && trimmed.starts_with('<'))
    {
        return Kind::Html;
    }
    match extension.as_str() {
        "tsv" | "tab" => Kind::Table(b'\t'),
        "csv" => Kind::Table(delimiter(start).unwrap_or(b',')),
        _ if media_type == "text/csv" => Kind::Table(delimiter(start).unwrap_or(b',')),
        _ => Kind::Text,
    }
}

fn looks_like_html(trimmed: &str) -> bool {
    let start = trimmed
        .get(..trimmed.floor_char_boundary(64))
        .unwrap_or_default();
    let start = start.to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body", "<script"]
        .iter()
        .any(|tag| start.starts_with(tag))
}

/// The byte that cuts the first lines into the most cells, the same number in each.
fn delimiter(start: &str) -> Option<u8> {
    let count = |delimiter: u8| {
        let mut cells = start
            .lines()
            .take(TABLE_LINES)
            .map(|line| line.bytes().filter(|byte| *byte == delimiter).count());
        let first = cells.next().unwrap_or(0);
        (first > 0).then_some((
            cells.filter(|cells| *cells == first).count(),
            first,
            delimiter,
        ))
    };
    [b',', b';', b'\t', b'|']
        .into_iter()
        .filter_map(count)
        .max()
        .map(|(_, _, delimiter)| delimiter)
}
