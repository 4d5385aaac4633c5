//! Claims about working on alerts: who comes second is told no, and each deed leaves its traces, once.

use coordinator::alert_work::{self, Acceptance, Change, Outcome, WorkError, Worker};
use coordinator::domain::alert::{AlertStatus, Step};
use coordinator::domain::due_times::DueTimes;
use coordinator::domain::roles::Role;
use coordinator::store::alerts::{self, Alert, AlertFilter, NewAlert};
use coordinator::store::suppressions;
use coordinator::store::users::{self, NewUser, UserChange};
use coordinator::store::{Paging, clock};
use shared::finding::Severity;
use shared::ids::{AlertId, JobId, UserId};
use std::time::Duration;

use super::schema::count;
use crate::support::db::{TestDb, on_both};
use crate::support::rows::alert;

pub(super) const DAY: Duration = Duration::from_hours(24);

pub(super) fn times() -> DueTimes {
    DueTimes {
        high: DAY,
        ..DueTimes::default()
    }
}

pub(super) fn worker(user: UserId) -> Worker {
    let times = times();
    Worker { user, times }
}

pub(super) async fn user(db: &TestDb, role: Role) -> UserId {
    let new = NewUser {
        id: UserId::fresh(),
        email: format!("{}@example.test", UserId::fresh()),
        password_hash: "hash".to_owned(),
        role: role.as_str().to_owned(),
    };
    let id = new.id;
    db.write(move |c| users::insert(c, &new)).await;
    id
}

/// Raises so many alerts of workspace `T1`, each with a value of its own.
pub(super) async fn raised(db: &TestDb, many: usize) -> Vec<AlertId> {
    let new: Vec<NewAlert> = (0..many)
        .map(|n| NewAlert {
            keys: vec![format!("m/T1/C1/{n}"), format!("f/T1/aa{n}")],
            ..alert("", JobId::fresh(), Severity::High)
        })
        .collect();
    let ids = new.iter().map(|alert| alert.id).collect();
    db.write(move |c| {
        let now = clock::now(c)?;
        alerts::raise(c, &new.iter().collect::<Vec<_>>(), now)
    })
    .await;
    ids
}

pub(super) async fn get(db: &TestDb, id: AlertId) -> Alert {
    db.read(move |c| alerts::get(c, id)).await.unwrap()
}

pub(super) fn step(to: AlertStatus) -> Change {
    Change {
        step: Step::new(to, None).ok(),
        ..Change::default()
    }
}

pub(super) async fn make(
    db: &TestDb,
    id: AlertId,
    change: Change,
    by: UserId,
) -> Result<Alert, WorkError> {
    alert_work::change(&db.store, id, |_| true, change, worker(by)).await
}

pub(super) fn acceptance(owner: UserId, expires_at: chrono::DateTime<chrono::Utc>) -> Acceptance {
    Acceptance {
        reason: "CANARY reason".to_owned(),
        owner,
        expires_at,
    }
}

on_both! {
    async fn of_many_who_take_the_same_step_at_once_one_does(db: TestDb) {
        let (id, by) = (raised(&db, 1).await[0], user(&db, Role::Admin).await);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = db.store.clone();
            tasks.spawn(async move {
                alert_work::change(&store, id, |_| true, step(AlertStatus::Acknowledged), worker(by)).await
            });
        }
        let done = tasks.join_all().await;
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
        assert!(done.iter().all(|done| matches!(done, Ok(_) | Err(WorkError::Illegal(_)))), "{done:?}");
        assert_eq!(get(&db, id).await.version, 2);
        assert_eq!(count(&db, "alert_activity"), 1);
        assert_eq!(count(&db, "audit_events WHERE event_type = 'alert.status_changed'"), 1);
    }

    async fn of_many_who_saw_the_same_version_one_changes_it(db: TestDb) {
        let (id, by) = (raised(&db, 1).await[0], user(&db, Role::Admin).await);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let store = db.store.clone();
            let severity = Some(if n % 2 == 0 { Severity::Low } else { Severity::Info });
            let change = Change { severity, ..Change::default() };
            tasks.spawn(async move {
                alert_work::change(&store, id, |version| version == 1, change, worker(by)).await
            });
        }
        let done = tasks.join_all().await;
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
        assert!(done.iter().all(|done| matches!(done, Ok(_) | Err(WorkError::Stale))), "{done:?}");
        assert_eq!(count(&db, "audit_events"), 1);
    }

    async fn a_resolved_alert_says_how_and_when_and_an_opened_one_does_not(db: TestDb) {
        let (id, by) = (raised(&db, 1).await[0], user(&db, Role::Admin).await);
        make(&db, id, step(AlertStatus::Acknowledged), by).await.unwrap();
        let resolved = Change {
            step: Step::new(AlertStatus::Resolved, "REMEDIATED".parse().ok()).ok(), ..Change::default()
        };
        let closed = make(&db, id, resolved, by).await.unwrap();
        assert_eq!(closed.resolution.as_deref(), Some("REMEDIATED"));
        assert!(closed.closed_at.is_some());
        let open = make(&db, id, step(AlertStatus::Open), by).await.unwrap();
        assert_eq!((open.resolution.as_deref(), open.closed_at, open.version), (None, None, 4));
        assert!(open.due_at.unwrap() > open.last_seen_at + Duration::from_hours(23));
        assert_eq!(get(&db, id).await, open);
        let told = db.read(move |c| alerts::activity(c, id, alerts::ActivityOrder::NewestFirst, Paging::first(1)));
        assert_eq!(told.await.items[0].data["was"], "REMEDIATED");
    }

    async fn an_illegal_step_leaves_no_trace(db: TestDb) {
        let (id, by) = (raised(&db, 1).await[0], user(&db, Role::Admin).await);
        let before = get(&db, id).await;
        let change = Change { comment: Some("x".to_owned()), ..step(AlertStatus::Resolved) };
        assert!(matches!(make(&db, id, change, by).await, Err(WorkError::Illegal(_))));
        assert_eq!(get(&db, id).await, before);
        assert_eq!((count(&db, "alert_activity"), count(&db, "audit_events")), (0, 0));
    }

    async fn what_somebody_says_rests_with_the_alert_and_nowhere_else(db: TestDb) {
        let (id, by) = (raised(&db, 1).await[0], user(&db, Role::Analyst).await);
        let said = "CANARY \u{0} 4111";
        let comment = Change { comment: Some(said.to_owned()), ..Change::default() };
        let alert = make(&db, id, comment, by).await.unwrap();
        assert_eq!(alert.version, 1);
        let word = Change {
            step: Step::new(AlertStatus::Dismissed, "CANARY word".parse().ok()).ok(),
            comment: Some(said.to_owned()),
            ..Change::default()
        };
        make(&db, id, word, by).await.unwrap();
        assert_eq!(count(&db, "alert_activity WHERE text LIKE 'CANARY%4111'"), 2);
        assert_eq!(count(&db, "audit_events"), 2);
        assert_eq!(count(&db, "audit_events WHERE variant_data LIKE '%CANARY%'"), 0);
        assert_eq!(count(&db, "audit_events WHERE variant_data LIKE '%\"OTHER\"%'"), 1);
    }

    async fn only_who_may_work_on_alerts_is_given_one(db: TestDb) {
        let (id, admin) = (raised(&db, 1).await[0], user(&db, Role::Admin).await);
        let (analyst, auditor) = (user(&db, Role::Analyst).await, user(&db, Role::Auditor).await);
        let kept_out = user(&db, Role::Analyst).await;
        let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
        assert!(db.write(move |c| users::update(c, kept_out, &disabled)).await);
        let to = |assignee| Change { assignee: Some(assignee), ..Change::default() };
        for nobody in [auditor, kept_out, UserId::fresh()] {
            let refused = make(&db, id, to(Some(nobody)), admin).await;
            assert!(matches!(refused, Err(WorkError::Assignee)), "{refused:?}");
        }
        assert_eq!(make(&db, id, to(Some(analyst)), admin).await.unwrap().assignee, Some(analyst));
        // It is theirs already: nothing happens.
        assert_eq!(make(&db, id, to(Some(analyst)), admin).await.unwrap().version, 2);
        assert_eq!(make(&db, id, to(None), admin).await.unwrap().assignee, None);
        assert_eq!(count(&db, "audit_events WHERE event_type = 'alert.assigned'"), 2);
    }

    async fn each_of_many_is_judged_for_itself(db: TestDb) {
        let (ids, by) = (raised(&db, 4).await, user(&db, Role::Admin).await);
        make(&db, ids[1], step(AlertStatus::Dismissed), by).await.unwrap();
        let unknown = AlertId::fresh();
        let asked = vec![ids[3], unknown, ids[0], ids[1], ids[0]];
        let change = Change { comment: Some("all".to_owned()), ..step(AlertStatus::Acknowledged) };
        let outcomes = alert_work::change_all(&db.store, asked, change, worker(by)).await.unwrap();
        assert_eq!(outcomes.len(), 4);
        assert!(matches!(outcomes[&ids[0]], Outcome::Changed));
        assert!(matches!(outcomes[&ids[3]], Outcome::Changed));
        assert!(matches!(outcomes[&ids[1]], Outcome::Illegal(_)));
        assert!(matches!(outcomes[&unknown], Outcome::Missing));
        assert_eq!(get(&db, ids[2]).await.status, AlertStatus::Open);
        assert_eq!(count(&db, "audit_events WHERE event_type = 'alert.status_changed'"), 3);
        assert_eq!(count(&db, "alert_activity WHERE text = 'all'"), 2);
    }

    async fn many_who_change_the_same_alerts_in_other_orders_do_not_wait_in_a_ring(db: TestDb) {
        let (ids, by) = (raised(&db, 30).await, user(&db, Role::Admin).await);
        let mut tasks = tokio::task::JoinSet::new();
        for turn in 0..6_usize {
            let (store, mut ids) = (db.store.clone(), ids.clone());
            ids.rotate_left(turn * 5);
            if turn % 2 == 0 {
                ids.reverse();
            }
            tasks.spawn(async move {
                let change = Change { severity: Some(Severity::ALL[turn % 5]), ..Change::default() };
                alert_work::change_all(&store, ids, change, worker(by)).await.unwrap().len()
            });
        }
        assert_eq!(tasks.join_all().await, [30; 6]);
    }

    async fn an_accepted_risk_covers_the_values_of_the_alert_in_its_workspace(db: TestDb) {
        let (id, by) = (raised(&db, 1).await[0], user(&db, Role::Admin).await);
        let until = db.read(clock::now).await + DAY;
        let accepting = alert_work::accept_risk(&db.store, id, |_| true, acceptance(by, until), worker(by));
        let (alert, suppression) = accepting.await.unwrap();
        assert_eq!((alert.status, alert.resolution.as_deref()), (AlertStatus::Dismissed, Some("ACCEPTED_RISK")));
        let stored = db.read(move |c| suppressions::get(c, suppression)).await.unwrap();
        assert_eq!(stored.alert_id, Some(id));
        let matches = serde_json::to_value(&stored.matches).unwrap();
        assert_eq!(matches, serde_json::json!({"fingerprints": ["aa0"], "workspaces": ["T1"]}));
        assert_eq!(count(&db, "audit_events WHERE variant_data LIKE '%CANARY%'"), 0);
        let again = alert_work::accept_risk(&db.store, id, |_| true, acceptance(by, until), worker(by)).await;
        assert!(matches!(again, Err(WorkError::Illegal(_))));
        assert_eq!(count(&db, "suppressions"), 1);
    }

    async fn a_risk_is_not_accepted_of_what_has_no_value_or_for_too_long_or_by_nobody(db: TestDb) {
        let (id, by) = (raised(&db, 1).await[0], user(&db, Role::Admin).await);
        let event = NewAlert { keys: vec!["e/1".to_owned()], ..alert("", JobId::fresh(), Severity::High) };
        let of_event = event.id;
        db.write(move |c| {
            let now = clock::now(c)?;
            alerts::raise(c, &[&event], now)
        }).await;
        let now = db.read(clock::now).await;
        let accept = async |id, owner, days: u32| {
            alert_work::accept_risk(&db.store, id, |_| true, acceptance(owner, now + DAY * days), worker(by)).await
        };
        assert!(matches!(accept(of_event, by, 1).await, Err(WorkError::NoValue)));
        assert!(matches!(accept(id, by, 400).await, Err(WorkError::End(_))));
        assert!(matches!(accept(id, by, 0).await, Err(WorkError::End(_))));
        assert!(matches!(accept(id, UserId::fresh(), 1).await, Err(WorkError::Owner)));
        assert!(matches!(accept(AlertId::fresh(), by, 1).await, Err(WorkError::Missing)));
        assert_eq!((count(&db, "suppressions"), count(&db, "audit_events")), (0, 0));
        let open = AlertFilter { statuses: vec![AlertStatus::Open], ..AlertFilter::default() };
        assert_eq!(db.read(move |c| alerts::list(c, &open, Paging::first(9))).await.items.len(), 2);
    }
}
