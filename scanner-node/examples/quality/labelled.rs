//! Labelled text of a folder, as public data sets come.
//!
//! Owns reading it and whom a label speaks for. Each `*.jsonl` file holds a JSON object per line: `text`,
//! `spans` of bytes with a `type`, and where they apply `about` (the only type that the line is labelled
//! for) and `unlabelled` (nothing is known of it: everyday text that counts as harmless).
//! **Invariant:** a class is judged in the files that have labels of it; findings of a class that a file
//! does not label are told apart, since nobody said that they are wrong.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::benign;
use super::canon::class_of;
use super::judge::{Found, Judge};
use super::score::{Counts, compare, merged};

/// A line of a file.
#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    spans: Vec<Label>,
    #[serde(default)]
    about: Option<String>,
    #[serde(default)]
    unlabelled: bool,
}

#[derive(Deserialize)]
struct Label {
    start: usize,
    end: usize,
    #[serde(rename = "type")]
    name: String,
}

/// How a class does over all files.
#[derive(Clone, Default)]
pub(crate) struct Row {
    /// Where the class is labelled: POSSIBLE and above.
    pub(crate) possible: Counts,
    /// The same at LIKELY and above.
    pub(crate) likely: Counts,
    /// Findings, LIKELY and above, in files that do not label the class.
    pub(crate) elsewhere: usize,
}

/// What the folder says.
#[derive(Default)]
pub(crate) struct Labelled {
    /// Name, lines and labels of each file.
    pub(crate) files: Vec<(String, usize, usize)>,
    pub(crate) classes: BTreeMap<String, Row>,
    /// A row for each file of everyday text.
    pub(crate) benign: Vec<benign::Row>,
}

impl Labelled {
    /// # Errors
    /// The folder cannot be read, holds no `*.jsonl` file, or a line is not of the form.
    pub(crate) fn measure(folder: &Path, judge: &mut Judge) -> anyhow::Result<Self> {
        let shown = folder.display();
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .with_context(|| format!("cannot read the folder {shown}"))?
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
            .collect();
        files.sort();
        ensure!(!files.is_empty(), "there is no *.jsonl file in {shown}");
        let mut labelled = Self::default();
        for file in files {
            let text = std::fs::read_to_string(&file)?;
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            labelled
                .see_file(&name, &text, judge)
                .with_context(|| format!("in {}", file.display()))?;
        }
        Ok(labelled)
    }

    fn see_file(&mut self, name: &str, text: &str, judge: &mut Judge) -> anyhow::Result<()> {
        let mut rows: BTreeMap<String, Row> = BTreeMap::new();
        let mut benign = benign::Row::named(name);
        let mut lines = 0;
        for (number, line) in text.lines().enumerate() {
            let line: Line =
                serde_json::from_str(line).with_context(|| format!("line {}", number + 1))?;
            let found = judge.found(&line.text);
            if line.unlabelled {
                benign.count(found, &line.text);
            } else {
                lines += 1;
                see_line(&line, &found, &mut rows)
                    .with_context(|| format!("line {}", number + 1))?;
            }
        }
        if benign.lines > 0 {
            self.benign.push(benign);
        }
        if lines > 0 {
            self.add_file(name, lines, rows);
        }
        Ok(())
    }

    fn add_file(&mut self, name: &str, lines: usize, rows: BTreeMap<String, Row>) {
        let labels = |row: &Row| row.possible.right + row.possible.missed;
        self.files
            .push((name.to_owned(), lines, rows.values().map(labels).sum()));
        for (class, row) in rows {
            let total = self.classes.entry(class).or_default();
            if labels(&row) > 0 {
                total.possible.add(row.possible);
                total.likely.add(row.likely);
            } else {
                total.elsewhere += row.likely.wrong;
            }
        }
    }
}

fn see_line(line: &Line, found: &[Found], rows: &mut BTreeMap<String, Row>) -> anyhow::Result<()> {
    let about = line.about.as_deref().and_then(class_of);
    let is_judged = |name: &str| about.is_none() || class_of(name) == about;
    let mut labels: Vec<(&str, Range<usize>)> = Vec::new();
    for label in &line.spans {
        ensure!(
            line.text.get(label.start..label.end).is_some(),
            "a span is not on character boundaries of the text"
        );
        if is_judged(&label.name) {
            labels.push((&label.name, label.start..label.end));
        }
    }
    let labels = merged(&line.text, labels);
    let spans = |only_likely: bool| {
        let found = found
            .iter()
            .filter(move |found| is_judged(&found.info_type) && (found.is_likely || !only_likely));
        found.map(|found| (found.info_type.as_str(), found.span.clone()))
    };
    for (class, counts) in compare(&labels, &merged(&line.text, spans(false))) {
        rows.entry(class).or_default().possible.add(counts);
    }
    for (class, counts) in compare(&labels, &merged(&line.text, spans(true))) {
        rows.entry(class).or_default().likely.add(counts);
    }
    Ok(())
}
