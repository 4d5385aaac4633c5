//! Everything that could be put in the engine's place, and what no engine can beat.
//!
//! Owns how each rival is built from the same patterns. Theirs is the easier task: they count hits and
//! check nothing. **Invariant:** all run the built-in patterns in ASCII mode, as the engine does.

use std::hint::black_box;
use std::rc::Rc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use anyhow::Context;
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};
use scanner_node::detect::{Engine, Scratch, builtin};
use shared::content::TextUnit;

/// What the others are compared with.
pub(crate) const LOOP: &str = "regex loop";
/// Keywords shorter than this are in every text.
const SHORTEST_KEYWORD: usize = 3;

/// Something that goes over a text.
pub(crate) trait Rival {
    fn name(&self) -> &'static str;
    /// How many hits there are in a unit.
    fn hits(&mut self, unit: &TextUnit) -> usize;
}

/// All of them, the slow ones last; `portable` is the engine without vector instructions.
pub(crate) fn all<'e>(
    engine: &'e Engine,
    portable: &'e Engine,
) -> anyhow::Result<Vec<Box<dyn Rival + 'e>>> {
    let set = builtin()?;
    let specs = set.detectors.iter();
    let sources: Vec<&String> = specs.clone().flat_map(|spec| &spec.patterns).collect();
    let regexes: Rc<[Regex]> = sources
        .iter()
        .map(|source| RegexBuilder::new(source).unicode(false).build())
        .collect::<Result<_, _>>()?;
    let mut keywords = Vec::new();
    for spec in specs {
        let required = spec.hotwords.as_ref().filter(|rule| rule.required);
        for source in &spec.patterns {
            let words = required.map(|rule| rule.words.clone());
            keywords.push(words.or(keywords_of(&parsed(source)?)));
        }
    }
    let regex_set = |cache: Option<usize>| {
        let mut builder = RegexSetBuilder::new(&sources);
        builder.unicode(false).size_limit(256 << 20);
        cache.map(|bytes| builder.dfa_size_limit(bytes));
        builder.build()
    };
    let weir = |name, engine, is_filtered| Weir {
        name,
        engine,
        scratch: Scratch::new(),
        is_filtered,
    };
    Ok(vec![
        Box::new(Copying(Vec::new())),
        Box::new(RareByte),
        Box::new(weir("weir", engine, true)),
        Box::new(weir("weir, no AVX2", portable, true)),
        Box::new(Set(
            "RegexSet, 256 MB cache",
            regex_set(Some(256 << 20))?,
            Rc::clone(&regexes),
        )),
        Box::new(Keywords::new(&keywords, Rc::clone(&regexes))?),
        Box::new(Set("RegexSet", regex_set(None)?, Rc::clone(&regexes))),
        Box::new(Loop(regexes)),
        Box::new(weir("weir, unfiltered", engine, false)),
    ])
}

/// The engine, whole or as a plain loop that checks what it finds.
struct Weir<'e> {
    name: &'static str,
    engine: &'e Engine,
    scratch: Scratch,
    is_filtered: bool,
}

impl Rival for Weir<'_> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn hits(&mut self, unit: &TextUnit) -> usize {
        let scan = if self.is_filtered {
            self.engine.scan(unit, &mut self.scratch)
        } else {
            self.engine.scan_unfiltered(unit, &mut self.scratch)
        };
        scan.matches.len()
    }
}

/// The memory's own speed.
struct Copying(Vec<u8>);

impl Rival for Copying {
    fn name(&self) -> &'static str {
        "memcpy"
    }

    fn hits(&mut self, unit: &TextUnit) -> usize {
        self.0.clear();
        self.0.extend_from_slice(unit.text.as_bytes());
        black_box(&self.0).len()
    }
}

/// Looks for a byte that is not there.
struct RareByte;

impl Rival for RareByte {
    fn name(&self) -> &'static str {
        "memchr, rare byte"
    }

    fn hits(&mut self, unit: &TextUnit) -> usize {
        memchr::memchr_iter(0x7F, unit.text.as_bytes()).count()
    }
}

/// One regex after the other.
struct Loop(Rc<[Regex]>);

impl Rival for Loop {
    fn name(&self) -> &'static str {
        LOOP
    }

    fn hits(&mut self, unit: &TextUnit) -> usize {
        let text = unit.text.as_bytes();
        self.0
            .iter()
            .map(|regex| regex.find_iter(text).count())
            .sum()
    }
}

/// All at once, then those that hit once more: a set tells which, not where.
struct Set(&'static str, RegexSet, Rc<[Regex]>);

impl Rival for Set {
    fn name(&self) -> &'static str {
        self.0
    }

    fn hits(&mut self, unit: &TextUnit) -> usize {
        let text = unit.text.as_bytes();
        let hit = self.1.matches(text);
        let regexes = hit.iter().filter_map(|at| self.2.get(at));
        regexes.map(|regex| regex.find_iter(text).count()).sum()
    }
}

/// Keywords first, then the patterns whose keyword is there, and those that have none.
struct Keywords {
    words: AhoCorasick,
    owners: Vec<usize>,
    without: Vec<bool>,
    open: Vec<bool>,
    regexes: Rc<[Regex]>,
}

impl Keywords {
    fn new(keywords: &[Option<Vec<String>>], regexes: Rc<[Regex]>) -> anyhow::Result<Self> {
        let mut words = Vec::new();
        let mut owners = Vec::new();
        for (pattern, list) in keywords.iter().enumerate() {
            for word in list.iter().flatten() {
                words.push(word.to_ascii_lowercase());
                owners.push(pattern);
            }
        }
        let words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(words)
            .context("the keywords fit no automaton")?;
        Ok(Self {
            words,
            owners,
            without: keywords.iter().map(Option::is_none).collect(),
            open: Vec::new(),
            regexes,
        })
    }
}

impl Rival for Keywords {
    fn name(&self) -> &'static str {
        "keywords, then regexes"
    }

    fn hits(&mut self, unit: &TextUnit) -> usize {
        let text = unit.text.as_bytes();
        self.open.clone_from(&self.without);
        for hit in self.words.find_overlapping_iter(text) {
            let owner = self.owners.get(hit.pattern().as_usize());
            if let Some(open) = owner.and_then(|&owner| self.open.get_mut(owner)) {
                *open = true;
            }
        }
        let regexes = self
            .regexes
            .iter()
            .zip(&self.open)
            .filter(|(_, open)| **open);
        regexes
            .map(|(regex, _)| regex.find_iter(text).count())
            .sum()
    }
}

fn parsed(source: &str) -> anyhow::Result<Hir> {
    let mut parser = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build();
    Ok(parser.parse(source)?)
}

/// Words of which every match holds one, in lower case; none if no word is certain.
fn keywords_of(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Capture(capture) => keywords_of(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => keywords_of(&repetition.sub),
        HirKind::Alternation(branches) => {
            let all: Option<Vec<_>> = branches.iter().map(keywords_of).collect();
            all.map(|lists| lists.concat())
        }
        HirKind::Concat(parts) => {
            let mut choices: Vec<Vec<String>> = parts.iter().filter_map(keywords_of).collect();
            let mut run = String::new();
            for part in parts {
                match letters_of(part) {
                    Some(letters) => run.push_str(&letters),
                    None => choices.push(vec![std::mem::take(&mut run)]),
                }
            }
            choices.push(vec![run]);
            choices.retain(|words| words.iter().all(|word| word.len() >= SHORTEST_KEYWORD));
            choices
                .into_iter()
                .max_by_key(|words| words.iter().map(String::len).min())
        }
        _ => letters_of(hir)
            .filter(|word| word.len() >= SHORTEST_KEYWORD)
            .map(|word| vec![word]),
    }
}

/// The text that `hir` matches, if it is one text but for case.
fn letters_of(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_ascii_lowercase()).ok(),
        HirKind::Look(_) | HirKind::Empty => Some(String::new()),
        HirKind::Class(Class::Bytes(class)) => {
            let mut bytes = class
                .ranges()
                .iter()
                .flat_map(|range| range.start()..=range.end());
            let (upper, lower) = (bytes.next()?, bytes.next()?);
            let is_one = bytes.next().is_none() && upper.to_ascii_lowercase() == lower;
            is_one.then(|| char::from(lower).to_string())
        }
        _ => None,
    }
}
