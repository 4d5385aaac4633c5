//! Who may hand jobs straight to the dispatcher.
//!
//! Owns the places in the dispatcher's memory. A job that gets a place is published at once; one that
//! gets none is born due and comes by the redispatcher, so memory is bounded and nothing is lost.
//! **Invariant:** while places are scarce, no workspace holds more than its share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::ids::WorkspaceId;

/// Places per class of jobs.
const PLACES: usize = 16_384;
/// Places that anybody may take; beyond them a workspace holds at most [`SHARE`].
const FREE_FOR_ALL: usize = PLACES / 2;
const SHARE: usize = PLACES / 8;

/// The places, shared by intake and dispatcher.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    by_workspace: HashMap<WorkspaceId, usize>,
}

/// One place, given back when dropped.
#[derive(Debug)]
pub struct Place {
    admission: Admission,
    workspace: WorkspaceId,
}

impl Admission {
    /// A place for a job of `workspace`, if there is one.
    pub fn try_take(&self, workspace: &WorkspaceId) -> Option<Place> {
        let mut held = self.lock();
        let own = held.by_workspace.get(workspace).copied().unwrap_or(0);
        if held.total >= PLACES || (held.total >= FREE_FOR_ALL && own >= SHARE) {
            return None;
        }
        held.total += 1;
        *held.by_workspace.entry(workspace.clone()).or_default() += 1;
        Some(Place {
            admission: self.clone(),
            workspace: workspace.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.admission.lock();
        held.total = held.total.saturating_sub(1);
        if let Some(own) = held.by_workspace.get_mut(&self.workspace) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                held.by_workspace.remove(&self.workspace);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flooding_workspace_leaves_places_to_the_others() {
        let admission = Admission::default();
        let noisy = WorkspaceId::new("noisy");
        let held: Vec<Place> = (0..PLACES)
            .map_while(|_| admission.try_take(&noisy))
            .collect();
        assert_eq!(held.len(), FREE_FOR_ALL);
        assert!(admission.try_take(&WorkspaceId::new("quiet")).is_some());
    }

    #[test]
    fn places_come_back() {
        let admission = Admission::default();
        let workspace = WorkspaceId::new("T1");
        drop(admission.try_take(&workspace));
        assert_eq!(admission.lock().total, 0);
        assert!(admission.lock().by_workspace.is_empty());
    }
}
