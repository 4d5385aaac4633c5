//! Made-up alerts: most of them closed, most of them of messages.

use std::io::Write;

use chrono::{DateTime, TimeDelta, Utc};
use coordinator::domain::alert::AlertStatus;
use fastrand::Rng;
use shared::finding::Severity;
use uuid::Uuid;

use super::{Maybe, Script, Stamp, Words};
use crate::world::{self, Year, skewed, skewed_of};

const COLUMNS: [&str; 24] = [
    "id",
    "status",
    "severity",
    "source",
    "title",
    "description",
    "info_type",
    "fingerprint",
    "policy_id",
    "workspace_id",
    "channel_id",
    "user_id",
    "job_id",
    "event_id",
    "occurrences",
    "first_seen_at",
    "last_seen_at",
    "assignee",
    "due_at",
    "resolution",
    "closed_at",
    "reopened",
    "version",
    "words",
];

const RESOLUTIONS: [&str; 3] = ["true_positive", "false_positive", "risk_accepted"];

/// What raised an alert, and where.
struct Origin {
    source: &'static str,
    title: String,
    slack: Option<InSlack>,
}

struct InSlack {
    info_type: &'static str,
    fingerprint: String,
    policy: Uuid,
    workspace: &'static str,
    channel: String,
    user: String,
}

/// How far an alert is, and when it was what.
struct Course {
    status: AlertStatus,
    severity: Severity,
    first_seen: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    occurrences: usize,
    due: Option<DateTime<Utc>>,
    closed: Option<DateTime<Utc>>,
}

pub(super) fn write(
    script: &mut Script<impl Write>,
    rows: u32,
    until: DateTime<Utc>,
    assignee: Option<Uuid>,
) -> anyhow::Result<()> {
    let mut rng = Rng::with_seed(1);
    let year = Year::until(until, rows);
    script.begin("alerts", &COLUMNS)?;
    for row in 0..rows {
        let first_seen = year.moment(row, &mut rng);
        let id = world::id_of(first_seen, &mut rng);
        let origin = Origin::made_up(&mut rng);
        let course = Course::made_up(&mut rng, first_seen, until);
        let mut description = String::new();
        world::write_words(&mut description, &mut rng, (row, rows), 8);
        let slack = origin.slack.as_ref();
        let owner = (rng.u8(0..20) == 0).then(|| match skewed(&mut rng, world::ASSIGNEES) {
            0 => assignee.unwrap_or(world::assignee(0)),
            rank => world::assignee(rank),
        });
        let none = Maybe::<Uuid>(None);
        let texts = [
            origin.title.as_str(),
            origin.source,
            &description,
            slack.map_or("", |it| it.info_type),
            slack.map_or("", |it| it.workspace),
            slack.map_or("", |it| &it.channel),
            slack.map_or("", |it| &it.user),
        ];
        let closed = course.closed.map(|_| skewed_of(&mut rng, &RESOLUTIONS));
        script.row(&[
            &id,
            &course.status.as_number(),
            &course.severity.as_number(),
            &origin.source,
            &origin.title,
            &description,
            &Maybe(slack.map(|it| it.info_type)),
            &Maybe(slack.map(|it| &it.fingerprint)),
            &Maybe(slack.map(|it| it.policy)),
            &Maybe(slack.map(|it| it.workspace)),
            &Maybe(slack.map(|it| &it.channel)),
            &Maybe(slack.map(|it| &it.user)),
            &none,
            &none,
            &course.occurrences,
            &Stamp(course.first_seen),
            &Stamp(course.last_seen),
            &Maybe(owner),
            &Maybe(course.due.map(Stamp)),
            &Maybe(closed),
            &Maybe(course.closed.map(Stamp)),
            &0,
            &1,
            &Words(&texts),
        ])?;
    }
    Ok(script.end()?)
}

impl Origin {
    fn made_up(rng: &mut Rng) -> Self {
        if rng.u8(0..100) < 15 {
            let source = skewed_of(rng, &world::SOURCES);
            let kind = skewed_of(rng, &world::EVENT_KINDS);
            return Self {
                source,
                title: format!("{kind} from {source}"),
                slack: None,
            };
        }
        let info_type = skewed_of(rng, &world::INFO_TYPES);
        Self {
            source: "slack",
            title: format!("{info_type} in a message"),
            slack: Some(InSlack {
                info_type,
                fingerprint: format!("{:032x}", rng.u128(..)),
                policy: world::policy(skewed(rng, world::POLICIES)),
                workspace: skewed_of(rng, &world::WORKSPACES),
                channel: world::channel(skewed(rng, world::CHANNELS)),
                user: world::slack_user(skewed(rng, world::USERS)),
            }),
        }
    }
}

impl Course {
    fn made_up(rng: &mut Rng, first_seen: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let status = match rng.u8(0..100) {
            0..5 => AlertStatus::Open,
            5..8 => AlertStatus::Acknowledged,
            8..75 => AlertStatus::Resolved,
            _ => AlertStatus::Dismissed,
        };
        let (severity, time) = match rng.u8(0..100) {
            0..3 => (Severity::Critical, Some(TimeDelta::hours(4))),
            3..15 => (Severity::High, Some(TimeDelta::days(1))),
            15..50 => (Severity::Medium, Some(TimeDelta::days(7))),
            50..90 => (Severity::Low, Some(TimeDelta::days(30))),
            _ => (Severity::Info, None),
        };
        let within = |rng: &mut Rng, days: i64| TimeDelta::seconds(rng.i64(0..days * 86_400));
        let mut due = time.map(|time| first_seen + time);
        if !status.is_closed() && rng.bool() {
            // Somebody gave it another time.
            due = due.map(|_| until - TimeDelta::days(15) + within(rng, 60));
        }
        let occurrences = if rng.u8(0..10) < 7 {
            1
        } else {
            2 + skewed(rng, 500)
        };
        let last_seen = match occurrences {
            1 => first_seen,
            _ => (first_seen + within(rng, 30)).min(until),
        };
        let closed = status.is_closed();
        Self {
            status,
            severity,
            first_seen,
            last_seen,
            occurrences,
            due,
            closed: closed.then(|| (last_seen + within(rng, 10)).min(until)),
        }
    }
}
