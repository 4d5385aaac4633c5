//! The Web API, as far as Weir calls it.
//!
//! Owns the typed calls, their errors, and how often each may be made. Leaves tokens and what to do about an
//! error to whoever calls.
//! **Invariant:** nothing here prints a token, what somebody wrote, or an address.

mod answer;
mod calls;
mod codes;
mod error;
mod form;
mod limits;
mod method;
mod read;
mod transport;
mod views;

use std::fmt;

use shared::ids::WorkspaceId;
use shared::secret::SecretString;
use url::Url;

pub use calls::{
    Enterprise, Grant, Granted, HistoryPage, Identity, Listing, Metadata, Named, NewMessage, Page,
    Posted, Range, Spot, Upload, Uploads,
};
pub use codes::is_about_a_token;
pub use error::{Meaning, Refusal, SlackError};
pub use limits::{HoldListener, Limits};
pub use method::{Method, Tier, Urgency};
pub use views::{Channel, File, Share, Team, User};

use self::answer::Answer;
use self::form::Form;
use self::limits::Wanted;
use self::transport::{Caller, Transport};

/// Calls that belong to no workspace share the limits of this one. Slack's ids begin with a capital.
const NO_WORKSPACE: &str = "app";

/// A client of the Web API. Cheap to clone.
#[derive(Clone)]
pub struct SlackClient {
    transport: Transport,
}

/// The client, on behalf of a token.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    client: &'a SlackClient,
    token: &'a SecretString,
    workspace: &'a WorkspaceId,
    is_urgent: bool,
}

/// What the app proves itself with.
#[derive(Clone)]
pub struct AppCredentials {
    /// "Client ID" of the app's basic information.
    pub client_id: String,
    /// "Client Secret" of the same place.
    pub client_secret: SecretString,
}

/// The client cannot be set up. Permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientSetupError {
    /// The address of the API is none of HTTP.
    #[error("the address of slack's api is no http address")]
    Base,
    /// TLS cannot be set up.
    #[error("the client for slack cannot be set up")]
    Tls,
}

impl ClientSetupError {
    /// Permanent: the configuration or the machine has to change.
    pub const fn class(self) -> shared::job::RetryClass {
        shared::job::RetryClass::Permanent
    }
}

impl SlackClient {
    /// A client of the API at `base`, `https://slack.com/api/` but for tests.
    ///
    /// # Errors
    /// [`ClientSetupError`] (permanent).
    pub fn new(base: Url, limits: Limits) -> Result<Self, ClientSetupError> {
        let transport = Transport::new(base, limits)?;
        Ok(Self { transport })
    }

    /// The calls of a token. `workspace` says whose limits they count for.
    pub const fn with<'a>(
        &'a self,
        token: &'a SecretString,
        workspace: &'a WorkspaceId,
    ) -> Session<'a> {
        Session {
            client: self,
            token,
            workspace,
            is_urgent: false,
        }
    }

    /// What may be called now.
    pub const fn limits(&self) -> &Limits {
        self.transport.limits()
    }

    /// Whether the API is spoken to in clear, as tests do.
    pub(in crate::slack) fn is_in_clear(&self) -> bool {
        self.transport.is_in_clear()
    }

    async fn call(
        &self,
        method: Method,
        caller: Caller<'_>,
        form: Form,
    ) -> Result<Answer, SlackError> {
        let turn = Wanted {
            workspace: &WorkspaceId::new(NO_WORKSPACE),
            method,
            urgency: method.urgency(),
        };
        self.transport.call(turn, caller, form).await
    }
}

impl Session<'_> {
    /// The same, ahead of those that walk through much: a leak stands or somebody waits as long as it takes.
    #[must_use]
    pub const fn urgently(self) -> Self {
        Self {
            is_urgent: true,
            ..self
        }
    }

    async fn call(&self, method: Method, form: Form) -> Result<Answer, SlackError> {
        let turn = Wanted {
            workspace: self.workspace,
            method,
            urgency: if self.is_urgent {
                Urgency::Urgent
            } else {
                method.urgency()
            },
        };
        let caller = Caller::Token(self.token);
        self.client.transport.call(turn, caller, form).await
    }
}

impl fmt::Debug for SlackClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlackClient").finish_non_exhaustive()
    }
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Session");
        shown
            .field("workspace", self.workspace)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCredentials").finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
