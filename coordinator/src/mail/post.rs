//! The outbox's mail: from claimed rows to letters, and what became of them.
//!
//! Owns which rows go out as one letter, and what is recorded. **Invariant:** a letter is recorded after the
//! server took it; the same rows always make the same Message-ID.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::StreamExt;
use shared::failpoint;
use shared::ids::{ActionId, AlertId};
use shared::lifecycle::Shutdown;
use shared::seal::Sealer;
use url::Url;

use super::letters::{self, Envelope, Letter, Links, Unwritable};
use super::{CONNECTIONS, Mailer};
use crate::domain::notice::Retry;
use crate::outgoing::{DeliveryMetrics, Kind, Outcome, Settlement, open};
use crate::store::notices::{self, Addresses, MAIL, MailPayload};
use crate::store::outbox::{self, StoredAction};
use crate::store::{Store, StoreError, webhooks};

/// Rows claimed at once where each is a letter: all are tried within the lease, however slow the server.
const LETTERS: u32 = 32;
/// Rows claimed at once where most go out together: as many alerts as a digest has at most.
const GATHERED: u32 = 500;
/// Longer than a batch takes.
const LEASE: Duration = Duration::from_mins(5);

/// What the post works with.
pub struct PostParts {
    /// Sends; none if mail is off.
    pub mailer: Option<Mailer>,
    /// Where it is written what to send.
    pub store: Store,
    /// Opens it.
    pub sealer: Sealer,
    /// Who is told when a row names nobody.
    pub recipients: Addresses,
    /// Where links lead.
    pub public_url: Option<Url>,
    /// Whether alerts that are due together go out together.
    pub digests: Digests,
    /// How often a letter is tried.
    pub retry: Retry,
    /// Counts them.
    pub metrics: DeliveryMetrics,
    /// When to stop.
    pub shutdown: Shutdown,
}

/// Whether alerts that are due together go out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digests {
    /// They do.
    On,
    /// Each goes out alone.
    Off,
}

/// Carries out the outbox's mail.
pub struct Post {
    parts: PostParts,
    links: Links,
}

/// A claimed row and what it asks for.
type Opened = (StoredAction, MailPayload);

/// Rows that go out as one letter.
struct Bundle {
    actions: Vec<StoredAction>,
    letter: Result<Letter, Outcome>,
}

impl Post {
    /// The post over `parts`.
    pub fn new(parts: PostParts) -> Self {
        let links = Links(parts.public_url.clone());
        Self { parts, links }
    }

    /// Sends what is due; says how many rows there were.
    ///
    /// # Errors
    /// Those of the database; transient. What was sent and not recorded is sent again.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let most = match self.parts.digests {
            Digests::On => GATHERED,
            Digests::Off => LETTERS,
        };
        let claiming = move |conn: &mut _| outbox::claim(conn, &[MAIL], most, LEASE);
        let claimed = self.parts.store.write(claiming).await?;
        let count = claimed.len();
        if count > 0 {
            failpoint::pass("mail_claimed");
        }
        let mut opened = Vec::new();
        let mut refused = Vec::new();
        for (action, payload) in claimed {
            match open(&self.parts.sealer, &action, payload.as_deref()) {
                Ok(content) => opened.push((action, content)),
                Err(outcome) => refused.push(Settlement::of(action, outcome, self.parts.retry)),
            }
        }
        self.record(&refused).await?;
        for one in &refused {
            self.parts.metrics.settled(Kind::Mail, one);
        }
        let bundles = self.bundle(opened).await?;
        let sending = futures_util::stream::iter(bundles)
            .map(|bundle| self.deliver(bundle))
            .buffer_unordered(CONNECTIONS as usize);
        let done: Vec<Result<(), StoreError>> = sending.collect().await;
        done.into_iter().collect::<Result<(), StoreError>>()?;
        Ok(count)
    }

    async fn deliver(&self, bundle: Bundle) -> Result<(), StoreError> {
        if self.parts.shutdown.is_draining() {
            let claims: Vec<(ActionId, i32)> = bundle
                .actions
                .iter()
                .map(|action| (action.id, action.attempts))
                .collect();
            let giving = move |conn: &mut _| outbox::give_back(conn, &claims);
            return self.parts.store.write(giving).await;
        }
        let outcome = match (bundle.letter, &self.parts.mailer) {
            (Err(outcome), _) => outcome,
            (Ok(_), None) => Outcome::Failed("mail_off".to_owned()),
            (Ok(letter), Some(mailer)) => self.send(mailer, letter).await,
        };
        failpoint::pass("mail_sent");
        let settlement = |action| Settlement::of(action, outcome.clone(), self.parts.retry);
        let settled: Vec<Settlement> = bundle.actions.into_iter().map(settlement).collect();
        self.record(&settled).await?;
        // However many rows there are, it is one letter.
        if let Some(first) = settled.first() {
            self.parts.metrics.settled(Kind::Mail, first);
        }
        Ok(())
    }

    async fn send(&self, mailer: &Mailer, letter: Letter) -> Outcome {
        let begun = Instant::now();
        let sent = mailer.send(letter).await;
        self.parts.metrics.took(Kind::Mail, begun.elapsed());
        match sent {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::failed(error.class(), error.code),
        }
    }

    async fn record(&self, settled: &[Settlement]) -> Result<(), StoreError> {
        if settled.is_empty() {
            return Ok(());
        }
        for settlement in settled.iter().filter(|one| one.is_given_up()) {
            tracing::error!(action = %settlement.action.id, attempt = ?settlement.attempt(), "mail given up");
        }
        let settled = settled.to_vec();
        let recording = move |conn: &mut _| {
            for one in &settled {
                outbox::record(conn, one.action.id, one.action.attempts, one.attempt())?;
            }
            Ok(())
        };
        self.parts.store.write(recording).await
    }

    /// Puts rows together that go out as one letter, and writes the letters.
    async fn bundle(&self, opened: Vec<Opened>) -> Result<Vec<Bundle>, StoreError> {
        let mut alerts: BTreeMap<Vec<String>, Vec<(StoredAction, AlertId)>> = BTreeMap::new();
        let mut bundles = Vec::new();
        for (action, payload) in opened {
            match payload {
                MailPayload::Alert { alert, to } => {
                    let to = self.or_configured(to);
                    let alone = match self.parts.digests {
                        Digests::On => None,
                        Digests::Off => Some(action.id.to_string()),
                    };
                    let group = to.0.into_iter().chain(alone).collect();
                    alerts.entry(group).or_default().push((action, alert));
                }
                other => bundles.push(self.single(action, other).await?),
            }
        }
        for (mut to, members) in alerts {
            if self.parts.digests == Digests::Off {
                to.pop();
            }
            bundles.push(self.of_alerts(Addresses(to), members).await?);
        }
        Ok(bundles)
    }

    fn or_configured(&self, to: Addresses) -> Addresses {
        if to.0.is_empty() {
            self.parts.recipients.clone()
        } else {
            to
        }
    }

    async fn of_alerts(
        &self,
        to: Addresses,
        members: Vec<(StoredAction, AlertId)>,
    ) -> Result<Bundle, StoreError> {
        let ids: Vec<AlertId> = members.iter().map(|(_, alert)| *alert).collect();
        let actions: Vec<StoredAction> = members.into_iter().map(|(action, _)| action).collect();
        let news = self
            .parts
            .store
            .read(move |conn| notices::news(conn, &ids))
            .await?;
        let envelope = Envelope {
            id: name_of(&actions),
            to,
        };
        let letter = match news.as_slice() {
            _ if envelope.to.0.is_empty() => Err(Outcome::Failed("no_recipient".to_owned())),
            [] => Err(Outcome::Failed("alert_gone".to_owned())),
            [one] => written(self.links.alert(envelope, one)),
            many => written(self.links.digest(envelope, many)),
        };
        Ok(Bundle { actions, letter })
    }

    async fn single(
        &self,
        action: StoredAction,
        payload: MailPayload,
    ) -> Result<Bundle, StoreError> {
        let id = name_of(std::slice::from_ref(&action));
        let letter = match payload {
            MailPayload::Alert { alert, to } => {
                return self.of_alerts(to, vec![(action, alert)]).await;
            }
            MailPayload::Test { to } => written(letters::test(Envelope { id, to })),
            MailPayload::PasswordReset { to, token } => {
                let to = Addresses(vec![to.0]);
                written(self.links.password_reset(Envelope { id, to }, &token))
            }
            MailPayload::WebhookDisabled {
                webhook,
                reason,
                to,
            } => {
                let reading = move |conn: &mut _| webhooks::get(conn, webhook);
                let name = self.parts.store.read(reading).await?.map(|row| row.name);
                let name = name.unwrap_or_else(|| webhook.to_string());
                let envelope = Envelope { id, to };
                written(self.links.webhook_disabled(envelope, &name, &reason))
            }
        };
        Ok(Bundle {
            actions: vec![action],
            letter,
        })
    }
}

fn written(letter: Result<Letter, Unwritable>) -> Result<Letter, Outcome> {
    letter.map_err(|Unwritable| Outcome::Failed("letter_unwritable".to_owned()))
}

/// What a letter is known by: the same for the same rows.
fn name_of(actions: &[StoredAction]) -> String {
    if let [only] = actions {
        return only.id.to_string();
    }
    let mut ids: Vec<String> = actions.iter().map(|action| action.id.to_string()).collect();
    ids.sort_unstable();
    let hash = digest(&SHA256, ids.join(" ").as_bytes());
    hex::encode(hash.as_ref().get(..16).unwrap_or_default())
}
