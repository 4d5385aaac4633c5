//! The layers that values come from.
//!
//! Owns which layer goes before which, secrets in files of their own, and the search for keys that nobody
//! reads. What a value looks like is for `value`.
//! **Invariant:** every key given in any layer is read or reported.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::problem::{ConfigErrors, Problem, env_name, nearest, subject};
use super::section::{KeySpec, SectionSpec};
use super::value::ConfigValue;

/// The layers, and the problems met so far.
#[derive(Debug)]
pub struct Source {
    sections: Vec<SectionSpec>,
    file: Table,
    env: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

/// A value as some layer has it.
enum Raw<'a> {
    Text(String),
    Toml(&'a Value),
}

impl Source {
    pub(super) fn new(
        sections: Vec<SectionSpec>,
        foreign: &[&str],
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        // Compose files pass variables on as empty when they are not set.
        let env = env
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let mut source = Self {
            sections,
            file: Table::new(),
            env,
            problems: Vec::new(),
        };
        if let Some(path) = file {
            source.read_file(path);
        }
        source.find_unknown_in_file(foreign);
        source.find_unknown_in_env(foreign);
        source
    }

    /// Reads a key. A problem with it is noted, and gives `None`.
    pub fn value<T: ConfigValue>(&mut self, section: &str, key: &str) -> Option<T> {
        let spec = self.spec(section, key)?;
        let found = match self.find(section, &spec) {
            Ok(found) => found,
            Err(advice) => {
                self.refuse(section, key, advice);
                return None;
            }
        };
        let value = match found {
            Some(Raw::Text(text)) => T::parse(&text),
            Some(Raw::Toml(value)) => T::from_toml(value),
            None => {
                let value = spec.default.map_or_else(T::absent, T::parse);
                if value.is_none() {
                    let advice = format!("must be given; expected {}", T::EXPECTS);
                    self.refuse(section, key, advice);
                }
                return value;
            }
        };
        if value.is_none() {
            self.refuse(section, key, format!("not usable; expected {}", T::EXPECTS));
        }
        value
    }

    /// Notes a problem with a key: what is wrong, and what to do.
    pub fn refuse(&mut self, section: &str, key: &str, advice: impl Into<String>) {
        self.note(subject(section, key), advice);
    }

    pub(super) fn finish<C>(self, read: Option<C>) -> Result<C, ConfigErrors> {
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(ConfigErrors(self.problems)),
        }
    }

    fn note(&mut self, subject: String, advice: impl Into<String>) {
        self.problems.push(Problem {
            subject,
            advice: advice.into(),
        });
    }

    fn spec(&self, section: &str, key: &str) -> Option<KeySpec> {
        let section = self.sections.iter().find(|spec| spec.name == section)?;
        section.keys.iter().find(|spec| spec.name == key).copied()
    }

    /// The environment goes before the file, a key's own variable before standard ones.
    fn find(&self, section: &str, spec: &KeySpec) -> Result<Option<Raw<'_>>, String> {
        let name = env_name(section, spec.name);
        let path = self
            .env
            .get(&format!("{name}_FILE"))
            .filter(|_| spec.secret);
        match (self.env.get(&name), path) {
            (Some(_), Some(_)) => {
                return Err(format!("also given by {name}_FILE; keep one of the two"));
            }
            (Some(text), None) => return Ok(Some(Raw::Text(text.clone()))),
            (None, Some(path)) => return read_secret(Path::new(path)).map(Raw::Text).map(Some),
            (None, None) => {}
        }
        if let Some(text) = spec.also_env.iter().find_map(|also| self.env.get(*also)) {
            // What was said in our own file is more particular than a standard variable.
            if self.in_file(section, spec.name).is_none() {
                return Ok(Some(Raw::Text(text.clone())));
            }
        }
        let path = self
            .in_file(section, &format!("{}_file", spec.name))
            .filter(|_| spec.secret);
        match (self.in_file(section, spec.name), path) {
            (Some(_), Some(_)) => Err(format!(
                "also given by {}_file; keep one of the two",
                spec.name
            )),
            (Some(value), None) => Ok(Some(Raw::Toml(value))),
            (None, Some(Value::String(path))) => {
                read_secret(Path::new(path)).map(Raw::Text).map(Some)
            }
            (None, Some(_)) => Err(format!("{}_file is not usable; expected a path", spec.name)),
            (None, None) => Ok(None),
        }
    }

    fn in_file(&self, section: &str, key: &str) -> Option<&Value> {
        self.file.get(section)?.as_table()?.get(key)
    }

    fn read_file(&mut self, path: &Path) {
        let subject = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                self.note(
                    subject,
                    format!("cannot be read ({}); name a file that can", error.kind()),
                );
                return;
            }
        };
        match text.parse() {
            Ok(file) => self.file = file,
            Err(error) => {
                // The error itself quotes the line, which may hold a secret.
                let error: toml::de::Error = error;
                let before = error
                    .span()
                    .and_then(|span| text.get(..span.start))
                    .unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                self.note(subject, format!("line {line} is not well-formed TOML"));
            }
        }
    }

    fn find_unknown_in_file(&mut self, foreign: &[&str]) {
        let mut problems = Vec::new();
        for (name, content) in self
            .file
            .iter()
            .filter(|(name, _)| !foreign.contains(&name.as_str()))
        {
            let Some(section) = self.sections.iter().find(|spec| spec.name == name) else {
                let meant = nearest(name, self.sections.iter().map(|spec| spec.name));
                problems.push((format!("[{name}] in the file"), unknown("section", meant)));
                continue;
            };
            let Some(content) = content.as_table() else {
                problems.push((
                    format!("{name} in the file"),
                    "is a section; write [section] and its keys below".to_owned(),
                ));
                continue;
            };
            let known = names(section, str::to_owned, "_file");
            for key in content.keys().filter(|key| !known.contains(key)) {
                let meant = nearest(key, known.iter().map(String::as_str));
                problems.push((format!("{name}.{key} in the file"), unknown("key", meant)));
            }
        }
        for (subject, advice) in problems {
            self.note(subject, advice);
        }
    }

    fn find_unknown_in_env(&mut self, foreign: &[&str]) {
        let known: Vec<String> = self
            .sections
            .iter()
            .flat_map(|section| names(section, |key| env_name(section.name, key), "_FILE"))
            .collect();
        let foreign: Vec<String> = foreign
            .iter()
            .map(|section| env_name(section, ""))
            .collect();
        let mut problems = Vec::new();
        for name in self
            .env
            .keys()
            .filter(|name| name.starts_with("WEIR_") && !known.contains(name))
        {
            if foreign.iter().any(|foreign| name.starts_with(foreign)) {
                continue;
            }
            let short = known.iter().find(|known| known.replace("__", "_") == *name);
            let meant = short
                .map(String::as_str)
                .or_else(|| nearest(name, known.iter().map(String::as_str)));
            // A single underscore is somebody else's variable, unless it is ours but for the other one.
            if short.is_some() || name.contains("__") {
                problems.push((name.clone(), unknown("variable", meant)));
            }
        }
        for (subject, advice) in problems {
            self.note(subject, advice);
        }
    }
}

/// The names of a section's keys, and of the twins of its secrets.
fn names(section: &SectionSpec, name: impl Fn(&str) -> String, twin: &str) -> Vec<String> {
    let secrets = section.keys.iter().filter(|key| key.secret);
    let twins = secrets.map(|key| format!("{}{twin}", name(key.name)));
    section
        .keys
        .iter()
        .map(|key| name(key.name))
        .chain(twins)
        .collect()
}

fn unknown(what: &str, meant: Option<&str>) -> String {
    match meant {
        Some(meant) => format!("unknown {what}; did you mean {meant}?"),
        None => format!("unknown {what}; remove it"),
    }
}

fn read_secret(path: &Path) -> Result<String, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => Err(format!(
            "the file that holds it cannot be read ({})",
            error.kind()
        )),
    }
}
