//! Files.

use std::collections::BTreeSet;

use bytes::Bytes;

/// How a file is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileMode {
    /// Bytes at Slack.
    #[default]
    Hosted,
    /// Text, shown in the conversation.
    Snippet,
    /// Somebody else's: Slack knows where.
    External,
    /// A canvas.
    Canvas,
}

/// What is left of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileState {
    /// All of it.
    #[default]
    Whole,
    /// Hidden by data-loss prevention.
    Hidden,
    /// Gone.
    Deleted,
}

/// Where a file was shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// The conversation.
    pub channel: String,
    /// The message.
    pub ts: String,
}

/// A file.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// `F…`
    pub id: String,
    /// Who uploaded it.
    pub user: String,
    /// Their workspace.
    pub team: String,
    /// `report.csv`
    pub name: String,
    /// What is shown.
    pub title: String,
    /// As it was told, or as the name says.
    pub mimetype: String,
    /// How it is kept.
    pub mode: FileMode,
    /// Its content; empty if it is external.
    pub bytes: Bytes,
    /// Where it is, if it is external.
    pub external_url: Option<String>,
    /// Where it was shared.
    pub shares: BTreeSet<Share>,
    /// The secret of its public address, if it has one.
    pub public_secret: Option<String>,
    /// What is left of it.
    pub state: FileState,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970.
    pub updated: i64,
    /// What stands in its place while it is hidden.
    pub notice: Option<String>,
}

impl StoredFile {
    /// A file of this name and content.
    pub fn new(user: &str, team: &str, name: &str, bytes: Bytes) -> Self {
        Self {
            id: String::new(),
            user: user.to_owned(),
            team: team.to_owned(),
            name: name.to_owned(),
            title: name.to_owned(),
            mimetype: mimetype(name).to_owned(),
            mode: FileMode::Hosted,
            bytes,
            external_url: None,
            shares: BTreeSet::new(),
            public_secret: None,
            state: FileState::Whole,
            created: 0,
            updated: 0,
            notice: None,
        }
    }

    /// What Slack calls the type.
    pub fn filetype(&self) -> &str {
        match self.mode {
            FileMode::Canvas => "quip",
            _ => match extension(&self.name) {
                "txt" | "" => "text",
                "md" => "markdown",
                "jpeg" => "jpg",
                other => other,
            },
        }
    }
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn mimetype(name: &str) -> &'static str {
    match extension(name) {
        "txt" | "md" | "log" | "" => "text/plain",
        "csv" => "text/csv",
        "html" => "text/html",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "zip" => "application/zip",
        "eml" => "message/rfc822",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _ => "application/octet-stream",
    }
}
