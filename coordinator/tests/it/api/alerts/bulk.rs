//! `POST /api/v1/alerts/bulk`.

use reqwest::Method;
use serde_json::{Value, json};
use shared::ids::AlertId;

use super::{LIST, Office, office, several};
use crate::support::server::Answer;

async fn bulk(office: &Office, body: &Value) -> Answer {
    office
        .send(Method::POST, &format!("{LIST}/bulk"), body)
        .await
}

#[tokio::test]
async fn each_alert_is_answered_for_in_the_order_asked() {
    let office = office(several(3)).await;
    let unknown = AlertId::fresh();
    let dismissed = json!({"status": "DISMISSED"});
    office
        .send(
            Method::PATCH,
            &format!("{}/status", office.path(1)),
            &dismissed,
        )
        .await
        .json(200);
    let ids = [
        office.ids[2],
        unknown,
        office.ids[1],
        office.ids[2],
        office.ids[0],
    ];
    let body =
        json!({"ids": ids, "status": "DISMISSED", "resolution": "TEST_DATA", "comment": "tests"});
    let done = bulk(&office, &body).await.json(200);
    assert_eq!(done["changed"], 2);
    let results: Vec<(&str, &str)> = done["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["id"].as_str().unwrap(),
                one["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    let [third, missing, second, first] =
        [ids[0], unknown, ids[2], ids[4]].map(|id| id.to_string());
    assert_eq!(
        results,
        [
            (third.as_str(), "changed"),
            (missing.as_str(), "not_found"),
            (second.as_str(), "illegal_transition"),
            (first.as_str(), "changed"),
        ]
    );
    assert!(
        done["results"][2]["detail"]
            .as_str()
            .unwrap()
            .contains("OPEN")
    );
    let alert = office.get(&office.path(0)).await.json(200);
    assert_eq!(alert["resolution"], "TEST_DATA");
    let page = office
        .get(&format!("{}/activity", office.path(0)))
        .await
        .json(200);
    assert_eq!(
        (&page["total"], &page["items"][0]["text"]),
        (&json!(1), &json!("tests"))
    );
}

#[tokio::test]
async fn what_is_already_so_is_not_changed() {
    let office = office(several(1)).await;
    let body = json!({"ids": office.ids, "assignee": null});
    let done = bulk(&office, &body).await.json(200);
    assert_eq!(
        (&done["changed"], &done["results"][0]["outcome"]),
        (&json!(0), &json!("unchanged"))
    );
    assert_eq!(office.get(&office.path(0)).await.json(200)["version"], 1);
}

#[tokio::test]
async fn a_request_that_cannot_be_done_changes_nothing() {
    let office = office(several(1)).await;
    let many: Vec<AlertId> = (0..501).map(|_| AlertId::fresh()).collect();
    for body in [
        json!({"ids": [], "status": "DISMISSED"}),
        json!({"ids": many, "status": "DISMISSED"}),
        json!({"ids": ["4111"], "status": "DISMISSED"}),
        json!({"ids": office.ids}),
        json!({"ids": office.ids, "status": null}),
        json!({"status": "DISMISSED"}),
        json!({"ids": office.ids, "resolution": "DUPLICATE"}),
        json!({"ids": office.ids, "status": "ACKNOWLEDGED", "resolution": "DUPLICATE"}),
        json!({"ids": office.ids, "status": "DISMISSED", "assignee": AlertId::fresh()}),
        json!({"ids": office.ids, "status": "DISMISSED", "severity": "LOW"}),
    ] {
        let refused = bulk(&office, &body).await;
        assert!(!refused.text().contains("4111"));
        refused.problem(422, "unusable");
    }
    assert_eq!(office.get(&office.path(0)).await.json(200)["version"], 1);
}

#[tokio::test]
async fn five_hundred_alerts_are_changed_at_once() {
    let office = office(several(500)).await;
    let body = json!({"ids": office.ids, "status": "ACKNOWLEDGED"});
    assert_eq!(bulk(&office, &body).await.json(200)["changed"], 500);
    assert_eq!(office.listed("status=OPEN").await.len(), 0);
}
