//! Text of many kinds, made up: chat, prose, logs, tables, code.
//!
//! Owns the corpora that the engine is measured and judged on. The words and the shapes of sentences and
//! lines are data, in `words/` and `phrases/`; what is sensitive is planted and labelled. Leaves measuring
//! to whoever includes this module: `benches/engine.rs` and `examples/quality`.
//! **Invariant:** equal arguments give equal text, on every machine and with every compiler.

mod dice;
mod leaks;
mod slots;
mod values;
mod writer;

use std::ops::Range;

use writer::Writer;

/// What kind of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Messages of engineers and bots, some 240 bytes: several languages, Slack's markup, and in most of them
    /// numbers, links, hashes and pieces of logs. As dense as a channel can be.
    Chat,
    /// Long English sentences.
    Prose,
    /// Lines of web servers, applications and a kernel.
    Log,
    /// Rows with many columns of numbers.
    Csv,
    /// Lines of Rust, Python, TypeScript, SQL, YAML, CSS.
    Code,
    /// Messages of colleagues, some 240 bytes: sentences, and now and then one like those of `Chat`.
    Talk,
}

/// A message, a paragraph or a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The text; only chat has line ends in it.
    pub(crate) text: String,
    /// Where something sensitive stands in it and what it is, if anything is.
    pub(crate) planted: Option<(Range<usize>, &'static str)>,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Talk,
        Self::Chat,
        Self::Prose,
        Self::Log,
        Self::Csv,
        Self::Code,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Prose => "prose",
            Self::Log => "log",
            Self::Csv => "csv",
            Self::Code => "code",
            Self::Talk => "talk",
        }
    }

    /// At least `bytes` of text, of which one record in `one_leak_in` holds something sensitive.
    pub(crate) fn records(
        self,
        bytes: usize,
        one_leak_in: Option<usize>,
        seed: u64,
    ) -> Vec<Record> {
        // Each kind has dice of its own: more chat does not make for other logs.
        let mut writer = Writer::new(seed ^ (self as u64).wrapping_mul(0x9E37_79B9));
        let mut records = Vec::new();
        let mut written = 0;
        while written < bytes {
            let text = match self {
                Self::Chat => writer.message(),
                Self::Prose => writer.paragraph(),
                Self::Log => writer.log_line(),
                Self::Csv => writer.row(),
                Self::Code => writer.code_line(),
                Self::Talk => writer.talk(),
            };
            let record = match one_leak_in {
                Some(many) if writer.dice.one_in(many) => leaks::plant(text, &mut writer),
                _ => Record {
                    text,
                    planted: None,
                },
            };
            written += record.text.len() + 1;
            records.push(record);
        }
        records
    }
}

/// The template `count` times, its slots filled each time anew.
pub(crate) fn filled(template: &str, count: usize, seed: u64) -> Vec<String> {
    let mut writer = Writer::new(seed);
    (0..count).map(|_| writer.fill(template)).collect()
}
