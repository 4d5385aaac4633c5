//! The yardstick: the least that Redis and PostgreSQL must do for a message that must not be lost.
//!
//! Owns a pipeline without any of Weir's code: job rows in batches, pipelined `XADD`, one regular expression,
//! the result back through Redis, and result row and job update in one transaction. Leaves comparing to
//! `deploy/bench/run`.
//! **Invariant:** what is measured is durable in the same sense as in Weir: the job row is committed before
//! `XADD`, and a result is acknowledged after its commit.

use std::env;
use std::thread;
use std::time::Instant;

use anyhow::{Context, anyhow};
use clap::Parser;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Array, Binary, Uuid as SqlUuid};
use diesel::{Connection, PgConnection, RunQueryDsl};
use redis::streams::StreamReadReply;
use regex::bytes::Regex;
use uuid::Uuid;

const BATCH: usize = 256;
const JOBS: &str = "raw:jobs";
const RESULTS: &str = "raw:results";
const GROUP: &str = "raw";

/// Measures the raw pipeline over `WEIR_DATABASE__URL` and `WEIR_QUEUE__REDIS_URL`.
#[derive(Parser)]
struct Arguments {
    /// Messages to carry
    #[arg(long, default_value_t = 30_000)]
    messages: usize,
    /// Bytes of a message's body
    #[arg(long, default_value_t = 1_024)]
    body: usize,
}

fn main() -> anyhow::Result<()> {
    let Arguments { messages, body } = Arguments::parse();
    prepare()?;
    let started = Instant::now();
    let steps = [
        thread::spawn(move || produce(messages, body)),
        thread::spawn(move || scan(messages)),
        thread::spawn(move || collect(messages)),
    ];
    for step in steps {
        step.join()
            .map_err(|_panic| anyhow!("a step of the pipeline panicked"))??;
    }
    let rate =
        f64::from(u32::try_from(messages).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64();
    say(format_args!("{rate:.0}"))
}

fn prepare() -> anyhow::Result<()> {
    postgres()?.batch_execute(
        "DROP TABLE IF EXISTS raw_results; DROP TABLE IF EXISTS raw_jobs;
         CREATE TABLE raw_jobs (id UUID PRIMARY KEY, payload BYTEA, state SMALLINT NOT NULL DEFAULT 1,
             due_at TIMESTAMPTZ NOT NULL DEFAULT now());
         CREATE INDEX raw_jobs_open ON raw_jobs (due_at) WHERE state = 1;
         CREATE TABLE raw_results (job_id UUID PRIMARY KEY, body BYTEA NOT NULL,
             committed_at TIMESTAMPTZ NOT NULL DEFAULT now())",
    )?;
    let mut redis = connect_redis()?;
    for stream in [JOBS, RESULTS] {
        let mut anew = redis::pipe();
        anew.cmd("DEL").arg(stream).ignore();
        anew.cmd("XGROUP")
            .arg("CREATE")
            .arg(stream)
            .arg(GROUP)
            .arg("0")
            .arg("MKSTREAM")
            .ignore();
        anew.query::<()>(&mut redis)?;
    }
    Ok(())
}

fn produce(messages: usize, body: usize) -> anyhow::Result<()> {
    let (mut sql, mut redis) = (postgres()?, connect_redis()?);
    let mut left = messages;
    while left > 0 {
        let count = left.min(BATCH);
        let ids: Vec<Uuid> = (0..count)
            .map(|_| shared::ids::JobId::fresh().as_uuid())
            .collect();
        let bodies: Vec<Vec<u8>> = (0..count).map(|_| text(body)).collect();
        diesel::sql_query("INSERT INTO raw_jobs (id, payload) SELECT * FROM unnest($1, $2)")
            .bind::<Array<SqlUuid>, _>(&ids)
            .bind::<Array<Binary>, _>(&bodies)
            .execute(&mut sql)?;
        let mut publish = redis::pipe();
        for (id, body) in ids.iter().zip(&bodies) {
            add(&mut publish, JOBS, id.as_bytes(), body);
        }
        publish.query::<()>(&mut redis)?;
        left -= count;
    }
    Ok(())
}

fn scan(messages: usize) -> anyhow::Result<()> {
    let (mut redis, card) = (connect_redis()?, Regex::new(r"\b\d{4}( ?\d{4}){3}\b")?);
    let mut left = messages;
    while left > 0 {
        let entries = read(&mut redis, JOBS)?;
        let mut answer = redis::pipe();
        answer.atomic();
        for entry in &entries {
            let found = card.is_match(&entry.body);
            add(
                &mut answer,
                RESULTS,
                &entry.job,
                if found { b"1" } else { b"0" },
            );
        }
        settle(&mut answer, JOBS, &entries);
        answer.query::<()>(&mut redis)?;
        left = left.saturating_sub(entries.len());
    }
    Ok(())
}

fn collect(messages: usize) -> anyhow::Result<()> {
    let (mut sql, mut redis) = (postgres()?, connect_redis()?);
    let mut left = messages;
    while left > 0 {
        let entries = read(&mut redis, RESULTS)?;
        let ids = entries
            .iter()
            .map(|entry| Uuid::from_slice(&entry.job))
            .collect::<Result<Vec<_>, _>>()?;
        let bodies: Vec<&[u8]> = entries.iter().map(|entry| &*entry.body).collect();
        sql.transaction(|sql| {
            diesel::sql_query(
                "INSERT INTO raw_results (job_id, body) SELECT * FROM unnest($1, $2)
                 ON CONFLICT DO NOTHING",
            )
            .bind::<Array<SqlUuid>, _>(&ids)
            .bind::<Array<Binary>, _>(&bodies)
            .execute(sql)?;
            diesel::sql_query("UPDATE raw_jobs SET state = 2, payload = NULL WHERE id = ANY($1)")
                .bind::<Array<SqlUuid>, _>(&ids)
                .execute(sql)
        })?;
        let mut done = redis::pipe();
        settle(&mut done, RESULTS, &entries);
        done.query::<()>(&mut redis)?;
        left = left.saturating_sub(entries.len());
    }
    Ok(())
}

struct Entry {
    id: String,
    job: Vec<u8>,
    body: Vec<u8>,
}

fn read(redis: &mut redis::Connection, stream: &str) -> anyhow::Result<Vec<Entry>> {
    let reply: Option<StreamReadReply> = redis::cmd("XREADGROUP")
        .arg("GROUP")
        .arg(GROUP)
        .arg("one")
        .arg("COUNT")
        .arg(BATCH)
        .arg("BLOCK")
        .arg(1_000)
        .arg("STREAMS")
        .arg(stream)
        .arg(">")
        .query(redis)?;
    let keys = reply.map(|reply| reply.keys).unwrap_or_default();
    keys.into_iter()
        .flat_map(|key| key.ids)
        .map(|entry| {
            Ok(Entry {
                job: entry.get("job").context("an entry without job")?,
                body: entry.get("body").context("an entry without body")?,
                id: entry.id,
            })
        })
        .collect()
}

fn add(pipe: &mut redis::Pipeline, stream: &str, job: &[u8], body: &[u8]) {
    let command = pipe.cmd("XADD").arg(stream).arg("*");
    command.arg("job").arg(job).arg("body").arg(body).ignore();
}

fn settle(pipe: &mut redis::Pipeline, stream: &str, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    let ids: Vec<&str> = entries.iter().map(|entry| &*entry.id).collect();
    pipe.cmd("XACK").arg(stream).arg(GROUP).arg(&ids).ignore();
    pipe.cmd("XDEL").arg(stream).arg(&ids).ignore();
}

fn text(bytes: usize) -> Vec<u8> {
    b"the release is ready for review, see ticket 1182 "
        .iter()
        .copied()
        .cycle()
        .take(bytes)
        .collect()
}

fn postgres() -> anyhow::Result<PgConnection> {
    Ok(PgConnection::establish(&variable("WEIR_DATABASE__URL")?)?)
}

fn connect_redis() -> anyhow::Result<redis::Connection> {
    Ok(redis::Client::open(variable("WEIR_QUEUE__REDIS_URL")?)?.get_connection()?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, without Weir's configuration"
)]
fn variable(name: &str) -> anyhow::Result<String> {
    env::var(name).with_context(|| format!("set {name}"))
}

fn say(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}
