//! Reading again what was said: before Weir was there, or while nobody listened.
//!
//! | file | does |
//! |---|---|
//! | `listing` | finds the channels of a backfill |
//! | `reading` | reads a page of a channel or a thread, and takes in what stands there |
//! | `page` | what of a page is wanted, and where reading goes on |
//!
//! Owns one step of a backfill at a time. Leaves rows to `store::backfills`, how messages are looked at to `inbox`, and
//! when to take a step to `actors::backfiller`.
//! **Invariant:** a step is written as a whole or not at all; a step that is taken twice counts once.

mod listing;
mod page;
mod reading;

use std::sync::Arc;
use std::time::Duration;

use shared::ids::WorkspaceId;
use shared::secret::SecretString;

use crate::alarms::{Alarms, Trouble};
use crate::inbox::Inbox;
use crate::installations::{Installation, Installations, Prober};
use crate::slack::client::{Meaning, SlackError};
use crate::store::backfills::{self, Backfill, BackfillState};
use crate::store::installations::InstallationState;
use crate::store::{Store, StoreError};

/// The pause after Slack had a fault of its own.
const AFTER_A_FAULT: Duration = Duration::from_secs(5);
/// The pause while a token is dead.
const UNTIL_MENDED: Duration = Duration::from_secs(30);

/// What backfills work with.
pub struct BackfillParts {
    /// Where they are written.
    pub store: Store,
    /// Takes in what was found.
    pub inbox: Inbox,
    /// Whose tokens read.
    pub installations: Arc<Installations>,
    /// Asks Slack.
    pub prober: Prober,
    /// Tells people of what cannot be read.
    pub alarms: Alarms,
}

/// Takes steps of backfills.
pub struct Backfills {
    parts: BackfillParts,
}

/// Why a step was not taken.
enum Halt {
    /// It can be taken later.
    Wait(String, Duration),
    /// It can never be.
    Never(String),
    /// The database.
    Store(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Backfills {
    /// Steps over `parts`.
    pub fn new(parts: BackfillParts) -> Self {
        Self { parts }
    }

    /// What is to be done now, one backfill for each workspace.
    ///
    /// # Errors
    /// As any query.
    pub async fn due(&self) -> Result<Vec<Backfill>, StoreError> {
        let mut due: Vec<Backfill> = Vec::new();
        for backfill in self.parts.store.read(backfills::due).await? {
            if due.iter().all(|one| one.workspace != backfill.workspace) {
                due.push(backfill);
            }
        }
        Ok(due)
    }

    /// Takes the next step of a backfill: finds its channels, reads a page, or ends it.
    ///
    /// # Errors
    /// As any query.
    pub async fn step(&self, backfill: &Backfill) -> Result<(), StoreError> {
        let taken = match backfill.state {
            BackfillState::Waiting => self.begin(backfill).await,
            _ => self.read_on(backfill).await,
        };
        match taken {
            Ok(()) => Ok(()),
            Err(Halt::Store(error)) => Err(error),
            Err(Halt::Wait(code, wait)) => {
                tracing::debug!(backfill = %backfill.id, code, ?wait, "a backfill waits");
                let id = backfill.id;
                let putting_off = move |conn: &mut _| backfills::put_off(conn, id, &code, wait);
                self.parts.store.write(putting_off).await
            }
            Err(Halt::Never(code)) => self.fail(backfill, code).await,
        }
    }

    async fn fail(&self, backfill: &Backfill, code: String) -> Result<(), StoreError> {
        tracing::warn!(backfill = %backfill.id, code, "a backfill failed");
        let (alarms, id) = (self.parts.alarms.clone(), backfill.id);
        let workspace = backfill.workspace.clone();
        let ending = move |conn: &mut _| {
            let failed = (BackfillState::Failed, Some(code.as_str()));
            if backfills::end(conn, id, failed, None)? {
                let code = code.clone();
                alarms.raise(conn, &workspace, &Trouble::BackfillFailed { code })?;
            }
            Ok(())
        };
        self.parts.store.write(ending).await
    }

    /// Who reads in a workspace.
    fn reader(&self, workspace: &WorkspaceId) -> Result<(Arc<Installation>, SecretString), Halt> {
        let installations = &self.parts.installations;
        let Some(known) = installations.of(workspace) else {
            return Err(if installations.is_unsure() {
                Halt::Wait("not_known_yet".to_owned(), AFTER_A_FAULT)
            } else {
                Halt::Never("not_connected".to_owned())
            });
        };
        if known.state == InstallationState::Uninstalled {
            return Err(Halt::Never("uninstalled".to_owned()));
        }
        if known.bot.is_none() {
            return Err(Halt::Never("not_connected".to_owned()));
        }
        match known.bot().cloned() {
            Some(token) => Ok((known, token)),
            None => Err(Halt::Wait("installation_broken".to_owned(), UNTIL_MENDED)),
        }
    }

    /// What a refusal means for a whole backfill; none if it is about one channel or thread.
    fn halt(&self, error: &SlackError) -> Option<Halt> {
        let code = error.code().to_owned();
        match error.meaning() {
            Meaning::Wait(wait) => Some(Halt::Wait(code, wait.max(Duration::from_secs(1)))),
            Meaning::Again => Some(Halt::Wait(code, AFTER_A_FAULT)),
            Meaning::TokenExpired | Meaning::AuthDead => {
                self.parts.installations.doubt();
                Some(Halt::Wait(code, UNTIL_MENDED))
            }
            Meaning::AlreadyDone
            | Meaning::Forbidden
            | Meaning::NotAMember
            | Meaning::Misconfigured { .. }
            | Meaning::Unknown => None,
        }
    }
}
