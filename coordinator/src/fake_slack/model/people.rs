//! Organisations, workspaces, and everybody who writes: people and bots alike.
//!
//! **Invariant:** somebody is a stranger only to a workspace, so that nobody is one for good.

/// An Enterprise organisation: several workspaces.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// `E…`
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// A workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// `T…`
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The part in front of `.slack.com`.
    pub domain: String,
    /// The organisation it belongs to.
    pub organisation: Option<String>,
}

/// What somebody may do in a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Writes and reads.
    #[default]
    Member,
    /// Takes away what others wrote.
    Admin,
    /// An admin who cannot be made less by admins.
    Owner,
    /// The one owner who cannot leave.
    PrimaryOwner,
}

/// A person, or the person that a bot looks like.
#[derive(Clone, Debug)]
pub struct User {
    /// `U…`
    pub id: String,
    /// The workspace that the account belongs to.
    pub team: String,
    /// The handle.
    pub name: String,
    /// What is shown.
    pub real_name: String,
    /// Empty for bots.
    pub email: String,
    /// What they may do.
    pub rank: Rank,
    /// `B…`, if it is a bot.
    pub bot_id: Option<String>,
    /// `A…`, if it is a bot.
    pub app_id: Option<String>,
    /// Whether the account was closed.
    pub deactivated: bool,
}

impl Workspace {
    /// A workspace whose domain is its name in small letters.
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            domain: name.to_lowercase().replace(' ', "-"),
            organisation: None,
        }
    }

    /// The same, as part of an organisation.
    #[must_use]
    pub fn within(mut self, organisation: &str) -> Self {
        self.organisation = Some(organisation.to_owned());
        self
    }
}

impl Rank {
    /// Whether what others wrote may be taken away.
    pub fn is_admin(self) -> bool {
        self >= Self::Admin
    }

    /// Whether it is an owner of either kind.
    pub fn is_owner(self) -> bool {
        self >= Self::Owner
    }
}

impl User {
    /// A member of a workspace, with an address of their own.
    pub fn new(id: &str, team: &str, name: &str) -> Self {
        let mut letters = name.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string());
        Self {
            id: id.to_owned(),
            team: team.to_owned(),
            name: name.to_owned(),
            real_name: first.unwrap_or_default() + letters.as_str(),
            email: format!("{name}@example.com"),
            rank: Rank::Member,
            bot_id: None,
            app_id: None,
            deactivated: false,
        }
    }

    /// The user behind a bot of an app.
    pub fn bot(id: &str, team: &str, name: &str, bot_id: &str, app_id: &str) -> Self {
        Self {
            email: String::new(),
            bot_id: Some(bot_id.to_owned()),
            app_id: Some(app_id.to_owned()),
            ..Self::new(id, team, name)
        }
    }

    /// The same, with another rank.
    #[must_use]
    pub fn ranked(mut self, rank: Rank) -> Self {
        self.rank = rank;
        self
    }

    /// The same, with another address.
    #[must_use]
    pub fn with_email(mut self, email: &str) -> Self {
        email.clone_into(&mut self.email);
        self
    }
}
