//! Claims about webhooks.

use std::time::Duration;

use coordinator::domain::notice::{NoticeKind, Subscription};
use coordinator::domain::policy::{Action, Policy, catch_all};
use coordinator::policy_changes::{self, Change, ChangeError};
use coordinator::store::outbox::{self, ActionState, Attempt, NewAction};
use coordinator::store::webhooks::{
    self, AfterFailure, DisabledReason, WebhookChange, WebhookDraft, WebhookState,
};
use coordinator::store::{Paging, Store, clock};
use shared::finding::Severity;
use shared::ids::{ActionId, PolicyId, UserId, WebhookId, WorkspaceId};

use super::schema::count;
use crate::support::db::{TestDb, on_both};
use crate::support::rows::silent;

const NEVER: Duration = Duration::from_hours(1_000);

fn draft(name: &str) -> WebhookDraft {
    WebhookDraft {
        name: name.to_owned(),
        url: b"sealed".to_vec(),
        secret: b"sealed".to_vec(),
        subscription: Subscription {
            min_severity: Severity::High,
            kinds: NoticeKind::NEWS.to_vec(),
        },
        enabled: true,
    }
}

async fn made(db: &TestDb, name: &str) -> WebhookId {
    let (id, draft) = (WebhookId::fresh(), draft(name));
    assert!(
        db.write(move |c| webhooks::insert(c, id, &draft, UserId::fresh()))
            .await
    );
    id
}

fn naming(webhook: WebhookId) -> Policy {
    let mut policy = catch_all();
    policy.actions.push(Action::Webhook { id: webhook });
    policy
}

/// Deletes a webhook unless a policy names it.
async fn delete_unless_named(store: &Store, webhook: WebhookId) -> bool {
    let deleting = store.write(move |c| {
        let is_free = webhooks::named_by(c, webhook)?.is_empty();
        Ok(is_free && webhooks::delete(c, webhook, 1, UserId::fresh())?)
    });
    deleting.await.unwrap()
}

async fn state(db: &TestDb, id: WebhookId) -> (WebhookState, i32) {
    let row = db.read(move |c| webhooks::get(c, id)).await.unwrap();
    (row.state, row.failures)
}

async fn pending(db: &TestDb, target: WebhookId, calls: usize) {
    let actions: Vec<NewAction> = (0..calls)
        .map(|n| NewAction {
            id: ActionId::fresh(),
            action_key: format!("{target}/{n}"),
            kind: "webhook".to_owned(),
            target: Some(target),
            alert: None,
            workspace: WorkspaceId::api(),
            lane: None,
            due_in: std::time::Duration::ZERO,
            payload: b"sealed".to_vec(),
        })
        .collect();
    db.write(move |c| {
        let now = clock::now(c)?;
        outbox::enqueue(c, &actions, now)
    })
    .await;
}

async fn fail(db: &TestDb, id: WebhookId, limit: Duration) -> AfterFailure {
    db.write(move |c| webhooks::note_failure(c, id, limit, &silent()))
        .await
}

on_both! {
    async fn ten_failures_disable_once_the_time_is_over_too(db: TestDb) {
        let (id, patient) = (made(&db, "a").await, made(&db, "b").await);
        for _ in 0..9 {
            assert_eq!(fail(&db, id, Duration::ZERO).await, AfterFailure::StillThere);
        }
        assert_eq!(state(&db, id).await, (WebhookState::Failing, 9));
        let disabled = AfterFailure::Disabled(DisabledReason::TooManyFailures);
        assert_eq!(fail(&db, id, Duration::ZERO).await, disabled);
        assert_eq!(fail(&db, id, Duration::ZERO).await, AfterFailure::WasDisabled);
        for _ in 0..20 {
            assert_eq!(fail(&db, patient, NEVER).await, AfterFailure::StillThere);
        }
        assert_eq!(state(&db, patient).await, (WebhookState::Failing, 20));
        assert_eq!(count(&db, "audit_events WHERE event_type = 'webhook.disabled'"), 1);
    }

    async fn a_success_makes_well_and_wakes_nobody_who_is_disabled(db: TestDb) {
        let id = made(&db, "a").await;
        fail(&db, id, NEVER).await;
        db.write(move |c| webhooks::note_success(c, id)).await;
        assert_eq!(state(&db, id).await, (WebhookState::Active, 0));
        db.write(move |c| webhooks::disable(c, id, DisabledReason::Gone, &silent())).await;
        db.write(move |c| webhooks::note_success(c, id)).await;
        assert_eq!(state(&db, id).await.0, WebhookState::Disabled);
    }

    async fn whoever_is_disabled_or_deleted_loses_what_was_pending(db: TestDb) {
        let (off, gone, other) = (made(&db, "a").await, made(&db, "b").await, made(&db, "c").await);
        for id in [off, gone, other] {
            pending(&db, id, 3).await;
        }
        db.write(move |c| webhooks::disable(c, off, DisabledReason::TooManyFailures, &silent())).await;
        assert!(db.write(move |c| webhooks::delete(c, gone, 1, UserId::fresh())).await);
        for (target, state, code) in [
            (off, ActionState::Failed, Some("endpoint_disabled")),
            (gone, ActionState::Failed, Some("endpoint_deleted")),
            (other, ActionState::Pending, None),
        ] {
            let page = db.read(move |c| outbox::of_target(c, target, Paging::first(2))).await;
            assert_eq!((page.total, page.items.len()), (3, 2));
            assert!(page.items.iter().all(|row| row.state == state && row.last_error_code.as_deref() == code));
        }
        assert_eq!(count(&db, "action_outbox WHERE payload IS NULL"), 6);
    }

    async fn of_two_who_change_a_webhook_one_is_told_no(db: TestDb) {
        let id = made(&db, "a").await;
        let change = |version, enabled| WebhookChange { id, version, draft: WebhookDraft { enabled, ..draft("b") } };
        let update = async |change: WebhookChange| {
            db.write(move |c| webhooks::update(c, &change, UserId::fresh(), "webhook.updated")).await
        };
        assert!(update(change(1, false)).await);
        assert!(!update(change(1, true)).await);
        assert_eq!(state(&db, id).await.0, WebhookState::Disabled);
        assert!(update(change(2, true)).await);
        assert_eq!(state(&db, id).await, (WebhookState::Active, 0));
        assert!(!db.write(move |c| webhooks::delete(c, id, 1, UserId::fresh())).await);
    }

    async fn a_change_that_leaves_it_on_leaves_its_health(db: TestDb) {
        let id = made(&db, "a").await;
        fail(&db, id, NEVER).await;
        let change = WebhookChange { id, version: 1, draft: draft("renamed") };
        assert!(db.write(move |c| webhooks::update(c, &change, UserId::fresh(), "webhook.updated")).await);
        assert_eq!(state(&db, id).await, (WebhookState::Failing, 1));
    }

    async fn a_name_is_taken_once(db: TestDb) {
        made(&db, "a").await;
        let draft = draft("a");
        let again = db.store.write(move |c| webhooks::insert(c, WebhookId::fresh(), &draft, UserId::fresh())).await;
        assert!(again.unwrap_err().is_duplicate());
    }

    async fn what_is_given_back_is_due_at_once_and_was_not_tried(db: TestDb) {
        let id = made(&db, "a").await;
        pending(&db, id, 2).await;
        let claimed = db.write(|c| outbox::claim(c, &["webhook"], 9, NEVER)).await;
        let (kept, back) = (claimed[0].0.clone(), claimed[1].0.clone());
        let claims = [(back.id, back.attempts)];
        db.write(move |c| outbox::give_back(c, &claims)).await;
        let again = db.write(|c| outbox::claim(c, &["webhook"], 9, NEVER)).await;
        assert_eq!(again.iter().map(|(row, _)| (row.id, row.attempts)).collect::<Vec<_>>(), [(back.id, 1)]);
        assert!(db.write(move |c| outbox::record(c, kept.id, 1, Attempt::Done)).await);
    }

    async fn many_who_record_calls_of_one_endpoint_disable_it_once(db: TestDb) {
        let id = made(&db, "a").await;
        pending(&db, id, 40).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = db.store.clone();
            tasks.spawn(async move {
                let claimed = store.write(|c| outbox::claim(c, &["webhook"], 5, NEVER)).await.unwrap();
                for (row, _) in claimed {
                    let recording = store.write(move |c| {
                        webhooks::note_failure(c, id, Duration::ZERO, &silent())?;
                        let later = Attempt::Later { code: "http_500", delay: NEVER };
                        outbox::record(c, row.id, row.attempts, later)
                    });
                    recording.await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(state(&db, id).await, (WebhookState::Disabled, 10));
        assert_eq!(count(&db, "audit_events WHERE event_type = 'webhook.disabled'"), 1);
        assert_eq!(count(&db, "action_outbox WHERE state = 1"), 0);
    }

    async fn a_policy_cannot_be_stored_that_names_a_webhook_that_is_gone(db: TestDb) {
        let change = Change::Create(Box::new(naming(WebhookId::fresh())));
        let refused = policy_changes::store(&db.store, PolicyId::fresh(), change, UserId::fresh()).await;
        assert!(matches!(refused, Err(ChangeError::NoSuchWebhook)));
        let (webhook, policy) = (made(&db, "a").await, PolicyId::fresh());
        let before = Box::new(catch_all());
        let create = Change::Create(before.clone());
        policy_changes::store(&db.store, policy, create, UserId::fresh()).await.unwrap();
        assert!(delete_unless_named(&db.store, webhook).await);
        let change = Change::Update { before, after: Box::new(naming(webhook)), version: 1 };
        let refused = policy_changes::store(&db.store, policy, change, UserId::fresh()).await;
        assert!(matches!(refused, Err(ChangeError::NoSuchWebhook)));
        assert_eq!(count(&db, "audit_events WHERE event_type = 'policy.updated'"), 0);
    }

    async fn whoever_is_quicker_no_policy_names_a_webhook_that_is_gone(db: TestDb) {
        let (mut stored, mut deleted) = (0, 0);
        for round in 0..12 {
            let webhook = made(&db, &format!("w{round}")).await;
            let (one, two) = (db.store.clone(), db.store.clone());
            let change = Change::Create(Box::new(naming(webhook)));
            let storing = tokio::spawn(async move {
                policy_changes::store(&one, PolicyId::fresh(), change, UserId::fresh()).await
            });
            let deleting = tokio::spawn(async move { delete_unless_named(&two, webhook).await });
            let (is_stored, is_deleted) = (storing.await.unwrap().is_ok(), deleting.await.unwrap());
            assert!(is_stored != is_deleted, "{is_stored} {is_deleted}");
            stored += i64::from(is_stored);
            deleted += i64::from(is_deleted);
        }
        assert_eq!((count(&db, "policies"), count(&db, "webhooks")), (stored, 12 - deleted));
    }
}
