//! What callers prove themselves with.
//!
//! **Invariant:** a refresh token and a code work once.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

/// Whose token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `xoxb-`: the app's bot.
    Bot,
    /// `xoxp-`: a person who installed the app.
    User,
    /// `xapp-`: the app itself.
    App,
}

/// A token.
#[derive(Clone, Debug)]
pub struct Token {
    /// What callers send.
    pub secret: String,
    /// Whose it is.
    pub kind: TokenKind,
    /// `A…`
    pub app: String,
    /// The bot's user or the person; none for the app's own.
    pub user: Option<String>,
    /// The workspace; none for org-wide tokens.
    pub team: Option<String>,
    /// The organisation.
    pub organisation: Option<String>,
    /// What it may do.
    pub scopes: BTreeSet<String>,
    /// Ended by hand.
    pub revoked: bool,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// What buys the next one.
    pub refresh: Option<String>,
}

/// What a consent page hands out, to be changed for tokens.
#[derive(Clone, Debug)]
pub struct Code {
    /// Who consented.
    pub user: String,
    /// The workspace; none for the organisation.
    pub team: Option<String>,
    /// The organisation.
    pub organisation: Option<String>,
    /// What the bot may do.
    pub scopes: BTreeSet<String>,
    /// What is done in the person's name.
    pub user_scopes: BTreeSet<String>,
    /// Must be told again.
    pub redirect_uri: String,
    /// When it was handed out.
    pub made_at: DateTime<Utc>,
}

impl TokenKind {
    /// The word for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::User => "user",
            Self::App => "app",
        }
    }
}

impl Token {
    /// Whether it is one for a whole organisation.
    pub fn is_org_wide(&self) -> bool {
        self.team.is_none() && self.organisation.is_some()
    }

    /// Whether it may do this.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }
}
