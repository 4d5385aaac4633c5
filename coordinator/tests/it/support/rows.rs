//! Rows to put in: events, jobs and results with nothing unusual about them.
//!
//! Owns defaults; a test changes what its claim is about.
//! **Invariant:** ids are fresh, so that rows of one test never collide by chance.

use std::time::Duration;

use coordinator::domain::policy::{Action, Decision, PolicyMode};
use coordinator::store::alerts::NewAlert;
use coordinator::store::audit::NewAuditEvent;
use coordinator::store::intake::{EventSource, NewEvent, NewInbound};
use coordinator::store::jobs::{JobOrigin, NewJob, Place};
use coordinator::store::notices::Notices;
use coordinator::store::outbox::NewAction;
use coordinator::store::results::NewResult;
use coordinator::store::violations::NewViolation;
use shared::content::{Coverage, Location};
use shared::finding::{Evidence, Finding, Fingerprint, Likelihood, Severity};
use shared::ids::{
    ActionId, AlertId, DetectorId, DetectorSetVersion, FindingId, InboundEventId, JobId, NodeId,
    PolicyId, ViolationId, WorkspaceId,
};
use shared::job::{JobClass, ScanOutcome, ScanResult, TraceContext};
use shared::seal::{KeyRing, Purpose, Sealer};

/// A sealer of the database's purpose, under a ring of its own.
pub(crate) fn database_sealer() -> Sealer {
    Sealer::new(&KeyRing::generate().unwrap(), Purpose::Database).unwrap()
}

/// Notices that reach nobody by mail.
pub(crate) fn silent() -> Notices {
    Notices::new(database_sealer(), None)
}

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::new("T1")
}

/// A Slack message's job in a workspace, due at once.
pub(crate) fn job(workspace: &WorkspaceId) -> NewJob {
    NewJob {
        id: JobId::fresh(),
        workspace: workspace.clone(),
        class: JobClass::Message,
        origin: JobOrigin::Slack,
        wire_version: 1,
        payload: b"sealed".to_vec(),
        detectors: DetectorSetVersion::new("d1"),
        due_in: Duration::ZERO,
        trace: TraceContext {
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            tracestate: None,
        },
        place: Place {
            channel_id: Some("C1".to_owned()),
            user_id: Some("U1".to_owned()),
            message_ts: Some("1.2".to_owned()),
            ..Place::default()
        },
        submitted_by: None,
        dedupe_key: None,
    }
}

/// A job that an API caller asked for.
pub(crate) fn api_job() -> NewJob {
    NewJob {
        origin: JobOrigin::Api,
        place: Place::default(),
        ..job(&WorkspaceId::api())
    }
}

/// An event of the workspace with the jobs.
pub(crate) fn event(event_id: &str, jobs: Vec<NewJob>) -> NewInbound {
    NewInbound {
        event: NewEvent {
            id: InboundEventId::fresh(),
            workspace: workspace(),
            source: EventSource::Slack,
            event_id: event_id.to_owned(),
            kind: "message".to_owned(),
            event_time: Some(chrono::DateTime::UNIX_EPOCH),
        },
        jobs,
    }
}

pub(crate) fn finding() -> Finding {
    Finding {
        id: FindingId::fresh(),
        info_type: "CREDIT_CARD_NUMBER".parse().unwrap(),
        detector: DetectorId::new("credit-card-number"),
        likelihood: Likelihood::VeryLikely,
        severity: Severity::High,
        start: 3,
        end: 19,
        preview: "4111 **** **** 1111".to_owned(),
        fingerprint: Fingerprint::new("aa"),
        location: Location::pointer("/event/text"),
        explanation: vec![Evidence {
            reason: "checksum holds".to_owned(),
            effect: 1,
        }],
    }
}

/// A scan that found nothing.
pub(crate) fn clean(job: JobId) -> NewResult {
    NewResult {
        result: ScanResult {
            job_id: job,
            workspace: workspace(),
            node: NodeId::fresh(),
            detectors: DetectorSetVersion::new("d1"),
            outcome: ScanOutcome::Completed {
                coverage: Coverage::Complete,
                findings: Vec::new(),
            },
            scan_us: 12,
            scanned_bytes: 34,
        },
        violations: Vec::new(),
        alerts: Vec::new(),
        actions: Vec::new(),
        notices: Vec::new(),
        original: None,
        audit: Vec::new(),
        suppressed: Vec::new(),
    }
}

/// A scan that found something, with everything that can follow from it.
pub(crate) fn leak(job: JobId, group_key: &str) -> NewResult {
    let found = finding();
    let mut new = clean(job);
    new.violations.push(NewViolation {
        id: ViolationId::fresh(),
        decision: Decision {
            policy: PolicyId::fresh(),
            name: "Cards".to_owned(),
            mode: PolicyMode::Enforce,
            matched: vec![0],
            severity: found.severity,
            actions: vec![Action::Block, Action::Alert { severity: None }],
        },
    });
    new.alerts.push(alert(group_key, job, found.severity));
    new.actions.push(NewAction {
        id: ActionId::fresh(),
        action_key: format!("block:{job}"),
        kind: "block".to_owned(),
        target: None,
        alert: None,
        workspace: workspace(),
        lane: None,
        payload: b"sealed".to_vec(),
        due_in: Duration::ZERO,
    });
    new.audit.push(NewAuditEvent::deed(
        "message.caught",
        None,
        job.to_string(),
        serde_json::json!({"findings": 1}),
    ));
    new.result.outcome = ScanOutcome::Completed {
        coverage: Coverage::Complete,
        findings: vec![found],
    };
    new
}

pub(crate) fn alert(group_key: &str, job: JobId, severity: Severity) -> NewAlert {
    NewAlert {
        id: AlertId::fresh(),
        keys: vec![group_key.to_owned()],
        severity,
        source: "slack".to_owned(),
        title: "Cards".to_owned(),
        description: None,
        info_type: Some("CREDIT_CARD_NUMBER".parse().unwrap()),
        fingerprint: None,
        policy: None,
        workspace: Some(workspace()),
        channel_id: Some("C1".to_owned()),
        user_id: Some("U1".to_owned()),
        message_ts: Some("1.2".to_owned()),
        job: Some(job),
        event: None,
        due_in: None,
    }
}
