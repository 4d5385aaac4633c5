//! What becomes of messages that were held: people decide, and it is carried out.
//!
//! Owns that the decision, the step of its alert, what people see and the rows that carry it out are one transaction.
//! Leaves steps to `alert_work`, carrying out to `enforcement`.
//! **Invariant:** whoever decides second is told so; a message is given back once.

use serde_json::json;
use shared::ids::AlertId;

use crate::alert_work::{self, WorkError, Worker};
use crate::domain::alert::{AlertStatus, Resolution, Step};
use crate::store::alerts::{self, Alert, NewActivity};
use crate::store::audit::{self, NewAuditEvent};
use crate::store::held::{self, HeldMessage, HeldState};
use crate::store::slack_actions::{Row, SlackActions, SlackDeed};
use crate::store::{Conn, Store, StoreResult, clock, outbox};

/// Messages of one alert that are decided about at once.
const MAX_MESSAGES: u32 = 500;

/// What somebody decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The message may be read after all.
    Release,
    /// It stays away.
    KeepBlocked,
    /// It never was a leak.
    FalsePositive,
}

/// A decision, and what its maker says about it.
#[derive(Clone)]
pub struct Decision {
    /// What they decided.
    pub verdict: Verdict,
    /// Why, in their words.
    pub comment: Option<String>,
}

/// What a decision led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The alert as it is now.
    pub alert: Alert,
    /// Messages that are being given back.
    pub releasing: usize,
}

impl Verdict {
    /// The word, as noted.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::KeepBlocked => "keep_blocked",
            Self::FalsePositive => "false_positive",
        }
    }

    const fn gives_back(self) -> bool {
        !matches!(self, Self::KeepBlocked)
    }

    /// How the alert ends.
    fn step(self) -> Option<Step> {
        let (to, resolution) = match self {
            Self::Release => (AlertStatus::Resolved, "LEGITIMATE_USE"),
            Self::KeepBlocked => (AlertStatus::Resolved, "REMEDIATED"),
            Self::FalsePositive => (AlertStatus::Dismissed, "FALSE_POSITIVE"),
        };
        Step::new(to, resolution.parse::<Resolution>().ok()).ok()
    }
}

/// Decides about the messages of an alert that `is_seen` accepts at its present version.
///
/// # Errors
/// [`WorkError`]; nothing is changed then.
pub async fn decide(
    store: &Store,
    id: AlertId,
    is_seen: impl FnOnce(i32) -> bool + Send + 'static,
    decision: Decision,
    (worker, actions): (Worker, SlackActions),
) -> Result<Decided, WorkError> {
    let work = move |conn: &mut Conn| {
        let Some(alert) = alerts::lock(conn, &[id])?.pop() else {
            return Ok(Err(WorkError::Missing));
        };
        if !is_seen(alert.version) {
            return Ok(Err(WorkError::Stale));
        }
        decide_on(conn, alert, &decision, (worker, &actions))
    };
    store.write(work).await?
}

/// Decides about the messages of an alert that is locked. Call it in a transaction.
///
/// # Errors
/// As any query. What it gives is [`WorkError::Illegal`] if there is nothing to decide any more.
pub fn decide_on(
    conn: &mut Conn,
    mut alert: Alert,
    decision: &Decision,
    (worker, actions): (Worker, &SlackActions),
) -> StoreResult<Result<Decided, WorkError>> {
    let held: Vec<HeldMessage> = held::of_alert(conn, alert.id, MAX_MESSAGES)?
        .into_iter()
        .filter(|message| message.state == HeldState::Held && decision.verdict.gives_back())
        .collect();
    // What was decided otherwise may still be given back.
    let reconsidered = alert.status.is_closed() && !held.is_empty();
    if !reconsidered && let Some(step) = decision.verdict.step() {
        let closed = alert_work::close(conn, &mut alert, step, (decision.comment.clone(), worker))?;
        if let Err(illegal) = closed {
            return Ok(Err(illegal.into()));
        }
    }
    note(conn, &alert, decision, (held.len(), worker))?;
    let mut rows = Vec::with_capacity(held.len() + 1);
    for message in &held {
        let deed = SlackDeed::Release {
            held: message.id,
            by: Some(worker.user),
        };
        let key = format!("release/{}/{}", message.id, message.job_id);
        let row = Row::new(key, &message.workspace)
            .within(&message.channel_id)
            .about(Some(alert.id));
        rows.push(actions.row(&deed, row)?);
    }
    rows.extend(card_row(&alert, decision.verdict, actions)?);
    let now = clock::now(conn)?;
    outbox::enqueue(conn, &rows, now)?;
    Ok(Ok(Decided {
        alert,
        releasing: held.len(),
    }))
}

/// The card shows what was decided.
fn card_row(
    alert: &Alert,
    verdict: Verdict,
    actions: &SlackActions,
) -> StoreResult<Option<outbox::NewAction>> {
    let Some(workspace) = alert
        .workspace_id
        .as_ref()
        .map(shared::ids::WorkspaceId::new)
    else {
        return Ok(None);
    };
    let id = alert.id;
    let key = format!("card/{id}/{}/{}", verdict.as_str(), alert.version);
    let row = Row::new(key, &workspace).about(Some(id));
    actions.row(&SlackDeed::Card { alert: id }, row).map(Some)
}

fn note(
    conn: &mut Conn,
    alert: &Alert,
    decision: &Decision,
    (messages, worker): (usize, Worker),
) -> StoreResult<()> {
    let data = json!({ "verdict": decision.verdict.as_str(), "messages": messages });
    let activity = NewActivity {
        alert: alert.id,
        by: Some(worker.user),
        kind: "decided",
        text: None,
        data: data.clone(),
    };
    let now = clock::now(conn)?;
    alerts::note(conn, &[activity], now)?;
    let subject = alert.id.to_string();
    let deed = NewAuditEvent::deed("alert.decided", Some(worker.user), subject, data);
    audit::append(conn, [deed]);
    Ok(())
}
