//! Notices: whom an alert that is news is told to, as rows of the outbox.
//!
//! Owns writing them in the transaction that raised the alert, and what rests in their payloads: an id and
//! where it goes, nothing of the alert itself, which is read when it is sent. Who wants what is decided by
//! `domain::notice`.
//! **Invariant:** each news is written once for each receiver: the key says which alert, and which time it
//! came back.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::finding::{InfoType, Severity};
use shared::ids::{ActionId, AlertId, JobId, UserId, WebhookId, WorkspaceId};
use shared::seal::Sealer;

use super::alerts::{Alert, Raised};
use super::audit::{self, NewAuditEvent};
use super::columns::DbUuid;
use super::connection::{Conn, rows_per_statement, with_conn};
use super::error::{StoreError, StoreResult};
use super::findings;
use super::outbox::{self, NewAction, StoredAction};
use super::schema::alerts;
use super::webhooks::{self, Subscriber};
use crate::domain::notice::{NoticeKind, digest_due};

/// The outbox's kind of what goes out by mail.
pub const MAIL: &str = "mail";
/// The outbox's kind of what goes to webhooks.
pub const WEBHOOK: &str = "webhook";

/// What the keys of letters begin with that somebody had sent to see whether mail arrives.
const TEST_KEYS: &str = "mail/test/";
/// Masked values that an alert is told with.
const PREVIEWS: usize = 5;

/// Who gets mail about alerts.
#[derive(Clone, Debug)]
pub struct MailingList {
    /// Their addresses.
    pub to: Addresses,
    /// Only what is at least so bad.
    pub min_severity: Severity,
    /// What comes within this time goes out together; without it, each at once.
    pub digest: Option<Duration>,
}

/// Mail addresses, which are not for logs.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Addresses(pub Vec<String>);

/// Writes down whom to tell. Cheap to clone.
#[derive(Clone)]
pub struct Notices {
    sealer: Sealer,
    mail: Option<MailingList>,
}

/// What rests in a row of kind [`MAIL`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum MailPayload {
    /// An alert is news.
    Alert {
        /// Which.
        alert: AlertId,
        /// Who is told.
        to: Addresses,
    },
    /// A webhook was disabled.
    WebhookDisabled {
        /// Which.
        webhook: WebhookId,
        /// Why, as a word.
        reason: String,
        /// Who is told.
        to: Addresses,
    },
    /// Somebody forgot their password.
    PasswordReset {
        /// Whose address.
        to: Addressee,
        /// What lets them set another.
        token: Token,
    },
    /// Somebody wants to see whether mail arrives.
    Test {
        /// Who gets it.
        to: Addresses,
    },
}

/// One mail address, which is not for logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Addressee(pub String);

/// A secret on its way to somebody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

/// What rests in a row of kind [`WEBHOOK`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookPayload {
    /// Which alert.
    pub alert: AlertId,
    /// What happened to it.
    pub event: NoticeKind,
}

/// An alert as it is told: no value, only masks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The alert as it is now.
    pub alert: Alert,
    /// What was found when it was seen last, the gravest first; a few of them.
    pub previews: Vec<Preview>,
}

/// A value, masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The kind of data.
    pub info_type: InfoType,
    /// Its mask.
    pub text: String,
}

impl std::fmt::Debug for Addresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Addresses({})", self.0.len())
    }
}

impl std::fmt::Debug for Addressee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Addressee")
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Notices {
    /// Seals with `sealer`, the one of the database; without a mailing list nothing is mailed.
    pub fn new(sealer: Sealer, mail: Option<MailingList>) -> Self {
        Self { sealer, mail }
    }

    /// Writes down a letter to somebody who wants to see whether mail arrives: one a minute for each. Gives the row,
    /// or how long they have to wait. Call it through [`Store::write`](super::Store::write).
    ///
    /// # Errors
    /// As any query; [`StoreError::Busy`] without randomness.
    pub fn test(
        &self,
        conn: &mut Conn,
        user: UserId,
        to: Addresses,
    ) -> StoreResult<Result<StoredAction, Duration>> {
        let now = super::clock::now(conn)?;
        let second = now.timestamp();
        let key = format!("{TEST_KEYS}{user}/{}", second.div_euclid(60));
        let mail = self.action(key, MAIL, WorkspaceId::api(), &MailPayload::Test { to })?;
        let id = mail.id;
        outbox::enqueue(conn, &[mail], now)?;
        // The key was taken if there is no such row.
        let Some(written) = outbox::get(conn, id)? else {
            let left = 60 - second.rem_euclid(60).unsigned_abs();
            return Ok(Err(Duration::from_secs(left)));
        };
        let deed = NewAuditEvent::deed("mail.tested", Some(user), id.to_string(), json!({}));
        audit::append(conn, [deed]);
        Ok(Ok(written))
    }

    /// Writes down whom to tell of those alerts that are news.
    ///
    /// # Errors
    /// As any query; [`StoreError::Busy`] without randomness.
    pub fn announce(
        &self,
        conn: &mut Conn,
        raised: &[Raised],
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut news: Vec<AlertId> = raised
            .iter()
            .filter(|raised| raised.is_news)
            .map(|raised| raised.alert)
            .collect();
        news.sort_unstable();
        news.dedup();
        if news.is_empty() {
            return Ok(());
        }
        let subscribers = webhooks::subscribers(conn)?;
        let (mut mails, mut calls) = (Vec::new(), Vec::new());
        for alert in load(conn, &news)? {
            mails.extend(self.mail_of(&alert)?);
            calls.extend(self.calls_of(&alert, &subscribers)?);
        }
        let digest = self.mail.as_ref().and_then(|list| list.digest);
        outbox::enqueue(conn, &mails, digest_due(now, digest))?;
        outbox::enqueue(conn, &calls, now)
    }

    /// Tells the mailing list that a webhook was disabled.
    pub(super) fn webhook_disabled(
        &self,
        conn: &mut Conn,
        webhook: WebhookId,
        version: i32,
        reason: &str,
    ) -> StoreResult<()> {
        let Some(list) = &self.mail else {
            return Ok(());
        };
        let payload = MailPayload::WebhookDisabled {
            webhook,
            reason: reason.to_owned(),
            to: list.to.clone(),
        };
        let key = format!("mail/webhook/{webhook}/{version}");
        let mail = self.action(key, MAIL, WorkspaceId::api(), &payload)?;
        let now = super::clock::now(conn)?;
        outbox::enqueue(conn, &[mail], now)
    }

    fn mail_of(&self, alert: &Alert) -> StoreResult<Option<NewAction>> {
        let wanted = |list: &&MailingList| alert.severity >= list.min_severity;
        let Some(list) = self.mail.as_ref().filter(wanted) else {
            return Ok(None);
        };
        let payload = MailPayload::Alert {
            alert: alert.id,
            to: list.to.clone(),
        };
        let key = format!("mail/alert/{}/{}", alert.id, alert.reopened);
        let mail = self.action(key, MAIL, workspace_of(alert), &payload)?;
        Ok(Some(NewAction {
            alert: Some(alert.id),
            ..mail
        }))
    }

    fn calls_of(&self, alert: &Alert, subscribers: &[Subscriber]) -> StoreResult<Vec<NewAction>> {
        let event = NoticeKind::of_alert(alert.reopened);
        let wanting = subscribers
            .iter()
            .filter(|subscriber| subscriber.subscription.wants(event, alert.severity));
        let payload = WebhookPayload {
            alert: alert.id,
            event,
        };
        wanting
            .map(|subscriber| {
                let webhook = subscriber.id;
                let key = format!("webhook/{webhook}/alert/{}/{}", alert.id, alert.reopened);
                let call = self.action(key, WEBHOOK, workspace_of(alert), &payload)?;
                Ok(NewAction {
                    alert: Some(alert.id),
                    target: Some(webhook),
                    ..call
                })
            })
            .collect()
    }

    fn action(
        &self,
        action_key: String,
        kind: &str,
        workspace: WorkspaceId,
        payload: &impl Serialize,
    ) -> StoreResult<NewAction> {
        let plain = serde_json::to_vec(payload)
            .map_err(|_quotes_input| StoreError::Refused("a payload that cannot be written"))?;
        let sealed = self.sealer.seal(action_key.as_bytes(), &plain);
        Ok(NewAction {
            id: ActionId::fresh(),
            action_key,
            kind: kind.to_owned(),
            target: None,
            alert: None,
            workspace,
            lane: None,
            due_in: Duration::ZERO,
            payload: sealed.map_err(|_no_randomness| StoreError::Busy)?,
        })
    }
}

/// What became of a letter that [`Notices::test`] wrote down.
///
/// # Errors
/// As any query.
pub fn test_letter(conn: &mut Conn, id: ActionId) -> StoreResult<Option<StoredAction>> {
    let is_test = |letter: &StoredAction| letter.action_key.starts_with(TEST_KEYS);
    Ok(outbox::get(conn, id)?.filter(is_test))
}

/// Alerts as they are told; those that are no longer there are left out.
///
/// # Errors
/// As any query.
pub fn news(conn: &mut Conn, ids: &[AlertId]) -> StoreResult<Vec<News>> {
    let alerts = load(conn, ids)?;
    let jobs: Vec<JobId> = alerts.iter().filter_map(|alert| alert.job_id).collect();
    let mut previews: HashMap<JobId, Vec<(Severity, Preview)>> = HashMap::new();
    for chunk in jobs.chunks(rows_per_statement(1)) {
        for found in findings::of_jobs(conn, chunk)? {
            let preview = Preview {
                info_type: found.finding.info_type,
                text: found.finding.preview,
            };
            let of_job = previews.entry(found.job_id).or_default();
            of_job.push((found.finding.severity, preview));
        }
    }
    let told = |alert: Alert| {
        let found = alert.job_id.and_then(|job| previews.get(&job));
        let previews = found.map(|found| gravest(found)).unwrap_or_default();
        News { alert, previews }
    };
    Ok(alerts.into_iter().map(told).collect())
}

fn gravest(found: &[(Severity, Preview)]) -> Vec<Preview> {
    let mut sorted: Vec<&(Severity, Preview)> = found.iter().collect();
    sorted.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
    let mut shown: Vec<Preview> = Vec::new();
    for (_, preview) in sorted {
        if shown.len() < PREVIEWS && !shown.contains(preview) {
            shown.push(preview.clone());
        }
    }
    shown
}

fn workspace_of(alert: &Alert) -> WorkspaceId {
    let known = alert.workspace_id.as_ref().map(WorkspaceId::new);
    known.unwrap_or_else(WorkspaceId::api)
}

fn load(conn: &mut Conn, ids: &[AlertId]) -> StoreResult<Vec<Alert>> {
    let ids: Vec<DbUuid> = ids.iter().copied().map(Into::into).collect();
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(rows_per_statement(1)) {
        let rows: Vec<Alert> = with_conn!(conn, |c| alerts::table
            .filter(alerts::id.eq_any(chunk))
            .order(alerts::id)
            .select(Alert::as_select())
            .load(c))?;
        found.extend(rows);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_written_as_others_write_them() {
        let alert = AlertId::from(uuid::Uuid::nil());
        let written =
            serde_json::json!({"template": "alert", "alert": alert, "to": ["a@example.com"]});
        let payload = MailPayload::Alert {
            alert,
            to: Addresses(vec!["a@example.com".to_owned()]),
        };
        assert_eq!(serde_json::to_value(&payload).unwrap(), written);
        let reset = r#"{"template":"password_reset","to":"a@example.com","token":"weir_reset_x"}"#;
        let read: MailPayload = serde_json::from_str(reset).unwrap();
        assert!(matches!(&read, MailPayload::PasswordReset { to, .. } if to.0 == "a@example.com"));
    }

    #[test]
    fn no_address_and_no_token_is_in_what_is_printed() {
        let payload = MailPayload::PasswordReset {
            to: Addressee("canary@example.com".to_owned()),
            token: Token("canary".to_owned()),
        };
        let list = Addresses(vec!["canary@example.com".to_owned()]);
        assert!(!format!("{payload:?} {list:?}").contains("canary"));
    }
}
