//! A pack that somebody wrote, read so that everything wrong with its form is told at once.
//!
//! Owns places in the file. Leaves what a detector looks for to `admit`.
//! **Invariant:** one detector that cannot be read keeps none of the others from being read.

use serde::Deserialize;
use shared::detector::{DetectorSpec, Origin};
use toml::{Spanned, Table, Value};

use super::packs::written_out;

/// What a pack file gave.
#[derive(Debug, Default)]
pub struct PackFile {
    /// The detectors that could be read, each with the line that it begins at, from 1.
    pub detectors: Vec<(usize, DetectorSpec)>,
    /// What could not.
    pub problems: Vec<PackProblem>,
}

/// Something that is wrong with a pack's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct PackProblem {
    /// Where, from 1.
    pub line: usize,
    /// Where in the line, from 1, in characters.
    pub column: usize,
    /// What.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    detectors: Vec<Spanned<Value>>,
}

impl PackFile {
    /// Reads a pack of an admin's.
    pub fn read(text: &str) -> Self {
        let mut file = Self::default();
        let raw: RawPack = match toml::from_str(text) {
            Ok(raw) => raw,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let what = error.message().trim().to_owned();
                file.problems.push(PackProblem::at(text, at, what));
                return file;
            }
        };
        if raw.detectors.is_empty() {
            let what = "there is no detector; begin one with `[[detectors]]`".to_owned();
            file.problems.push(PackProblem::at(text, 0, what));
        }
        for detector in raw.detectors {
            let begin = detector.span().start;
            let raw = detector.into_inner();
            match raw.clone().try_into::<DetectorSpec>() {
                Ok(spec) => {
                    let spec = DetectorSpec {
                        origin: Origin::Custom,
                        ..spec
                    };
                    let (line, _) = place(text, begin);
                    file.detectors.push((line, written_out(spec)));
                }
                Err(error) => {
                    let mut faults = faults(&raw);
                    if faults.is_empty() {
                        faults.push((None, error.message().trim().to_owned()));
                    }
                    let mut problems: Vec<PackProblem> = faults
                        .into_iter()
                        .map(|(key, what)| {
                            let at = key.and_then(|key| key_at(&key, text, begin));
                            PackProblem::at(text, at.unwrap_or(begin), what)
                        })
                        .collect();
                    problems.sort_by_key(|problem| (problem.line, problem.column));
                    file.problems.extend(problems);
                }
            }
        }
        file
    }
}

impl PackProblem {
    fn at(text: &str, byte: usize, what: String) -> Self {
        let (line, column) = place(text, byte);
        Self { line, column, what }
    }
}

/// Line and column of a byte, from 1.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Fields that every detector has, with values that are sound.
const REQUIRED: &[(&str, &str)] = &[
    ("id", "a"),
    ("name", "A"),
    ("info_type", "A"),
    ("likelihood", "LIKELY"),
    ("severity", "LOW"),
];

/// What is wrong with the form of a detector, and with which of its fields: each is tried on its own.
fn faults(raw: &Value) -> Vec<(Option<String>, String)> {
    let Some(fields) = raw.as_table() else {
        return Vec::new();
    };
    let sound = || {
        REQUIRED
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Value::from(*value)))
    };
    let missing = REQUIRED
        .iter()
        .filter(|(key, _)| !fields.contains_key(*key));
    let mut faults: Vec<_> = missing
        .map(|(key, _)| (None, format!("missing field `{key}`")))
        .collect();
    for (key, value) in fields {
        let mut alone: Table = sound().collect();
        alone.insert(key.clone(), value.clone());
        if let Err(error) = alone.try_into::<DetectorSpec>() {
            faults.push((Some(key.clone()), error.message().trim().to_owned()));
        }
    }
    faults
}

/// Where a key or the table of its name stands, in the detector that begins at `begin`.
fn key_at(key: &str, text: &str, begin: usize) -> Option<usize> {
    let mut at = begin;
    for line in text.get(begin..)?.split_inclusive('\n') {
        let written = line.trim_start();
        if at > begin && written.starts_with("[[detectors]]") {
            return None;
        }
        let is_assigned = written
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with(['=', '.']));
        if is_assigned || written.trim_end() == format!("[detectors.{key}]") {
            return Some(at + line.len() - written.len());
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "[[detectors]]\nid = \"a\"\nname = \"A\"\ninfo_type = \"A\"\npatterns = [\"a+\"]\n\
        likelihood = \"LIKELY\"\nseverity = \"LOW\"\n";

    fn problems(text: &str) -> Vec<String> {
        let file = PackFile::read(text);
        file.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_sound_pack_is_read_as_an_admin_s() {
        let file = PackFile::read(&format!("# mine\n\n{SOUND}"));
        assert_eq!(file.problems, []);
        assert_eq!(file.detectors[0].0, 3);
        assert_eq!(file.detectors[0].1.origin, Origin::Custom);
    }

    #[test]
    fn every_mistake_of_every_detector_is_told_where_it_stands() {
        let text = format!(
            "{SOUND}\n{}\n{}\n[detectors.hotwords]\nword = []\n",
            SOUND.replace("patterns", "patern").replace("name", "nme"),
            SOUND.replace("\"LIKELY\"", "\"SURE\""),
        );
        let file = PackFile::read(&text);
        assert_eq!(file.detectors.len(), 1);
        let problems = problems(&text);
        let begins = [
            "9:1: missing field `name`",
            "11:1: unknown field `nme`",
            "13:1: unknown field `patern`",
            "22:1: unknown variant `SURE`",
            "25:1: unknown field `word`",
        ];
        assert_eq!(problems.len(), begins.len(), "{problems:#?}");
        for (problem, begin) in problems.iter().zip(begins) {
            assert!(problem.starts_with(begin), "{begin}: {problems:#?}");
        }
    }

    #[test]
    fn what_is_no_toml_is_told_with_line_and_column() {
        assert!(problems("[[detectors]]\nid = \n")[0].starts_with("2:6: "));
        assert_eq!(problems("detectors = []").len(), 1);
    }
}
