//! How fast the engine scans chat: messages of some 200 bytes, few of which hold anything.
//!
//! Owns the figures; `unfiltered` is the plain loop over all patterns, run in the same process, so that
//! the ratio means something on any machine. **Invariant:** the text is the same on every run.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scanner_node::detect::{Engine, Scratch, builtin};
use shared::content::TextUnit;

/// Things people write; `#` becomes a number.
const PHRASES: &[&str] = &[
    "can you have a look at the deploy of #, it is stuck since this morning",
    "sure, give me # minutes",
    "the token refresh failed again, see https://ci.corp.io/builds/#?tab=log",
    "meeting moved to #:30, room 4.# - please tell @ana",
    "ich schaue es mir gleich an, danke für die Geduld",
    "order # shipped on 2026-11-#, tracking follows",
    "LGTM, merged as 3f786850e387550fdab836ed7e6dc881de23001b",
    "who owns the card service? the password reset page is down",
    "привет, посмотри пожалуйста задачу #",
    "`kubectl logs api-7c9d8b6f5-#x2k4 --since=1h | grep ERROR`",
];
/// What is found in one message of a hundred.
const SECRETS: &[&str] = &[
    "card 4111 1111 1111 1111",
    "ssn 536-90-4399",
    "password: S3cr3t!Pass",
    "ana@corp.io",
];
const MESSAGES: u32 = 20_000;

fn messages() -> Vec<TextUnit> {
    // A linear congruence: the same text everywhere, without a crate for it.
    let mut state = 20_261_121_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).unwrap_or(0)
    };
    (0..MESSAGES)
        .map(|number| {
            let mut text = String::new();
            for _ in 0..=next() % 6 {
                let phrase = PHRASES
                    .get(next() % PHRASES.len())
                    .copied()
                    .unwrap_or_default();
                text.push_str(&phrase.replace('#', &(next() % 9_999).to_string()));
                text.push_str(". ");
            }
            if number % 100 == 0 {
                text.push_str(
                    SECRETS
                        .get(next() % SECRETS.len())
                        .copied()
                        .unwrap_or_default(),
                );
            }
            TextUnit::plain(text)
        })
        .collect()
}

fn chat(criterion: &mut Criterion) {
    let compiled = builtin().ok().and_then(|set| Engine::compile(&set).ok());
    assert!(compiled.is_some(), "the built-in detectors do not compile");
    let Some(engine) = compiled else { return };
    let messages = messages();
    let bytes: usize = messages.iter().map(|unit| unit.text.len()).sum();
    let mut scratch = Scratch::new();
    let mut group = criterion.benchmark_group("chat");
    group.throughput(Throughput::Bytes(u64::try_from(bytes).unwrap_or(0)));
    group.sample_size(20);
    group.bench_function("prefiltered", |bencher| {
        bencher.iter(|| {
            messages
                .iter()
                .map(|unit| engine.scan(black_box(unit), &mut scratch).matches.len())
                .sum::<usize>()
        });
    });
    group.bench_function("unfiltered", |bencher| {
        bencher.iter(|| {
            messages
                .iter()
                .map(|unit| {
                    engine
                        .scan_unfiltered(black_box(unit), &mut scratch)
                        .matches
                        .len()
                })
                .sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, chat);
criterion_main!(benches);
