//! Carrying out in Slack what policies and people decided: row after row of the outbox.
//!
//! | file | carries out |
//! |---|---|
//! | `block`, `ways` | taking a message away, by the best way there is |
//! | `notice`, `author`, `card` | saying so in its place, to its author, to reviewers |
//! | `click`, `release` | what people press, and giving a message back |
//! | `keeping`, `files_back` | sealed copies of files, kept and given back |
//! | `files` | asking what a file is, and having it scanned |
//! | `tokens` | whose token acts |
//! | `joining` | entering a channel that is new |
//! | `giving_up` | what is written of a deed that was tried too often |
//!
//! Owns what a row leads to. Leaves claiming rows' kinds and payloads to `store`, calls to `slack::client`, and when
//! to look for rows to `actors::enforcer`.
//! **Invariant:** a row is recorded after it was carried out, in one transaction with what follows from it; whoever
//! carries it out again finds what was done.

mod author;
mod block;
mod card;
mod click;
mod deed;
mod files;
mod files_back;
mod giving_up;
mod joining;
mod keeping;
mod messages;
mod metrics;
mod notice;
mod posting;
mod release;
mod subject;
mod tokens;
mod ways;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use scanner_node::fetch::Fetcher;
use shared::clock::SharedClock;
use shared::failpoint;
use shared::ids::ActionId;
use shared::job::RetryClass;
use shared::lifecycle::Shutdown;
use url::Url;

use self::deed::Done;
use self::tokens::BROKEN;
use crate::alarms::Alarms;
use crate::bell::Bell;
use crate::blobs::Blobs;
use crate::domain::due_times::DueTimes;
use crate::domain::notice::Retry;
use crate::domain::storm::Brake;
use crate::installations::Installations;
use crate::jobs::JobMaker;
use crate::originals::Originals;
use crate::outgoing::{Outcome, Settlement, open};
use crate::slack::client::{SlackClient, is_about_a_token};
use crate::store::outbox::{self, StoredAction};
use crate::store::slack_actions::{KINDS, SlackActions, SlackDeed};
use crate::store::{Store, StoreError};
use crate::tickets::Tickets;

pub use metrics::EnforcementMetrics;

/// Rows carried out at once.
const SIDE_BY_SIDE: usize = 32;
/// As long a leak stands whose row was in the hands of a coordinator that died; and how often whoever lives says so.
const LEASE: Duration = Duration::from_secs(20);
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// How often recording a deed is tried, and the pause between.
const RECORD_TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);
/// How often rows are looked for that nobody rang for: those of other coordinators, and those that were put off.
const INTERVAL: Duration = Duration::from_millis(500);

/// What enforcement works with.
pub struct EnforcementParts {
    /// Where it is written what to do.
    pub store: Store,
    /// Makes rows of what follows.
    pub actions: SlackActions,
    /// Does it.
    pub client: SlackClient,
    /// Whose tokens act where.
    pub installations: Arc<Installations>,
    /// Opens what messages said.
    pub originals: Originals,
    /// Makes jobs of files.
    pub jobs: JobMaker,
    /// Says where files are.
    pub tickets: Tickets,
    /// Fetches files that are to be kept.
    pub fetcher: Fetcher,
    /// Keeps them.
    pub blobs: Blobs,
    /// When too many were blocked.
    pub brake: Brake,
    /// How often a row is tried.
    pub retry: Retry,
    /// How long people have for alerts that are opened again.
    pub times: DueTimes,
    /// Tells people what went wrong.
    pub alarms: Alarms,
    /// Where links lead.
    pub public_url: Option<Url>,
    /// What is counted.
    pub metrics: EnforcementMetrics,
    /// Says that there is something to do.
    pub bell: Bell,
    /// Says for how long a message could be read.
    pub clock: SharedClock,
    /// When to stop.
    pub shutdown: Shutdown,
}

/// Carries out the outbox's deeds in Slack.
pub struct Enforcement {
    parts: EnforcementParts,
}

type Claimed = (StoredAction, Option<Vec<u8>>);

impl Enforcement {
    /// Enforcement over `parts`.
    pub fn new(parts: EnforcementParts) -> Self {
        Self { parts }
    }

    /// Carries out what is due until the process stops; then what was begun is ended.
    pub async fn run(&self) {
        let mut working = FuturesUnordered::new();
        while !self.parts.shutdown.is_draining() {
            failpoint::pass("enforcer");
            let room = SIDE_BY_SIDE.saturating_sub(working.len());
            let claimed = self.claim_beside(room, &mut working).await;
            let found = !claimed.is_empty();
            for row in claimed {
                working.push(self.carry_out(row));
            }
            if found && working.len() < SIDE_BY_SIDE {
                continue;
            }
            tokio::select! {
                () = self.parts.shutdown.draining() => {}
                Some(()) = working.next(), if !working.is_empty() => {}
                () = self.parts.bell.rung() => {}
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
        while working.next().await.is_some() {}
    }

    /// Claims while what was begun goes on. A deed that nobody polls would be given its turn at the database and not
    /// take it, and all of Weir would wait behind it.
    async fn claim_beside(
        &self,
        room: usize,
        working: &mut FuturesUnordered<impl Future<Output = ()>>,
    ) -> Vec<Claimed> {
        let mut claiming = pin!(self.claim(room));
        loop {
            tokio::select! {
                claimed = &mut claiming => return claimed,
                Some(()) = working.next() => {}
            }
        }
    }

    async fn claim(&self, room: usize) -> Vec<Claimed> {
        let limit = u32::try_from(room).unwrap_or_default();
        if limit == 0 {
            return Vec::new();
        }
        let claimed = match self
            .parts
            .store
            .read(|conn| outbox::any_due(conn, &KINDS))
            .await
        {
            Ok(false) => return Vec::new(),
            Ok(true) => {
                let claiming = move |conn: &mut _| outbox::claim(conn, &KINDS, limit, LEASE);
                self.parts.store.write(claiming).await
            }
            Err(error) => Err(error),
        };
        match claimed {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, "outbox not read, trying again");
                Vec::new()
            }
        }
    }

    async fn carry_out(&self, (action, payload): Claimed) {
        failpoint::pass("enforcer_claimed");
        let opened = open::<SlackDeed>(self.parts.actions.sealer(), &action, payload.as_deref());
        let done = match opened {
            Ok(deed) => {
                let acting = self.act_or_give_up(deed, &action);
                self.while_held(&action, acting).await
            }
            Err(outcome) => Ok(Done::of(outcome)),
        };
        failpoint::pass("enforcer_acted");
        let done = done.unwrap_or_else(|error| {
            tracing::warn!(%error, "deed in slack put off");
            Done::of(Outcome::PutOff("database".to_owned(), PAUSE))
        });
        if let Err(error) = self.record(action, done).await {
            // Its lease brings it back.
            tracing::warn!(%error, "deed in slack not recorded, it will come again");
        }
    }

    /// Acts, and holds the row as long as that takes: a file may be large, and Slack slow.
    async fn while_held<T>(&self, action: &StoredAction, acting: impl Future<Output = T>) -> T {
        let mut acting = pin!(acting);
        let mut holding = pin!(self.hold(action.id, action.attempts));
        tokio::select! {
            acted = &mut acting => return acted,
            () = &mut holding => {}
        }
        acting.await
    }

    /// Renews a row's lease until somebody else has it.
    async fn hold(&self, id: ActionId, attempts: i32) {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let renewing = move |conn: &mut _| outbox::renew(conn, id, attempts, LEASE);
            match self.parts.store.write(renewing).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "a deed in slack is not held any longer"),
            }
        }
    }

    /// Acts; what was tried too often ends here, and what follows from that is written.
    async fn act_or_give_up(
        &self,
        deed: SlackDeed,
        action: &StoredAction,
    ) -> Result<Done, StoreError> {
        let done = self.act(deed.clone(), action).await?;
        if let Outcome::Later(code) = &done.outcome
            && (is_about_a_token(code) || code == BROKEN)
        {
            self.parts.installations.doubt();
        }
        let settlement = Settlement::of(action.clone(), done.outcome.clone(), self.parts.retry);
        match settlement.exhausted() {
            Some(code) => self.give_up(deed, action, code).await,
            None => Ok(done),
        }
    }

    async fn act(&self, deed: SlackDeed, action: &StoredAction) -> Result<Done, StoreError> {
        match deed {
            SlackDeed::Block { job, policy } => self.block(action, job, policy).await,
            SlackDeed::Notice { held } => self.notice(action, held).await,
            SlackDeed::NotifyAuthor { job, policy } => self.tell_author(action, job, policy).await,
            SlackDeed::Card { alert } => self.card(action, alert).await,
            SlackDeed::Release { held, by } => self.release(action, held, by).await,
            SlackDeed::Click(click) => self.click(action, click).await,
            SlackDeed::File { file, news, at } => self.file(action, (file, news, at)).await,
            SlackDeed::Whisper(whisper) => self.whisper(action, whisper).await,
            SlackDeed::Join { channel } => self.join(action, &channel).await,
        }
    }

    async fn record(&self, action: StoredAction, done: Done) -> Result<(), StoreError> {
        let Done { outcome, then } = done;
        let settlement = Settlement::of(action, outcome, self.parts.retry);
        if settlement.is_given_up() {
            tracing::error!(action = %settlement.action.id, kind = settlement.action.kind,
                attempt = ?settlement.attempt(), "deed in slack given up");
        }
        self.parts.metrics.settled(&settlement);
        let settlement = Arc::new(settlement);
        // What is done is done: a database that is busy for a moment must not make it wait for its lease.
        for tries_left in (0..RECORD_TRIES).rev() {
            let (settlement, then) = (Arc::clone(&settlement), Arc::clone(&then));
            let recording = move |conn: &mut _| {
                let (id, attempts) = (settlement.action.id, settlement.action.attempts);
                // Somebody else has it by now: what follows is theirs to write.
                if outbox::record(conn, id, attempts, settlement.attempt())? {
                    then(conn)?;
                }
                Ok(())
            };
            match self.parts.store.write(recording).await {
                Err(error) if tries_left > 0 && error.class() == RetryClass::Transient => {
                    tokio::time::sleep(PAUSE).await;
                }
                recorded => {
                    recorded?;
                    break;
                }
            }
        }
        failpoint::pass("enforcer_recorded");
        self.parts.bell.ring();
        Ok(())
    }
}
