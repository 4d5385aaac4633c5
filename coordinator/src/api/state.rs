//! What handlers work with.
//!
//! Owns the one struct that the composition root puts into the app. Handlers see the store, the actors'
//! addresses and the state in force; never the Slack client.

use std::sync::Arc;
use std::time::Duration;

use shared::actor::Guarded;
use shared::clock::SharedClock;
use shared::queue::Queue;
use shared::seal::{NodeVerifier, SignatureVerifier};
use shared::telemetry::Metrics;

use super::auth::Authenticator;
use super::cursor::CursorKey;
use crate::accounts::Accounts;
use crate::actors::{
    Admission, Aggregator, Backfiller, Dispatcher, Enforcer, Intake, Janitor, Listener, Notary,
    Notifier, Redispatcher, Surveyor,
};
use crate::arrivals::Arrivals;
use crate::bell::Bell;
use crate::blobs::Blobs;
use crate::detector_sets::DetectorSets;
use crate::domain::due_times::DueTimes;
use crate::inbox::Inbox;
use crate::installations::{HandIn, Installer};
use crate::jobs::JobMaker;
use crate::originals::Originals;
use crate::policies::Policies;
use crate::replays::Replays;
use crate::slack::signature::SigningSecret;
use crate::store::Store;
use crate::store::notices::Notices;
use crate::store::slack_actions::SlackActions;
use crate::suppressions::Suppressions;
use crate::tickets::Tickets;
use crate::webhooks::{Caller, Sealing};

/// What handlers work with.
pub struct AppState {
    /// The database.
    pub store: Store,
    /// The queue, for its status.
    pub queue: Arc<dyn Queue>,
    /// The pipeline's actors.
    pub actors: Actors,
    /// Places in the dispatcher's memory.
    pub admission: Admission,
    /// How long a dispatched job may take until it is dispatched again.
    pub due_after: Duration,
    /// Who waits for results.
    pub arrivals: Arrivals,
    /// Makes jobs.
    pub jobs: JobMaker,
    /// Where uploads go.
    pub blobs: Blobs,
    /// The detectors in force.
    pub detectors: Arc<DetectorSets>,
    /// The policies in force.
    pub policies: Arc<Policies>,
    /// Asks policies what they would have done.
    pub replays: Arc<Replays>,
    /// Opens what leaking messages said.
    pub originals: Originals,
    /// The suppressions in force.
    pub suppressions: Arc<Suppressions>,
    /// How long people have to close an alert.
    pub times: DueTimes,
    /// Writes down whom to tell of alerts.
    pub notices: Notices,
    /// Whether mail is sent at all.
    pub sends_mail: bool,
    /// Opens and seals what webhooks hide.
    pub sealing: Sealing,
    /// Calls webhooks, to try them.
    pub caller: Caller,
    /// Slack's signing secret, if Slack is connected.
    pub signing_secret: Option<SigningSecret>,
    /// Takes in what Slack sends.
    pub inbox: Inbox,
    /// Takes tokens in that admins hand in.
    pub hand_in: HandIn,
    /// Installs the app through Slack, if it can be.
    pub installer: Option<Installer>,
    /// Says to nodes where files are.
    pub tickets: Tickets,
    /// Makes rows of what is to be done in Slack.
    pub slack_actions: SlackActions,
    /// Wakes those who carry rows out.
    pub bell: Bell,
    /// Knows the nodes' credentials.
    pub nodes: NodeVerifier,
    /// People and programs that sign in.
    pub accounts: Accounts,
    /// Whether anybody may make themselves an account.
    pub allow_registration: bool,
    /// Knows access and API tokens.
    pub authenticator: Authenticator,
    /// Checks what was signed of the audit trail.
    pub signatures: SignatureVerifier,
    /// Seals cursors.
    pub cursors: CursorKey,
    /// What is counted.
    pub metrics: Metrics,
    /// What time it is.
    pub clock: SharedClock,
    /// The longest upload, in bytes.
    pub max_upload: u64,
}

/// The pipeline's actors.
#[derive(Clone)]
pub struct Actors {
    /// Writes events down.
    pub intake: Guarded<Intake>,
    /// Publishes new jobs.
    pub dispatcher: Guarded<Dispatcher>,
    /// Publishes due jobs.
    pub redispatcher: Guarded<Redispatcher>,
    /// Counts results.
    pub aggregator: Guarded<Aggregator>,
    /// Tidies up.
    pub janitor: Guarded<Janitor>,
    /// Signs the audit trail.
    pub notary: Guarded<Notary>,
    /// Sends mail and calls webhooks.
    pub notifier: Guarded<Notifier>,
    /// Acts in Slack.
    pub enforcer: Guarded<Enforcer>,
    /// Asks Slack who we are.
    pub surveyor: Guarded<Surveyor>,
    /// Hears Slack.
    pub listener: Guarded<Listener>,
    /// Reads again what was said.
    pub backfiller: Guarded<Backfiller>,
}

impl Actors {
    /// The names of those that are not there.
    pub fn missing(&self) -> Vec<&'static str> {
        [
            (self.intake.is_alive(), self.intake.name()),
            (self.dispatcher.is_alive(), self.dispatcher.name()),
            (self.redispatcher.is_alive(), self.redispatcher.name()),
            (self.aggregator.is_alive(), self.aggregator.name()),
            (self.janitor.is_alive(), self.janitor.name()),
            (self.notary.is_alive(), self.notary.name()),
            (self.notifier.is_alive(), self.notifier.name()),
            (self.enforcer.is_alive(), self.enforcer.name()),
            (self.surveyor.is_alive(), self.surveyor.name()),
            (self.backfiller.is_alive(), self.backfiller.name()),
            (self.listener.is_alive(), self.listener.name()),
        ]
        .into_iter()
        .filter_map(|(alive, name)| (!alive).then_some(name))
        .collect()
    }
}
