//! The supervisor of actors.
//!
//! Owns the watch over an actor's address: whether it is connected and answers in time, the rebuilding of a
//! dead or frozen one from its factory, and the giving up after too many. State is lost with an actor, so
//! what matters must be read again from the database by the factory's actor.
//!
//! A frozen actor that wakes up again finds its address dropped and ends; until then two instances exist,
//! which whoever writes to the database must bear anyway. An actor that blocks its thread can only be rebuilt
//! elsewhere: a factory for such an actor starts it on an arbiter of its own.
//! **Invariant:** a panic in an actor or its factory never reaches the guardian's task.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use actix::dev::{SendError, ToEnvelope};
use actix::{Actor, Addr, Handler, MailboxError, Message};
use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{ActorError, Ping};
use crate::telemetry::ActorMetrics;

/// How actors are watched.
#[derive(Clone, Copy, Debug)]
pub struct GuardOptions {
    /// How often an actor is looked at.
    pub look_every: Duration,
    /// How long it may take to answer a [`Ping`] before it counts as frozen.
    pub frozen_after: Duration,
    /// How long [`Guarded::send`] waits for an answer, the time of a rebuild included.
    pub answer_within: Duration,
    /// With this many restarts within [`Self::window`] the guardian gives up.
    pub max_restarts: usize,
    /// See [`Self::max_restarts`].
    pub window: Duration,
    /// The pause before the second restart within the window; it doubles for each further one.
    pub back_off: Duration,
}

impl Default for GuardOptions {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(5),
            frozen_after: Duration::from_secs(15),
            answer_within: Duration::from_secs(10),
            max_restarts: 3,
            window: Duration::from_mins(1),
            back_off: Duration::from_millis(250),
        }
    }
}

/// Watches over actors.
#[derive(Clone)]
pub struct Guardian {
    options: GuardOptions,
    metrics: ActorMetrics,
    give_up: Arc<dyn Fn(&'static str) + Send + Sync>,
    stop: CancellationToken,
}

/// An actor that is rebuilt when it dies. Clones are the same actor.
pub struct Guarded<A: Actor> {
    inner: Arc<Inner<A>>,
}

struct Inner<A: Actor> {
    name: &'static str,
    options: GuardOptions,
    metrics: ActorMetrics,
    /// `None` while it is being rebuilt.
    addr: ArcSwapOption<Addr<A>>,
    phase: watch::Sender<Phase>,
    /// Somebody met a closed mailbox.
    alarm: Notify,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Guarded; the number counts how often it was built.
    Guarded(u64),
    /// Nobody rebuilds it any more.
    Unguarded,
}

#[derive(Clone, Copy)]
enum State {
    Alive,
    Dead,
    Frozen,
}

impl Guardian {
    /// A guardian that calls `give_up` with the actor's name when one dies too often: the process should
    /// drain and exit with 70, and let its supervisor start it again.
    pub fn new(
        options: GuardOptions,
        metrics: ActorMetrics,
        give_up: impl Fn(&'static str) + Send + Sync + 'static,
    ) -> Self {
        Self {
            options,
            metrics,
            give_up: Arc::new(give_up),
            stop: CancellationToken::new(),
        }
    }

    /// Starts an actor and watches over it. Call it inside a tokio runtime.
    ///
    /// `factory` is called again, from a tokio task, for each rebuild, so it must say itself where the actor
    /// runs: `move || Intake::start_in_arbiter(&arbiter, |ctx| …)` with an
    /// [`ArbiterHandle`](actix::ArbiterHandle).
    pub fn guard<A>(
        &self,
        name: &'static str,
        factory: impl Fn() -> Addr<A> + Send + Sync + 'static,
    ) -> Guarded<A>
    where
        A: Actor + Handler<Ping>,
        A::Context: ToEnvelope<A, Ping>,
    {
        self.metrics.guarded(name);
        let (phase, _) = watch::channel(Phase::Guarded(0));
        let inner = Arc::new(Inner {
            name,
            options: self.options,
            metrics: self.metrics.clone(),
            addr: ArcSwapOption::empty(),
            phase,
            alarm: Notify::new(),
        });
        inner.build(&factory);
        let (watched, guardian) = (Arc::clone(&inner), self.clone());
        tokio::spawn(async move {
            let stop = guardian.stop.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                () = guardian.watch(&watched, factory) => {}
            }
            watched.phase.send_replace(Phase::Unguarded);
        });
        Guarded { inner }
    }

    /// Ends the watch over all actors: those that end from now on stay ended. Their addresses work on.
    pub fn dismiss(&self) {
        self.stop.cancel();
    }

    /// Looks, rebuilds, and returns when it gave up.
    async fn watch<A>(&self, inner: &Inner<A>, factory: impl Fn() -> Addr<A>)
    where
        A: Actor + Handler<Ping>,
        A::Context: ToEnvelope<A, Ping>,
    {
        let mut restarts: VecDeque<Instant> = VecDeque::new();
        loop {
            tokio::select! {
                () = inner.alarm.notified() => {}
                () = sleep(self.options.look_every) => {}
            }
            let cause = match inner.look().await {
                State::Alive => continue,
                State::Dead => "died",
                State::Frozen => "frozen",
            };
            inner.addr.store(None);
            let now = Instant::now();
            restarts.retain(|at| now.duration_since(*at) < self.options.window);
            let pause = self.pause(restarts.len());
            tracing::error!(actor = inner.name, cause, ?pause, "actor is rebuilt");
            sleep(pause).await;
            restarts.push_back(now);
            self.metrics.restarted(inner.name);
            inner.build(&factory);
            if restarts.len() >= self.options.max_restarts {
                tracing::error!(actor = inner.name, "actor died too often: giving up");
                (self.give_up)(inner.name);
                return;
            }
        }
    }

    fn pause(&self, recent: usize) -> Duration {
        match u32::try_from(recent) {
            Ok(0) => Duration::ZERO,
            Ok(recent) => self
                .options
                .back_off
                .saturating_mul(2_u32.saturating_pow(recent - 1)),
            Err(_) => self.options.window,
        }
        .min(self.options.window)
    }
}

impl<A: Actor> Guarded<A> {
    /// Asks, and waits for the answer up to [`GuardOptions::answer_within`]. If the actor is being rebuilt,
    /// that is waited for first.
    ///
    /// # Errors
    /// [`ActorError::Gone`] if it died before it answered, [`ActorError::TimedOut`]; both transient.
    ///
    /// # Cancel safety
    /// A dropped call takes the message back if its handler has not begun.
    pub async fn send<M>(&self, message: M) -> Result<M::Result, ActorError>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        self.send_within(message, self.inner.options.answer_within)
            .await
    }

    /// As [`Self::send`], with another limit.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_within<M>(&self, message: M, limit: Duration) -> Result<M::Result, ActorError>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let name = self.inner.name;
        let answer = async {
            let addr = self.inner.living().await?;
            addr.send(message).await.map_err(|error| match error {
                MailboxError::Closed => {
                    self.inner.alarm.notify_one();
                    ActorError::Gone(name)
                }
                MailboxError::Timeout => ActorError::TimedOut(name),
            })
        };
        timeout(limit, answer)
            .await
            .unwrap_or(Err(ActorError::TimedOut(name)))
    }

    /// Leaves a message without waiting for an answer.
    ///
    /// # Errors
    /// [`ActorError::Refused`] if the mailbox is full, [`ActorError::Gone`] if there is none; both transient,
    /// and the message was not taken.
    pub fn try_send<M>(&self, message: M) -> Result<(), ActorError>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let name = self.inner.name;
        let addr = self.inner.addr.load_full().ok_or(ActorError::Gone(name))?;
        addr.try_send(message).map_err(|error| match error {
            SendError::Full(_) => {
                self.inner.metrics.refused(name);
                ActorError::Refused(name)
            }
            SendError::Closed(_) => {
                self.inner.alarm.notify_one();
                ActorError::Gone(name)
            }
        })
    }

    /// Whether the actor is there, as far as is known without asking it.
    pub fn is_alive(&self) -> bool {
        self.inner
            .addr
            .load()
            .as_ref()
            .is_some_and(|addr| addr.connected())
    }

    /// Its name in logs and metrics.
    pub fn name(&self) -> &'static str {
        self.inner.name
    }

    /// Waits until the actor was built again `times` times since its start.
    ///
    /// # Errors
    /// [`ActorError::Gone`] if nobody rebuilds it any more.
    pub async fn rebuilt(&self, times: u64) -> Result<(), ActorError> {
        let mut phases = self.inner.phase.subscribe();
        let reached = |phase: &Phase| match phase {
            Phase::Guarded(builds) => *builds > times,
            Phase::Unguarded => true,
        };
        let phase = phases.wait_for(reached).await.map(|phase| *phase);
        match phase {
            Ok(Phase::Guarded(_)) => Ok(()),
            _ => Err(ActorError::Gone(self.inner.name)),
        }
    }
}

impl<A: Actor> Inner<A> {
    /// Makes the actor. A factory that panics leaves it dead, for the next look to find.
    fn build(&self, factory: &impl Fn() -> Addr<A>) {
        if let Ok(addr) = catch_unwind(AssertUnwindSafe(factory)) {
            self.addr.store(Some(Arc::new(addr)));
        } else {
            self.alarm.notify_one();
        }
        self.phase.send_modify(|phase| {
            if let Phase::Guarded(builds) = phase {
                *builds += 1;
            }
        });
    }

    async fn look(&self) -> State
    where
        A: Handler<Ping>,
        A::Context: ToEnvelope<A, Ping>,
    {
        let Some(addr) = self.addr.load_full() else {
            return State::Dead;
        };
        match timeout(self.options.frozen_after, addr.send(Ping)).await {
            Ok(Ok(())) => State::Alive,
            Ok(Err(_)) => State::Dead,
            Err(_) => State::Frozen,
        }
    }

    /// The address of the living actor; waits for it while it is being rebuilt.
    async fn living(&self) -> Result<Arc<Addr<A>>, ActorError> {
        let mut phases = self.phase.subscribe();
        loop {
            let phase = *phases.borrow_and_update();
            match self.addr.load_full() {
                Some(addr) if addr.connected() => return Ok(addr),
                _ if phase == Phase::Unguarded => return Err(ActorError::Gone(self.name)),
                _ => self.alarm.notify_one(),
            }
            if phases.changed().await.is_err() {
                return Err(ActorError::Gone(self.name));
            }
        }
    }
}

impl<A: Actor> Clone for Guarded<A> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<A: Actor> fmt::Debug for Guarded<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guarded({})", self.inner.name)
    }
}
