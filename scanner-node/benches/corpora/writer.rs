//! Sentences, lines and messages, from words and shapes.
//!
//! Owns which shapes make up a kind of text and how slots in braces are filled. Leaves what stands in a
//! slot to `slots`. **Invariant:** what stands in braces and is no slot stays as it is.

use std::collections::BTreeMap;

use super::dice::Dice;

/// The words of a language or of a part of speech, the frequent ones first.
const WORDS: &[(&str, &str)] = &[
    ("noun", include_str!("words/nouns.txt")),
    ("verb", include_str!("words/verbs.txt")),
    ("adj", include_str!("words/adjectives.txt")),
    ("name", include_str!("words/names.txt")),
    ("sur", include_str!("words/surnames.txt")),
    ("svc", include_str!("words/services.txt")),
    ("de", include_str!("words/de.txt")),
    ("fr", include_str!("words/fr.txt")),
    ("es", include_str!("words/es.txt")),
    ("ru", include_str!("words/ru.txt")),
    ("ja", include_str!("words/ja.txt")),
];

/// A language, and in how many messages of a hundred it is written.
const LANGUAGES: &[(usize, &str)] = &[
    (82, include_str!("phrases/en.txt")),
    (4, include_str!("phrases/de.txt")),
    (4, include_str!("phrases/fr.txt")),
    (4, include_str!("phrases/es.txt")),
    (3, include_str!("phrases/ru.txt")),
    (3, include_str!("phrases/ja.txt")),
];
const FORMS: &str = include_str!("phrases/forms.txt");
const PROSE: &str = include_str!("phrases/prose.txt");
const TALK: &str = include_str!("phrases/talk.txt");
const LOGS: &[&str] = &[
    include_str!("phrases/access.txt"),
    include_str!("phrases/app.txt"),
    include_str!("phrases/kernel.txt"),
];
const ROWS: &str = include_str!("phrases/csv.txt");
const CODE: &[&str] = &[
    include_str!("phrases/rust.txt"),
    include_str!("phrases/python.txt"),
    include_str!("phrases/web.txt"),
];
/// How many sentences a message has; short ones are the rule.
const SENTENCES: &[usize] = &[1, 1, 1, 2, 2, 3, 3, 4, 6, 9];

/// Choices by name.
type Lists = BTreeMap<&'static str, Vec<&'static str>>;

/// Writes text of every kind.
pub(super) struct Writer {
    pub(super) dice: Dice,
    words: Lists,
    forms: Lists,
    /// Log files and source files come in stretches of one kind.
    stretch: (usize, &'static str),
}

impl Writer {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            words: WORDS
                .iter()
                .map(|&(name, list)| (name, list.split_whitespace().collect()))
                .collect(),
            forms: forms(),
            stretch: (0, ""),
        }
    }

    /// A chat message.
    pub(super) fn message(&mut self) -> String {
        let phrases = self.language();
        let at = self.dice.below(SENTENCES.len());
        let sentences = SENTENCES.get(at).copied().unwrap_or(1);
        let between = match self.dice.below(10) {
            0 => "\n",
            1 => "\n• ",
            2 => "\n> ",
            _ => ". ",
        };
        let mut text = String::new();
        for number in 0..sentences {
            if number > 0 {
                text.push_str(between);
            }
            let phrase = self.line_of(phrases);
            text.push_str(&phrase);
        }
        if self.dice.one_in(12) {
            text.push_str("\n```\n");
            for _ in 0..self.dice.between(1, 4) {
                let line = if self.dice.one_in(2) {
                    self.log_line()
                } else {
                    self.code_line()
                };
                text.push_str(&line);
                text.push('\n');
            }
            text.push_str("```");
        }
        text
    }

    /// What colleagues write to each other; every sixth sentence is of the sort that fills [`Writer::message`].
    pub(super) fn talk(&mut self) -> String {
        let sentences = self.dice.between(2, 6);
        let mut all = Vec::with_capacity(sentences);
        for _ in 0..sentences {
            let phrases = if self.dice.one_in(6) {
                self.language()
            } else {
                TALK
            };
            all.push(self.line_of(phrases));
        }
        all.join(". ")
    }

    /// A few sentences of prose.
    pub(super) fn paragraph(&mut self) -> String {
        let sentences = self.dice.between(2, 7);
        let all: Vec<String> = (0..sentences).map(|_| self.line_of(PROSE)).collect();
        all.join(" ")
    }

    pub(super) fn log_line(&mut self) -> String {
        self.stretched(LOGS)
    }

    pub(super) fn code_line(&mut self) -> String {
        self.stretched(CODE)
    }

    pub(super) fn row(&mut self) -> String {
        self.line_of(ROWS)
    }

    /// A word of the list called `name`; none if there is no such list.
    pub(super) fn word(&mut self, name: &str) -> Option<&'static str> {
        let list = self.words.get(name)?;
        list.get(self.dice.small_below(list.len())).copied()
    }

    /// One of the forms called `name`, filled; none if there is none.
    pub(super) fn form(&mut self, name: &str) -> Option<String> {
        let template = self.dice.pick(self.forms.get(name)?);
        Some(self.fill(template))
    }

    /// The template with its slots filled.
    pub(super) fn fill(&mut self, template: &str) -> String {
        let mut out = String::with_capacity(template.len() * 2);
        let mut rest = template;
        while let Some((before, tail)) = rest.split_once('{') {
            out.push_str(before);
            let filled = tail
                .split_once('}')
                .and_then(|(slot, after)| Some((self.slot(slot)?, after)));
            if let Some((text, after)) = filled {
                out.push_str(&text);
                rest = after;
            } else {
                out.push('{');
                rest = tail;
            }
        }
        out.push_str(rest);
        out
    }

    fn language(&mut self) -> &'static str {
        let mut left = self.dice.below(100);
        for &(share, phrases) in LANGUAGES {
            if left < share {
                return phrases;
            }
            left -= share;
        }
        PROSE
    }

    fn stretched(&mut self, kinds: &[&'static str]) -> String {
        if self.stretch.0 == 0 || !kinds.contains(&self.stretch.1) {
            self.stretch = (self.dice.between(5, 60), self.dice.pick(kinds));
        }
        self.stretch.0 -= 1;
        self.line_of(self.stretch.1)
    }

    fn line_of(&mut self, phrases: &str) -> String {
        let at = self.dice.below(phrases.lines().count());
        let line = phrases.lines().nth(at).unwrap_or_default();
        self.fill(line)
    }
}

/// A line `name: template` for each choice.
fn forms() -> Lists {
    let mut lists = Lists::new();
    for (name, template) in FORMS.lines().filter_map(|line| line.split_once(": ")) {
        lists.entry(name).or_default().push(template);
    }
    lists
}
