//! Working on alerts: what people do to them, with what it leaves behind.
//!
//! Owns that a change, the activity people see and the audit entry are one transaction. Which step is legal is
//! for `domain::alert`, reading requests for `api::v1::alerts`.
//! **Invariant:** an alert is judged as it is while it is locked, so of two people who change it at once one is
//! told no; an audit entry repeats nobody's words.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use shared::finding::{Fingerprint, Severity};
use shared::ids::{AlertId, SuppressionId, UserId, WorkspaceId};

use crate::domain::alert::{AlertStatus, IllegalTransition, Resolution, Step, fingerprint_in};
use crate::domain::due_times::DueTimes;
use crate::domain::roles::{Permission, Role};
use crate::domain::suppression::{InvalidEnd, Matches, SuppressionKind};
use crate::store::alerts::{self, Alert, NewActivity};
use crate::store::audit::{self, NewAuditEvent};
use crate::store::counts::{self, What};
use crate::store::suppressions::{self, NewSuppression};
use crate::store::{Conn, Store, StoreError, StoreResult, clock, users};
use crate::suppression_changes;

/// Most fingerprints of an alert whose risk is accepted.
const MAX_FINGERPRINTS: u32 = 200;

/// What somebody does to an alert; what is absent stays.
#[derive(Clone, Default)]
pub struct Change {
    /// A step to another status.
    pub step: Option<Step>,
    /// What they say about it.
    pub comment: Option<String>,
    /// Who is to work on it; nobody, if that is what is inside.
    pub assignee: Option<Option<UserId>>,
    /// Until when it is to be closed.
    pub due_at: Option<Option<DateTime<Utc>>>,
    /// How bad it is.
    pub severity: Option<Severity>,
}

/// Who does it, and how long people have for alerts that are opened again.
#[derive(Clone, Copy)]
pub struct Worker {
    /// Who.
    pub user: UserId,
    /// How long.
    pub times: DueTimes,
}

/// A risk to accept.
#[derive(Clone)]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: UserId,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// There is no such alert.
    #[error("there is no such alert")]
    Missing,
    /// It is not at the version that the caller saw.
    #[error("it has been changed meanwhile; read it again")]
    Stale,
    /// The step leads nowhere from where the alert is.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// Nobody of that id can work on alerts.
    #[error("`assignee` must be somebody who may sign in and work on alerts")]
    Assignee,
    /// Nobody of that id can answer for a risk.
    #[error("`owner` must be somebody who may sign in")]
    Owner,
    /// The alert is not about a value that could be known again.
    #[error("the alert is about no value: there is nothing by which its risk could be known again")]
    NoValue,
    /// The risk cannot be accepted until then.
    #[error(transparent)]
    End(#[from] InvalidEnd),
    /// There are as many suppressions as there may be.
    #[error(
        "there are {} suppressions in force already; end some first",
        suppressions::MAX_LIVE
    )]
    Full,
    /// The database said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of one alert of many.
#[derive(Debug)]
pub enum Outcome {
    /// It was changed.
    Changed,
    /// It is as it was asked to be already.
    Unchanged,
    /// There is none of that id.
    Missing,
    /// The step leads nowhere from where it is.
    Illegal(IllegalTransition),
}

/// Changes an alert that `is_seen` accepts at its present version.
///
/// # Errors
/// [`WorkError`]; nothing is changed then.
pub async fn change(
    store: &Store,
    id: AlertId,
    is_seen: impl FnOnce(i32) -> bool + Send + 'static,
    change: Change,
    worker: Worker,
) -> Result<Alert, WorkError> {
    let work = move |conn: &mut Conn| {
        let can_be_assigned = can_be_assigned(conn, &change)?;
        let Some(mut alert) = alerts::lock(conn, &[id])?.pop() else {
            return Ok(Err(WorkError::Missing));
        };
        if !is_seen(alert.version) {
            return Ok(Err(WorkError::Stale));
        }
        if !can_be_assigned {
            return Ok(Err(WorkError::Assignee));
        }
        let done = apply(conn, &mut alert, &change, worker)?;
        Ok(done.map(|_changed| alert).map_err(WorkError::Illegal))
    };
    store.write(work).await?
}

/// Changes many alerts alike, each by its own right, in one transaction; says what became of each.
///
/// # Errors
/// [`WorkError::Assignee`], or the database's; nothing is changed then.
pub async fn change_all(
    store: &Store,
    ids: Vec<AlertId>,
    change: Change,
    worker: Worker,
) -> Result<BTreeMap<AlertId, Outcome>, WorkError> {
    let work = move |conn: &mut Conn| {
        if !can_be_assigned(conn, &change)? {
            return Ok(Err(WorkError::Assignee));
        }
        let mut outcomes: BTreeMap<AlertId, Outcome> =
            ids.iter().map(|id| (*id, Outcome::Missing)).collect();
        for mut alert in alerts::lock(conn, &ids)? {
            let outcome = match apply(conn, &mut alert, &change, worker)? {
                Ok(true) => Outcome::Changed,
                Ok(false) => Outcome::Unchanged,
                Err(illegal) => Outcome::Illegal(illegal),
            };
            outcomes.insert(alert.id, outcome);
        }
        Ok(Ok(outcomes))
    };
    store.write(work).await?
}

/// Ends an alert that is locked, by way of being acknowledged if that is the way. Call it in a transaction.
///
/// # Errors
/// As any query. What it gives is an error if the alert has ended already.
pub fn close(
    conn: &mut Conn,
    alert: &mut Alert,
    step: Step,
    (comment, worker): (Option<String>, Worker),
) -> StoreResult<Result<bool, IllegalTransition>> {
    let acknowledged = AlertStatus::Acknowledged;
    let direct = alert.status.may_become(step.to()).is_ok();
    if !direct && alert.status.may_become(acknowledged).is_ok() {
        let change = Change {
            step: Step::new(acknowledged, None).ok(),
            ..Change::default()
        };
        if let Err(illegal) = apply(conn, alert, &change, worker)? {
            return Ok(Err(illegal));
        }
    }
    let change = Change {
        step: Some(step),
        comment,
        ..Change::default()
    };
    apply(conn, alert, &change, worker)
}

/// Accepts the risk of an alert: its values no longer count for policies, and it is dismissed.
///
/// # Errors
/// [`WorkError`]; nothing is changed then.
pub async fn accept_risk(
    store: &Store,
    id: AlertId,
    is_seen: impl FnOnce(i32) -> bool + Send + 'static,
    acceptance: Acceptance,
    worker: Worker,
) -> Result<(Alert, SuppressionId), WorkError> {
    let work = move |conn: &mut Conn| {
        let Some(mut alert) = alerts::lock(conn, &[id])?.pop() else {
            return Ok(Err(WorkError::Missing));
        };
        if !is_seen(alert.version) {
            return Ok(Err(WorkError::Stale));
        }
        if let Err(illegal) = alert.status.may_become(AlertStatus::Dismissed) {
            return Ok(Err(illegal.into()));
        }
        let (kind, until) = (SuppressionKind::AcceptedRisk, acceptance.expires_at);
        if let Err(error) = kind.may_end(Some(until), clock::now(conn)?) {
            return Ok(Err(error.into()));
        }
        let Some(matches) = values_of(conn, &alert)? else {
            return Ok(Err(WorkError::NoValue));
        };
        if !suppression_changes::can_own(conn, acceptance.owner)? {
            return Ok(Err(WorkError::Owner));
        }
        if suppressions::is_full(conn)? {
            return Ok(Err(WorkError::Full));
        }
        let suppression = accept(conn, &alert, matches, acceptance, worker.user)?;
        let step = Step::new(AlertStatus::Dismissed, Some(Resolution::accepted_risk()));
        let change = Change {
            step: step.ok(),
            ..Change::default()
        };
        let done = apply(conn, &mut alert, &change, worker)?;
        Ok(done
            .map(|_changed| (alert, suppression))
            .map_err(WorkError::Illegal))
    };
    store.write(work).await?
}

/// What the alert's leak is known by, within its workspace.
fn values_of(conn: &mut Conn, alert: &Alert) -> StoreResult<Option<Matches>> {
    let Some(workspace) = alert.workspace_id.clone().map(WorkspaceId::new) else {
        return Ok(None);
    };
    let keys = alerts::keys(conn, alert.id, MAX_FINGERPRINTS)?;
    let of_keys = keys
        .iter()
        .filter_map(|key| fingerprint_in(key, &workspace));
    let own = alert.fingerprint.as_deref();
    let mut fingerprints: Vec<&str> = own.into_iter().chain(of_keys).collect();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    let fingerprints: Vec<Fingerprint> = fingerprints.into_iter().map(Fingerprint::new).collect();
    Ok((!fingerprints.is_empty()).then(|| Matches {
        fingerprints,
        workspaces: vec![workspace],
        ..Matches::default()
    }))
}

fn accept(
    conn: &mut Conn,
    alert: &Alert,
    matches: Matches,
    acceptance: Acceptance,
    by: UserId,
) -> StoreResult<SuppressionId> {
    let now = clock::now(conn)?;
    let new = NewSuppression {
        id: SuppressionId::fresh(),
        kind: SuppressionKind::AcceptedRisk,
        matches,
        reason: acceptance.reason,
        owner: acceptance.owner,
        alert: Some(alert.id),
        expires_at: Some(acceptance.expires_at),
    };
    suppression_changes::make(conn, &new, by, now)?;
    let activity = NewActivity {
        alert: alert.id,
        by: Some(by),
        kind: "risk_accepted",
        text: Some(new.reason),
        data: json!({ "suppression": new.id, "owner": new.owner, "expires_at": new.expires_at }),
    };
    alerts::note(conn, &[activity], now)?;
    Ok(new.id)
}

/// Takes the open alerts of somebody from them, who is held and goes; says how many. They stand in the activity and
/// in the trail like any other change.
pub(crate) fn release_all_of(conn: &mut Conn, user: UserId, worker: Worker) -> StoreResult<usize> {
    let theirs = alerts::assigned_to(conn, user)?;
    let ids: Vec<AlertId> = theirs.iter().map(|alert| alert.id).collect();
    let change = Change {
        assignee: Some(None),
        ..Change::default()
    };
    let mut released = 0;
    for mut alert in alerts::lock(conn, &ids)? {
        if alert.assignee == Some(user) && !alert.status.is_closed() {
            // No step is taken, so none is illegal.
            released += usize::from(apply(conn, &mut alert, &change, worker)?.unwrap_or(false));
        }
    }
    Ok(released)
}

/// Holds who is to be assigned, before any alert: whoever goes meanwhile leaves none behind.
fn can_be_assigned(conn: &mut Conn, change: &Change) -> StoreResult<bool> {
    let Some(Some(user)) = change.assignee else {
        return Ok(true);
    };
    let user = users::hold_shared(conn, user)?.filter(|user| !user.disabled);
    let role = user.and_then(|user| user.role.parse::<Role>().ok());
    Ok(role.is_some_and(|role| role.permissions().allow(Permission::AlertsWork)))
}

/// A deed: what people see of it, and what the trail keeps.
struct Deed {
    kind: &'static str,
    event_type: &'static str,
    text: Option<String>,
    /// For people.
    seen: Value,
    /// For the trail.
    kept: Value,
}

/// Applies a change to an alert that is locked; says whether anything was changed.
fn apply(
    conn: &mut Conn,
    alert: &mut Alert,
    change: &Change,
    worker: Worker,
) -> StoreResult<Result<bool, IllegalTransition>> {
    let now = clock::now(conn)?;
    let before = alert.clone();
    let mut deeds = Vec::new();
    if let Some(step) = &change.step {
        match take(alert, step, change.comment.as_ref(), (now, worker.times)) {
            Ok(deed) => deeds.push(deed),
            Err(illegal) => return Ok(Err(illegal)),
        }
    }
    deeds.extend(assign(alert, change));
    deeds.extend(redefine(alert, change));
    deeds.extend(comment(change));
    if *alert != before {
        alerts::update(conn, alert)?;
        count_closing(conn, alert, &before);
    }
    let activities: Vec<NewActivity> = deeds
        .iter()
        .map(|deed| NewActivity {
            alert: alert.id,
            by: Some(worker.user),
            kind: deed.kind,
            text: deed.text.clone(),
            data: deed.seen.clone(),
        })
        .collect();
    alerts::note(conn, &activities, now)?;
    let subject = alert.id.to_string();
    let entries = deeds.into_iter().map(|deed| {
        NewAuditEvent::deed(
            deed.event_type,
            Some(worker.user),
            subject.clone(),
            deed.kept,
        )
    });
    audit::append(conn, entries);
    Ok(Ok(!activities.is_empty()))
}

/// A closing is counted by how it ended and by severity, and with it how long the alert had been open.
fn count_closing(conn: &mut Conn, alert: &Alert, before: &Alert) {
    let (None, Some(closed_at)) = (before.closed_at, alert.closed_at) else {
        return;
    };
    let resolution = alert.resolution.as_deref().map_or("", Resolution::kind_of);
    let severity = alert.severity.as_str();
    let open = (closed_at - alert.first_seen_at).num_seconds();
    counts::add(conn, What::AlertsClosed, resolution, 1);
    counts::add(conn, What::AlertsClosedBySeverity, severity, 1);
    let seconds = u64::try_from(open).unwrap_or_default();
    counts::add(conn, What::AlertSecondsToClose, severity, seconds);
}

fn take(
    alert: &mut Alert,
    step: &Step,
    comment: Option<&String>,
    (now, times): (DateTime<Utc>, DueTimes),
) -> Result<Deed, IllegalTransition> {
    let (from, to) = (alert.status, step.to());
    from.may_become(to)?;
    let resolution = step.resolution().map(|word| word.as_str().to_owned());
    let seen = json!({ "from": from, "to": to, "resolution": resolution, "was": alert.resolution });
    let kept = json!({
        "from": from, "to": to, "commented": comment.is_some(),
        "resolution": resolution.as_deref().map(Resolution::kind_of),
    });
    alert.status = to;
    alert.resolution = resolution;
    alert.closed_at = to.is_closed().then_some(now);
    if from.is_closed() && to == AlertStatus::Open {
        // Its old time is over, most likely.
        let time = times.of(alert.severity);
        alert.due_at = time.map(|time| clock::after(now, time));
    }
    Ok(Deed {
        kind: "status",
        event_type: "alert.status_changed",
        text: comment.cloned(),
        seen,
        kept,
    })
}

fn assign(alert: &mut Alert, change: &Change) -> Option<Deed> {
    let assignee = change.assignee.filter(|to| *to != alert.assignee)?;
    let data = json!({ "from": alert.assignee, "to": assignee });
    alert.assignee = assignee;
    Some(Deed {
        kind: "assigned",
        event_type: "alert.assigned",
        text: None,
        seen: data.clone(),
        kept: data,
    })
}

fn redefine(alert: &mut Alert, change: &Change) -> Option<Deed> {
    let mut data = serde_json::Map::new();
    if let Some(severity) = change.severity.filter(|to| *to != alert.severity) {
        let told = json!({ "from": alert.severity, "to": severity });
        data.insert("severity".to_owned(), told);
        alert.severity = severity;
    }
    if let Some(due_at) = change.due_at.filter(|to| *to != alert.due_at) {
        let told = json!({ "from": alert.due_at, "to": due_at });
        data.insert("due_at".to_owned(), told);
        alert.due_at = due_at;
    }
    (!data.is_empty()).then(|| Deed {
        kind: "changed",
        event_type: "alert.changed",
        text: None,
        seen: data.clone().into(),
        kept: data.into(),
    })
}

/// What somebody says beside a step stands with the step.
fn comment(change: &Change) -> Option<Deed> {
    let text = change.comment.as_ref().filter(|_| change.step.is_none())?;
    Some(Deed {
        kind: "comment",
        event_type: "alert.commented",
        text: Some(text.clone()),
        seen: json!({}),
        kept: json!({ "characters": text.chars().count() }),
    })
}
