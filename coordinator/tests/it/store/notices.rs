//! Claims about whom alerts are told to.

use std::time::Duration;

use coordinator::domain::alert::AlertStatus;
use coordinator::domain::notice::{NoticeKind, Subscription};
use coordinator::store::notices::{self, Addresses, MailingList, Notices};
use coordinator::store::outbox::{self, ActionState, StoredAction};
use coordinator::store::webhooks::{self, WebhookDraft};
use coordinator::store::{Paging, jobs, results};
use shared::finding::Severity;
use shared::ids::{AlertId, JobId, UserId, WebhookId};

use super::alerts::set_status;
use crate::support::db::{TestDb, on_both};
use crate::support::rows::{alert, clean, database_sealer, job, leak, workspace};

fn mailing(min_severity: Severity, digest: Option<Duration>) -> Notices {
    let list = MailingList {
        to: Addresses(vec!["ops@example.com".to_owned()]),
        min_severity,
        digest,
    };
    Notices::new(database_sealer(), Some(list))
}

async fn hook(
    db: &TestDb,
    name: &str,
    min_severity: Severity,
    kinds: Vec<NoticeKind>,
) -> WebhookId {
    let id = WebhookId::fresh();
    let draft = WebhookDraft {
        name: name.to_owned(),
        url: b"sealed".to_vec(),
        secret: b"sealed".to_vec(),
        subscription: Subscription {
            min_severity,
            kinds,
        },
        enabled: true,
    };
    assert!(
        db.write(move |c| webhooks::insert(c, id, &draft, UserId::fresh()))
            .await
    );
    id
}

/// Commits a result whose alert has this key and severity.
async fn raise(db: &TestDb, key: &str, severity: Severity, notices: Notices) -> AlertId {
    let made = job(&workspace());
    let mut new = clean(made.id);
    new.alerts = vec![alert(key, made.id, severity)];
    let id = new.alerts[0].id;
    db.write(move |c| {
        jobs::insert(c, &[made])?;
        results::commit_telling(c, &[new], Some(&notices))
    })
    .await;
    id
}

async fn rows(db: &TestDb) -> Vec<StoredAction> {
    db.read(|c| outbox::list(c, Some(ActionState::Pending), Paging::first(100)))
        .await
        .items
}

on_both! {
    async fn news_are_written_once_for_each_who_wants_them(db: TestDb) {
        let all = hook(&db, "all", Severity::Info, NoticeKind::NEWS.to_vec()).await;
        hook(&db, "grave", Severity::Critical, NoticeKind::NEWS.to_vec()).await;
        hook(&db, "back", Severity::Info, vec![NoticeKind::AlertReopened]).await;
        let id = raise(&db, "k", Severity::High, mailing(Severity::High, None)).await;
        raise(&db, "k", Severity::High, mailing(Severity::High, None)).await;
        let rows = rows(&db).await;
        let mut kinds: Vec<(&str, Option<WebhookId>)> = rows.iter().map(|row| (row.kind.as_str(), row.target)).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, [("mail", None), ("webhook", Some(all))]);
        assert!(rows.iter().all(|row| row.alert_id == Some(id) && row.workspace == workspace()));
    }

    async fn what_came_back_is_news_again(db: TestDb) {
        let id = raise(&db, "k", Severity::High, mailing(Severity::High, None)).await;
        let back = hook(&db, "back", Severity::Info, vec![NoticeKind::AlertReopened]).await;
        set_status(&db, id, AlertStatus::Resolved).await;
        raise(&db, "k", Severity::High, mailing(Severity::High, None)).await;
        let rows = rows(&db).await;
        let mut keys: Vec<&str> = rows.iter().map(|row| row.action_key.as_str()).collect();
        keys.sort_unstable();
        let expected = [
            format!("mail/alert/{id}/0"), format!("mail/alert/{id}/1"), format!("webhook/{back}/alert/{id}/1"),
        ];
        assert_eq!(keys, expected);
    }

    async fn a_disabled_webhook_and_a_mild_alert_are_passed_over(db: TestDb) {
        let id = hook(&db, "off", Severity::Info, NoticeKind::NEWS.to_vec()).await;
        let notices = Notices::new(database_sealer(), None);
        db.write(move |c| webhooks::disable(c, id, webhooks::DisabledReason::Gone, &notices)).await;
        raise(&db, "k", Severity::Medium, mailing(Severity::High, None)).await;
        assert_eq!(rows(&db).await, []);
    }

    async fn a_digest_is_due_later_and_a_call_at_once(db: TestDb) {
        hook(&db, "all", Severity::Info, NoticeKind::NEWS.to_vec()).await;
        raise(&db, "k", Severity::High, mailing(Severity::High, Some(Duration::from_hours(100_000)))).await;
        let due = db.write(|c| outbox::claim(c, &["mail", "webhook"], 9, Duration::ZERO)).await;
        let kinds: Vec<&str> = due.iter().map(|(row, _)| row.kind.as_str()).collect();
        assert_eq!(kinds, ["webhook"]);
        let mail = rows(&db).await.into_iter().find(|row| row.kind == "mail").unwrap();
        assert_eq!(mail.due_at.timestamp() % 360_000_000, 0);
    }

    async fn what_is_told_has_a_few_masks_the_gravest_first(db: TestDb) {
        let made = job(&workspace());
        let id: JobId = made.id;
        let mut new = leak(id, "g");
        let alert = new.alerts[0].id;
        if let shared::job::ScanOutcome::Completed { findings, .. } = &mut new.result.outcome {
            let first = findings[0].clone();
            for n in 0..9 {
                let mut more = crate::support::rows::finding();
                more.severity = if n == 8 { Severity::Critical } else { Severity::Low };
                more.preview = format!("**{n}");
                findings.push(more);
            }
            findings.push(shared::finding::Finding { id: shared::ids::FindingId::fresh(), ..first });
        }
        db.write(move |c| {
            jobs::insert(c, &[made])?;
            results::commit(c, &[new])
        }).await;
        let told = db.read(move |c| notices::news(c, &[alert, AlertId::fresh()])).await;
        let shown: Vec<&str> = told[0].previews.iter().map(|preview| preview.text.as_str()).collect();
        assert_eq!((told.len(), shown.len(), &shown[..2]), (1, 5, &["**8", "4111 **** **** 1111"][..]));
    }
}
