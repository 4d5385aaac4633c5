//! Scripts of made-up rows.
//!
//! Owns which tables there are, and the form of a script: `COPY … FROM stdin` with its rows. Leaves the rows to
//! `alerts`, `events`, `messages` and `audit`.
//! **Invariant:** no text that is made up has a backslash, a tab or a line's end: nothing needs to be escaped.

mod alerts;
mod audit;
mod events;
mod messages;

use std::fmt::{self, Display, Write as _};
use std::io::{self, BufWriter, Write};

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use uuid::Uuid;

/// What to make up.
#[derive(clap::Args)]
pub(crate) struct FillArgs {
    table: Table,
    /// How many rows
    rows: u32,
    /// The end of the year that the rows are spread over
    #[arg(long)]
    until: DateTime<Utc>,
    /// A user whom a part of the alerts is assigned to
    #[arg(long)]
    assignee: Option<Uuid>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Table {
    Alerts,
    Events,
    /// Caught messages: their jobs, results and findings
    Messages,
    /// The audit trail, a chain that holds, and its head
    Audit,
}

/// A script that is being written.
struct Script<W> {
    out: W,
    line: String,
}

/// A column that may be empty.
struct Maybe<T>(Option<T>);

/// A time, as PostgreSQL reads it fast.
struct Stamp(DateTime<Utc>);

/// What a search looks through.
struct Words<'a>(&'a [&'a str]);

pub(crate) fn run(args: &FillArgs) -> anyhow::Result<()> {
    let mut script = Script {
        out: BufWriter::with_capacity(1 << 20, io::stdout().lock()),
        line: String::new(),
    };
    let FillArgs { rows, until, .. } = *args;
    match args.table {
        Table::Alerts => alerts::write(&mut script, rows, until, args.assignee)?,
        Table::Events => events::write(&mut script, rows, until)?,
        Table::Messages => messages::write(&mut script, rows, until)?,
        Table::Audit => audit::write(&mut script, rows, until)?,
    }
    Ok(script.out.flush()?)
}

impl<W: Write> Script<W> {
    fn begin(&mut self, table: &str, columns: &[&str]) -> io::Result<()> {
        let columns = columns.join(", ");
        writeln!(self.out, "COPY {table} ({columns}) FROM stdin;")
    }

    fn row(&mut self, fields: &[&dyn Display]) -> io::Result<()> {
        self.line.clear();
        for (at, field) in fields.iter().enumerate() {
            let sign = if at == 0 { "" } else { "\t" };
            write!(self.line, "{sign}{field}").map_err(io::Error::other)?;
        }
        self.line.push('\n');
        self.out.write_all(self.line.as_bytes())
    }

    fn end(&mut self) -> io::Result<()> {
        writeln!(self.out, "\\.")
    }
}

impl<T: Display> Display for Maybe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("\\N"),
        }
    }
}

impl Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%F %T%.6f+00"))
    }
}

/// As `coordinator::store::words` cuts them; PostgreSQL drops those that come twice.
impl Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for text in self.0 {
            for sign in text.chars() {
                let kept = sign.is_ascii_alphanumeric();
                f.write_char(if kept { sign.to_ascii_lowercase() } else { ' ' })?;
            }
            f.write_char(' ')?;
        }
        Ok(())
    }
}
