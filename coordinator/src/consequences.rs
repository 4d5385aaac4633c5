//! What a result leads to: violations, alerts, actions and audit entries.
//!
//! Owns putting the decisions of `domain::policy` into rows. Nothing is written here: the aggregator writes
//! all of it in the transaction that counts the result.
//! **Invariant:** titles, keys and audit entries hold ids, kinds and counts; what an action needs beyond
//! that is sealed.

use shared::finding::Finding;
use shared::ids::{ActionId, AlertId, AuditEventId, ViolationId};
use shared::job::{ScanOutcome, ScanResult};
use shared::seal::{SealError, Sealer};

use crate::domain::policy::{Action, Context, Decision, decide};
use crate::policies::InForce;
use crate::store::alerts::NewAlert;
use crate::store::audit::NewAuditEvent;
use crate::store::jobs::{Job, JobOrigin};
use crate::store::outbox::NewAction;
use crate::store::results::NewResult;
use crate::store::violations::NewViolation;

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
            audit: Vec::new(),
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
        for decision in decide(policies, &context, findings) {
            let matched: Vec<&Finding> = decision
                .matched
                .iter()
                .filter_map(|&at| findings.get(at))
                .collect();
            new.alerts.extend(alert(&decision, &matched, job));
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
            workspace: job.workspace.clone(),
            payload: sealed,
        })
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

/// One alert per policy and leaked value: seen again, it is an occurrence.
fn alert(decision: &Decision, matched: &[&Finding], job: &Job) -> Option<NewAlert> {
    let severity = decision.alert()?;
    let worst = gravest(matched)?;
    Some(NewAlert {
        id: AlertId::fresh(),
        group_key: format!("{}/{}", decision.policy, worst.fingerprint.as_str()),
        severity,
        source: job.origin.as_str().to_owned(),
        title: format!("{} in a message", worst.info_type),
        info_type: Some(worst.info_type.clone()),
        policy: Some(decision.policy),
        workspace: Some(job.workspace.clone()),
        channel_id: job.place.channel_id.clone(),
        user_id: job.place.user_id.clone(),
        job: Some(job.id),
    })
}

fn audit(decision: &Decision, job: &Job) -> NewAuditEvent {
    NewAuditEvent {
        id: AuditEventId::fresh(),
        event_type: "policy.violated".to_owned(),
        actor: None,
        subject: Some(job.id.to_string()),
        variant_data: serde_json::json!({
            "policy": decision.policy, "mode": decision.mode, "severity": decision.severity,
            "findings": decision.matched.len(),
        }),
    }
}
