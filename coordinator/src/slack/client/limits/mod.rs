//! What may be called now.
//!
//! Owns how long each method of each workspace is held, and pacing those that walk through much. Leaves
//! telling other coordinators to the [`HoldListener`].
//! **Invariant:** a method that is held is not called, and an urgent one is never made to wait by its own
//! pace.

mod pace;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use shared::ids::WorkspaceId;

use self::pace::Pace;
use super::error::SlackError;
use super::method::{Method, Urgency};

/// A longer wait for a turn is left to who called.
const WAIT_AT_MOST: Duration = Duration::from_secs(2);
/// A longer hold is cut: whoever asks for more is asked again.
const HOLD_AT_MOST: Duration = Duration::from_hours(1);
/// From this many keys on, those that hold nothing any more are forgotten.
const MANY: usize = 4_096;

/// Is told what Slack said, so that it can be shared. Called on the task of the call: it must not block.
pub trait HoldListener: Send + Sync {
    /// Slack asked not to call `method` in `workspace` for this long.
    fn held(&self, workspace: &WorkspaceId, method: Method, wait: Duration);
}

/// Nobody listens.
impl HoldListener for () {
    fn held(&self, _workspace: &WorkspaceId, _method: Method, _wait: Duration) {}
}

/// What may be called now. Clones are the same.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    keys: Mutex<HashMap<(WorkspaceId, Method), Turns>>,
    listener: Arc<dyn HoldListener>,
}

#[derive(Clone, Copy, Default)]
struct Turns {
    held_until: Option<Instant>,
    pace: Pace,
}

/// A call that somebody wants to make.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) workspace: &'a WorkspaceId,
    pub(super) method: Method,
    pub(super) urgency: Urgency,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It may be sent after this time, and its turn is taken.
    After(Duration),
    /// It must not be sent before this time is over.
    NotBefore(Duration),
}

impl Limits {
    /// Limits under which nothing is held yet.
    pub fn new(listener: Arc<dyn HoldListener>) -> Self {
        Self(Arc::new(Inner {
            keys: Mutex::new(HashMap::new()),
            listener,
        }))
    }

    /// Holds a method of a workspace, as somebody else was told to. The listener is not told.
    pub fn hold(&self, workspace: &WorkspaceId, method: Method, wait: Duration) {
        self.hold_at(workspace, method, wait, Instant::now());
    }

    /// How long a method of a workspace is still held, if it is.
    pub fn is_held(&self, workspace: &WorkspaceId, method: Method) -> Option<Duration> {
        let key = (workspace.clone(), method);
        let keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(&key).and_then(|turns| turns.held(Instant::now()))
    }

    /// Holds what Slack just said, and tells it on.
    pub(super) fn heard(&self, workspace: &WorkspaceId, method: Method, wait: Duration) {
        self.hold(workspace, method, wait);
        self.0.listener.held(workspace, method, wait);
    }

    /// Waits for a turn, if it is near.
    ///
    /// # Errors
    /// [`SlackError::RateLimited`] if it is not.
    ///
    /// # Cancel safety
    /// Cancelled while waiting, the turn is lost and nothing else.
    pub(super) async fn turn(&self, wanted: Wanted<'_>) -> Result<(), SlackError> {
        match self.turn_at(wanted, Instant::now()) {
            Turn::After(Duration::ZERO) => Ok(()),
            Turn::After(wait) => {
                tokio::time::sleep(wait).await;
                // Slack may have spoken meanwhile.
                let held = self.is_held(wanted.workspace, wanted.method);
                held.map_or(Ok(()), |retry_after| {
                    Err(SlackError::RateLimited { retry_after })
                })
            }
            Turn::NotBefore(retry_after) => Err(SlackError::RateLimited { retry_after }),
        }
    }

    fn turn_at(&self, wanted: Wanted<'_>, now: Instant) -> Turn {
        let tier = wanted.method.tier();
        self.at(wanted.workspace, wanted.method, now, |turns| {
            if let Some(wait) = turns.held(now) {
                return Turn::NotBefore(wait);
            }
            match wanted.urgency {
                Urgency::Urgent => {
                    turns.pace.go_ahead(tier, now);
                    Turn::After(Duration::ZERO)
                }
                Urgency::Bulk => turns.pace.take(tier, now, WAIT_AT_MOST),
            }
        })
    }

    fn hold_at(&self, workspace: &WorkspaceId, method: Method, wait: Duration, now: Instant) {
        let until = now.checked_add(wait.min(HOLD_AT_MOST));
        self.at(workspace, method, now, |turns| {
            turns.held_until = turns.held_until.max(until);
        });
    }

    fn at<T>(
        &self,
        workspace: &WorkspaceId,
        method: Method,
        now: Instant,
        look: impl FnOnce(&mut Turns) -> T,
    ) -> T {
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= MANY {
            keys.retain(|_, turns| turns.matter(now));
        }
        look(keys.entry((workspace.clone(), method)).or_default())
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}

impl Turns {
    fn held(&self, now: Instant) -> Option<Duration> {
        let left = self.held_until?.saturating_duration_since(now);
        (left > Duration::ZERO).then_some(left)
    }

    fn matter(&self, now: Instant) -> bool {
        self.held(now).is_some() || self.pace.matters(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> (Limits, WorkspaceId, Instant) {
        let limits = Limits::new(Arc::new(()));
        (limits, WorkspaceId::new("T1"), Instant::now())
    }

    fn wanted(workspace: &WorkspaceId, method: Method) -> Wanted<'_> {
        Wanted {
            workspace,
            method,
            urgency: method.urgency(),
        }
    }

    #[test]
    fn a_hold_is_for_one_method_of_one_workspace_and_ends() {
        let (limits, ours, now) = limits();
        let wait = Duration::from_secs(30);
        limits.hold_at(&ours, Method::ChatDelete, wait, now);
        let turn = |workspace, method, now| limits.turn_at(wanted(workspace, method), now);
        let at_once = Turn::After(Duration::ZERO);
        assert_eq!(turn(&ours, Method::ChatDelete, now), Turn::NotBefore(wait));
        assert_eq!(turn(&ours, Method::FilesDelete, now), at_once);
        let theirs = WorkspaceId::new("T2");
        assert_eq!(turn(&theirs, Method::ChatDelete, now), at_once);
        assert_eq!(turn(&ours, Method::ChatDelete, now + wait), at_once);
    }

    #[test]
    fn a_shorter_hold_does_not_end_a_longer_one() {
        let (limits, ours, now) = limits();
        limits.hold_at(&ours, Method::ChatDelete, Duration::from_secs(30), now);
        limits.hold_at(&ours, Method::ChatDelete, Duration::from_secs(1), now);
        let turn = limits.turn_at(wanted(&ours, Method::ChatDelete), now);
        assert_eq!(turn, Turn::NotBefore(Duration::from_secs(30)));
    }

    #[test]
    fn a_hold_of_years_is_cut() {
        let (limits, ours, now) = limits();
        limits.hold_at(&ours, Method::ChatDelete, Duration::MAX, now);
        let turn = limits.turn_at(wanted(&ours, Method::ChatDelete), now);
        assert_eq!(turn, Turn::NotBefore(HOLD_AT_MOST));
    }

    #[test]
    fn urgent_calls_are_not_paced_and_bulk_calls_are() {
        let (limits, ours, now) = limits();
        let mut waits = Vec::new();
        for _ in 0..100 {
            let urgent = limits.turn_at(wanted(&ours, Method::ChatDelete), now);
            assert_eq!(urgent, Turn::After(Duration::ZERO));
            waits.push(limits.turn_at(wanted(&ours, Method::ConversationsHistory), now));
        }
        assert_eq!(waits[4], Turn::After(Duration::ZERO));
        assert_eq!(waits[5], Turn::After(Duration::from_millis(1_200)));
        assert!(matches!(waits[99], Turn::NotBefore(_)));
    }

    #[test]
    fn who_is_urgent_goes_first_and_those_who_walk_wait_for_it() {
        let (limits, ours, now) = limits();
        let walk = || limits.turn_at(wanted(&ours, Method::ConversationsHistory), now);
        let look = || {
            let wanted = Wanted {
                urgency: Urgency::Urgent,
                ..wanted(&ours, Method::ConversationsHistory)
            };
            limits.turn_at(wanted, now)
        };
        while walk() != Turn::NotBefore(Duration::from_millis(2_400)) {}
        assert_eq!(look(), Turn::After(Duration::ZERO));
        assert_eq!(walk(), Turn::NotBefore(Duration::from_millis(3_600)));
        for _ in 0..1_000 {
            assert_eq!(look(), Turn::After(Duration::ZERO));
        }
        let wait = walk();
        assert!(
            matches!(wait, Turn::NotBefore(wait) if wait < Duration::from_mins(1)),
            "nobody waits for ever: {wait:?}"
        );
    }

    #[test]
    fn what_holds_nothing_any_more_is_forgotten() {
        let (limits, _, now) = limits();
        for number in 0..MANY {
            let workspace = WorkspaceId::new(format!("T{number}"));
            limits.hold_at(&workspace, Method::ChatDelete, Duration::from_secs(1), now);
        }
        let later = now + Duration::from_secs(2);
        limits.turn_at(wanted(&WorkspaceId::new("T"), Method::ChatDelete), later);
        assert_eq!(limits.0.keys.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_held_call_is_told_at_once_how_long() {
        let (limits, ours, _) = limits();
        limits.hold(&ours, Method::ChatDelete, Duration::from_mins(10));
        let told = limits.turn(wanted(&ours, Method::ChatDelete)).await;
        assert!(matches!(told, Err(SlackError::RateLimited { retry_after })
            if retry_after > Duration::from_mins(9)));
        assert!(limits.is_held(&ours, Method::ChatDelete).is_some());
    }
}
