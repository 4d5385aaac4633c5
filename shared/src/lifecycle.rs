//! How a process ends: first it drains, then it stops.
//!
//! Owns the two signals every loop looks at, and the tasks whose end is awaited. What draining means is for
//! each loop.
//! **Invariant:** whoever is told to stop was told to drain, before or at the same time.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The two signals of a process, and its tasks. Clones are the same.
#[derive(Clone, Debug)]
pub struct Shutdown {
    /// A child of `hard`, so that stopping implies draining.
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

/// How the tasks ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// All by themselves.
    Drained,
    /// This many were still running when the hard signal came.
    Aborted(usize),
}

impl Shutdown {
    /// Signals that only [`Self::drain`] and [`Self::stop`] give.
    pub fn new() -> Self {
        let hard = CancellationToken::new();
        Self {
            soft: hard.child_token(),
            hard,
            tasks: TaskTracker::new(),
        }
    }

    /// Listens to the operating system: the first SIGTERM or SIGINT drains; a second, or `deadline` after
    /// the draining began, stops. Call it once, inside a tokio runtime.
    ///
    /// # Errors
    /// Those of installing a signal handler; permanent.
    pub fn listen(deadline: Duration) -> io::Result<Self> {
        let shutdown = Self::new();
        let (tell, told) = mpsc::channel(4);
        for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
            let mut signals = signal(kind)?;
            let tell = tell.clone();
            tokio::spawn(async move {
                while signals.recv().await.is_some() && tell.send(()).await.is_ok() {}
            });
        }
        tokio::spawn(shutdown.clone().drive(deadline, told));
        Ok(shutdown)
    }

    /// Asks everybody to finish what they hold and take nothing new.
    pub fn drain(&self) {
        self.soft.cancel();
    }

    /// Asks everybody to stop at once.
    pub fn stop(&self) {
        self.hard.cancel();
    }

    /// Whether draining has begun.
    pub fn is_draining(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Whether the time to drain is over.
    pub fn is_stopping(&self) -> bool {
        self.hard.is_cancelled()
    }

    /// Waits for draining to begin.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn draining(&self) {
        self.soft.cancelled().await;
    }

    /// Waits for the end of the time to drain.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn stopping(&self) {
        self.hard.cancelled().await;
    }

    /// The signal to drain, for code that takes a token.
    pub fn drain_token(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// The signal to stop, for code that takes a token.
    pub fn stop_token(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Spawns a task whose end [`Self::finish`] awaits.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.tasks.spawn(task)
    }

    /// The tracked tasks, for code that spawns by itself.
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Waits for draining to begin, then for all tracked tasks, but not beyond the hard signal.
    pub async fn finish(&self) -> Finish {
        self.draining().await;
        self.tasks.close();
        tokio::select! {
            biased;
            () = self.tasks.wait() => Finish::Drained,
            () = self.stopping() => Finish::Aborted(self.tasks.len()),
        }
    }

    /// Turns signals and time into the two tokens.
    async fn drive(self, deadline: Duration, mut signals: mpsc::Receiver<()>) {
        tokio::select! {
            _ = signals.recv() => tracing::info!("shutting down: draining"),
            () = self.draining() => {}
        }
        self.drain();
        tokio::select! {
            _ = signals.recv() => tracing::warn!("second signal: stopping at once"),
            () = tokio::time::sleep(deadline) => {
                tracing::warn!(seconds = deadline.as_secs(), "drain deadline passed: stopping");
            }
            () = self.stopping() => {}
        }
        self.stop();
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Duration = Duration::from_secs(100_000);

    fn driven(deadline: Duration) -> (Shutdown, mpsc::Sender<()>) {
        let shutdown = Shutdown::new();
        let (tell, told) = mpsc::channel(4);
        tokio::spawn(shutdown.clone().drive(deadline, told));
        (shutdown, tell)
    }

    #[tokio::test]
    async fn the_first_signal_drains_and_the_second_stops() {
        let (shutdown, tell) = driven(NEVER);
        tell.send(()).await.unwrap();
        shutdown.draining().await;
        assert!(!shutdown.is_stopping());
        tell.send(()).await.unwrap();
        shutdown.stopping().await;
    }

    #[tokio::test]
    async fn the_deadline_stops_also_when_draining_began_from_within() {
        let (shutdown, _tell) = driven(Duration::ZERO);
        shutdown.drain();
        shutdown.stopping().await;
    }

    #[tokio::test]
    async fn stopping_drains_too() {
        let shutdown = Shutdown::new();
        shutdown.stop();
        assert!(shutdown.is_draining());
    }

    #[tokio::test]
    async fn finish_waits_for_the_tasks() {
        let (shutdown, _tell) = driven(NEVER);
        let task = shutdown.clone();
        let done = shutdown.spawn(async move {
            task.draining().await;
            tokio::task::yield_now().await;
        });
        shutdown.drain();
        assert_eq!(shutdown.finish().await, Finish::Drained);
        assert!(done.is_finished());
    }

    #[tokio::test]
    async fn finish_counts_what_it_gave_up_on() {
        let shutdown = Shutdown::new();
        shutdown.spawn(std::future::pending::<()>());
        shutdown.stop();
        assert_eq!(shutdown.finish().await, Finish::Aborted(1));
    }
}
