//! The ways to take a message away.
//!
//! Owns the calls of each. **Invariant:** every call may be repeated: what is gone already is gone.

use shared::failpoint;

use super::Enforcement;
use super::deed::outcome_of;
use super::tokens::BROKEN;
use crate::domain::block::Strategy;
use crate::installations::Installation;
use crate::outgoing::Outcome;
use crate::slack::client::{Meaning, Session, SlackError, Spot};
use crate::store::StoreError;
use crate::store::held::{HeldFile, HeldMessage, HeldState};

/// What stands in the place of a message that the Discovery API hides.
pub(super) const TOMBSTONE: &str =
    "This message was held back by data-loss prevention until it has been reviewed.";

/// How often a way is tried with a token that Slack refuses, before the next way is.
const TRIES_WITH_A_DEAD_TOKEN: i32 = 6;

/// What a hidden file is called.
const TOMBSTONE_TITLE: &str = "Held back by data-loss prevention";

/// A way, and who goes it.
pub(super) struct Way<'a> {
    pub(super) strategy: Strategy,
    pub(super) installation: &'a Installation,
    /// The files of the message.
    pub(super) files: &'a [String],
    /// Which try this is; before the first nobody can have gone it.
    pub(super) attempt: i32,
}

/// Where a way led.
pub(super) enum WayOut {
    /// The message is away: by us, or by somebody else.
    Away(HeldState),
    /// Slack will not have it.
    Refused(String),
    /// Not now.
    Wait(Outcome),
}

impl Enforcement {
    pub(super) async fn try_way(
        &self,
        way: &Way<'_>,
        held: &mut HeldMessage,
    ) -> Result<WayOut, StoreError> {
        if way.strategy == Strategy::NotifyOnly {
            return Ok(WayOut::Away(HeldState::Standing));
        }
        let Some(token) = way.installation.admin() else {
            return Ok(WayOut::Refused(BROKEN.to_owned()));
        };
        let workspace = held.workspace.clone();
        let session = self.parts.client.with(token, &workspace);
        if way.strategy == Strategy::AdminDelete {
            if let Some(wait) = self.keep_words(way, held).await? {
                return Ok(wait);
            }
            if let Some(wait) = self.files_away(way, held, way.files).await? {
                return Ok(wait);
            }
        }
        let called = match way.strategy {
            Strategy::DiscoveryTombstone => tombstone(session, held, way.files).await,
            Strategy::AdminDelete => {
                session
                    .delete_message(&held.channel_id, &held.message_ts)
                    .await
            }
            Strategy::NotifyOnly => Ok(()),
        };
        failpoint::pass("message_taken_away");
        Ok(way_out(called, way))
    }
}

/// Hides a message and its files. What is not there is hidden enough.
async fn tombstone(
    session: Session<'_>,
    held: &mut HeldMessage,
    files: &[String],
) -> Result<(), SlackError> {
    for id in files {
        let hidden = session
            .discovery_file_tombstone(id, TOMBSTONE_TITLE, TOMBSTONE)
            .await;
        match hidden {
            Err(error) if error.meaning() != Meaning::AlreadyDone => return Err(error),
            _ => {
                let file = HeldFile {
                    away: true,
                    ..HeldFile::named(id)
                };
                held.files.0.retain(|known| known.file_id != *id);
                held.files.0.push(file);
            }
        }
    }
    let spot = Spot {
        team: held.team_id.as_deref(),
        channel: &held.channel_id,
        ts: &held.message_ts,
    };
    session.discovery_chat_tombstone(spot, TOMBSTONE).await
}

fn way_out(called: Result<(), SlackError>, way: &Way<'_>) -> WayOut {
    let Err(error) = called else {
        return WayOut::Away(HeldState::Held);
    };
    match error.meaning() {
        // Whoever comes a second time may have done it the first time.
        Meaning::AlreadyDone if way.attempt <= 1 => WayOut::Away(HeldState::Gone),
        Meaning::AlreadyDone => WayOut::Away(HeldState::Held),
        // A token that died a moment ago may have a successor already; a leak must not stand because of that.
        Meaning::AuthDead if way.attempt > TRIES_WITH_A_DEAD_TOKEN => {
            WayOut::Refused(error.code().to_owned())
        }
        Meaning::Wait(_) | Meaning::Again | Meaning::TokenExpired | Meaning::AuthDead => {
            outcome_of(&error).map_or(WayOut::Away(HeldState::Held), WayOut::Wait)
        }
        Meaning::Forbidden
        | Meaning::NotAMember
        | Meaning::Misconfigured { .. }
        | Meaning::Unknown => WayOut::Refused(error.code().to_owned()),
    }
}
