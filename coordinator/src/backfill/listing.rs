//! The channels of a backfill.
//!
//! **Invariant:** a channel that somebody named and that cannot be read is a part all the same: it says why.

use shared::secret::SecretString;

use super::{Backfills, Halt};
use crate::domain::capability::Capabilities;
use crate::installations::Installation;
use crate::slack::client::{Channel, Listing, Session, SlackError};
use crate::store::backfills::{self, Backfill, NewPart};

/// Kinds of conversations, and the scope without which Slack lists none of any kind.
const KINDS: [(&str, &str); 4] = [
    ("public_channel", "channels:read"),
    ("private_channel", "groups:read"),
    ("mpim", "mpim:read"),
    ("im", "im:read"),
];

impl Backfills {
    /// Finds the channels, and lets reading begin.
    pub(super) async fn begin(&self, backfill: &Backfill) -> Result<(), Halt> {
        let (known, token) = self.reader(&backfill.workspace)?;
        let parts = match &backfill.channels.0 {
            Some(ids) => self.named(backfill, &token, ids).await?,
            None => self.all(backfill, (&known, &token)).await?,
        };
        let backfill = backfill.clone();
        let beginning = move |conn: &mut _| backfills::begin(conn, &backfill, &parts);
        self.parts.store.write(beginning).await?;
        Ok(())
    }

    async fn named(
        &self,
        backfill: &Backfill,
        token: &SecretString,
        ids: &[String],
    ) -> Result<Vec<NewPart>, Halt> {
        let session = self.parts.prober.client.with(token, &backfill.workspace);
        let mut parts = Vec::with_capacity(ids.len());
        for id in ids {
            parts.push(match session.channel_info(id).await {
                Ok(channel) => part(&channel),
                Err(error) => match self.halt(&error) {
                    Some(halt) => return Err(halt),
                    None => unreadable(id, &error),
                },
            });
        }
        Ok(parts)
    }

    /// All channels that the bot is in.
    async fn all(
        &self,
        backfill: &Backfill,
        (known, token): (&Installation, &SecretString),
    ) -> Result<Vec<NewPart>, Halt> {
        let prober = &self.parts.prober;
        let session = prober.client.with(token, &backfill.workspace);
        let teams = prober.teams_of(known, token).await;
        let teams = teams.map_err(|error| self.halt_for_good(&error))?;
        let mut parts = Vec::new();
        for team in teams {
            let listing = Listing {
                team,
                kinds: kinds(&known.capabilities),
                ..Listing::default()
            };
            let listed = list(session, listing, &mut parts).await;
            listed.map_err(|error| self.halt_for_good(&error))?;
        }
        Ok(parts)
    }

    /// Without a list of channels there is nothing to read.
    fn halt_for_good(&self, error: &SlackError) -> Halt {
        self.halt(error)
            .unwrap_or_else(|| Halt::Never(error.code().to_owned()))
    }
}

async fn list(
    session: Session<'_>,
    mut listing: Listing,
    parts: &mut Vec<NewPart>,
) -> Result<(), SlackError> {
    loop {
        let page = session.my_channels(&listing).await?;
        parts.extend(page.items.iter().map(part));
        match page.next_cursor {
            Some(next) => listing = listing.at(next),
            None => return Ok(()),
        }
    }
}

fn kinds(capabilities: &Capabilities) -> String {
    let granted = |scope: &str| capabilities.bot_scopes.iter().any(|one| one == scope);
    let kinds = KINDS.iter().filter(|(_, scope)| granted(scope));
    let kinds: Vec<&str> = kinds.map(|(kind, _)| *kind).collect();
    kinds.join(",")
}

fn part(channel: &Channel) -> NewPart {
    let kind = if channel.is_im {
        "im"
    } else if channel.is_mpim {
        "mpim"
    } else if channel.is_private {
        "group"
    } else {
        "channel"
    };
    NewPart {
        channel_id: channel.id.clone(),
        thread_ts: None,
        kind: Some(kind.to_owned()),
        external: channel.is_ext_shared,
        code: None,
    }
}

fn unreadable(id: &str, error: &SlackError) -> NewPart {
    NewPart {
        channel_id: id.to_owned(),
        thread_ts: None,
        kind: None,
        external: false,
        code: Some(error.code().to_owned()),
    }
}
