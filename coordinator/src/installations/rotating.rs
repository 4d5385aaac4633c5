//! Turning tokens that end soon into the next ones.
//!
//! Owns which are due, and that one coordinator at a time spends a refresh token. Leaves the call to `slack::client`,
//! the rows to `store`.
//! **Invariant:** a refresh token is good once: what it brought is on disk before anybody uses it, and what ended
//! meanwhile is told.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::ids::{NodeId, WorkspaceId};
use shared::job::RetryClass;
use shared::secret::SecretString;

use super::installing::{InstallError, Installer};
use super::token_place;
use crate::slack::client::{Grant, Granted, Meaning, SlackError};
use crate::store::installations::{self, InstallationState, StoredInstallation};
use crate::store::{clock, leases};

/// Tokens live for twelve hours; this long before their end they are turned in.
const BEFORE_ITS_END: Duration = Duration::from_hours(2);
/// Longer than the call takes, and keeping what it brought.
const LEASE: Duration = Duration::from_mins(5);
/// How often keeping new tokens is tried, and the pause between.
const KEEP_TRIES: u32 = 120;
const PAUSE: Duration = Duration::from_millis(500);

/// Whose token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Bot,
    Admin,
}

/// What became of tokens that were due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Installations that have new tokens.
    pub renewed: usize,
    /// Installations whose refresh token Slack refuses, and with which word.
    pub refused: Vec<(WorkspaceId, String)>,
    /// Installations that are to be tried again.
    pub failed: usize,
}

impl Installer {
    /// Renews what ends soon.
    ///
    /// # Errors
    /// [`InstallError::Store`] if nobody knows what is due. Trouble with one installation is counted, and the others
    /// have their turn.
    pub async fn rotate_due(&self) -> Result<Rotated, InstallError> {
        let stored = self.prober.store.read(installations::list).await?;
        let mut rotated = Rotated::default();
        for row in stored.iter().filter(|row| self.is_due(row)) {
            match self.rotate(&row.tenant).await {
                Ok(Turn::Renewed) => rotated.renewed += 1,
                Ok(Turn::Refused(code)) => rotated.refused.push((row.tenant.clone(), code)),
                Ok(Turn::NotOurs) => {}
                Err(error) => {
                    tracing::warn!(tenant = %row.tenant, %error, "tokens not renewed, trying again");
                    rotated.failed += 1;
                }
            }
        }
        Ok(rotated)
    }

    fn is_due(&self, row: &StoredInstallation) -> bool {
        row.state != InstallationState::Uninstalled
            && [Whose::Bot, Whose::Admin]
                .into_iter()
                .any(|whose| due(row, whose, self.clock.now()))
    }

    /// Renews the tokens of one installation, unless another coordinator does.
    async fn rotate(&self, tenant: &WorkspaceId) -> Result<Turn, InstallError> {
        let (name, holder) = (format!("rotate/{tenant}"), NodeId::fresh().to_string());
        let (lease, by) = (name.clone(), holder.clone());
        let taking = move |conn: &mut _| leases::acquire(conn, &lease, &by, LEASE);
        if !self.prober.store.write(taking).await? {
            return Ok(Turn::NotOurs);
        }
        let turn = self.rotate_alone(tenant).await;
        let giving_back = move |conn: &mut _| leases::release(conn, &name, &holder);
        self.prober.store.write(giving_back).await?;
        turn
    }

    async fn rotate_alone(&self, tenant: &WorkspaceId) -> Result<Turn, InstallError> {
        // Somebody may have renewed them while we waited.
        let of = tenant.clone();
        let reading = move |conn: &mut _| installations::of_tenant(conn, &of);
        let Some(row) = self.prober.store.read(reading).await? else {
            return Ok(Turn::NotOurs);
        };
        let mut turn = Turn::NotOurs;
        for whose in [Whose::Bot, Whose::Admin] {
            if !due(&row, whose, self.clock.now()) {
                continue;
            }
            match self.renew(&row, whose).await? {
                Ok(()) => turn = turn.or_renewed(),
                Err(code) => turn = Turn::Refused(code),
            }
        }
        Ok(turn)
    }

    /// Spends a refresh token; or Slack's word if it will never be taken.
    async fn renew(
        &self,
        row: &StoredInstallation,
        whose: Whose,
    ) -> Result<Result<(), String>, InstallError> {
        let Some(refresh) = self.refresh_token(row, whose)? else {
            return Ok(Err("refresh_token_unreadable".to_owned()));
        };
        let client = &self.prober.client;
        let grant = match client.refresh(&self.credentials, &refresh).await {
            Ok(grant) => grant,
            Err(error) if is_final(&error) => return Ok(Err(error.code().to_owned())),
            Err(error) => return Err(error.into()),
        };
        let Some((bot, admin)) = brought(&grant, whose) else {
            return Ok(Err("no_token".to_owned()));
        };
        let sealed = self.seal(&row.tenant, bot, admin)?;
        let tenant = row.tenant.clone();
        // The old refresh token is spent: what is not kept now is lost.
        for tries_left in (0..KEEP_TRIES).rev() {
            let (tenant, sealed) = (tenant.clone(), sealed.clone());
            let keeping = move |conn: &mut _| installations::keep_tokens(conn, &tenant, sealed);
            match self.prober.store.write(keeping).await {
                Err(error) if tries_left > 0 && error.class() == RetryClass::Transient => {
                    tracing::warn!(%error, "new tokens not kept, trying again");
                    tokio::time::sleep(PAUSE).await;
                }
                kept => {
                    kept?;
                    break;
                }
            }
        }
        Ok(Ok(()))
    }

    fn refresh_token(
        &self,
        row: &StoredInstallation,
        whose: Whose,
    ) -> Result<Option<SecretString>, InstallError> {
        let (sealed, place) = match whose {
            Whose::Bot => (&row.bot_refresh, "bot_refresh"),
            Whose::Admin => (&row.admin_refresh, "admin_refresh"),
        };
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let plain = self.sealer.open(&token_place(&row.tenant, place), sealed)?;
        Ok(String::from_utf8(plain.to_vec())
            .ok()
            .map(SecretString::from))
    }
}

/// What became of an installation's tokens.
enum Turn {
    Renewed,
    Refused(String),
    NotOurs,
}

impl Turn {
    fn or_renewed(self) -> Self {
        match self {
            Self::Refused(code) => Self::Refused(code),
            Self::Renewed | Self::NotOurs => Self::Renewed,
        }
    }
}

fn due(row: &StoredInstallation, whose: Whose, now: DateTime<Utc>) -> bool {
    let (ends, refresh) = match whose {
        Whose::Bot => (row.bot_expires_at, &row.bot_refresh),
        Whose::Admin => (row.admin_expires_at, &row.admin_refresh),
    };
    refresh.is_some() && ends.is_some_and(|ends| ends < clock::after(now, BEFORE_ITS_END))
}

/// Whether asking again brings nothing.
fn is_final(error: &SlackError) -> bool {
    !matches!(error.meaning(), Meaning::Wait(_) | Meaning::Again)
}

/// The token that was asked for; Slack answers for a bot and for a person in the same form.
fn brought(grant: &Grant, whose: Whose) -> Option<(Option<&Granted>, Option<&Granted>)> {
    match whose {
        Whose::Bot => grant.bot.as_ref().map(|bot| (Some(bot), None)),
        Whose::Admin => grant.user.as_ref().map(|user| (None, Some(user))),
    }
}
