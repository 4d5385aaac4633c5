//! All there is, and the names that are given to new things.
//!
//! **Invariant:** no timestamp is given twice, and a later one is greater, whatever the clock does.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::clock::SharedClock;

use super::{App, Code, Conversation, Organisation, StoredFile, Token, Transport, User, Workspace};

/// Envelopes that are remembered for those who ask what was told.
const REMEMBERED: usize = 100_000;

/// All there is.
pub struct World {
    /// What time it is.
    pub clock: SharedClock,
    /// Where the stand-in is reached: `http://127.0.0.1:8090`.
    pub origin: String,
    /// By id.
    pub organisations: BTreeMap<String, Organisation>,
    /// By id.
    pub workspaces: BTreeMap<String, Workspace>,
    /// By id.
    pub users: BTreeMap<String, User>,
    /// By id.
    pub conversations: BTreeMap<String, Conversation>,
    /// By id.
    pub files: BTreeMap<String, StoredFile>,
    /// By id: promised, but their bytes or their place is not known yet.
    pub uploads: BTreeMap<String, StoredFile>,
    /// By secret.
    pub tokens: BTreeMap<String, Token>,
    /// By code.
    pub codes: BTreeMap<String, Code>,
    /// The app under test.
    pub app: App,
    /// By its last part.
    pub response_urls: BTreeMap<String, Ticket>,
    /// By id.
    pub triggers: BTreeMap<String, Trigger>,
    /// Modals, in the order in which they were opened.
    pub views: Vec<Opened>,
    /// Who an event was told to, by `event_context`.
    pub contexts: BTreeMap<String, Vec<Value>>,
    /// Every envelope so far, oldest first.
    pub told: VecDeque<Value>,
    /// What is to be sent when the lock is given back.
    pub(in crate::fake_slack) outgoing: Vec<Outgoing>,
    /// Goes up with each change.
    pub version: u64,
    random: fastrand::Rng,
    last_moment: i64,
    serial: u64,
}

/// Something to send to the app.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Which of the app's three addresses.
    pub kind: OutgoingKind,
    /// What is sent.
    pub payload: Value,
}

/// Which of the app's three addresses something goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutgoingKind {
    /// The Events API.
    Event,
    /// Clicks and modals.
    Interactive,
    /// Slash commands.
    SlashCommand,
}

/// What a `response_url` is for.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The conversation.
    pub channel: String,
    /// The message that was clicked.
    pub ts: Option<String>,
    /// Who clicked or typed.
    pub user: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// How often it was used.
    pub uses: u32,
}

/// What opens a modal.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Who clicked or typed.
    pub user: String,
    /// When.
    pub made_at: DateTime<Utc>,
}

/// A modal.
#[derive(Clone, Debug)]
pub struct Opened {
    /// `V…`
    pub id: String,
    /// Who sees it.
    pub user: String,
    /// As it was sent.
    pub view: Value,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("origin", &self.origin)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl World {
    /// A world with an app and nothing else.
    pub fn new(app: App, origin: &str, clock: SharedClock, seed: u64) -> Self {
        Self {
            clock,
            origin: origin.to_owned(),
            organisations: BTreeMap::new(),
            workspaces: BTreeMap::new(),
            users: BTreeMap::new(),
            conversations: BTreeMap::new(),
            files: BTreeMap::new(),
            uploads: BTreeMap::new(),
            tokens: BTreeMap::new(),
            codes: BTreeMap::new(),
            app,
            response_urls: BTreeMap::new(),
            triggers: BTreeMap::new(),
            views: Vec::new(),
            contexts: BTreeMap::new(),
            told: VecDeque::new(),
            outgoing: Vec::new(),
            version: 0,
            random: fastrand::Rng::with_seed(seed),
            last_moment: 0,
            serial: 0,
        }
    }

    /// The present.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A timestamp that no message had yet.
    pub fn next_ts(&mut self) -> String {
        let moment = self.now().timestamp_micros().max(self.last_moment + 1);
        self.last_moment = moment;
        self.version += 1;
        format!("{}.{:06}", moment / 1_000_000, moment % 1_000_000)
    }

    /// A name for something new: the prefix, and what no other has.
    pub fn next_id(&mut self, prefix: &str) -> String {
        self.serial += 1;
        self.version += 1;
        format!("{prefix}0FAKE{:05}", self.serial)
    }

    /// Letters and digits that nobody guesses by counting.
    pub fn secret(&mut self, length: usize) -> String {
        (0..length).map(|_| self.random.alphanumeric()).collect()
    }

    /// Sends something when the lock is given back.
    pub(in crate::fake_slack) fn send(&mut self, kind: OutgoingKind, payload: Value) {
        if kind == OutgoingKind::Event {
            if self.told.len() >= REMEMBERED {
                self.told.pop_front();
            }
            self.told.push_back(payload.clone());
        }
        // An app that is told nothing yet misses it, and is not sent it when it is connected later.
        if !matches!(self.app.transport, Transport::Nowhere) {
            self.outgoing.push(Outgoing { kind, payload });
        }
    }

    /// The organisation of a workspace.
    pub fn organisation_of(&self, team: &str) -> Option<&str> {
        self.workspaces.get(team)?.organisation.as_deref()
    }

    /// Whether two workspaces are one company.
    pub fn same_company(&self, one: &str, other: &str) -> bool {
        let organisation = self.organisation_of(one);
        one == other || organisation.is_some() && organisation == self.organisation_of(other)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shared::clock::ManualClock;

    use super::*;

    #[test]
    fn timestamps_grow_while_the_clock_stands() {
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        let mut world = World::new(App::new("A1", "weir"), "", clock, 1);
        let first = world.next_ts();
        let second = world.next_ts();
        assert_eq!(first, "0.000001");
        assert!(first < second);
    }
}
