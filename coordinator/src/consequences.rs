//! What a result leads to: violations, alerts, actions and audit entries.
//!
//! Owns putting the decisions of `domain::policy` into rows. Nothing is written here: the aggregator writes
//! all of it in the transaction that counts the result.
//! **Invariant:** titles, keys and audit entries hold ids, kinds and counts; what an action needs beyond
//! that is sealed.

use shared::finding::{Finding, Severity};
use shared::ids::{ActionId, AlertId, ViolationId, WebhookId};
use shared::job::{ScanOutcome, ScanResult};
use shared::seal::{SealError, Sealer};

use crate::domain::policy::{Action, Decision, Recipients, decide};
use crate::policies::InForce;
use crate::store::alerts::NewAlert;
use crate::store::audit::NewAuditEvent;
use crate::store::jobs::{Job, JobOrigin};
use crate::store::outbox::{NewAction, Notice};
use crate::store::results::NewResult;
use crate::store::violations::NewViolation;

/// Values of one message by which its leak is known again.
const MAX_VALUE_KEYS: usize = 16;

/// Makes rows of decisions.
#[derive(Clone)]
pub struct Consequences {
    /// Seals what an action needs.
    sealer: Sealer,
}

impl Consequences {
    /// Seals with `sealer`, the one of the database.
    pub fn new(sealer: Sealer) -> Self {
        Self { sealer }
    }

    /// What `result` leads to. Policies are about messages in Slack: a scan that somebody asked for answers
    /// its caller and nobody else.
    ///
    /// # Errors
    /// Transient: an action could not be sealed.
    pub fn of(
        &self,
        result: ScanResult,
        job: Option<&Job>,
        policies: &InForce,
    ) -> Result<NewResult, SealError> {
        let mut new = NewResult {
            result,
            violations: Vec::new(),
            alerts: Vec::new(),
            actions: Vec::new(),
            notices: Vec::new(),
            original: None,
            audit: Vec::new(),
        };
        let ScanOutcome::Completed { findings, .. } = &new.result.outcome else {
            return Ok(new);
        };
        let Some(job) = job.filter(|job| job.origin == JobOrigin::Slack) else {
            return Ok(new);
        };
        let decisions = decide(policies, &job.context(), findings);
        new.alerts.extend(alert(&decisions, findings, job));
        for decision in decisions {
            let matched = matched(&decision, findings);
            for action in decision.effects() {
                let made = unsealed(action, &decision, &matched, job);
                if action.tells_of_the_alert() {
                    new.notices.extend(self.notice(made, action, &new.alerts));
                } else {
                    new.actions.push(self.sealed(made, &decision, job)?);
                }
            }
            new.audit.push(audit(&decision, job));
            new.violations.push(NewViolation {
                id: ViolationId::fresh(),
                decision,
            });
        }
        Ok(new)
    }

    /// An action that concerns the message itself.
    fn sealed(
        &self,
        action: NewAction,
        decision: &Decision,
        job: &Job,
    ) -> Result<NewAction, SealError> {
        let place = &job.place;
        let payload = serde_json::json!({
            "job": job.id, "policy": decision.policy, "channel": place.channel_id,
            "ts": place.message_ts, "thread_ts": place.thread_ts, "user": place.user_id,
        });
        let key = action.action_key.as_bytes();
        let sealed = self.sealer.seal(key, payload.to_string().as_bytes())?;
        Ok(NewAction {
            payload: sealed,
            ..action
        })
    }

    /// An action that tells of the alert; none without one.
    fn notice(&self, made: NewAction, action: &Action, alerts: &[NewAlert]) -> Option<Notice> {
        let alert = alerts.first()?.id;
        let to = match action {
            Action::Mail { to } => to.clone(),
            _ => Recipients::default(),
        };
        Some(Notice {
            action: NewAction {
                alert: Some(alert),
                ..made
            },
            to,
            sealer: self.sealer.clone(),
        })
    }
}

/// The row of an action, without what it needs. What concerns the message happens once, whichever policy asks
/// for it; what tells of it is each policy's own.
fn unsealed(action: &Action, decision: &Decision, matched: &[&Finding], job: &Job) -> NewAction {
    let part = |id: &Option<String>| id.clone().unwrap_or_default();
    let what = gravest(matched).map_or("", |finding| finding.fingerprint.as_str());
    let kind = action.kind();
    let mut action_key = format!(
        "{}/{}/{}/{what}/{kind}",
        job.workspace,
        part(&job.place.channel_id),
        part(&job.place.message_ts),
    );
    let target = target(action);
    if action.tells_of_the_alert() {
        let of_policy = format!("/{}/{}", decision.policy, job.id);
        action_key.push_str(&of_policy);
    }
    if let Some(webhook) = target {
        action_key.push_str(&format!("/{webhook}"));
    }
    NewAction {
        id: ActionId::fresh(),
        action_key,
        kind: kind.to_owned(),
        target,
        alert: None,
        workspace: job.workspace.clone(),
        payload: Vec::new(),
        due_in: action.put_off(&decision.actions),
    }
}

const fn target(action: &Action) -> Option<WebhookId> {
    match action {
        Action::Webhook { id } => Some(*id),
        _ => None,
    }
}

fn gravest<'a>(matched: &[&'a Finding]) -> Option<&'a Finding> {
    matched
        .iter()
        .copied()
        .max_by_key(|finding| (finding.severity, finding.likelihood))
}

fn matched<'a>(decision: &Decision, findings: &'a [Finding]) -> Vec<&'a Finding> {
    let matched = decision.matched.iter();
    matched.filter_map(|&at| findings.get(at)).collect()
}

/// One alert for a message, however many policies it meets.
fn alert(decisions: &[Decision], findings: &[Finding], job: &Job) -> Option<NewAlert> {
    let alerting: Vec<&Decision> = decisions
        .iter()
        .filter(|decision| decision.alert().is_some())
        .collect();
    let first = alerting.first()?;
    let severity = alerting
        .iter()
        .filter_map(|decision| decision.alert())
        .max()?;
    let matched: Vec<&Finding> = alerting
        .iter()
        .flat_map(|decision| matched(decision, findings))
        .collect();
    let worst = gravest(&matched)?;
    Some(NewAlert {
        id: AlertId::fresh(),
        keys: leak_keys(&matched, worst.severity, job),
        severity,
        source: job.origin.as_str().to_owned(),
        title: format!("{} in a message", worst.info_type),
        description: None,
        info_type: Some(worst.info_type.clone()),
        fingerprint: Some(worst.fingerprint.clone()),
        policy: Some(first.policy),
        workspace: Some(job.workspace.clone()),
        channel_id: job.place.channel_id.clone(),
        user_id: job.place.user_id.clone(),
        message_ts: job.place.message_ts.clone(),
        job: Some(job.id),
        event: None,
        due_in: None,
    })
}

/// What this leak is known by when it is seen again: the message, and its gravest values. A passing address
/// beside a card number would make one alert of all messages that it stands in.
fn leak_keys(matched: &[&Finding], gravest: Severity, job: &Job) -> Vec<String> {
    let workspace = &job.workspace;
    let mut keys = Vec::new();
    if let (Some(channel), Some(ts)) = (&job.place.channel_id, &job.place.message_ts) {
        keys.push(format!("m/{workspace}/{channel}/{ts}"));
    }
    for finding in matched.iter().filter(|finding| finding.severity == gravest) {
        let key = format!("f/{workspace}/{}", finding.fingerprint.as_str());
        if keys.len() <= MAX_VALUE_KEYS && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

fn audit(decision: &Decision, job: &Job) -> NewAuditEvent {
    let data = serde_json::json!({
        "policy": decision.policy, "mode": decision.mode, "severity": decision.severity,
        "findings": decision.matched.len(),
    });
    NewAuditEvent::deed("policy.violated", None, job.id.to_string(), data)
}
