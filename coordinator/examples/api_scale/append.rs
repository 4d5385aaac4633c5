//! Adding to the audit trail: batches, one after the other, by one client or several.

use std::time::{Duration, Instant};

use anyhow::bail;
use fastrand::Rng;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use url::Url;

use crate::client::Client;
use crate::requests::AUDIT;
use crate::{say, world};

/// How much to add, and for how long.
#[derive(clap::Args)]
pub(crate) struct AppendArgs {
    /// Where the server listens
    url: Url,
    #[arg(long)]
    token: String,
    /// How many add at once
    #[arg(long, default_value_t = 1)]
    clients: u32,
    /// How long
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Entries in a batch, at most 1000
    #[arg(long, default_value_t = 1_000)]
    batch: u32,
}

/// Prints entries a second.
pub(crate) async fn run(args: &AppendArgs) -> anyhow::Result<()> {
    let seconds = Duration::try_from_secs_f64(args.seconds)?;
    let begun = Instant::now();
    let clients = (0..args.clients).map(|seed| add(args, u64::from(seed), begun + seconds));
    let added: u32 = try_join_all(clients).await?.into_iter().sum();
    let rate = f64::from(added) / begun.elapsed().as_secs_f64();
    say(format_args!("{rate:.0}"))
}

async fn add(args: &AppendArgs, seed: u64, end: Instant) -> anyhow::Result<u32> {
    let client = Client::new(&args.url, &args.token)?;
    let path = format!("{AUDIT}/batch");
    let batch = batch(&mut Rng::with_seed(seed), args.batch);
    let mut added = 0;
    while Instant::now() < end {
        let answer = client.post(&path, &batch).await?;
        if !answer.is_good() {
            bail!("a batch was answered with {}", answer.status);
        }
        added += args.batch;
    }
    Ok(added)
}

fn batch(rng: &mut Rng, size: u32) -> Value {
    let entries: Vec<Value> = (0..size).map(|row| entry(rng, row, size)).collect();
    json!({ "events": entries })
}

fn entry(rng: &mut Rng, row: u32, size: u32) -> Value {
    let mut note = String::new();
    world::write_words(&mut note, rng, (row, size), 5);
    json!({
        "event_type": world::skewed_of(rng, &world::DEEDS),
        "user_id": world::actor(world::skewed(rng, world::ACTORS)),
        "subject": world::subject(world::skewed(rng, world::SUBJECTS)),
        "variant_data": { "from": "OPEN", "note": note, "to": "RESOLVED", "version": rng.u8(1..9) },
    })
}
