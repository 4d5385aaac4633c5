//! Asking Slack about every installation, and telling people what they have to see to.
//!
//! Owns what is asked, and what follows from the answers: a token that Slack refuses, channels that nobody is in,
//! policies that promise what no token allows. Leaves the questions to `installations`, and when to ask to
//! `actors::surveyor`.
//! **Invariant:** trouble with one installation keeps nobody from the others.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use shared::ids::{PolicyId, WorkspaceId};
use shared::job::RetryClass;

use crate::alarms::{Alarms, Trouble};
use crate::domain::promise::unkept;
use crate::installations::{Installation, Installations, Installer, ProbeError, Prober};
use crate::policies::Policies;
use crate::slack::client::is_about_a_token;
use crate::store::installations::{InstallationSource, InstallationState, note_state};
use crate::store::{StoreError, StoreResult};

/// Whether public channels are entered without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// All of them.
    All,
    /// None: people invite the app.
    Invited,
}

/// What a survey works with.
pub struct SurveyParts {
    /// Asks.
    pub prober: Prober,
    /// Renews tokens; none if the app cannot be installed through Slack.
    pub installer: Option<Installer>,
    /// What is known.
    pub installations: Arc<Installations>,
    /// What is promised.
    pub policies: Arc<Policies>,
    /// Tells people.
    pub alarms: Alarms,
    /// Whether channels are entered.
    pub joining: Joining,
}

/// Asks Slack about installations.
pub struct Survey {
    parts: SurveyParts,
    /// What people were told by this process already.
    told: Mutex<HashSet<Promise>>,
    /// Refresh tokens that people were told Slack refuses, and with which word.
    refusals: Mutex<HashSet<(WorkspaceId, String)>>,
}

type Promise = (WorkspaceId, PolicyId, &'static str);

impl Survey {
    /// A survey of `parts`.
    pub fn new(parts: SurveyParts) -> Self {
        Self {
            parts,
            told: Mutex::default(),
            refusals: Mutex::default(),
        }
    }

    /// Asks about all of them; `false` if Slack did not answer for all.
    pub async fn ask(&self) -> bool {
        let mut answered = self.ask_about_configured().await;
        for known in self.parts.installations.all() {
            if known.source != InstallationSource::Configured {
                answered &= self.ask_about(&known).await;
            }
        }
        answered
    }

    /// The tokens of the configuration: nobody knows whose they are before Slack says so.
    async fn ask_about_configured(&self) -> bool {
        let Some(tokens) = self.parts.installations.configured() else {
            return true;
        };
        let found = self
            .parts
            .prober
            .note(tokens, InstallationSource::Configured)
            .await;
        let tenant = self.parts.installations.configured_tenant();
        match found {
            Ok(found) => {
                let tenant = found.probe.tenant;
                self.told_by_slack(&tenant, found.admin_refused).await
            }
            Err(error) => self.not_told(tenant.as_ref(), &error).await,
        }
    }

    async fn ask_about(&self, known: &Installation) -> bool {
        let Some(tokens) = known.tokens() else {
            return true;
        };
        match self.parts.prober.note(&tokens, known.source).await {
            Ok(found) => self.told_by_slack(&known.tenant, found.admin_refused).await,
            Err(error) => self.not_told(Some(&known.tenant), &error).await,
        }
    }

    async fn told_by_slack(&self, tenant: &WorkspaceId, admin_refused: Option<String>) -> bool {
        let (installations, store) = (&self.parts.installations, &self.parts.prober.store);
        if let Err(error) = installations.refresh(store).await {
            tracing::warn!(%error, "installations not read again");
            return false;
        }
        if let Some(reason) = admin_refused {
            let trouble = Trouble::InstallationBroken { reason };
            return is_written(&self.raise(tenant, trouble).await);
        }
        true
    }

    /// A token that Slack takes no more is told: nothing can be done with it.
    async fn not_told(&self, tenant: Option<&WorkspaceId>, error: &ProbeError) -> bool {
        tracing::warn!(%error, "slack does not say who an installation is");
        let (ProbeError::Slack(error), Some(tenant)) = (error, tenant) else {
            return false;
        };
        if !is_about_a_token(error.code()) {
            return false;
        }
        // Nobody has to ask again soon: somebody has to mend it first.
        is_written(&self.broken(tenant, error.code()).await)
    }

    async fn broken(&self, tenant: &WorkspaceId, code: &str) -> StoreResult<()> {
        let (alarms, of, reason) = (self.parts.alarms.clone(), tenant.clone(), code.to_owned());
        let noting = move |conn: &mut _| {
            if note_state(conn, &of, InstallationState::Broken, &reason)? {
                let reason = reason.clone();
                alarms.raise(conn, &of, &Trouble::InstallationBroken { reason })?;
            }
            Ok(())
        };
        self.parts.prober.store.write(noting).await?;
        self.parts
            .installations
            .refresh(&self.parts.prober.store)
            .await
    }

    /// Enters public channels, if that is wanted, however long Slack makes us wait; `false` if not all of them could
    /// be, and another try may help.
    pub async fn join(&self) -> bool {
        if self.parts.joining == Joining::Invited {
            return true;
        }
        let mut settled = true;
        for known in self.parts.installations.all() {
            match self.parts.prober.join_public_channels(&known).await {
                Ok(0) => {}
                Ok(entered) => {
                    tracing::info!(tenant = %known.tenant, entered, "public channels entered");
                }
                Err(error) => {
                    tracing::warn!(tenant = %known.tenant, %error, "not all public channels are entered");
                    settled &= error.class() != RetryClass::Transient;
                }
            }
        }
        settled
    }

    /// Renews tokens that end soon; `false` if that has to be tried again.
    pub async fn rotate(&self) -> bool {
        let Some(installer) = &self.parts.installer else {
            return true;
        };
        let rotated = match installer.rotate_due().await {
            Ok(rotated) => rotated,
            Err(error) => {
                tracing::warn!(%error, "tokens not renewed, trying again");
                return false;
            }
        };
        let mut settled = rotated.failed == 0;
        if rotated.renewed > 0 {
            let store = &self.parts.prober.store;
            settled &= is_written(&self.parts.installations.refresh(store).await);
        }
        for (tenant, reason) in rotated.refused {
            // It is refused each time, and people are told once.
            let refusal = (tenant, reason);
            if self.is_refusal_told(&refusal) {
                continue;
            }
            let (tenant, reason) = refusal.clone();
            let trouble = Trouble::InstallationBroken { reason };
            let written = is_written(&self.raise(&tenant, trouble).await);
            if written {
                let mut told = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
                told.insert(refusal);
            }
            settled &= written;
        }
        settled
    }

    /// Tells people of policies that promise what no token allows; each once.
    pub async fn look_at_promises(&self) {
        let policies = self.parts.policies.current();
        for known in self.parts.installations.all() {
            if !known.is_active() {
                continue;
            }
            for one in unkept(&known.capabilities, &policies) {
                let promise = (known.tenant.clone(), one.policy, one.action);
                let trouble = Trouble::PromiseUnkept {
                    policy: one.policy,
                    action: one.action,
                };
                if self.is_told(&promise) || !is_written(&self.raise(&known.tenant, trouble).await)
                {
                    continue;
                }
                let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
                told.insert(promise);
            }
        }
    }

    fn is_refusal_told(&self, refusal: &(WorkspaceId, String)) -> bool {
        let told = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        told.contains(refusal)
    }

    fn is_told(&self, promise: &Promise) -> bool {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.contains(promise)
    }

    async fn raise(&self, tenant: &WorkspaceId, trouble: Trouble) -> StoreResult<()> {
        let (alarms, tenant) = (self.parts.alarms.clone(), tenant.clone());
        let raising = move |conn: &mut _| alarms.raise(conn, &tenant, &trouble).map(drop);
        self.parts.prober.store.write(raising).await
    }
}

fn is_written(written: &Result<(), StoreError>) -> bool {
    if let Err(error) = written {
        tracing::warn!(%error, "trouble with an installation not written down");
    }
    written.is_ok()
}
