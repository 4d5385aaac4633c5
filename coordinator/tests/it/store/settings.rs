//! Claims about what the installation is set up with and who does its singletons' work.
//!
//! **Invariant:** a change made from an old version is refused.

use std::time::Duration;

use coordinator::store::nodes::{self, Heartbeat};
use coordinator::store::settings::{self, Setting};
use coordinator::store::{blobs, detectors, leases};
use serde_json::json;
use shared::detector::DetectorSpec;
use shared::ids::{BlobId, NodeId, UserId};

use crate::support::db::on_both;

const LONG: Duration = Duration::from_secs(100_000);

fn detector() -> DetectorSpec {
    serde_json::from_value(json!({
        "id": "employee", "name": "Employee number", "info_type": "EMPLOYEE_ID",
        "patterns": ["\\bEMP-\\d{6}\\b"], "likelihood": "LIKELY", "severity": "MEDIUM",
    }))
    .unwrap()
}

on_both! {
    async fn a_lease_has_one_holder_until_it_ends(db: TestDb) {
        assert!(db.write(|c| leases::acquire(c, "sweep", "a", LONG)).await);
        assert!(!db.write(|c| leases::acquire(c, "sweep", "b", LONG)).await);
        assert!(db.write(|c| leases::acquire(c, "other", "b", LONG)).await);
        // Renewed for no time at all, it has ended.
        assert!(db.write(|c| leases::acquire(c, "sweep", "a", Duration::ZERO)).await);
        assert!(db.write(|c| leases::acquire(c, "sweep", "b", LONG)).await);
        assert!(!db.write(|c| leases::acquire(c, "sweep", "a", LONG)).await);
    }

    async fn a_lease_given_back_is_free_at_once(db: TestDb) {
        assert!(db.write(|c| leases::acquire(c, "sweep", "a", LONG)).await);
        assert!(!db.write(|c| leases::release(c, "sweep", "b")).await);
        assert!(db.write(|c| leases::release(c, "sweep", "a")).await);
        assert!(db.write(|c| leases::acquire(c, "sweep", "b", LONG)).await);
    }

    async fn of_many_who_want_a_lease_one_gets_it(db: TestDb) {
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..8 {
            let store = db.store.clone();
            tasks.spawn(async move {
                store.write(move |c| leases::acquire(c, "sweep", &format!("h{at}"), LONG)).await.unwrap()
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|got| *got).count(), 1);
    }

    async fn a_setting_is_what_was_put_last(db: TestDb) {
        assert_eq!(db.read(|c| settings::get(c, Setting::QueueEpoch)).await, None);
        db.write(|c| settings::put(c, Setting::QueueEpoch, "e1")).await;
        db.write(|c| settings::put(c, Setting::QueueEpoch, "e2")).await;
        assert_eq!(db.read(|c| settings::get(c, Setting::QueueEpoch)).await.as_deref(), Some("e2"));
    }

    async fn a_detector_changed_since_is_not_overwritten(db: TestDb) {
        db.write(|c| detectors::insert(c, &detector(), None)).await;
        let again = db.store.write(|c| detectors::insert(c, &detector(), None)).await;
        assert!(again.unwrap_err().is_duplicate());
        let mut changed = detector();
        changed.enabled = false;
        let (expected, by) = (changed.clone(), UserId::fresh());
        let late = changed.clone();
        assert!(db.write(move |c| detectors::update(c, &changed, 1, Some(by))).await);
        assert!(!db.write(move |c| detectors::update(c, &late, 1, None)).await);
        let stored = db.read(|c| detectors::get(c, &detector().id)).await.unwrap();
        assert_eq!((stored.spec.0, stored.enabled, stored.version), (expected, false, 2));
        assert_eq!(stored.updated_by, Some(by));
        assert!(db.write(|c| detectors::delete(c, &detector().id, 2)).await);
        assert_eq!(db.read(detectors::list).await, []);
    }

    async fn a_node_is_alive_while_it_is_heard(db: TestDb) {
        let beat = |name: &str, scanned: i64| Heartbeat {
            id: NodeId::fresh(),
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            detector_set: Some("d1".to_owned()),
            concurrency: 4,
            counters: json!({"scanned": scanned}),
        };
        let (a, b) = (beat("a", 1), beat("b", 1));
        let mut a_again = a.clone();
        a_again.counters = json!({"scanned": 2});
        let gone = b.id;
        db.write(move |c| {
            nodes::heartbeat(c, &a)?;
            nodes::heartbeat(c, &b)?;
            nodes::heartbeat(c, &a_again)
        }).await;
        let live = db.read(|c| nodes::live(c, LONG)).await;
        assert_eq!(live.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(live[0].counters, json!({"scanned": 2}));
        assert!(live[0].started_at < live[0].last_seen_at);
        assert_eq!(db.read(|c| nodes::live(c, Duration::ZERO)).await, []);
        assert!(db.write(move |c| nodes::forget(c, gone)).await);
        assert_eq!(db.read(|c| nodes::live(c, LONG)).await.len(), 1);
    }

    async fn a_blob_is_deleted_once(db: TestDb) {
        let id = BlobId::fresh();
        db.write(move |c| blobs::insert(c, id, 7, "upload")).await;
        assert!(db.write(move |c| blobs::mark_deleted(c, id)).await);
        assert!(!db.write(move |c| blobs::mark_deleted(c, id)).await);
        let blob = db.read(move |c| blobs::get(c, id)).await.unwrap();
        assert_eq!((blob.bytes, blob.purpose.as_str(), blob.deleted_at.is_some()), (7, "upload", true));
    }
}
