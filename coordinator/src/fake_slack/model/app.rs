//! The app under test: where it is called, and where it is installed.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::slack::signature::SigningSecret;

/// The app.
#[derive(Clone, Debug)]
pub struct App {
    /// `A…`
    pub id: String,
    /// What people call it; the bot's name too.
    pub name: String,
    /// For the exchange of codes.
    pub client_id: String,
    /// For the exchange of codes.
    pub client_secret: String,
    /// How long tokens are good, if they end; Slack's end after twelve hours.
    pub token_life: Option<TimeDelta>,
    /// Whether the events that only people see are told as well.
    pub user_events: UserEvents,
    /// How it is told things.
    pub transport: Transport,
    /// Where it is installed.
    pub installs: Vec<Install>,
}

/// Whether an app subscribed to events in the name of those who installed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserEvents {
    /// Only what the bot sees.
    #[default]
    Ignored,
    /// What the people behind its user tokens see, too.
    Told,
}

/// How an app is told things.
#[derive(Clone, Debug, Default)]
pub enum Transport {
    /// It is not.
    #[default]
    Nowhere,
    /// By HTTP requests.
    Http(Box<Endpoints>),
    /// Over the web sockets it opened.
    Socket,
}

/// The three addresses of an app, and what requests to them are signed with.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Takes events.
    pub events: String,
    /// Takes clicks.
    pub interactivity: String,
    /// Takes slash commands.
    pub commands: String,
    /// The signing secret.
    pub secret: SigningSecret,
}

/// Where an app is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In one workspace.
    Workspace(String),
    /// In an organisation, and there in the workspaces it was approved for.
    Organisation {
        /// `E…`
        id: String,
        /// Workspaces.
        granted: BTreeSet<String>,
    },
}

/// An installation.
#[derive(Clone, Debug)]
pub struct Install {
    /// Where.
    pub reach: Reach,
    /// `B…`
    pub bot_id: String,
    /// The bot's user.
    pub bot_user: String,
    /// What the bot may do.
    pub scopes: BTreeSet<String>,
    /// The people in whose name the app may act.
    pub people: BTreeSet<String>,
}

impl App {
    /// An app that is installed nowhere.
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            client_id: "1000000001.2000000002".to_owned(),
            client_secret: "weir-client-secret".to_owned(),
            token_life: None,
            user_events: UserEvents::default(),
            transport: Transport::default(),
            installs: Vec::new(),
        }
    }
}

impl Install {
    /// Whether it holds for a workspace.
    pub fn covers(&self, team: &str) -> bool {
        match &self.reach {
            Reach::Workspace(id) => id == team,
            Reach::Organisation { granted, .. } => granted.contains(team),
        }
    }

    /// The workspace, unless it is org-wide.
    pub fn team(&self) -> Option<&str> {
        match &self.reach {
            Reach::Workspace(id) => Some(id),
            Reach::Organisation { .. } => None,
        }
    }

    /// Whether it is org-wide.
    pub fn is_org_wide(&self) -> bool {
        self.team().is_none()
    }
}
