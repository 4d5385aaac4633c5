//! Made-up messages that were caught: a job, a result and a finding each.

use std::io::Write;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use shared::finding::{Likelihood, Severity};
use uuid::Uuid;

use super::{Script, Stamp};
use crate::world::{self, Year, skewed, skewed_of};

const JOB: [&str; 18] = [
    "id",
    "workspace_id",
    "class",
    "origin",
    "state",
    "wire_version",
    "detector_set",
    "attempt",
    "due_at",
    "created_at",
    "completed_at",
    "channel_id",
    "channel_type",
    "user_id",
    "external",
    "message_ts",
    "label",
    "caught",
];

const RESULT: [&str; 9] = [
    "job_id",
    "detector_set",
    "outcome",
    "finding_count",
    "highest_likelihood",
    "highest_severity",
    "scan_us",
    "scanned_bytes",
    "committed_at",
];

const FINDING: [&str; 13] = [
    "id",
    "job_id",
    "info_type",
    "detector",
    "likelihood",
    "severity",
    "start_byte",
    "end_byte",
    "preview",
    "fingerprint",
    "location",
    "explanation",
    "created_at",
];

struct Message {
    job: Uuid,
    at: DateTime<Utc>,
    workspace: &'static str,
    channel: String,
    user: String,
    info_type: &'static str,
    finding: Uuid,
    fingerprint: u128,
}

/// The tables one after the other: results refer to jobs, and findings to results.
pub(super) fn write(
    script: &mut Script<impl Write>,
    rows: u32,
    until: DateTime<Utc>,
) -> anyhow::Result<()> {
    script.begin("scan_jobs", &JOB)?;
    for message in messages(rows, until) {
        write_job(script, &message)?;
    }
    script.end()?;
    script.begin("scan_results", &RESULT)?;
    for message in messages(rows, until) {
        write_result(script, &message)?;
    }
    script.end()?;
    script.begin("findings", &FINDING)?;
    for message in messages(rows, until) {
        write_finding(script, &message)?;
    }
    Ok(script.end()?)
}

/// The same ones each time.
fn messages(rows: u32, until: DateTime<Utc>) -> impl Iterator<Item = Message> {
    let mut rng = Rng::with_seed(3);
    let year = Year::until(until, rows);
    (0..rows).map(move |row| {
        let at = year.moment(row, &mut rng);
        Message {
            job: world::id_of(at, &mut rng),
            at,
            workspace: skewed_of(&mut rng, &world::WORKSPACES),
            channel: world::channel(skewed(&mut rng, world::CHANNELS)),
            user: world::slack_user(skewed(&mut rng, world::USERS)),
            info_type: skewed_of(&mut rng, &world::INFO_TYPES),
            finding: world::id_of(at, &mut rng),
            fingerprint: rng.u128(..),
        }
    })
}

fn write_job(script: &mut Script<impl Write>, message: &Message) -> std::io::Result<()> {
    script.row(&[
        &message.job,
        &message.workspace,
        &1, // a message
        &1, // of Slack
        &2, // completed
        &1,
        &"bench",
        &0,
        &Stamp(message.at),
        &Stamp(message.at),
        &Stamp(message.at + TimeDelta::milliseconds(80)),
        &message.channel,
        &"channel",
        &message.user,
        &"f",
        &message.at.format("%s%.6f"),
        &"message",
        &"t",
    ])
}

fn write_result(script: &mut Script<impl Write>, message: &Message) -> std::io::Result<()> {
    script.row(&[
        &message.job,
        &"bench",
        &1, // scanned
        &1,
        &Likelihood::Likely.as_number(),
        &Severity::High.as_number(),
        &700,
        &240,
        &Stamp(message.at + TimeDelta::milliseconds(80)),
    ])
}

fn write_finding(script: &mut Script<impl Write>, message: &Message) -> std::io::Result<()> {
    script.row(&[
        &message.finding,
        &message.job,
        &message.info_type,
        &message.info_type.to_ascii_lowercase(),
        &Likelihood::Likely.as_number(),
        &Severity::High.as_number(),
        &17,
        &36,
        &"45** **** **** **19",
        &format_args!("{:032x}", message.fingerprint),
        &r#"{"pointer": "/event/text"}"#,
        &r#"[{"reason": "the check digit is right", "effect": 1}]"#,
        &Stamp(message.at + TimeDelta::milliseconds(80)),
    ])
}
