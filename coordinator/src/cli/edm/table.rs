//! Reading a table as CSV, row by row.
//!
//! Owns which columns are meant, the limits, and the words for what is wrong.
//! **Invariant:** one row is in memory at a time; an error names a line and a column, never a value.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use indicatif::{ProgressBar, ProgressStyle};
use scanner_node::detect::{ExactIndexBuilder, ExactKey};
use shared::detector::ExactData;

const BAR: &str = "{bar:30} {decimal_bytes}/{decimal_total_bytes}";

/// What of a table is wanted.
pub(super) struct Wanted<'a> {
    pub(super) primary: &'a str,
    pub(super) others: &'a [String],
    pub(super) delimiter: u8,
}

/// Hashes the rows of a file.
///
/// # Errors
/// It cannot be read, lacks a column, or is no table.
pub(super) fn read(
    path: &Path,
    wanted: &Wanted<'_>,
    key: ExactKey,
    unwanted_bar: bool,
) -> anyhow::Result<ExactIndexBuilder> {
    let file = File::open(path)?;
    let bar = if unwanted_bar || !io::stderr().is_terminal() {
        ProgressBar::hidden()
    } else {
        let style = ProgressStyle::with_template(BAR).context("cannot draw a progress bar")?;
        ProgressBar::new(file.metadata()?.len()).with_style(style)
    };
    let builder = hash(bar.wrap_read(file), wanted, key);
    bar.finish_and_clear();
    builder
}

fn hash(input: impl Read, wanted: &Wanted<'_>, key: ExactKey) -> anyhow::Result<ExactIndexBuilder> {
    let mut csv = ReaderBuilder::new()
        .delimiter(wanted.delimiter)
        .from_reader(input);
    let columns = columns(&mut csv, wanted)?;
    let mut builder = ExactIndexBuilder::new(key, wanted.others.len());
    let mut record = ByteRecord::new();
    let mut rows = 0;
    while csv
        .read_byte_record(&mut record)
        .map_err(|error| told(&error))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        rows += 1;
        let most = ExactData::MAX_ROWS;
        ensure!(
            rows <= most,
            "line {line}: there are more than {most} rows; split the table"
        );
        let mut cells = Vec::with_capacity(columns.len());
        for (column, name) in &columns {
            let cell = record.get(*column).unwrap_or_default();
            let Ok(cell) = std::str::from_utf8(cell) else {
                bail!("line {line}, column `{name}`: it is not UTF-8; save the table as UTF-8");
            };
            cells.push(cell);
        }
        if let Some((primary, others)) = cells.split_first() {
            builder.add(primary, others.iter().copied());
        }
    }
    Ok(builder)
}

/// Where the wanted columns are, the primary one first, and what they are called.
fn columns<'a>(
    csv: &mut Reader<impl Read>,
    wanted: &Wanted<'a>,
) -> anyhow::Result<Vec<(usize, &'a str)>> {
    let header = csv.byte_headers().map_err(|error| told(&error))?;
    ensure!(
        header.iter().all(|cell| std::str::from_utf8(cell).is_ok()),
        "line 1: it is not UTF-8; save the table as UTF-8"
    );
    let names = std::iter::once(wanted.primary).chain(wanted.others.iter().map(String::as_str));
    let mut columns: Vec<(usize, &str)> = Vec::new();
    for name in names {
        let mut places = (0..header.len()).filter(|at| {
            header
                .get(*at)
                .is_some_and(|cell| cell.trim_ascii() == name.as_bytes())
        });
        // What the first line holds is not repeated: it may be a row.
        let Some(column) = places.next() else {
            bail!(
                "line 1: none of its {} columns is called `{name}`; the first line has to name the columns, \
                 and --delimiter says what stands between them",
                header.len()
            );
        };
        ensure!(
            places.next().is_none(),
            "line 1: two columns are called `{name}`"
        );
        ensure!(
            columns.iter().all(|(other, _)| *other != column),
            "column `{name}` is named twice"
        );
        columns.push((column, name));
    }
    Ok(columns)
}

/// What is wrong, without what was read.
fn told(error: &csv::Error) -> anyhow::Error {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        ErrorKind::Io(error) => anyhow::anyhow!("cannot read on: {}", error.kind()),
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            anyhow::anyhow!("line {line}: it has {len} columns, the first line has {expected_len}")
        }
        _ => anyhow::anyhow!("line {line}: it is no CSV"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "canary-4711";

    fn error(text: &[u8], primary: &str, others: &[&str]) -> String {
        let others: Vec<String> = others.iter().map(ToString::to_string).collect();
        let wanted = Wanted {
            primary,
            others: &others,
            delimiter: b',',
        };
        hash(text, &wanted, ExactKey::new(&[7; 32]))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_column_and_without_values() {
        let latin = [format!("id,name\n{CANARY},a\n").as_bytes(), b"b,\xE4\n"].concat();
        let errors = [
            error(format!("{CANARY},x\n").as_bytes(), "id", &[]),
            error(
                format!("id,name\na,b\n{CANARY}\n").as_bytes(),
                "id",
                &["name"],
            ),
            error(&latin, "id", &["name"]),
            error(b"\xFF\xFEid,name\n", "id", &[]),
            error(b"id,id\n", "id", &[]),
            error(b"id,name\n", "id", &["name", "id"]),
        ];
        assert!(!errors.join("\n").contains(CANARY));
        insta::assert_snapshot!(errors.join("\n"), @"
        line 1: none of its 2 columns is called `id`; the first line has to name the columns, and --delimiter says what stands between them
        line 3: it has 1 columns, the first line has 2
        line 3, column `name`: it is not UTF-8; save the table as UTF-8
        line 1: it is not UTF-8; save the table as UTF-8
        line 1: two columns are called `id`
        column `id` is named twice
        ");
    }

    #[test]
    fn rows_are_read_with_quotes_and_line_ends_in_cells() {
        let text = b"id,name\r\nE-1001,\"Berg,\nAnna\"\r\nE-1002,Bert Cole\r\n";
        let others = ["name".to_owned()];
        let wanted = Wanted {
            primary: "id",
            others: &others,
            delimiter: b',',
        };
        let builder = hash(text.as_slice(), &wanted, ExactKey::new(&[7; 32])).unwrap();
        assert_eq!(builder.build(1).rows, 2);
    }
}
