//! How fast the engine scans, against everything that could be put in its place.
//!
//! One core, the whole built-in set, megabytes (10^6) per second of this thread's processor time, so that
//! a busy neighbour hardly enters. All rivals see the same bytes in the same run and take turns; the
//! median of the rounds counts. Owns the course of the run and the tables. Leaves the text to `corpora`,
//! what is compared to `rivals`, larger sets to `growth`, registered documents to `documents`, texts made to be slow to `hostile`, memory to
//! `stream`.
//! **Invariant:** the run fails if the engine and its own plain loop differ in a single match.

#[path = "../corpora/mod.rs"]
mod corpora;
mod documents;
mod growth;
mod hostile;
mod measure;
mod rivals;
mod stream;

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context, ensure};
use clap::Parser;
use corpora::Kind;
use measure::{Speed, median};
use scanner_node::detect::{Engine, Match, Scratch, builtin};
use shared::content::TextUnit;

/// Files are scanned in pieces of this size, cut at line ends.
const PIECE_BYTES: usize = 64 << 10;
/// One message of 125 (0.8 %) leaks something, and one line of 4,000 elsewhere.
const ONE_MESSAGE_IN: usize = 125;
const ONE_LINE_IN: usize = 4_000;
/// Messages of which each leaks something: only to see that the prefilter changes no match.
const LEAKS_BYTES: usize = 1_000_000;
/// Of which a stream is made, over and over.
const STREAM_BYTES: usize = 1_000_000;
const SEED: u64 = 20_261_121;

/// Measures the engine.
#[derive(Parser)]
struct Arguments {
    /// Megabytes of each corpus
    #[arg(long, env = "BENCH_MB", default_value_t = 4.0)]
    mb: f64,
    /// Rounds, in which all take turns
    #[arg(long, env = "BENCH_ROUNDS", default_value_t = 3)]
    rounds: usize,
    /// Most processor seconds that one rival may take for one corpus in a round; `~` marks who was cut
    #[arg(long, env = "BENCH_SECONDS", default_value_t = 4.0)]
    seconds: f64,
    /// Sizes of sets to grow to; 0 leaves that out
    #[arg(
        long,
        env = "BENCH_RULES",
        value_delimiter = ',',
        default_value = "100,1000,10000"
    )]
    rules: Vec<usize>,
    /// Megabytes of streams whose memory is measured; 0 leaves that out
    #[arg(
        long,
        env = "BENCH_STREAM_MB",
        value_delimiter = ',',
        default_value = "64,1000"
    )]
    streams: Vec<u64>,
    /// Measures hostile texts and streams only
    #[arg(long)]
    hostile: bool,
    /// Measures registered documents only
    #[arg(long)]
    documents: bool,
    /// Scans one stream in this process and prints its row
    #[arg(long, hide = true)]
    stream: Option<u64>,
    /// Measures one grown set in this process and prints its row
    #[arg(long, hide = true)]
    grow: Option<usize>,
    /// What cargo passes
    #[arg(long, hide = true)]
    bench: bool,
}

/// A corpus as it is scanned.
struct Corpus {
    kind: Kind,
    units: Vec<TextUnit>,
    bytes: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(rules) = arguments.grow {
        return say(&growth::row(rules, &corpora_of(arguments.mb.min(1.0))?)?);
    }
    let engine = Engine::compile(&builtin()?)?;
    if let Some(megabytes) = arguments.stream {
        let chat = Corpus::new(Kind::Chat, STREAM_BYTES);
        return say(&stream::row(&engine, megabytes, &chat)?);
    }
    let corpora = corpora_of(arguments.mb)?;
    if arguments.documents {
        return documents::table(&corpora);
    }
    if arguments.hostile {
        return limits(&arguments, &engine, &corpora);
    }
    for corpus in &corpora {
        let hits = same_matches(&engine, &corpus.units, corpus.kind.name())?;
        say(&format!(
            "{:<6} {:>7.1} MB  {:>8} units  {hits:>6} matches, the same without the prefilter",
            corpus.kind.name(),
            measure::megabytes(corpus.bytes),
            corpus.units.len(),
        ))?;
    }
    let leaks = Kind::Chat.records(LEAKS_BYTES, Some(1), SEED);
    let leaks: Vec<TextUnit> = leaks
        .into_iter()
        .map(|leak| TextUnit::plain(leak.text))
        .collect();
    let hits = same_matches(&engine, &leaks, "leaks")?;
    say(&format!(
        "leaks  {:>8} messages with a leak each: {hits} matches, the same without the prefilter",
        leaks.len()
    ))?;
    compare(&arguments, &engine, &corpora)?;
    if arguments.rules != [0] {
        growth::table(&arguments.rules, arguments.mb)?;
    }
    documents::table(&corpora)?;
    limits(&arguments, &engine, &corpora)
}

/// Prints what hostile texts and long streams take.
fn limits(arguments: &Arguments, engine: &Engine, corpora: &[Corpus]) -> anyhow::Result<()> {
    let chat = corpora.iter().find(|corpus| corpus.kind == Kind::Chat);
    hostile::table(engine, chat.context("there is no chat")?, arguments.rounds)?;
    if arguments.streams != [0] {
        stream::table(&arguments.streams)?;
    }
    Ok(())
}

fn corpora_of(megabytes: f64) -> anyhow::Result<Vec<Corpus>> {
    ensure!(
        megabytes > 0.0 && megabytes <= 1_000.0,
        "BENCH_MB is a number of megabytes, at most 1000"
    );
    let kilobytes = format!("{:.0}", (megabytes * 1_000.0).ceil()).parse::<usize>()?;
    Ok(Kind::ALL
        .map(|kind| Corpus::new(kind, kilobytes * 1_000))
        .into())
}

impl Corpus {
    fn new(kind: Kind, bytes: usize) -> Self {
        let units: Vec<TextUnit> = if matches!(kind, Kind::Chat | Kind::Talk) {
            let messages = kind.records(bytes, Some(ONE_MESSAGE_IN), SEED);
            messages
                .into_iter()
                .map(|message| TextUnit::plain(message.text))
                .collect()
        } else {
            let mut pieces = vec![String::new()];
            for record in kind.records(bytes, Some(ONE_LINE_IN), SEED) {
                if pieces
                    .last()
                    .is_none_or(|piece| piece.len() + record.text.len() >= PIECE_BYTES)
                {
                    pieces.push(String::new());
                }
                if let Some(piece) = pieces.last_mut() {
                    piece.push_str(&record.text);
                    piece.push('\n');
                }
            }
            pieces.into_iter().map(TextUnit::plain).collect()
        };
        let bytes = units.iter().map(|unit| unit.text.len()).sum();
        Self { kind, units, bytes }
    }
}

/// How many matches there are; an error if leaving the prefilter out changes one.
fn same_matches(engine: &Engine, units: &[TextUnit], name: &str) -> anyhow::Result<usize> {
    let mut scratch = Scratch::new();
    let mut plain_scratch = Scratch::new();
    let mut matches = 0;
    for (number, unit) in units.iter().enumerate() {
        let scan = engine.scan(unit, &mut scratch);
        let plain = engine.scan_unfiltered(unit, &mut plain_scratch);
        if scan != plain {
            let only = |some: &[Match], others: &[Match]| {
                let lone = some.iter().filter(|found| !others.contains(found));
                let lone = lone.map(|found| format!("{} {:?}", found.detector.id, found.span));
                lone.collect::<Vec<_>>().join(", ")
            };
            anyhow::bail!(
                "unit {number} of {name}: the engine alone has [{}], the loop alone [{}]",
                only(&scan.matches, &plain.matches),
                only(&plain.matches, &scan.matches),
            );
        }
        matches += scan.matches.len();
    }
    Ok(matches)
}

/// Prints how fast each rival is on each corpus.
fn compare(arguments: &Arguments, engine: &Engine, corpora: &[Corpus]) -> anyhow::Result<()> {
    let portable = Engine::compile(&builtin()?)?.without_vectors();
    let mut rivals = rivals::all(engine, &portable)?;
    let mut speeds = vec![vec![Vec::new(); corpora.len()]; rivals.len()];
    for _ in 0..arguments.rounds.max(1) {
        for (corpus, at) in corpora.iter().zip(0..) {
            for (rival, speeds) in rivals.iter_mut().zip(&mut speeds) {
                let speed = Speed::of(&corpus.units, arguments.seconds, |unit| rival.hits(unit));
                if let Some(all) = speeds.get_mut(at) {
                    all.push(speed);
                }
            }
        }
    }
    let speeds: Vec<Vec<Speed>> = speeds
        .iter()
        .map(|row| row.iter().map(|all| median(all)).collect())
        .collect();
    let base = rivals.iter().position(|rival| rival.name() == rivals::LOOP);
    let base = base
        .and_then(|at| speeds.get(at))
        .context("there is no loop to compare with")?;
    let mut text = format!(
        "\nMB per processor second, median of {} rounds, and how many times the {}\n{:28}",
        arguments.rounds.max(1),
        rivals::LOOP,
        ""
    );
    for corpus in corpora {
        write!(text, "{:>18}", corpus.kind.name())?;
    }
    for (rival, row) in rivals.iter().zip(&speeds) {
        write!(text, "\n{:28}", rival.name())?;
        for (speed, base) in row.iter().zip(base) {
            write!(text, "{speed:>10}{:>7.1}x", speed.rate / base.rate)?;
        }
    }
    say(&text)
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}
