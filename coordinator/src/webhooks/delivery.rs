//! The outbox's calls: from claimed rows to answers, and what became of them.
//!
//! Owns the order of calls and what an answer means. **Invariant:** a call is recorded after it was answered, in
//! one transaction with what it says of the endpoint; an endpoint that does not answer costs one call a round,
//! however much is to be told to it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use shared::clock::SharedClock;
use shared::failpoint;
use shared::ids::{ActionId, WebhookId};
use shared::lifecycle::Shutdown;
use shared::seal::Sealer;
use url::Url;

use super::body::News;
use super::caller::{ANSWER_WITHIN, Caller};
use super::{Endpoint, Sealing};
use crate::domain::notice::Retry;
use crate::outgoing::{DeliveryMetrics, Kind, Outcome, Settlement, open};
use crate::store::notices::{self, Notices, WEBHOOK, WebhookPayload};
use crate::store::outbox::{self, StoredAction};
use crate::store::webhooks::{self, AfterFailure, DisabledReason, Webhook, WebhookState};
use crate::store::{Conn, Store, StoreError, StoreResult};

/// Rows claimed at once.
const BATCH: u32 = 64;
/// Endpoints called at once.
const SIDE_BY_SIDE: usize = 16;
/// How long one endpoint may take in a round before the rest of its rows are given back: others wait.
const TURN: Duration = ANSWER_WITHIN;
/// Longer than a round takes: the endpoints of a batch in four turns, each with a last call.
const LEASE: Duration = Duration::from_mins(5);

/// What deliveries work with.
pub struct DeliveryParts {
    /// Calls.
    pub caller: Caller,
    /// Where it is written what to tell.
    pub store: Store,
    /// Opens it.
    pub sealer: Sealer,
    /// Tells people of a webhook that is disabled.
    pub notices: Notices,
    /// Where links lead.
    pub public_url: Option<Url>,
    /// How long an endpoint may fail.
    pub disable_after: Duration,
    /// How often a call is tried.
    pub retry: Retry,
    /// Counts them.
    pub metrics: DeliveryMetrics,
    /// Stamps signatures.
    pub clock: SharedClock,
    /// When to stop.
    pub shutdown: Shutdown,
}

/// Carries out the outbox's calls.
pub struct Deliveries {
    parts: DeliveryParts,
    sealing: Sealing,
}

type Claimed = (StoredAction, Option<Vec<u8>>);

/// What a call says of its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Well,
    Failing,
    Gone,
    /// It was not called.
    Unasked,
}

impl Deliveries {
    /// Deliveries over `parts`.
    pub fn new(parts: DeliveryParts) -> Self {
        let sealing = Sealing::new(parts.sealer.clone());
        Self { parts, sealing }
    }

    /// Tells what is due; says how many rows there were.
    ///
    /// # Errors
    /// Those of the database; transient. What was told and not recorded is told again.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let claiming = |conn: &mut _| outbox::claim(conn, &[WEBHOOK], BATCH, LEASE);
        let claimed = self.parts.store.write(claiming).await?;
        let count = claimed.len();
        if count > 0 {
            failpoint::pass("webhook_claimed");
        }
        let mut by_target: BTreeMap<Option<WebhookId>, Vec<Claimed>> = BTreeMap::new();
        for row in claimed {
            by_target.entry(row.0.target).or_default().push(row);
        }
        let calling = futures_util::stream::iter(by_target)
            .map(|(target, rows)| self.deliver_to(target, rows))
            .buffer_unordered(SIDE_BY_SIDE);
        let done: Vec<Result<(), StoreError>> = calling.collect().await;
        done.into_iter().collect::<Result<(), StoreError>>()?;
        Ok(count)
    }

    /// One endpoint's turn: call after call, until one fails.
    async fn deliver_to(
        &self,
        target: Option<WebhookId>,
        rows: Vec<Claimed>,
    ) -> Result<(), StoreError> {
        let begun = Instant::now();
        let endpoint = match self.endpoint(target).await? {
            Ok(endpoint) => endpoint,
            Err(outcome) => return self.settle_all(rows, &outcome).await,
        };
        let mut rows = rows.into_iter();
        while let Some((action, payload)) = rows.next() {
            if self.parts.shutdown.is_draining() || begun.elapsed() > TURN {
                let rest = std::iter::once((action, payload)).chain(rows).collect();
                return self.give_back(rest).await;
            }
            let (outcome, verdict) = self.tell(&endpoint, &action, payload.as_deref()).await?;
            failpoint::pass("webhook_sent");
            let settlement = Settlement::of(action, outcome.clone(), self.parts.retry);
            self.record(target, settlement, verdict).await?;
            if matches!(verdict, Verdict::Failing | Verdict::Gone) {
                // Whoever did not take this one is not asked for the others now.
                return self.settle_all(rows.collect(), &outcome).await;
            }
        }
        Ok(())
    }

    /// The endpoint behind a webhook, or why there is none to call.
    async fn endpoint(
        &self,
        target: Option<WebhookId>,
    ) -> Result<Result<Endpoint, Outcome>, StoreError> {
        let failed = |code: &str| Ok(Err(Outcome::Failed(code.to_owned())));
        let Some(id) = target else {
            return failed(webhooks::ENDPOINT_DELETED);
        };
        let stored = self
            .parts
            .store
            .read(move |conn| webhooks::get(conn, id))
            .await?;
        let Some(webhook) = stored else {
            return failed(webhooks::ENDPOINT_DELETED);
        };
        if webhook.state == WebhookState::Disabled {
            return failed(webhooks::ENDPOINT_DISABLED);
        }
        let unreadable = |_: super::Unreadable| Outcome::Later("endpoint_unreadable".to_owned());
        Ok(self.open(&webhook).map_err(unreadable))
    }

    fn open(&self, webhook: &Webhook) -> Result<Endpoint, super::Unreadable> {
        self.sealing.open(webhook)
    }

    async fn tell(
        &self,
        endpoint: &Endpoint,
        action: &StoredAction,
        payload: Option<&[u8]>,
    ) -> Result<(Outcome, Verdict), StoreError> {
        let payload: WebhookPayload = match open(&self.parts.sealer, action, payload) {
            Ok(payload) => payload,
            Err(outcome) => return Ok((outcome, Verdict::Unasked)),
        };
        let alert = payload.alert;
        let reading = move |conn: &mut _| notices::news(conn, &[alert]);
        let Some(news) = self.parts.store.read(reading).await?.pop() else {
            return Ok((Outcome::Failed("alert_gone".to_owned()), Verdict::Unasked));
        };
        let body = News {
            event: payload.event,
            at: action.created_at,
            news: &news,
            public_url: self.parts.public_url.as_ref(),
        };
        let name = format!("msg_{}", action.id.as_uuid().simple());
        let call = endpoint.call(name, self.parts.clock.now(), body.written());
        let begun = Instant::now();
        let called = self.parts.caller.call(call).await;
        self.parts.metrics.took(Kind::Webhook, begun.elapsed());
        Ok(match called {
            Ok(response) if response.is_taken() => (Outcome::Done, Verdict::Well),
            Ok(response) if response.is_gone() => {
                (Outcome::Failed("gone".to_owned()), Verdict::Gone)
            }
            Ok(response) => {
                let code = format!("http_{}", response.status);
                (Outcome::Later(code), Verdict::Failing)
            }
            Err(fault) => (Outcome::Later(fault.code().to_owned()), Verdict::Failing),
        })
    }

    /// Records a call, and what it says of the endpoint.
    async fn record(
        &self,
        target: Option<WebhookId>,
        settlement: Settlement,
        verdict: Verdict,
    ) -> Result<(), StoreError> {
        let (notices, limit) = (self.parts.notices.clone(), self.parts.disable_after);
        let recorded = settlement.clone();
        let recording = move |conn: &mut Conn| {
            // The row of the webhook first: two that record calls of one endpoint would else wait for each other.
            let after = match target {
                Some(target) => judge(conn, target, verdict, limit, &notices)?,
                None => AfterFailure::StillThere,
            };
            record(conn, &recorded)?;
            Ok(after)
        };
        let after = self.parts.store.write(recording).await?;
        self.parts.metrics.settled(Kind::Webhook, &settlement);
        if let AfterFailure::Disabled(reason) = after {
            self.parts.metrics.disabled(reason);
            let (action, reason) = (settlement.action.id, reason.as_str());
            tracing::warn!(webhook = ?target, %action, reason, "webhook disabled");
        }
        Ok(())
    }

    async fn settle_all(&self, rows: Vec<Claimed>, outcome: &Outcome) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let settle = |(action, _)| Settlement::of(action, outcome.clone(), self.parts.retry);
        let settled: Vec<Settlement> = rows.into_iter().map(settle).collect();
        let recorded = settled.clone();
        let recording =
            move |conn: &mut Conn| recorded.iter().try_for_each(|one| record(conn, one));
        self.parts.store.write(recording).await?;
        for one in &settled {
            self.parts.metrics.settled(Kind::Webhook, one);
        }
        Ok(())
    }

    async fn give_back(&self, rows: Vec<Claimed>) -> Result<(), StoreError> {
        let claims: Vec<(ActionId, i32)> = rows
            .into_iter()
            .map(|(action, _)| (action.id, action.attempts))
            .collect();
        let giving = move |conn: &mut _| outbox::give_back(conn, &claims);
        self.parts.store.write(giving).await
    }
}

fn judge(
    conn: &mut Conn,
    target: WebhookId,
    verdict: Verdict,
    limit: Duration,
    notices: &Notices,
) -> StoreResult<AfterFailure> {
    match verdict {
        Verdict::Unasked => Ok(AfterFailure::StillThere),
        Verdict::Well => webhooks::note_success(conn, target).map(|()| AfterFailure::StillThere),
        Verdict::Failing => webhooks::note_failure(conn, target, limit, notices),
        Verdict::Gone => webhooks::disable(conn, target, DisabledReason::Gone, notices),
    }
}

fn record(conn: &mut Conn, one: &Settlement) -> StoreResult<()> {
    outbox::record(conn, one.action.id, one.action.attempts, one.attempt()).map(drop)
}
