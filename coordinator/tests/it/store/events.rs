//! Claims about security events.

use std::time::Duration;

use coordinator::domain::due_times::DueTimes;
use coordinator::domain::events::SecurityEvent;
use coordinator::store::events::{self, EventFilter, StoredEvent};
use coordinator::store::words::Search;
use coordinator::store::{Paging, alerts};
use serde_json::json;
use shared::finding::Severity;
use shared::ids::UserId;

use super::schema::{count, execute};
use crate::support::db::{TestDb, on_both};
use crate::support::rows::silent;

fn event(severity: Severity, description: &str) -> SecurityEvent {
    SecurityEvent {
        source: "fw".to_owned(),
        event_type: "scan".to_owned(),
        severity,
        description: description.to_owned(),
        data: json!({"host": "db-1"}).as_object().unwrap().clone(),
        dedup_key: None,
    }
}

const TIMES: DueTimes = DueTimes {
    critical: Duration::from_hours(4),
    high: Duration::ZERO,
    medium: Duration::ZERO,
    low: Duration::ZERO,
    info: Duration::ZERO,
};

async fn take_in(db: &TestDb, events: Vec<SecurityEvent>) -> Vec<StoredEvent> {
    db.write(move |c| events::take_in(c, events, UserId::fresh(), (&silent(), TIMES)))
        .await
}

async fn listed(db: &TestDb, filter: EventFilter) -> (Vec<String>, u64) {
    let page = db
        .read(move |c| events::list(c, &filter, Paging::first(100)))
        .await;
    (
        page.items
            .into_iter()
            .map(|event| event.description)
            .collect(),
        page.total,
    )
}

on_both! {
    async fn an_event_reads_back_as_it_was_stored(db: TestDb) {
        let mut hostile = event(Severity::Low, "a\0b");
        hostile.source = "'; DROP TABLE security_events; --".to_owned();
        let stored = take_in(&db, vec![event(Severity::Critical, "x"), hostile]).await;
        for one in &stored {
            let id = one.id;
            let read = db.read(move |c| events::get(c, id)).await.unwrap();
            assert_eq!(read.data, one.data);
            assert_eq!((read.alert_id, read.severity, read.created_at), (one.alert_id, one.severity, one.created_at));
        }
        let second = stored[1].id;
        let read = db.read(move |c| events::get(c, second)).await.unwrap();
        assert_eq!(read.description, "a\u{fffd}b");
    }

    async fn identical_events_of_one_batch_are_one_alert_and_one_audit_entry(db: TestDb) {
        let batch = vec![event(Severity::High, "a"), event(Severity::Low, "b"), event(Severity::High, "a")];
        let stored = take_in(&db, batch).await;
        assert!(stored[0].alert_id.is_some());
        assert_eq!((stored[0].alert_id, stored[1].alert_id), (stored[2].alert_id, None));
        assert_eq!(count(&db, "alerts"), 1);
        assert_eq!(count(&db, "alert_occurrences WHERE event_id IS NOT NULL"), 2);
        assert_eq!(count(&db, "audit_events WHERE event_type = 'event.received'"), 1);
    }

    async fn an_alert_is_to_be_closed_as_soon_as_its_severity_says(db: TestDb) {
        let stored = take_in(&db, vec![event(Severity::Critical, "a"), event(Severity::High, "b")]).await;
        for (event, due_in) in stored.iter().zip([Some(TIMES.critical), None]) {
            let id = event.alert_id.unwrap();
            let alert = db.read(move |c| alerts::get(c, id)).await.unwrap();
            let due = due_in.map(|time| event.created_at + time);
            assert_eq!(alert.due_at, due);
        }
    }

    async fn what_nobody_must_look_at_is_not_audited(db: TestDb) {
        take_in(&db, vec![event(Severity::Low, "a"), event(Severity::Medium, "b")]).await;
        assert_eq!((count(&db, "audit_events"), count(&db, "alerts"), count(&db, "security_events")), (0, 0, 2));
    }

    async fn filters_and_searches_find_the_same_on_both(db: TestDb) {
        let mut other = event(Severity::Medium, "Überfall on host");
        other.source = "ids".to_owned();
        take_in(&db, vec![event(Severity::Low, "first words"), other]).await;
        let search = |text| EventFilter { search: Search::parse(text), ..EventFilter::default() };
        for (filter, expected) in [
            (search("wor"), vec!["first words"]),
            (search("über ho"), vec!["Überfall on host"]),
            (search("DB-1"), vec!["Überfall on host", "first words"]),
            (search("' OR 1=1 --"), vec![]),
            (EventFilter { source: Some("ids".to_owned()), ..EventFilter::default() }, vec!["Überfall on host"]),
            (EventFilter { source: Some("' OR ''='".to_owned()), ..EventFilter::default() }, vec![]),
            (EventFilter { severities: vec![Severity::Low, Severity::Critical], ..EventFilter::default() }, vec!["first words"]),
        ] {
            let (found, total) = listed(&db, filter.clone()).await;
            assert_eq!((found, total), (expected.iter().map(|text| (*text).to_owned()).collect(), expected.len() as u64), "{filter:?}");
        }
    }

    async fn a_large_batch_is_one_transaction(db: TestDb) {
        let batch: Vec<SecurityEvent> = (0..1_000).map(|n| event(Severity::Low, &format!("{n}"))).collect();
        let stored = take_in(&db, batch).await;
        assert!(stored.is_sorted_by_key(|event| event.id));
        assert_eq!(listed(&db, EventFilter::default()).await.1, 1_000);
        execute(&db, "DELETE FROM security_events");
    }
}
