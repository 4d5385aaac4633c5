//! What a result leads to: violations, alerts, actions and audit entries.
//!
//! Owns putting the decisions of `domain::policy` into rows. Nothing is written here: the aggregator writes
//! all of it in the transaction that counts the result.
//! **Invariant:** titles, keys and audit entries hold ids, kinds and counts; what an action needs beyond
//! that is sealed.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use shared::finding::{Finding, Severity};
use shared::ids::{ActionId, AlertId, ViolationId, WebhookId};
use shared::job::{ScanOutcome, ScanResult};
use shared::seal::{SealError, Sealer};

use crate::domain::alert::value_key;
use crate::domain::due_times::DueTimes;
use crate::domain::policy::{Action, Decision, Recipients, decide};
use crate::domain::suppression::{Counting, Live, Spot};
use crate::policies::InForce;
use crate::store::alerts::NewAlert;
use crate::store::audit::NewAuditEvent;
use crate::store::jobs::{Job, JobOrigin};
use crate::store::outbox::{NewAction, Notice};
use crate::store::results::NewResult;
use crate::store::slack_actions::{self, SlackActions, SlackDeed};
use crate::store::violations::NewViolation;

/// Values of one message by which its leak is known again.
const MAX_VALUE_KEYS: usize = 16;

/// Makes rows of decisions.
#[derive(Clone)]
pub struct Consequences {
    /// Seals what an action needs.
    sealer: Sealer,
    /// Makes rows of what is done in Slack.
    slack: SlackActions,
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
        Self {
            slack: SlackActions::new(sealer.clone()),
            sealer,
            times,
        }
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
            notices: Vec::new(),
            original: None,
            audit: Vec::new(),
            suppressed: Vec::new(),
        };
        let ScanOutcome::Completed { findings, .. } = &new.result.outcome else {
            return Ok(new);
        };
        let Some(job) = job.filter(|job| job.origin == JobOrigin::Slack) else {
            return Ok(new);
        };
        let counting = Counting::of(findings, rules.suppressions, spot(job), rules.now);
        let mut decisions = decide(rules.policies, &job.context(), &counting.findings);
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
                if !action.tells_of_the_alert() && job.is_history() {
                    // Somebody looks at what was said long ago; nobody is surprised by it.
                    continue;
                }
                if action.tells_of_the_alert() {
                    let made = telling(action, &decision, &matched, job);
                    new.notices.extend(self.notice(made, action, &new.alerts));
                } else {
                    new.actions
                        .extend(self.in_slack(action, &decision, (&matched, job))?);
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

    /// An action that concerns the message itself; none if another one brings it about.
    fn in_slack(
        &self,
        action: &Action,
        decision: &Decision,
        (matched, job): (&[&Finding], &Job),
    ) -> Result<Option<NewAction>, SealError> {
        let due_in = action.put_off(&decision.actions);
        let (job_id, policy) = (job.id, decision.policy);
        let deed = match action {
            Action::Block => SlackDeed::Block {
                job: job_id,
                policy,
            },
            // Whoever takes a message away at once tells its author, and then can say what was done.
            Action::NotifyAuthor if decision.blocks_at_once() => return Ok(None),
            _ => SlackDeed::NotifyAuthor {
                job: job_id,
                policy,
            },
        };
        let row = slack_actions::Row {
            channel: job.place.channel_id.as_deref(),
            due_in,
            ..slack_actions::Row::new(of_message(action.kind(), matched, job), &job.workspace)
        };
        let made = self.slack.row(&deed, row);
        made.map(Some).map_err(|_no_randomness| SealError::Crypto)
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

fn spot(job: &Job) -> Spot<'_> {
    Spot {
        workspace: &job.workspace,
        channel: job.place.channel_id.as_deref(),
        user: job.place.user_id.as_deref(),
    }
}

/// What the same deed on the same content of a message has in common, whichever policy asks for it: an edit that
/// changes what leaks is another content.
fn of_message(kind: &str, matched: &[&Finding], job: &Job) -> String {
    let part = |id: &Option<String>| id.clone().unwrap_or_default();
    let mut said: Vec<&str> = matched
        .iter()
        .map(|finding| finding.fingerprint.as_str())
        .collect();
    said.sort_unstable();
    said.dedup();
    let content = digest(&SHA256, said.join(" ").as_bytes());
    let content = hex::encode(content.as_ref().get(..16).unwrap_or_default());
    let place = &job.place;
    let (channel, ts) = (part(&place.channel_id), part(&place.message_ts));
    format!("{}/{channel}/{ts}/{content}/{kind}", job.workspace)
}

/// The row of an action that tells of the alert, without what it needs: each policy's own.
fn telling(action: &Action, decision: &Decision, matched: &[&Finding], job: &Job) -> NewAction {
    let (kind, target) = (action.kind(), target(action));
    let of_policy = format!(
        "{}/{}/{}",
        of_message(kind, matched, job),
        decision.policy,
        job.id
    );
    NewAction {
        id: ActionId::fresh(),
        action_key: match target {
            Some(webhook) => format!("{of_policy}/{webhook}"),
            None => of_policy,
        },
        kind: kind.to_owned(),
        target,
        alert: None,
        workspace: job.workspace.clone(),
        lane: None,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use serde_json::{Value, json};
    use shared::content::{Coverage, Location};
    use shared::finding::{Fingerprint, Likelihood};
    use shared::ids::{
        DetectorId, DetectorSetVersion, FindingId, JobId, NodeId, PolicyId, WorkspaceId,
    };
    use shared::job::JobClass;
    use shared::seal::{KeyRing, Purpose};

    use super::*;
    use crate::store::jobs::{JobState, Place};

    fn job(origin: JobOrigin) -> Job {
        Job {
            id: JobId::fresh(),
            inbound_event_id: None,
            workspace: WorkspaceId::new("T1"),
            class: JobClass::Message,
            origin,
            state: JobState::Queued,
            detectors: DetectorSetVersion::new("d"),
            attempt: 0,
            due_at: DateTime::UNIX_EPOCH,
            created_at: DateTime::UNIX_EPOCH,
            completed_at: None,
            traceparent: None,
            tracestate: None,
            submitted_by: None,
            place: Place {
                channel_id: Some("C1".to_owned()),
                message_ts: Some("1.2".to_owned()),
                ..Place::default()
            },
        }
    }

    fn leak(job: &Job) -> ScanResult {
        let finding = Finding {
            id: FindingId::fresh(),
            info_type: "CREDIT_CARD_NUMBER".parse().unwrap(),
            detector: DetectorId::new("d"),
            likelihood: Likelihood::VeryLikely,
            severity: Severity::Medium,
            start: 0,
            end: 1,
            preview: "*".to_owned(),
            fingerprint: Fingerprint::new("aa"),
            location: Location::default(),
            explanation: Vec::new(),
        };
        ScanResult {
            job_id: job.id,
            workspace: job.workspace.clone(),
            node: NodeId::fresh(),
            detectors: DetectorSetVersion::new("d"),
            outcome: ScanOutcome::Completed {
                coverage: Coverage::Complete,
                findings: vec![finding],
            },
            scan_us: 1,
            scanned_bytes: 1,
        }
    }

    fn of(job: &Job, policies: &[Value]) -> NewResult {
        let ring = KeyRing::generate().unwrap();
        let sealer = Sealer::new(&ring, Purpose::Database).unwrap();
        let read = |policy: &Value| {
            let mut whole = json!({"name": "x", "mode": "enforce", "rules": [{}]});
            whole
                .as_object_mut()
                .unwrap()
                .extend(policy.as_object().unwrap().clone());
            (PolicyId::fresh(), serde_json::from_value(whole).unwrap())
        };
        let in_force = InForce {
            policies: policies.iter().map(read).collect(),
            ..InForce::default()
        };
        let rules = Rules {
            policies: &in_force,
            suppressions: &[],
            now: DateTime::UNIX_EPOCH,
        };
        Consequences::new(sealer, DueTimes::default())
            .of(leak(job), Some(job), rules)
            .unwrap()
    }

    fn actions() -> Value {
        json!([
            {"type": "block"}, {"type": "notify_author"}, {"type": "alert"}, {"type": "delay", "seconds": 60},
            {"type": "mail", "to": ["canary@example.test"]},
            {"type": "webhook", "id": "01890000-0000-7000-8000-000000000000"},
        ])
    }

    #[test]
    fn every_effect_is_a_row_and_what_tells_of_the_alert_names_it() {
        let job = job(JobOrigin::Slack);
        let new = of(&job, &[json!({ "actions": actions() })]);
        let kinds: Vec<(&str, u64)> = new
            .actions
            .iter()
            .map(|action| (action.kind.as_str(), action.due_in.as_secs()))
            .collect();
        assert_eq!(kinds, [("block", 60), ("notify_author", 0)]);
        assert!(new.actions.iter().all(|action| action.lane.is_some()));
        let told: Vec<&NewAction> = new.notices.iter().map(|notice| &notice.action).collect();
        let kinds: Vec<&str> = told.iter().map(|action| action.kind.as_str()).collect();
        assert_eq!(kinds, ["mail", "webhook"]);
        for action in &told {
            assert_eq!(action.alert, Some(new.alerts[0].id));
            assert_eq!(action.due_in, Duration::from_mins(1));
        }
        assert_eq!(told[0].target, None);
        assert!(told[1].target.is_some());
    }

    #[test]
    fn who_blocks_at_once_tells_the_author_afterwards() {
        let policy = json!({"actions": [{"type": "block"}, {"type": "notify_author"}]});
        let new = of(&job(JobOrigin::Slack), &[policy]);
        let kinds: Vec<&str> = new
            .actions
            .iter()
            .map(|action| action.kind.as_str())
            .collect();
        assert_eq!(kinds, ["block"]);
    }

    #[test]
    fn an_edit_that_leaks_something_else_is_blocked_anew() {
        let job = job(JobOrigin::Slack);
        let findings: Vec<Finding> = ["aa", "bb", "aa"]
            .into_iter()
            .map(|value| {
                let ScanOutcome::Completed { mut findings, .. } = leak(&job).outcome else {
                    unreachable!("a leak is complete");
                };
                let mut finding = findings.remove(0);
                finding.fingerprint = Fingerprint::new(value);
                finding
            })
            .collect();
        let [one, other, again] = [0, 1, 2].map(|at| &findings[at]);
        let key = |of: &[&Finding]| of_message("block", of, &job);
        assert_eq!(key(&[one]), key(&[again]));
        assert_eq!(key(&[one, other]), key(&[other, again, one]));
        assert_ne!(key(&[one]), key(&[one, other]));
    }

    #[test]
    fn in_simulate_there_is_an_alert_and_nothing_else() {
        let policy = json!({"mode": "simulate", "actions": actions()});
        let new = of(&job(JobOrigin::Slack), &[policy]);
        assert_eq!(
            (new.alerts.len(), new.actions.len(), new.notices.len()),
            (1, 0, 0)
        );
    }

    #[test]
    fn a_message_raises_one_alert_of_the_worst_severity_and_each_policy_tells_for_itself() {
        let with = |severity: &str| json!({"actions": [{"type": "alert", "severity": severity}, {"type": "mail"}, {"type": "block"}]});
        let new = of(&job(JobOrigin::Slack), &[with("LOW"), with("CRITICAL")]);
        assert_eq!(new.alerts.len(), 1);
        assert_eq!(new.alerts[0].severity, Severity::Critical);
        let keys = |of: &[&NewAction]| {
            let mut keys: Vec<String> = of.iter().map(|action| action.action_key.clone()).collect();
            keys.dedup();
            keys.len()
        };
        assert_eq!(keys(&new.actions.iter().collect::<Vec<_>>()), 1);
        assert_eq!(
            keys(
                &new.notices
                    .iter()
                    .map(|notice| &notice.action)
                    .collect::<Vec<_>>()
            ),
            2
        );
    }

    #[test]
    fn a_scan_that_somebody_asked_for_has_no_consequences() {
        let new = of(&job(JobOrigin::Api), &[json!({ "actions": actions() })]);
        assert!(new.violations.is_empty() && new.alerts.is_empty() && new.actions.is_empty());
    }

    #[test]
    fn neither_audit_nor_debug_has_an_address() {
        let new = of(&job(JobOrigin::Slack), &[json!({ "actions": actions() })]);
        assert_eq!(new.audit.len(), 1);
        assert!(!format!("{new:?}").contains("canary"));
    }
}
