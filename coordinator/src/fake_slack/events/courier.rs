//! Brings what is told to the app: by HTTP or web socket, again and again as Slack does.
//!
//! **Invariant:** clicks and commands never wait behind events, and are tried once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::{Semaphore, oneshot};

use super::log::{Attempt, Delivery, Settled};
use super::post::{self, Failure, Reply, Retry};
use crate::fake_slack::model::{Outgoing, OutgoingKind, Transport};
use crate::fake_slack::stage::Stage;

/// Events under way at once, when they go side by side.
const SIDE_BY_SIDE: usize = 64;

/// How events are delivered.
#[derive(Clone, Debug)]
pub struct Delivering {
    /// How long the app may take to answer.
    pub timeout: Duration,
    /// How long to wait before each retry.
    pub retries: Vec<Duration>,
    /// Whether events wait for each other.
    pub order: Order,
}

/// Whether events wait for each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The first try of each follows that of the one before.
    #[default]
    OneByOne,
    /// Many at once, as Slack does it.
    SideBySide,
}

/// What the app answered to a click or a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status; 200 if it came over a web socket, none if nothing came.
    pub status: Option<u16>,
    /// What it said.
    pub body: String,
}

/// Something to bring.
#[derive(Debug)]
pub(in crate::fake_slack) struct Errand {
    outgoing: Outgoing,
    reply: Option<oneshot::Sender<Answered>>,
}

/// Brings errands.
#[derive(Clone)]
pub(in crate::fake_slack) struct Courier {
    stage: Arc<Stage>,
    client: reqwest::Client,
    how: Arc<Delivering>,
    room: Arc<Semaphore>,
}

impl Default for Delivering {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(3),
            retries: [0, 60, 300].map(Duration::from_secs).to_vec(),
            order: Order::default(),
        }
    }
}

impl Errand {
    pub(in crate::fake_slack) fn telling(outgoing: Outgoing) -> Self {
        Self {
            outgoing,
            reply: None,
        }
    }

    /// An errand whose answer is waited for.
    pub(in crate::fake_slack) fn asking(outgoing: Outgoing) -> (Self, oneshot::Receiver<Answered>) {
        let (reply, answer) = oneshot::channel();
        let errand = Self {
            outgoing,
            reply: Some(reply),
        };
        (errand, answer)
    }
}

impl Courier {
    pub(in crate::fake_slack) fn new(stage: Arc<Stage>, how: Delivering) -> reqwest::Result<Self> {
        Ok(Self {
            client: post::client(how.timeout)?,
            stage,
            how: Arc::new(how),
            room: Arc::new(Semaphore::new(SIDE_BY_SIDE)),
        })
    }

    /// Brings what comes, until nothing comes any more.
    pub(in crate::fake_slack) async fn run(self, mut errands: UnboundedReceiver<Errand>) {
        let (queue, waiting) = mpsc::unbounded_channel();
        drop(actix_web::rt::spawn(self.clone().one_by_one(waiting)));
        while let Some(Errand { outgoing, reply }) = errands.recv().await {
            let courier = self.clone();
            let (held, times) = self.stage.faults().delivery();
            match (reply, self.how.order) {
                (Some(reply), _) => drop(actix_web::rt::spawn(courier.ask(outgoing, reply))),
                // The other end lives as long as this one.
                (None, Order::OneByOne) if held.is_zero() => drop(queue.send((outgoing, times))),
                _ => drop(actix_web::rt::spawn(
                    courier.tell_later(outgoing, times, held),
                )),
            }
        }
    }

    async fn one_by_one(self, mut waiting: UnboundedReceiver<(Outgoing, usize)>) {
        while let Some((outgoing, times)) = waiting.recv().await {
            self.clone().tell(outgoing, times).await;
        }
    }

    async fn ask(self, outgoing: Outgoing, reply: oneshot::Sender<Answered>) {
        let began = Instant::now();
        let answer = self.attempt(&outgoing, None).await;
        let attempt = tried(began, &answer);
        let settled = match attempt.failure {
            None => Settled::Accepted,
            Some(_) => Settled::GivenUp,
        };
        self.note(&outgoing, vec![attempt], settled);
        let answered = answer.map(|reply| Answered {
            status: Some(reply.status).filter(|status| *status != 0),
            body: reply.body,
        });
        // Whoever asked may have given up waiting.
        drop(reply.send(answered.unwrap_or_default()));
    }

    async fn tell_later(self, outgoing: Outgoing, times: usize, held: Duration) {
        tokio::time::sleep(held).await;
        let room = Arc::clone(&self.room).acquire_owned().await;
        self.tell(outgoing, times).await;
        drop(room);
    }

    /// The first try; what it did not achieve is left to a task of its own.
    async fn tell(self, outgoing: Outgoing, times: usize) {
        for _ in 1..times {
            // Not counted: the same event, delivered once more than it should be.
            drop(self.attempt(&outgoing, None).await);
        }
        let began = Instant::now();
        let answer = self.attempt(&outgoing, None).await;
        let attempt = tried(began, &answer);
        match over(&answer, attempt.failure) {
            Some(settled) => self.note(&outgoing, vec![attempt], settled),
            None => drop(actix_web::rt::spawn(self.retry(outgoing, attempt))),
        }
    }

    async fn retry(self, outgoing: Outgoing, first: Attempt) {
        let mut reason = first.failure.unwrap_or(Failure::Unknown);
        let mut attempts = vec![first];
        let mut settled = Settled::GivenUp;
        for (pause, number) in self.how.retries.iter().zip(1..) {
            tokio::time::sleep(*pause).await;
            let began = Instant::now();
            let answer = self
                .attempt(&outgoing, Some(Retry { number, reason }))
                .await;
            let attempt = tried(began, &answer);
            let end = over(&answer, attempt.failure);
            reason = attempt.failure.unwrap_or(reason);
            attempts.push(attempt);
            if let Some(end) = end {
                settled = end;
                break;
            }
        }
        self.note(&outgoing, attempts, settled);
    }

    async fn attempt(&self, outgoing: &Outgoing, retry: Option<Retry>) -> Result<Reply, Failure> {
        let (transport, now) = self
            .stage
            .look(|world| (world.app.transport.clone(), world.now().timestamp()));
        match transport {
            Transport::Nowhere => Ok(Reply {
                status: 0,
                declined: true,
                body: String::new(),
            }),
            Transport::Http(endpoints) => {
                let what = (outgoing.kind, &outgoing.payload);
                post::post(&self.client, &endpoints, what, retry, now).await
            }
            Transport::Socket => {
                let retry = retry.map(|retry| (retry.number, retry.reason.as_str()));
                let said = self
                    .stage
                    .sockets
                    .bring(outgoing, retry, self.how.timeout)
                    .await?;
                Ok(Reply {
                    status: 200,
                    declined: false,
                    body: said,
                })
            }
        }
    }

    fn note(&self, outgoing: &Outgoing, attempts: Vec<Attempt>, settled: Settled) {
        let event_id = outgoing.payload.get("event_id").and_then(Value::as_str);
        self.stage.deliveries.note(Delivery {
            kind: outgoing.kind,
            event_id: event_id
                .map(str::to_owned)
                .filter(|_| outgoing.kind == OutgoingKind::Event),
            attempts,
            settled,
        });
        self.stage.deliveries.ended();
    }
}

fn tried(began: Instant, answer: &Result<Reply, Failure>) -> Attempt {
    let status = answer
        .as_ref()
        .ok()
        .map(|reply| reply.status)
        .filter(|status| *status != 0);
    let failure = match answer {
        Ok(reply) if reply.status == 0 || (200..300).contains(&reply.status) => None,
        Ok(_) => Some(Failure::Status),
        Err(failure) => Some(*failure),
    };
    Attempt {
        status,
        failure,
        took: began.elapsed(),
    }
}

/// How it ended, if it did.
fn over(answer: &Result<Reply, Failure>, failure: Option<Failure>) -> Option<Settled> {
    match (answer, failure) {
        (Ok(reply), _) if reply.status == 0 => Some(Settled::Nowhere),
        (_, None) => Some(Settled::Accepted),
        (Ok(reply), Some(_)) if reply.declined => Some(Settled::Declined),
        _ => None,
    }
}
