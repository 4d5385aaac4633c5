//! Taking a message away.
//!
//! Owns which ways are tried, in what order, and what is written of it. Leaves each way to `ways`.
//! **Invariant:** the row of the message exists before anything is done to it; a message that was not there when
//! we first came was taken away by others.

use std::sync::Arc;

use shared::ids::{JobId, PolicyId};

use super::Enforcement;
use super::deed::{Done, Then};
use super::ways::{Way, WayOut};
use crate::alarms::Trouble;
use crate::domain::block::{Plan, Spot, Strategy, Tried, exposure};
use crate::domain::storm::Brake;
use crate::installations::Installation;
use crate::outgoing::Outcome;
use crate::store::alerts::NewActivity;
use crate::store::audit::NewAuditEvent;
use crate::store::held::{HeldMessage, HeldState};
use crate::store::jobs::Job;
use crate::store::outbox::StoredAction;
use crate::store::slack_actions::{Row, SlackActions, SlackDeed};
use crate::store::{Conn, StoreError, StoreResult, alerts, audit, clock, held, jobs, outbox};

/// What there is to do about a message.
enum Begun {
    /// It is to be taken away.
    Block(Box<HeldMessage>, Box<Job>),
    /// That was done before.
    Settled,
    /// Too many were blocked in its channel.
    Braked(Box<HeldMessage>, u64),
    /// Nobody can say which message it was.
    Unknown,
}

/// How blocking ended.
struct Ending {
    state: HeldState,
    strategy: Strategy,
    tried: Vec<Tried>,
}

impl Enforcement {
    pub(super) async fn block(
        &self,
        action: &StoredAction,
        job: JobId,
        policy: PolicyId,
    ) -> Result<Done, StoreError> {
        let brake = self.parts.brake;
        let beginning = move |conn: &mut _| begin(conn, job, policy, brake);
        let (held, job) = match self.parts.store.write(beginning).await? {
            Begun::Block(held, job) => (*held, *job),
            Begun::Settled => return Ok(Done::nothing_more()),
            Begun::Unknown => return Ok(Done::failed("message_unknown")),
            Begun::Braked(held, lately) => return Ok(self.brake(action, *held, lately)),
        };
        let Some(installation) = self.parts.installations.of(&held.workspace) else {
            if self.parts.installations.is_unsure() {
                // A leak must not be left standing because Slack has not answered yet who we are.
                return Ok(Done::of(Outcome::Later("not_known_yet".to_owned())));
            }
            let ending = Ending::standing("not_connected", Vec::new());
            return Ok(self.end(action, held, ending));
        };
        self.take_away(action, held, (&installation, &job)).await
    }

    /// What was tried too often stands for good, and everybody concerned is told.
    pub(super) async fn block_given_up(
        &self,
        action: &StoredAction,
        job: JobId,
        code: &str,
    ) -> Result<Done, StoreError> {
        let reading = move |conn: &mut _| held::of_jobs(conn, &[job]);
        let held = self.parts.store.read(reading).await?.pop();
        Ok(match held {
            Some(held) => self.end(action, held, Ending::standing(code, Vec::new())),
            None => Done::failed(code),
        })
    }

    /// Tries one way after the other until one works, or Slack asks to wait.
    async fn take_away(
        &self,
        action: &StoredAction,
        mut held: HeldMessage,
        (installation, job): (&Installation, &Job),
    ) -> Result<Done, StoreError> {
        let Plan {
            strategies,
            ruled_out: mut tried,
        } = Plan::of(&installation.capabilities, &spot(installation, job));
        let files = files_of(job);
        for strategy in strategies {
            let way = Way {
                strategy,
                installation,
                files: &files,
                attempt: action.attempts,
            };
            match self.try_way(&way, &mut held).await? {
                WayOut::Away(state) => {
                    let ending = Ending {
                        state,
                        strategy,
                        tried,
                    };
                    return Ok(self.end(action, held, ending));
                }
                WayOut::Refused(code) => tried.push(Tried { strategy, code }),
                WayOut::Wait(outcome) => {
                    // What was already done to its files must be known the next time.
                    let then: Then = Arc::new(move |conn| held::update(conn, &held));
                    return Ok(Done { outcome, then });
                }
            }
        }
        let ending = Ending {
            state: HeldState::Standing,
            strategy: Strategy::NotifyOnly,
            tried,
        };
        Ok(self.end(action, held, ending))
    }

    fn brake(&self, action: &StoredAction, held: HeldMessage, lately: u64) -> Done {
        tracing::warn!(workspace = %held.workspace, policy = ?held.policy_id, lately,
            "a policy blocks too often in a channel, and only alerts there");
        let ending = Ending {
            state: HeldState::Braked,
            ..Ending::standing("storm_brake", Vec::new())
        };
        let (alarms, workspace) = (self.parts.alarms.clone(), held.workspace.clone());
        let trouble = Trouble::Storm {
            policy: held.policy_id,
            channel: held.channel_id.clone(),
        };
        let Done { outcome, then } = self.end(action, held, ending);
        let then: Then = Arc::new(move |conn| {
            then(conn)?;
            alarms.raise(conn, &workspace, &trouble).map(drop)
        });
        Done { outcome, then }
    }

    /// What is written of a message once it is away, or stands for good.
    fn end(&self, action: &StoredAction, mut held: HeldMessage, ending: Ending) -> Done {
        let now = self.parts.clock.now();
        held.state = ending.state;
        held.strategy = Some(ending.strategy);
        held.tried.0 = ending.tried;
        if matches!(held.state, HeldState::Held | HeldState::Gone) {
            held.held_at = Some(now);
            let exposed = held.said_at.map(|said| exposure(said, now));
            held.exposed_ms =
                exposed.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
            if let (HeldState::Held, Some(exposed)) = (held.state, exposed) {
                self.parts.metrics.blocked(ending.strategy, exposed);
            }
        }
        self.parts.metrics.ended(held.state);
        let (actions, of_author) = (self.parts.actions.clone(), author_key(&action.action_key));
        Done::with(move |conn| {
            held::update(conn, &held)?;
            note(conn, &held)?;
            outbox_rows(conn, &actions, &held, &of_author)
        })
    }
}

impl Ending {
    fn standing(code: &str, mut tried: Vec<Tried>) -> Self {
        tried.push(Tried {
            strategy: Strategy::AdminDelete,
            code: code.to_owned(),
        });
        Self {
            state: HeldState::Standing,
            strategy: Strategy::NotifyOnly,
            tried,
        }
    }
}

fn begin(conn: &mut Conn, job: JobId, policy: PolicyId, brake: Brake) -> StoreResult<Begun> {
    let Some(job) = jobs::contexts(conn, &[job])?.pop() else {
        return Ok(Begun::Unknown);
    };
    let alert = alerts::alert_of_job(conn, job.id)?;
    let channel = job.place.channel_id.clone().unwrap_or_default();
    let lately = held::blocked_lately(conn, policy, &channel, brake.within)?;
    let Some(mut held) = held::begin(conn, &job, alert, policy)? else {
        return Ok(Begun::Unknown);
    };
    if held.state == HeldState::Held {
        return Ok(Begun::Settled);
    }
    // It was given back, mended or left standing, and now it says something else that leaks.
    held.job_id = job.id;
    held.alert_id = alert.or(held.alert_id);
    held.said_at = job.place.said_at;
    held.state = HeldState::Blocking;
    held::update(conn, &held)?;
    if brake.holds(lately) {
        return Ok(Begun::Braked(Box::new(held), lately));
    }
    Ok(Begun::Block(Box::new(held), Box::new(job)))
}

/// The files that hang on a message, and the one that leaks.
fn files_of(job: &Job) -> Vec<String> {
    let mut files = job.place.file_ids.0.clone();
    files.extend(job.place.file_id.clone());
    files.sort_unstable();
    files.dedup();
    files
}

fn spot<'a>(installation: &'a Installation, job: &'a Job) -> Spot<'a> {
    Spot {
        channel_type: job.place.channel_type.as_deref(),
        author_team: job.place.author_team_id.as_deref(),
        ours: [
            installation.team_id.as_deref(),
            installation.enterprise_id.as_deref(),
        ],
        external: job.place.external,
    }
}

/// What people see of it at the alert, and what the trail keeps.
fn note(conn: &mut Conn, held: &HeldMessage) -> StoreResult<()> {
    let now = clock::now(conn)?;
    let event_type = match held.state {
        HeldState::Held => "message.blocked",
        HeldState::Gone => "message.gone",
        _ => "message.left_standing",
    };
    let data = serde_json::json!({
        "job": held.job_id, "strategy": held.strategy, "tried": held.tried.0, "exposed_ms": held.exposed_ms,
        "files": held.files.0.len(),
    });
    if let Some(alert) = held.alert_id {
        let activity = NewActivity {
            alert,
            by: None,
            kind: "blocked",
            text: None,
            data: serde_json::json!({
                "message": held.job_id, "state": held.state.as_str(), "strategy": held.strategy,
                "tried": held.tried.0, "exposed_ms": held.exposed_ms,
            }),
        };
        alerts::note(conn, &[activity], now)?;
    }
    let subject = held.id.to_string();
    audit::append(conn, [NewAuditEvent::deed(event_type, None, subject, data)]);
    Ok(())
}

/// Whom to tell now.
fn outbox_rows(
    conn: &mut Conn,
    actions: &SlackActions,
    held: &HeldMessage,
    of_author: &str,
) -> StoreResult<()> {
    let now = clock::now(conn)?;
    let (workspace, channel) = (&held.workspace, held.channel_id.as_str());
    let mut rows = Vec::new();
    // A tombstone says itself what happened, and who was before us needs no notice.
    if (held.state, held.strategy) == (HeldState::Held, Some(Strategy::AdminDelete)) {
        let key = format!("{workspace}/{channel}/{}/notice", held.message_ts);
        let row = Row::new(key, workspace)
            .within(channel)
            .about(held.alert_id);
        rows.push(actions.row(&SlackDeed::Notice { held: held.id }, row)?);
    }
    if let Some(policy) = held.policy_id {
        let deed = SlackDeed::NotifyAuthor {
            job: held.job_id,
            policy,
        };
        let row = Row::new(of_author.to_owned(), workspace).about(held.alert_id);
        rows.push(actions.row(&deed, row)?);
    }
    if let Some(alert) = held.alert_id {
        let key = format!("card/{alert}/{}/{}", held.job_id, held.state.as_str());
        let row = Row::new(key, workspace).about(Some(alert));
        rows.push(actions.row(&SlackDeed::Card { alert }, row)?);
    }
    outbox::enqueue(conn, &rows, now)
}

/// The key under which a policy would have asked for the author to be told of the same content.
fn author_key(of_block: &str) -> String {
    let content = of_block.strip_suffix("/block").unwrap_or(of_block);
    format!("{content}/notify_author")
}
