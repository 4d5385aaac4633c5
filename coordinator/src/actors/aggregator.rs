//! Counting results: each once, with everything that follows from it, in one transaction.
//!
//! Owns the reading end of the results stream and the decision what a result leads to; the decision
//! itself is `domain::policy`. A batch that cannot be committed stays unacknowledged and comes again.
//!
//! **Invariant:** a result is acknowledged after the commit that counted it, or after it was found to be
//! counted already.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, AsyncContext, Context, WrapFuture};
use shared::failpoint;
use shared::ids::{ActionId, JobId};
use shared::job::{RetryClass, ScanOutcome, ScanResult};
use shared::lifecycle::Shutdown;
use shared::queue::{Consumer, Delivery, Queue, Receipt, Stream};
use shared::seal::{EnvelopeSealer, SealError};
use shared::telemetry::names::span;
use shared::telemetry::{self, Metrics};
use tracing::Span;

use crate::arrivals::Arrivals;
use crate::bell::Bell;
use crate::consequences::{Consequences, Rules};
use crate::domain::pace::Pace;
use crate::installations::Installations;
use crate::mended;
use crate::originals::Originals;
use crate::policies::Policies;
use crate::store::jobs::{self, Job};
use crate::store::notices::Notices;
use crate::store::results::{self, Committed, NewResult, News};
use crate::store::slack_actions::{Row, SlackActions, SlackDeed};
use crate::store::{Conn, Store, StoreError, StoreResult, clock, originals, outbox};
use crate::suppressions::Suppressions;

/// Results in one commit, at most.
const BATCH: usize = 512;
/// How long one read waits: as long as a shutdown may go unnoticed.
const POLL: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often a result may come that cannot be opened yet: long enough for a key or a newer coordinator to
/// arrive. One that stayed for ever would take its place on the stream from others; its job is scanned again.
const MAX_DELIVERIES: u32 = 10;

/// The lane's name in metrics.
const RESULTS_LANE: &str = "results";

shared::answers_ping!(Aggregator);

/// Counts results.
pub struct Aggregator {
    parts: Arc<AggregatorParts>,
}

/// What an aggregator works with.
pub struct AggregatorParts {
    /// Unique among the living coordinators.
    pub name: String,
    /// Where results are counted.
    pub store: Store,
    /// Where they come from.
    pub queue: Arc<dyn Queue>,
    /// Opens them.
    pub sealer: EnvelopeSealer,
    /// What decides.
    pub policies: Arc<Policies>,
    /// What keeps findings from counting.
    pub suppressions: Arc<Suppressions>,
    /// What seals the actions that follow.
    pub consequences: Consequences,
    /// What keeps the text of messages that met a policy.
    pub originals: Originals,
    /// Whom to tell of what was raised.
    pub notices: Notices,
    /// Makes rows of what is to be shown in Slack.
    pub actions: SlackActions,
    /// Who wants to see it there.
    pub installations: Arc<Installations>,
    /// Who waits for results.
    pub arrivals: Arrivals,
    /// Wakes those who carry out what follows.
    pub bell: Bell,
    /// What is counted.
    pub metrics: Metrics,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl Aggregator {
    /// An aggregator over `parts`.
    pub fn new(parts: Arc<AggregatorParts>) -> Self {
        Self { parts }
    }
}

impl Actor for Aggregator {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.spawn(aggregate_until_stopped(Arc::clone(&self.parts)).into_actor(self));
    }
}

async fn aggregate_until_stopped(parts: Arc<AggregatorParts>) {
    let mut pause = FIRST_PAUSE;
    while !parts.shutdown.is_draining() {
        match parts.queue.consumer(Stream::Results, &parts.name).await {
            Ok(consumer) => aggregate(consumer, &parts, &mut pause).await,
            Err(error) => {
                tracing::warn!(%error, "no consumer of results, trying again");
                rest(&parts, &mut pause).await;
            }
        }
    }
}

async fn aggregate(mut consumer: Box<dyn Consumer>, parts: &AggregatorParts, pause: &mut Duration) {
    let mut pace = Pace::default();
    while !parts.shutdown.is_draining() {
        let deliveries = match gather(consumer.as_mut(), &mut pace).await {
            Ok(deliveries) => deliveries,
            Err(error) => {
                tracing::warn!(%error, "results not read, trying again");
                rest(parts, pause).await;
                continue;
            }
        };
        match count(parts, deliveries).await {
            Ok(()) => *pause = FIRST_PAUSE,
            Err(error) => {
                tracing::warn!(%error, "results not committed, they will come again");
                rest(parts, pause).await;
            }
        }
    }
    if let Err(error) = consumer.close().await {
        tracing::debug!(%error, "results consumer not closed");
    }
}

/// Reads a batch; when results are frequent, waits a little so that one commit carries many.
async fn gather(
    consumer: &mut dyn Consumer,
    pace: &mut Pace,
) -> Result<Vec<Delivery>, shared::queue::QueueError> {
    let started = Instant::now();
    let mut deliveries = consumer.receive(BATCH, POLL).await?;
    let wait = pace.wait();
    if !deliveries.is_empty() && deliveries.len() < BATCH && wait > Duration::from_millis(1) {
        tokio::time::sleep(wait).await;
        let more = consumer
            .receive(BATCH - deliveries.len(), Duration::ZERO)
            .await?;
        deliveries.extend(more);
    }
    pace.learn(deliveries.len(), started.elapsed());
    Ok(deliveries)
}

/// Opens a batch, commits it, then acknowledges it.
async fn count(parts: &AggregatorParts, deliveries: Vec<Delivery>) -> Result<(), StoreError> {
    if !deliveries.is_empty() {
        failpoint::pass("aggregator");
    }
    let mut batches = vec![open(parts, deliveries).await];
    while let Some(batch) = batches.pop() {
        let Err(error) = commit_and_acknowledge(parts, &batch).await else {
            continue;
        };
        if error.class() == RetryClass::Transient {
            batches.push(batch);
            hand_back(&batches).await;
            return Err(error);
        }
        // One result that the database will never take must not hold up the others: halve until it is
        // alone, then set it aside.
        let (mut first, second) = halved(batch);
        if second.is_empty() {
            set_aside(first.pop(), &error).await;
        } else {
            batches.extend([second, first]);
        }
    }
    Ok(())
}

async fn commit_and_acknowledge(
    parts: &AggregatorParts,
    batch: &[Opened],
) -> Result<(), StoreError> {
    let Some(first) = batch.first() else {
        return Ok(());
    };
    let started = Instant::now();
    let results = batch.iter().map(|opened| opened.result.clone()).collect();
    let committed = commit(parts, results).await?;
    failpoint::pass("aggregator_committed");
    parts.metrics.jobs.committed(RESULTS_LANE, batch.len());
    parts
        .metrics
        .jobs
        .duplicate_results(committed.duplicates as u64);
    tracing::debug!(results = batch.len(), took = ?started.elapsed(), "results committed");
    parts.arrivals.announce(&committed.inserted);
    parts.bell.ring();
    note_orphans(&committed);
    if let Err(error) = first.delivery.settle().ack(&receipts(batch)).await {
        // They come again and are found to be counted.
        tracing::warn!(%error, results = batch.len(), "results not acknowledged");
    }
    Ok(())
}

/// Gives results back to the queue at once.
async fn hand_back(batches: &[Vec<Opened>]) {
    for batch in batches {
        let Some(first) = batch.first() else { continue };
        if let Err(error) = first.delivery.settle().nack(&receipts(batch)).await {
            tracing::warn!(%error, "results not handed back, they come when their lease runs out");
        }
    }
}

fn receipts(batch: &[Opened]) -> Vec<Receipt> {
    batch
        .iter()
        .map(|opened| opened.delivery.receipt.clone())
        .collect()
}

async fn set_aside(opened: Option<Opened>, error: &StoreError) {
    let Some(opened) = opened else { return };
    tracing::error!(job = %opened.result.job_id, %error, "result cannot be stored, set aside");
    if let Err(error) = opened
        .delivery
        .dead_letter("the database refuses this result")
        .await
    {
        tracing::warn!(%error, "result not set aside, it will come again");
    }
}

/// A result in our hands, and a span in the job's own trace, open until the commit.
struct Opened {
    delivery: Delivery,
    result: ScanResult,
    _span: Span,
}

/// Two halves; the second is empty if there is one result only.
fn halved(mut batch: Vec<Opened>) -> (Vec<Opened>, Vec<Opened>) {
    let second = batch.split_off(batch.len().div_ceil(2));
    (batch, second)
}

/// Opens what can be opened; the rest is set aside.
async fn open(parts: &AggregatorParts, deliveries: Vec<Delivery>) -> Vec<Opened> {
    let mut batch = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        match parts.sealer.open_result(&delivery.envelope) {
            Ok(result) => {
                let span = commit_span(parts, &delivery);
                batch.push(Opened {
                    delivery,
                    result,
                    _span: span,
                });
            }
            Err(error)
                if error.class() == RetryClass::Transient
                    && delivery.deliveries < MAX_DELIVERIES =>
            {
                tracing::warn!(%error, "result cannot be opened yet, left to its lease");
            }
            Err(error) => {
                tracing::error!(%error, "result cannot be opened, set aside");
                if let Err(error) = delivery.dead_letter("result cannot be opened").await {
                    tracing::warn!(%error, "result not set aside, it will come again");
                }
            }
        }
    }
    batch
}

fn commit_span(parts: &AggregatorParts, delivery: &Delivery) -> Span {
    let span = tracing::info_span!(
        span::COMMIT,
        otel.name = "commit results",
        otel.kind = "consumer",
        messaging.system = parts.queue.system(),
        messaging.destination.name = Stream::Results.name(),
        messaging.operation.name = "commit",
        messaging.operation.type = "process",
        messaging.message.conversation_id = %delivery.envelope.job_id,
    );
    telemetry::set_parent(&span, &delivery.envelope.trace);
    span
}

async fn commit(
    parts: &AggregatorParts,
    results: Vec<ScanResult>,
) -> Result<Committed, StoreError> {
    let with_findings: Vec<JobId> = results
        .iter()
        .filter(|result| has_findings(result))
        .map(|result| result.job_id)
        .collect();
    let policies = parts.policies.current();
    let suppressions = parts.suppressions.current();
    let consequences = parts.consequences.clone();
    let keeper = parts.originals.clone();
    let notices = parts.notices.clone();
    let (actions, installations) = (parts.actions.clone(), Arc::clone(&parts.installations));
    let committing = parts.store.write(move |conn| {
        let contexts: HashMap<JobId, Job> = jobs::contexts(conn, &with_findings)?
            .into_iter()
            .map(|job| (job.id, job))
            .collect();
        let rules = Rules {
            policies: &policies,
            suppressions: &suppressions,
            now: clock::now(conn)?,
        };
        let results = results
            .into_iter()
            .map(|result| {
                let job = contexts.get(&result.job_id);
                consequences.of(result, job, rules)
            })
            .collect::<Result<Vec<NewResult>, SealError>>();
        let mut results = results.map_err(|_no_randomness| StoreError::Busy)?;
        keep_originals(conn, &keeper, &mut results)?;
        let committed = results::commit_telling(conn, &results, Some(&notices))?;
        mended::after_clean_scans(conn, &actions, &clean(&results, &committed))?;
        let lately = committed.news.iter().filter(|news| {
            let job = news.job.and_then(|job| contexts.get(&job));
            !job.is_some_and(Job::is_history)
        });
        tell_reviewers(conn, lately, (&actions, &installations))?;
        Ok(committed)
    });
    committing.await
}

/// Cards for the alerts that are news, where somebody wants them.
fn tell_reviewers<'a>(
    conn: &mut Conn,
    news: impl Iterator<Item = &'a News>,
    (actions, installations): (&SlackActions, &Installations),
) -> StoreResult<()> {
    let mut rows = Vec::new();
    for News {
        alert, workspace, ..
    } in news
    {
        let known = installations.of(workspace);
        if known.is_none_or(|known| known.review_channel.is_none()) {
            continue;
        }
        let key = format!("card/{alert}/news/{}", ActionId::fresh());
        let row = Row::new(key, workspace).about(Some(*alert));
        rows.push(actions.row(&SlackDeed::Card { alert: *alert }, row)?);
    }
    let now = clock::now(conn)?;
    outbox::enqueue(conn, &rows, now)
}

/// The jobs that count and in which no policy minds anything.
fn clean(results: &[NewResult], committed: &Committed) -> Vec<JobId> {
    let is_clean = |new: &&NewResult| {
        let scanned = matches!(new.result.outcome, ScanOutcome::Completed { .. });
        scanned && new.violations.is_empty()
    };
    let clean = results.iter().filter(is_clean).map(|new| new.result.job_id);
    clean
        .filter(|job| committed.inserted.binary_search(job).is_ok())
        .collect()
}

/// Seals anew what the messages said that met a policy. A result counts even if that cannot be done.
fn keep_originals(
    conn: &mut Conn,
    keeper: &Originals,
    results: &mut [NewResult],
) -> StoreResult<()> {
    let violating: Vec<JobId> = results
        .iter()
        .filter(|new| keeper.are_kept() && !new.violations.is_empty())
        .map(|new| new.result.job_id)
        .collect();
    if violating.is_empty() {
        return Ok(());
    }
    for sealed in originals::sealed_jobs(conn, &violating)? {
        let job = sealed.id;
        match keeper.seal_anew(sealed) {
            Ok(original) => {
                let of_job = |new: &&mut NewResult| new.result.job_id == job;
                if let Some(new) = results.iter_mut().find(of_job) {
                    new.original = original;
                }
            }
            Err(error) => tracing::warn!(%job, %error, "original not kept"),
        }
    }
    Ok(())
}

const fn has_findings(result: &ScanResult) -> bool {
    matches!(&result.outcome, ScanOutcome::Completed { findings, .. } if !findings.is_empty())
}

/// A result without a job: the job was deleted, or the queue is another installation's.
fn note_orphans(committed: &Committed) {
    if committed.orphans > 0 {
        tracing::warn!(
            results = committed.orphans,
            "results of unknown jobs dropped"
        );
    }
}

async fn rest(parts: &AggregatorParts, pause: &mut Duration) {
    tokio::select! {
        () = parts.shutdown.draining() => {}
        () = tokio::time::sleep(*pause) => {}
    }
    *pause = (*pause * 2).min(LONGEST_PAUSE);
}
