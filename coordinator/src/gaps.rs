//! Time in which nobody heard what was said: found, and turned into backfills.
//!
//! Owns the mark that moves on while events are taken in. Who finds an old one knows of a gap, whoever was away: this
//! process, all of them, or the database. Leaves reading to `backfill`.
//! **Invariant:** the mark never moves over more silence than Slack's own retries bridge, but in the transaction that
//! makes a backfill of that time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta};
use serde_json::json;
use shared::ids::{BackfillId, WorkspaceId};

use crate::alarms::{Alarms, Trouble};
use crate::domain::backfill::{LOOK_BACK, Span, gap};
use crate::installations::Installations;
use crate::store::audit::{self, NewAuditEvent};
use crate::store::backfills::{self, BackfillMode, BackfillReason, NewBackfill};
use crate::store::installations::InstallationState;
use crate::store::settings::{self, Setting};
use crate::store::{Conn, Store, StoreResult, clock, leases};

/// After so long Slack sends an app no events any more, until somebody turns them on again.
const SLACK_GIVES_UP: TimeDelta = TimeDelta::hours(1);
/// Who moves the mark.
const LEASE: &str = "listening";

/// Finds gaps, and has them read. Cheap to clone.
#[derive(Clone)]
pub struct Gaps {
    installations: Arc<Installations>,
    alarms: Alarms,
    after: Duration,
    refused: Arc<AtomicU64>,
}

impl Gaps {
    /// Silence of more than `after` is a gap. Its backfill is put off as long, so that Slack's own retries come first.
    pub fn new(installations: Arc<Installations>, alarms: Alarms, after: Duration) -> Self {
        Self {
            installations,
            alarms,
            after,
            refused: Arc::default(),
        }
    }

    /// How often the mark is to be moved.
    pub fn interval(&self) -> Duration {
        self.after / 4
    }

    /// An event was not taken in.
    pub fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many events were not taken in.
    pub fn refusals(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Somebody listens: moves the mark on. What lies behind an old one is a gap.
    ///
    /// # Errors
    /// As any query: then nobody knows whether somebody listens.
    pub async fn listening(&self, store: &Store, holder: &str) -> StoreResult<()> {
        let (gaps, holder) = (self.clone(), holder.to_owned());
        let marking = move |conn: &mut Conn| {
            // One of all coordinators, or each would find the same gap.
            let moves = leases::acquire(conn, LEASE, &holder, gaps.interval())?;
            if moves { gaps.mark(conn) } else { Ok(()) }
        };
        store.write(marking).await
    }

    fn mark(&self, conn: &mut Conn) -> StoreResult<()> {
        let now = clock::now(conn)?;
        let mark = settings::get(conn, Setting::ListenedUntil)?;
        let mark = mark.and_then(|mark| DateTime::parse_from_rfc3339(&mark).ok());
        let silence = mark.and_then(|mark| gap(mark.to_utc(), now, self.after));
        if let Some(silence) = silence {
            self.nobody_listened(conn, silence)?;
        }
        let now = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        settings::put(conn, Setting::ListenedUntil, &now)
    }

    /// Nobody listened in that time. Call it in a transaction.
    ///
    /// # Errors
    /// As any query.
    pub fn nobody_listened(&self, conn: &mut Conn, silence: Span) -> StoreResult<()> {
        for workspace in self.workspaces() {
            tracing::warn!(%workspace, from = %silence.from, until = %silence.until,
                "nobody took in what slack sent: it is read again");
            self.read_again(conn, &workspace, (BackfillReason::NotListened, silence))?;
            if silence.until - silence.from > SLACK_GIVES_UP {
                self.alarms.raise(conn, &workspace, &Trouble::NotListened)?;
            }
        }
        Ok(())
    }

    /// Slack dropped events of a workspace in that time. Call it in a transaction.
    ///
    /// # Errors
    /// As any query.
    pub fn slack_dropped(
        &self,
        conn: &mut Conn,
        workspace: &WorkspaceId,
        span: Span,
    ) -> StoreResult<()> {
        tracing::warn!(%workspace, "slack dropped events of this workspace: they are read again");
        let of = if self.installations.of(workspace).is_some() {
            vec![workspace.clone()]
        } else {
            // A workspace of an organisation, and Slack does not say of which.
            self.workspaces()
        };
        for workspace in of {
            self.read_again(conn, &workspace, (BackfillReason::EventsDropped, span))?;
            self.alarms
                .raise(conn, &workspace, &Trouble::EventsDropped)?;
        }
        Ok(())
    }

    fn read_again(
        &self,
        conn: &mut Conn,
        workspace: &WorkspaceId,
        (reason, span): (BackfillReason, Span),
    ) -> StoreResult<()> {
        let new = NewBackfill {
            id: BackfillId::fresh(),
            workspace: workspace.clone(),
            reason,
            mode: BackfillMode::Enforce,
            again: false,
            span,
            look_back: LOOK_BACK,
            channels: None,
            requested_by: None,
            due_in: self.after,
        };
        let backfill = backfills::note_gap(conn, &new)?;
        let data = json!({
            "reason": reason.as_str(), "from": span.from, "until": span.until, "backfill": backfill,
        });
        let subject = workspace.to_string();
        let deed = NewAuditEvent::deed("slack.gap", None, subject, data);
        audit::append(conn, [deed]);
        Ok(())
    }

    /// Where somebody should have listened.
    fn workspaces(&self) -> Vec<WorkspaceId> {
        let all = self.installations.all().into_iter();
        // One whose token is dead is read once that is mended.
        let there = all.filter(|known| known.state != InstallationState::Uninstalled);
        there.map(|known| known.tenant.clone()).collect()
    }
}
