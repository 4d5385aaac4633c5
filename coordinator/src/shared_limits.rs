//! How often Slack may be called, told to all coordinators.
//!
//! Owns carrying holds to the database and back: what one coordinator was told to wait for, the others wait for
//! within a second. Leaves keeping them to `slack::client`.
//! **Invariant:** a hold that cannot be written down holds in this process all the same.

use std::sync::Arc;
use std::time::Duration;

use shared::ids::WorkspaceId;
use shared::lifecycle::Shutdown;
use tokio::sync::mpsc;

use crate::slack::client::{HoldListener, Limits, Method};
use crate::store::slack_holds::{self, Hold};
use crate::store::{Store, StoreError};

/// Holds that wait to be written down; beyond them each coordinator learns by itself.
const ROOM: usize = 256;

/// What may be called now, in all coordinators. Cheap to clone.
#[derive(Clone)]
pub struct SharedLimits {
    limits: Limits,
}

/// Passes holds on to who writes them down.
struct Outbound(mpsc::Sender<Hold>);

impl HoldListener for Outbound {
    fn held(&self, workspace: &WorkspaceId, method: Method, wait: Duration) {
        let hold = Hold {
            workspace: workspace.clone(),
            method: method.name().to_owned(),
            left: wait,
        };
        if self.0.try_send(hold).is_err() {
            tracing::debug!("a hold is not told to others");
        }
    }
}

impl SharedLimits {
    /// Limits whose holds are written to `store` until the process stops.
    pub fn new(store: Store, shutdown: &Shutdown) -> Self {
        let (outbound, mut inbox) = mpsc::channel::<Hold>(ROOM);
        let writing = async move {
            while let Some(hold) = inbox.recv().await {
                let noting = move |conn: &mut _| slack_holds::note(conn, &hold);
                if let Err(error) = store.write(noting).await {
                    tracing::warn!(%error, "a hold is not told to others");
                }
            }
        };
        let stop = shutdown.clone();
        shutdown.tasks().spawn(async move {
            tokio::select! {
                () = writing => {}
                () = stop.draining() => {}
            }
        });
        Self {
            limits: Limits::new(Arc::new(Outbound(outbound))),
        }
    }

    /// For the client.
    pub fn limits(&self) -> Limits {
        self.limits.clone()
    }

    /// Reads what others were told.
    ///
    /// # Errors
    /// Transient if the database cannot be read.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        for hold in store.read(slack_holds::current).await? {
            let known = Method::ALL
                .iter()
                .find(|method| method.name() == hold.method);
            if let Some(method) = known {
                self.limits.hold(&hold.workspace, *method, hold.left);
            }
        }
        Ok(())
    }
}
