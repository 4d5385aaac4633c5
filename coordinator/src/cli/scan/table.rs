//! A scan for people.
//!
//! Owns columns, colours and the summary. **Invariant:** what was not examined is in the summary.

use std::collections::BTreeMap;
use std::fmt;

use clap::builder::styling::{AnsiColor, Style};
use indicatif::DecimalBytes;
use shared::content::{Gap, GapReason};
use shared::finding::Severity;

use super::report::{FileReport, Hit, Outcome, Report};
use super::walk::SkipReason;
use crate::cli::output::harmless;

/// Most names listed of files that were not fully examined.
const MOST_NAMES: usize = 10;
const COLUMNS: [&str; 5] = ["PLACE", "INFO TYPE", "LIKELIHOOD", "SEVERITY", "PREVIEW"];

/// A report, to be displayed.
pub(super) struct Table<'r> {
    pub(super) report: &'r Report,
    pub(super) colour: bool,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings(f)?;
        summary(f, self.report)?;
        left_out(f, self.report)
    }
}

impl Table<'_> {
    fn findings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 5]> = self.report.hits().map(row).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let [one, two, three, four] = [0, 1, 2, 3].map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let widths = cells.map(|cell| cell.chars().count());
            let title = COLUMNS.get(column).map(|title| title.len());
            widths.chain(title).max().unwrap_or(0)
        });
        let [place, info_type, likelihood, severity, preview] = COLUMNS;
        writeln!(
            f,
            "{place:one$}  {info_type:two$}  {likelihood:three$}  {severity:four$}  {preview}"
        )?;
        for ((_, hit), [place, info_type, likelihood, severity, preview]) in
            self.report.hits().zip(&rows)
        {
            let style = if self.colour {
                style_of(hit.severity)
            } else {
                Style::new()
            };
            writeln!(
                f,
                "{place:one$}  {info_type:two$}  {likelihood:three$}  {style}{severity:four$}{style:#}  {preview}"
            )?;
        }
        writeln!(f)
    }
}

fn row((file, hit): (&FileReport, &Hit)) -> [String; 5] {
    [
        harmless(&place(&file.path, hit)),
        hit.info_type.to_string(),
        hit.likelihood.to_string(),
        hit.severity.to_string(),
        harmless(&hit.preview),
    ]
}

/// As precise as the format allows: `a.txt:3`, `a.csv:row 2, column 4`, `a.json:3 /user/card`.
fn place(path: &str, hit: &Hit) -> String {
    let at = &hit.location;
    match (at.line, at.row, &at.pointer, &at.part) {
        (Some(line), _, Some(pointer), _) => format!("{path}:{line} {pointer}"),
        (Some(line), ..) => format!("{path}:{line}"),
        (None, Some(row), ..) => {
            format!("{path}:row {row}, column {}", at.column.unwrap_or(1))
        }
        (None, None, Some(pointer), _) => format!("{path} {pointer}"),
        (None, None, None, Some(part)) => format!("{path} ({part})"),
        (None, None, None, None) => path.to_owned(),
    }
}

fn style_of(severity: Severity) -> Style {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().bold(),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Blue.on_default(),
        Severity::Info => AnsiColor::BrightBlack.on_default(),
    }
}

fn summary(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    let totals = report.totals();
    let rate = u128::from(totals.read_bytes) * 1_000_000 / report.elapsed.as_micros().max(1);
    write!(
        f,
        "{} in {}, {} in {:.2} s ({}/s)",
        counted(totals.findings, "finding"),
        counted(totals.files, "file"),
        DecimalBytes(totals.read_bytes),
        report.elapsed.as_secs_f64(),
        DecimalBytes(u64::try_from(rate).unwrap_or(u64::MAX)),
    )
}

fn left_out(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    listed(f, "not examined", report, |outcome| match outcome {
        Outcome::NotExamined { gaps } => Some(reasons(gaps)),
        _ => None,
    })?;
    listed(f, "partly examined", report, |outcome| match outcome {
        Outcome::Partial { gaps } => Some(reasons(gaps)),
        _ => None,
    })?;
    listed(f, "not readable", report, |outcome| match outcome {
        Outcome::Unreadable { reason } => Some(vec![reason.as_str()]),
        _ => None,
    })?;
    skipped(f, report)
}

fn reasons(gaps: &[Gap]) -> Vec<&str> {
    gaps.iter().map(|gap| reason(gap.reason)).collect()
}

/// A line of counts by reason, and the first names.
fn listed(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    report: &Report,
    reasons: fn(&Outcome) -> Option<Vec<&str>>,
) -> fmt::Result {
    let mut names = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &report.files {
        if let Some(reasons) = reasons(&file.outcome) {
            names.push(&file.path);
            for reason in reasons {
                *counts.entry(reason).or_default() += 1;
            }
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(why, count)| format!("{count} {why}"))
        .collect();
    write!(
        f,
        "\n{title}: {} ({})",
        counted(names.len(), "file"),
        counts.join(", ")
    )?;
    for name in names.iter().take(MOST_NAMES) {
        write!(f, "\n  {}", harmless(name))?;
    }
    match names.len().checked_sub(MOST_NAMES) {
        Some(more @ 1..) => write!(f, "\n  and {more} more; --format json lists all"),
        _ => Ok(()),
    }
}

fn skipped(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    let count = |reason| {
        report
            .skipped
            .iter()
            .filter(|skip| skip.reason == reason)
            .count()
    };
    let counts: Vec<String> = [
        (SkipReason::Folder, "build or version-control folder"),
        (SkipReason::SymbolicLink, "symbolic link"),
        (SkipReason::SpecialFile, "special file"),
    ]
    .into_iter()
    .map(|(reason, word)| (count(reason), word))
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| counted(count, word))
    .collect();
    if counts.is_empty() {
        return Ok(());
    }
    write!(f, "\npassed over: {}", counts.join(", "))
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// A gap in words.
pub(super) fn reason(reason: GapReason) -> &'static str {
    match reason {
        GapReason::UnsupportedType => "of an unsupported type",
        GapReason::TooLarge => "longer than the limit",
        GapReason::TooComplex => "too complex",
        GapReason::Malformed => "malformed and read as plain text",
        GapReason::TooManyFindings => "with more findings than are reported",
        GapReason::NotFetched => "not fetched",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn file(path: &str, outcome: Outcome) -> FileReport {
        FileReport {
            path: path.to_owned(),
            outcome,
            read_bytes: 500_000,
            scanned_bytes: 500_000,
            exact_offsets: true,
            hits: Vec::new(),
        }
    }

    #[test]
    fn the_summary_says_what_was_left_out_and_why() {
        let gaps = vec![Gap::whole(GapReason::UnsupportedType)];
        let mut files = vec![file("a.txt", Outcome::Examined)];
        let gap = |number| {
            file(
                &format!("{number:02}.png"),
                Outcome::NotExamined { gaps: gaps.clone() },
            )
        };
        files.extend((0..11).map(gap));
        let reason = "permission denied".to_owned();
        files.push(file("x\x1b.txt", Outcome::Unreadable { reason }));
        let report = Report::new(files, &[], Vec::new(), Duration::from_millis(500));
        let table = Table {
            report: &report,
            colour: true,
        };
        insta::assert_snapshot!(table, @"
        0 findings in 13 files, 6.50 MB in 0.50 s (13.00 MB/s)
        not examined: 11 files (11 of an unsupported type)
          00.png
          01.png
          02.png
          03.png
          04.png
          05.png
          06.png
          07.png
          08.png
          09.png
          and 1 more; --format json lists all
        not readable: 1 file (1 permission denied)
          x�.txt
        ");
    }
}
