//! What one coordinator stores, another puts in force.

use coordinator::detector_changes::{self, Change, ChangeError};
use coordinator::detector_sets::DetectorSets;
use shared::detector::DetectorSpec;
use shared::ids::UserId;

use crate::support::db::{Kind, TestDb};

fn badge() -> DetectorSpec {
    serde_json::from_value(serde_json::json!({
        "id": "badge", "name": "Badge", "info_type": "BADGE", "patterns": ["BDG-[0-9]{4}"],
        "likelihood": "LIKELY", "severity": "LOW", "origin": "custom",
    }))
    .unwrap()
}

#[tokio::test]
async fn a_change_is_seen_by_another_coordinator_even_if_it_makes_the_same_anew() {
    let db = TestDb::migrated(Kind::Sqlite).await;
    let (one, other) = (
        DetectorSets::builtin().unwrap(),
        DetectorSets::builtin().unwrap(),
    );
    let by = UserId::fresh();
    assert!(!other.refresh(&db.store).await.unwrap());
    detector_changes::store(&db.store, Change::Create(badge()), by)
        .await
        .unwrap();
    assert!(one.refresh(&db.store).await.unwrap());
    assert!(other.refresh(&db.store).await.unwrap());
    assert!(!other.refresh(&db.store).await.unwrap());
    assert_eq!(one.current().version, other.current().version);
    let late = Change::Update {
        spec: badge(),
        version: 7,
    };
    let late = detector_changes::store(&db.store, late, by).await;
    assert!(matches!(late, Err(ChangeError::Stale)));
    let gone = Change::Delete {
        id: badge().id,
        version: 1,
    };
    detector_changes::store(&db.store, gone, by).await.unwrap();
    let mut anew = badge();
    anew.patterns = vec!["BDG-[0-9]{5}".to_owned()];
    detector_changes::store(&db.store, Change::Create(anew), by)
        .await
        .unwrap();
    assert!(other.refresh(&db.store).await.unwrap());
}
