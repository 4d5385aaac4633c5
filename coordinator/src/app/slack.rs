//! What the coordinator is made of on the side of Slack.
//!
//! Owns building it from the configuration. Without a bot's token nothing is called and nothing is done: messages are
//! scanned all the same.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ArbiterHandle};
use anyhow::Context;
use scanner_node::fetch::{FetchRules, Fetcher};
use shared::actor::{Guarded, Guardian};
use shared::lifecycle::Shutdown;
use shared::seal::Sealer;

use super::{Foundation, job_maker, originals};
use crate::actors::{
    Backfiller, BackfillerParts, Enforcer, EnforcerParts, Intake, Listener, ListenerParts,
    Surveyor, SurveyorParts,
};
use crate::alarms::Alarms;
use crate::backfill::{BackfillParts, Backfills};
use crate::bell::Bell;
use crate::config::{CoordinatorConfig, SlackConfig};
use crate::domain::notice::Retry;
use crate::enforcement::{Enforcement, EnforcementMetrics, EnforcementParts};
use crate::gaps::Gaps;
use crate::inbox::Inbox;
use crate::installations::{HandIn, Installations, Installer, Prober, Tokens};
use crate::shared_limits::SharedLimits;
use crate::slack::client::{AppCredentials, SlackClient};
use crate::store::Store;
use crate::store::slack_actions::SlackActions;
use crate::survey::{Joining, Survey, SurveyParts};
use crate::tickets::Tickets;

/// How often tokens are looked at that end soon, and promises that cannot be kept.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// The side of Slack.
pub(super) struct SlackSide {
    pub(super) client: SlackClient,
    pub(super) limits: SharedLimits,
    pub(super) installations: Arc<Installations>,
    pub(super) actions: SlackActions,
    pub(super) bell: Bell,
    pub(super) alarms: Alarms,
    pub(super) gaps: Gaps,
}

impl SlackSide {
    /// What was known of Slack when the last coordinator stopped.
    pub(super) async fn lay(
        config: &SlackConfig,
        store: &Store,
        (sealer, alarms, shutdown): (&Sealer, Alarms, &Shutdown),
    ) -> anyhow::Result<Self> {
        let limits = SharedLimits::new(store.clone(), shutdown);
        let client = SlackClient::new(config.api_base_url.clone(), limits.limits())
            .context("WEIR_SLACK__API_BASE_URL")?;
        let configured = config.bot_token.clone().map(|bot| Tokens {
            bot,
            admin: config.admin_token.clone(),
        });
        if configured.is_none() {
            tracing::info!("nothing is done in slack: set WEIR_SLACK__BOT_TOKEN to act there");
        }
        let review_channel = config.review_channel.clone();
        let installations = Installations::new(sealer.clone(), configured, review_channel);
        installations.refresh(store).await?;
        let installations = Arc::new(installations);
        Ok(Self {
            client,
            limits,
            gaps: Gaps::new(Arc::clone(&installations), alarms.clone(), config.gap_after),
            alarms,
            installations,
            actions: SlackActions::new(sealer.clone()),
            bell: Bell::default(),
        })
    }
}

/// What installs the app through Slack; none if it is not told how.
pub(super) fn installer(foundation: &Foundation) -> anyhow::Result<Option<Installer>> {
    let (slack, http) = (&foundation.config.slack, &foundation.config.http);
    let (Some(client_id), Some(client_secret), Some(public_url)) =
        (&slack.client_id, &slack.client_secret, &http.public_url)
    else {
        return Ok(None);
    };
    Ok(Some(Installer {
        prober: prober(foundation),
        credentials: AppCredentials {
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
        },
        consent: slack.api_base_url.join("/oauth/v2/authorize")?,
        redirect: public_url.join("/slack/oauth/callback")?,
        sealer: foundation.database_sealer.clone(),
        clock: Arc::clone(&foundation.clock),
    }))
}

/// What takes tokens in.
pub(super) fn hand_in(foundation: &Foundation) -> HandIn {
    HandIn {
        installations: Arc::clone(&foundation.slack.installations),
        prober: prober(foundation),
        sealer: foundation.database_sealer.clone(),
    }
}

fn prober(foundation: &Foundation) -> Prober {
    Prober {
        client: foundation.slack.client.clone(),
        store: foundation.store.clone(),
    }
}

/// What says where files are.
pub(super) fn tickets(foundation: &Foundation) -> Tickets {
    Tickets {
        installations: Arc::clone(&foundation.slack.installations),
        client: foundation.slack.client.clone(),
    }
}

/// What fetches files.
pub(super) fn fetcher(config: &CoordinatorConfig) -> anyhow::Result<Fetcher> {
    Ok(Fetcher::new(FetchRules {
        hosts: config.slack.file_hosts.clone().unwrap_or_default(),
        max_bytes: config.http.max_upload.0,
        within: config.slack.fetch_within,
    })?)
}

/// What takes in what Slack sends.
pub(super) fn inbox(foundation: &Foundation, intake: &Guarded<Intake>) -> anyhow::Result<Inbox> {
    Ok(Inbox {
        store: foundation.store.clone(),
        intake: intake.clone(),
        jobs: job_maker(foundation)?,
        installations: Arc::clone(&foundation.slack.installations),
        policies: Arc::clone(&foundation.policies),
        actions: foundation.slack.actions.clone(),
        bell: foundation.slack.bell.clone(),
        queue: foundation.queue.system(),
        alarms: foundation.slack.alarms.clone(),
        gaps: foundation.slack.gaps.clone(),
        joining: joining(&foundation.config.slack),
        metrics: foundation.metrics.clone(),
    })
}

const fn joining(config: &SlackConfig) -> Joining {
    if config.join_channels {
        Joining::All
    } else {
        Joining::Invited
    }
}

/// What hears Slack where Slack cannot call us.
pub(super) fn start_listener(
    foundation: &Foundation,
    guardian: &Guardian,
    (arbiter, inbox): (&ArbiterHandle, Inbox),
) -> Guarded<Listener> {
    let config = &foundation.config.slack;
    let parts = Arc::new(ListenerParts {
        inbox,
        client: foundation.slack.client.clone(),
        token: config.app_token.clone(),
        connections: usize::try_from(config.connections).unwrap_or(2),
        clock: Arc::clone(&foundation.clock),
        shutdown: foundation.shutdown.clone(),
    });
    let arbiter = arbiter.clone();
    guardian.guard("listener", move || {
        let parts = Arc::clone(&parts);
        Listener::start_in_arbiter(&arbiter, move |_| Listener::new(parts))
    })
}

/// The actors that act in Slack.
pub(super) fn start(
    foundation: &Foundation,
    guardian: &Guardian,
    arbiter: &ArbiterHandle,
) -> anyhow::Result<(Guarded<Enforcer>, Guarded<Surveyor>)> {
    let (config, slack) = (&foundation.config.slack, &foundation.slack);
    let enforcement = Enforcement::new(EnforcementParts {
        store: foundation.store.clone(),
        actions: slack.actions.clone(),
        client: slack.client.clone(),
        installations: Arc::clone(&slack.installations),
        originals: originals(foundation)?,
        jobs: job_maker(foundation)?,
        tickets: tickets(foundation),
        fetcher: fetcher(&foundation.config)?,
        blobs: foundation.blobs.clone(),
        brake: config.brake(),
        retry: Retry {
            first: config.retry_after,
        },
        times: foundation.config.alerts.due_times(),
        alarms: foundation.slack.alarms.clone(),
        public_url: foundation.config.http.public_url.clone(),
        metrics: EnforcementMetrics::new(&foundation.metrics, config.block_objective),
        bell: slack.bell.clone(),
        clock: Arc::clone(&foundation.clock),
        shutdown: foundation.shutdown.clone(),
    });
    let parts = Arc::new(EnforcerParts {
        enforcement,
        shutdown: foundation.shutdown.clone(),
    });
    let enforcer = guardian.guard("enforcer", {
        let arbiter = arbiter.clone();
        move || {
            let parts = Arc::clone(&parts);
            Enforcer::start_in_arbiter(&arbiter, move |_| Enforcer::new(parts))
        }
    });
    Ok((enforcer, start_surveyor(foundation, guardian, arbiter)?))
}

fn start_surveyor(
    foundation: &Foundation,
    guardian: &Guardian,
    arbiter: &ArbiterHandle,
) -> anyhow::Result<Guarded<Surveyor>> {
    let (config, slack) = (&foundation.config.slack, &foundation.slack);
    let survey = Survey::new(SurveyParts {
        prober: prober(foundation),
        installer: installer(foundation)?,
        installations: Arc::clone(&slack.installations),
        policies: Arc::clone(&foundation.policies),
        alarms: foundation.slack.alarms.clone(),
        joining: joining(config),
    });
    let parts = Arc::new(SurveyorParts {
        survey,
        installations: Arc::clone(&slack.installations),
        every: config.probe_every,
        look_every: config.probe_every.min(LOOK_EVERY),
        shutdown: foundation.shutdown.clone(),
    });
    let arbiter = arbiter.clone();
    Ok(guardian.guard("surveyor", move || {
        let parts = Arc::clone(&parts);
        Surveyor::start_in_arbiter(&arbiter, move |_| Surveyor::new(parts))
    }))
}

/// What reads again what was said.
pub(super) fn start_backfiller(
    foundation: &Foundation,
    guardian: &Guardian,
    (arbiter, inbox, name): (&ArbiterHandle, Inbox, &str),
) -> Guarded<Backfiller> {
    let slack = &foundation.slack;
    let parts = Arc::new(BackfillerParts {
        name: name.to_owned(),
        backfills: Backfills::new(BackfillParts {
            store: foundation.store.clone(),
            inbox,
            installations: Arc::clone(&slack.installations),
            prober: prober(foundation),
            alarms: slack.alarms.clone(),
        }),
        gaps: slack.gaps.clone(),
        store: foundation.store.clone(),
        shutdown: foundation.shutdown.clone(),
    });
    let arbiter = arbiter.clone();
    guardian.guard("backfiller", move || {
        let parts = Arc::clone(&parts);
        Backfiller::start_in_arbiter(&arbiter, move |_| Backfiller::new(parts))
    })
}
