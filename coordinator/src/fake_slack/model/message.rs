//! Messages.
//!
//! **Invariant:** what a message said stays known after it was deleted or hidden, so that tests can ask, and
//! so that it can be brought back.

use serde_json::Value;

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// `U…`; classic bots have none.
    pub user: Option<String>,
    /// `B…`, if it is a bot.
    pub bot: Option<String>,
    /// `A…`, if it is a bot.
    pub app: Option<String>,
    /// The workspace of the author.
    pub team: String,
}

/// Who changed a message last, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// `U…`
    pub user: String,
    /// A timestamp as messages have it.
    pub ts: String,
}

/// What is left of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// All of it.
    #[default]
    Shown,
    /// Gone.
    Deleted,
    /// The first of a thread, gone: a line stands in its place, and the answers stay.
    Tombstone,
    /// Hidden by data-loss prevention: a notice stands in its place.
    Hidden,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its name within the conversation, and when it was said.
    pub ts: String,
    /// Who wrote it.
    pub author: Author,
    /// As Slack keeps it: mrkdwn, with `&`, `<` and `>` escaped.
    pub text: String,
    /// Block Kit.
    pub blocks: Vec<Value>,
    /// What hangs below it.
    pub attachments: Vec<Value>,
    /// Ids of files.
    pub files: Vec<String>,
    /// The first message of the thread it is in.
    pub thread_ts: Option<String>,
    /// `file_share`, `thread_broadcast`, `bot_message`, `me_message`, …
    pub subtype: Option<String>,
    /// The last change.
    pub edited: Option<Edited>,
    /// What an app added for programs.
    pub metadata: Option<Value>,
    /// The name a bot chose for this message.
    pub username: Option<String>,
    /// What the client of a person called it.
    pub client_msg_id: Option<String>,
    /// What is left of it.
    pub visibility: Visibility,
    /// What it was before it was hidden, or became a tombstone.
    pub original: Option<Box<Message>>,
}

impl Author {
    /// A person.
    pub fn person(user: &str, team: &str) -> Self {
        Self {
            user: Some(user.to_owned()),
            bot: None,
            app: None,
            team: team.to_owned(),
        }
    }
}

impl Message {
    /// A message that says something.
    pub fn new(author: Author, text: &str) -> Self {
        Self {
            ts: String::new(),
            author,
            text: text.to_owned(),
            blocks: Vec::new(),
            attachments: Vec::new(),
            files: Vec::new(),
            thread_ts: None,
            subtype: None,
            edited: None,
            metadata: None,
            username: None,
            client_msg_id: None,
            visibility: Visibility::Shown,
            original: None,
        }
    }

    /// Whether anything of it is to be seen, be it a tombstone.
    pub fn is_there(&self) -> bool {
        self.visibility != Visibility::Deleted
    }

    /// Whether it answers another.
    pub fn is_reply(&self) -> bool {
        self.thread_ts.as_ref().is_some_and(|root| *root != self.ts)
    }

    /// Whether it stands in the conversation itself and not only in a thread.
    pub fn is_in_channel(&self) -> bool {
        !self.is_reply() || self.subtype.as_deref() == Some("thread_broadcast")
    }

    /// A change that leaves what was there before in `original`.
    pub(in crate::fake_slack) fn replaced(&self, visibility: Visibility, text: &str) -> Self {
        let mut replaced = Self::new(self.author.clone(), text);
        replaced.ts.clone_from(&self.ts);
        replaced.thread_ts.clone_from(&self.thread_ts);
        replaced.visibility = visibility;
        replaced.original = Some(Box::new(self.clone()));
        replaced
    }
}
