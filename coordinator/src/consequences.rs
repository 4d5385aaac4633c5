//! What a result leads to: violations, alerts, actions and audit entries.
//!
//! Owns putting the decisions of `domain::policy` into rows. Nothing is written here: the aggregator writes
//! all of it in the transaction that counts the result.
//! **Invariant:** titles, keys and audit entries hold ids, kinds and counts; what an action needs beyond
//! that is sealed.

use chrono::{DateTime, Utc};
use shared::finding::{Finding, Severity};
use shared::ids::{ActionId, AlertId, ViolationId};
use shared::job::{ScanOutcome, ScanResult};
use shared::seal::{SealError, Sealer};

use crate::domain::alert::value_key;
use crate::domain::due_times::DueTimes;
use crate::domain::policy::{Action, Context, Decision, decide};
use crate::domain::suppression::{Counting, Live, Spot};
use crate::policies::InForce;
use crate::store::alerts::NewAlert;
use crate::store::audit::NewAuditEvent;
use crate::store::jobs::{Job, JobOrigin};
use crate::store::outbox::NewAction;
use crate::store::results::NewResult;
use crate::store::violations::NewViolation;

/// Values of one message by which its leak is known again.
const MAX_VALUE_KEYS: usize = 16;

/// Makes rows of decisions.
#[derive(Clone)]
pub struct Consequences {
    /// Seals what an action needs.
    sealer: Sealer,
    /// How long people have to close an alert.
    times: DueTimes,
}

/// What is in force when a result is counted.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The policies.
    pub policies: &'a InForce,
    /// What keeps findings from counting for them.
    pub suppressions: &'a [Live],
    /// The time.
    pub now: DateTime<Utc>,
}

impl Consequences {
    /// Seals with `sealer`, the one of the database.
    pub fn new(sealer: Sealer, times: DueTimes) -> Self {
        Self { sealer, times }
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
        rules: Rules<'_>,
    ) -> Result<NewResult, SealError> {
        let mut new = NewResult {
            result,
            violations: Vec::new(),
            alerts: Vec::new(),
            actions: Vec::new(),
            audit: Vec::new(),
            suppressed: Vec::new(),
        };
        let ScanOutcome::Completed { findings, .. } = &new.result.outcome else {
            return Ok(new);
        };
        let Some(job) = job.filter(|job| job.origin == JobOrigin::Slack) else {
            return Ok(new);
        };
        let context = Context {
            workspace: job.workspace.clone(),
            channel: job.place.channel_id.clone(),
            user: job.place.user_id.clone(),
        };
        let counting = Counting::of(findings, rules.suppressions, spot(job), rules.now);
        let mut decisions = decide(rules.policies, &context, &counting.findings);
        for decision in &mut decisions {
            counting.place_among_all(&mut decision.matched);
        }
        let raised = alert(&decisions, findings, job).map(|alert| NewAlert {
            due_in: self.times.of(alert.severity),
            ..alert
        });
        new.alerts.extend(raised);
        new.suppressed = counting.suppressed;
        for decision in decisions {
            let matched = matched(&decision, findings);
            for action in decision.effects() {
                new.actions
                    .push(self.action(action, &decision, &matched, job)?);
            }
            new.audit.push(audit(&decision, job));
            new.violations.push(NewViolation {
                id: ViolationId::fresh(),
                decision,
            });
        }
        Ok(new)
    }

    fn action(
        &self,
        action: &Action,
        decision: &Decision,
        matched: &[&Finding],
        job: &Job,
    ) -> Result<NewAction, SealError> {
        let kind = kind_of(action);
        let place = &job.place;
        let part = |id: &Option<String>| id.clone().unwrap_or_default();
        let what = gravest(matched).map_or("", |finding| finding.fingerprint.as_str());
        let action_key = format!(
            "{}/{}/{}/{what}/{kind}",
            job.workspace,
            part(&place.channel_id),
            part(&place.message_ts),
        );
        let payload = serde_json::json!({
            "job": job.id, "policy": decision.policy, "channel": place.channel_id,
            "ts": place.message_ts, "thread_ts": place.thread_ts, "user": place.user_id,
        });
        let sealed = self
            .sealer
            .seal(action_key.as_bytes(), payload.to_string().as_bytes())?;
        Ok(NewAction {
            id: ActionId::fresh(),
            action_key,
            kind: kind.to_owned(),
            target: None,
            alert: None,
            workspace: job.workspace.clone(),
            payload: sealed,
        })
    }
}

fn spot(job: &Job) -> Spot<'_> {
    Spot {
        workspace: &job.workspace,
        channel: job.place.channel_id.as_deref(),
        user: job.place.user_id.as_deref(),
    }
}

const fn kind_of(action: &Action) -> &'static str {
    match action {
        Action::Block => "block",
        Action::NotifyAuthor => "notify_author",
        Action::Alert { .. } => "alert",
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
        let key = value_key(workspace, finding.fingerprint.as_str());
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
