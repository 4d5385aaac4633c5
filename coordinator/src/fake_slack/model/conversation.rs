//! Conversations: channels, direct messages, and who is in them.

use std::collections::{BTreeMap, BTreeSet};

use super::message::Message;

/// What kind of conversation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everybody of the workspace may join.
    Public,
    /// Who was invited.
    Private,
    /// Two.
    Im,
    /// A few.
    Mpim,
}

/// A conversation and all that was said in it.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// `C…`, `D…` or `G…`
    pub id: String,
    /// The workspace it belongs to.
    pub team: String,
    /// Without `#`; empty for direct messages.
    pub name: String,
    /// What kind it is.
    pub kind: Kind,
    /// Whoever is in it.
    pub members: BTreeSet<String>,
    /// Workspaces of others that take part (Slack Connect).
    pub shared_with: BTreeSet<String>,
    /// Nobody may write any more.
    pub archived: bool,
    /// What it is about.
    pub topic: String,
    /// Seconds since 1970.
    pub created: i64,
    /// Whoever opened it.
    pub creator: String,
    /// By `ts`, deleted ones too.
    pub messages: BTreeMap<String, Message>,
    /// What only one of them sees.
    pub ephemerals: Vec<Ephemeral>,
}

/// A message that one person sees until they look away.
#[derive(Clone, Debug)]
pub struct Ephemeral {
    /// Who sees it.
    pub user: String,
    /// What they see.
    pub message: Message,
}

impl Kind {
    /// `channel_type` of events.
    pub const fn channel_type(self) -> &'static str {
        match self {
            Self::Public => "channel",
            Self::Private => "group",
            Self::Im => "im",
            Self::Mpim => "mpim",
        }
    }

    /// The word of the `types` argument.
    pub const fn argument(self) -> &'static str {
        match self {
            Self::Public => "public_channel",
            Self::Private => "private_channel",
            Self::Im => "im",
            Self::Mpim => "mpim",
        }
    }

    /// The scope by which its messages are read.
    pub const fn history_scope(self) -> &'static str {
        match self {
            Self::Public => "channels:history",
            Self::Private => "groups:history",
            Self::Im => "im:history",
            Self::Mpim => "mpim:history",
        }
    }

    /// The scope by which it is seen at all.
    pub const fn read_scope(self) -> &'static str {
        match self {
            Self::Public => "channels:read",
            Self::Private => "groups:read",
            Self::Im => "im:read",
            Self::Mpim => "mpim:read",
        }
    }

    /// Whether it is between people, and no admin of others looks into it.
    pub const fn is_direct(self) -> bool {
        matches!(self, Self::Im | Self::Mpim)
    }
}

impl Conversation {
    /// A conversation of a kind.
    pub fn new(kind: Kind, id: &str, team: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            team: team.to_owned(),
            name: name.to_owned(),
            kind,
            members: BTreeSet::new(),
            shared_with: BTreeSet::new(),
            archived: false,
            topic: String::new(),
            created: 0,
            creator: String::new(),
            messages: BTreeMap::new(),
            ephemerals: Vec::new(),
        }
    }

    /// A channel for all.
    pub fn public(id: &str, team: &str, name: &str) -> Self {
        Self::new(Kind::Public, id, team, name)
    }

    /// A channel for those who were invited.
    pub fn private(id: &str, team: &str, name: &str) -> Self {
        Self::new(Kind::Private, id, team, name)
    }

    /// A direct message.
    pub fn im(id: &str, team: &str) -> Self {
        Self::new(Kind::Im, id, team, "")
    }

    /// A direct message of several.
    pub fn mpim(id: &str, team: &str, name: &str) -> Self {
        Self::new(Kind::Mpim, id, team, name)
    }

    /// The same, with these in it.
    #[must_use]
    pub fn with(mut self, members: &[&str]) -> Self {
        self.members.extend(members.iter().map(ToString::to_string));
        self
    }

    /// The same, shared with a workspace of others.
    #[must_use]
    pub fn shared_with(mut self, team: &str) -> Self {
        self.shared_with.insert(team.to_owned());
        self
    }

    /// The same, archived.
    #[must_use]
    pub fn archived(mut self) -> Self {
        self.archived = true;
        self
    }

    /// Messages of a thread, its first included, oldest first.
    pub fn thread<'a>(&'a self, root: &'a str) -> impl DoubleEndedIterator<Item = &'a Message> {
        self.messages
            .values()
            .filter(move |m| m.ts == root || m.thread_ts.as_deref() == Some(root))
            .filter(|m| m.is_there())
    }

    /// A message that was not deleted.
    pub fn message(&self, ts: &str) -> Option<&Message> {
        self.messages.get(ts).filter(|message| message.is_there())
    }
}
