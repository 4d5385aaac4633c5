//! Webhooks: telling other systems over HTTP.
//!
//! Owns signing (`signature`), where a webhook may lead (`guard`), the one client that calls them (`caller`), what
//! they are told (`body`), and carrying out the outbox's rows of kind `webhook` (`delivery`). Who is told of what
//! is for `store::notices`.
//! **Invariant:** nothing is sent to an address that was not judged, and nothing unsigned; neither URL nor
//! secret reaches a log or an error.

mod body;
mod caller;
mod delivery;
mod guard;
mod signature;

use chrono::{DateTime, Utc};
use shared::ids::WebhookId;
use shared::seal::{SealError, Sealer};
use url::Url;

use crate::store::webhooks::Webhook;

pub use body::{News, ping};
pub use caller::{Call, CallFault, Caller, CallerSetupError, Response};
pub use delivery::{Deliveries, DeliveryParts};
pub use guard::{AddressGuard, MAX_URL_BYTES, Rules, Schemes, UrlFault, is_public};
pub use signature::{NoRandomness, Secrets, SigningSecret};

/// How long a secret still signs after another took its place.
pub const OLD_SECRET_SIGNS: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// A webhook's sealed parts, opened.
pub struct Endpoint {
    /// Where it is.
    pub url: Url,
    /// What signs its calls.
    pub secrets: Secrets,
}

/// Seals and opens what a webhook's row hides.
#[derive(Clone, Debug)]
pub struct Sealing(Sealer);

/// A webhook's row cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the webhook's url or secret cannot be opened")]
pub struct Unreadable;

impl Sealing {
    /// Seals with `sealer`, the one of the database.
    pub fn new(sealer: Sealer) -> Self {
        Self(sealer)
    }

    /// A URL as it rests.
    ///
    /// # Errors
    /// Transient: there is no randomness.
    pub fn seal_url(&self, id: WebhookId, url: &Url) -> Result<Vec<u8>, SealError> {
        self.0.seal(&bound_to(id, "url"), url.as_str().as_bytes())
    }

    /// Secrets as they rest.
    ///
    /// # Errors
    /// Transient: there is no randomness.
    pub fn seal_secrets(&self, id: WebhookId, secrets: &Secrets) -> Result<Vec<u8>, SealError> {
        self.0.seal(&bound_to(id, "secret"), &secrets.written())
    }

    /// Opens both.
    ///
    /// # Errors
    /// Permanent here: the key is another's, or the row was changed.
    pub fn open(&self, webhook: &Webhook) -> Result<Endpoint, Unreadable> {
        Ok(Endpoint {
            url: self.open_url(webhook)?,
            secrets: self.open_secrets(webhook)?,
        })
    }

    /// Opens the URL.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_url(&self, webhook: &Webhook) -> Result<Url, Unreadable> {
        let plain = self.0.open(&bound_to(webhook.id, "url"), &webhook.url);
        let plain = plain.map_err(|_no_matter_why| Unreadable)?;
        let text = std::str::from_utf8(&plain).map_err(|_quotes_input| Unreadable)?;
        text.parse().map_err(|_quotes_input| Unreadable)
    }

    fn open_secrets(&self, webhook: &Webhook) -> Result<Secrets, Unreadable> {
        let plain = self
            .0
            .open(&bound_to(webhook.id, "secret"), &webhook.secret);
        let plain = plain.map_err(|_no_matter_why| Unreadable)?;
        Secrets::read(&plain).ok_or(Unreadable)
    }
}

/// What binds a sealed part to its row.
fn bound_to(id: WebhookId, part: &str) -> Vec<u8> {
    format!("weir/webhook/{id}/{part}").into_bytes()
}

impl Endpoint {
    /// A call to it, signed at `now`. `name` is the same for the same news, however often it is told.
    pub fn call(&self, name: String, now: DateTime<Utc>, body: Vec<u8>) -> Call<'_> {
        let timestamp = now.timestamp();
        let signature = self.secrets.sign(&name, timestamp, &body, now);
        Call {
            url: &self.url,
            name,
            timestamp,
            signature,
            body,
        }
    }
}
