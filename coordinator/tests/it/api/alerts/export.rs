//! `GET /api/v1/alerts/export`.

use coordinator::store::Paging;
use coordinator::store::alerts::NewAlert;
use coordinator::store::audit::{self, AuditFilter};
use serde_json::{Value, json};
use shared::finding::Severity;
use shared::ids::JobId;

use super::{LIST, office, several};
use crate::support::db;
use crate::support::rows::alert;

const EXPORT: &str = "/api/v1/alerts/export";

#[tokio::test]
async fn a_file_has_every_alert_once_over_many_pages() {
    let office = office(several(1_203)).await;
    let file = office.get(&format!("{EXPORT}?format=json")).await;
    assert_eq!(
        file.headers["content-disposition"],
        "attachment; filename=\"alerts.json\""
    );
    let alerts: Vec<Value> = serde_json::from_slice(&file.body).unwrap();
    let mut ids: Vec<&str> = alerts
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    let mut expected: Vec<String> = office.ids.iter().map(ToString::to_string).collect();
    expected.reverse();
    assert_eq!(ids, expected);
    let table = office.get(&format!("{EXPORT}?format=csv")).await;
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    let mut rows = csv::Reader::from_reader(table.body.as_slice());
    assert_eq!(rows.headers().unwrap().get(0), Some("id"));
    let rows: Vec<csv::StringRecord> = rows.records().collect::<Result<_, _>>().unwrap();
    ids.clear();
    ids.extend(rows.iter().map(|row| row.get(0).unwrap()));
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn a_file_has_what_the_filters_leave() {
    let office = office(several(10)).await;
    let file = office
        .get(&format!(
            "{EXPORT}?format=json&severity=HIGH,LOW&search=card"
        ))
        .await;
    let alerts: Vec<Value> = serde_json::from_slice(&file.body).unwrap();
    assert_eq!(alerts.len(), 4);
    let none = office
        .get(&format!("{EXPORT}?format=json&status=DISMISSED"))
        .await;
    assert_eq!(none.json(200), json!([]));
    let header = office
        .get(&format!("{EXPORT}?status=DISMISSED"))
        .await
        .text();
    assert_eq!(header.lines().count(), 1);
    assert!(header.starts_with("id,status,severity,"));
    for query in [
        "format=4111",
        "format=csv&limit=1",
        "format=csv&ordering=severity",
        "status=4111",
    ] {
        let refused = office.get(&format!("{EXPORT}?{query}")).await;
        assert!(!refused.text().contains("4111"));
        refused.problem(400, "invalid");
    }
}

#[tokio::test]
async fn no_cell_of_a_table_is_a_formula() {
    let titles = [
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "fine, \"quoted\"\nline",
    ];
    let new = titles.iter().enumerate().map(|(n, title)| NewAlert {
        title: (*title).to_owned(),
        source: format!("={n}"),
        ..alert(&format!("m{n}"), JobId::fresh(), Severity::Low)
    });
    let office = office(new.collect()).await;
    let table = office.get(EXPORT).await;
    let mut rows = csv::Reader::from_reader(table.body.as_slice());
    let mut seen = 0;
    for row in rows.records() {
        let row = row.unwrap();
        for cell in &row {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                "{cell:?}"
            );
        }
        let title = row.get(4).unwrap();
        assert!(
            titles.contains(&title.strip_prefix('\'').unwrap_or(title)),
            "{title:?}"
        );
        seen += 1;
    }
    assert_eq!(seen, titles.len());
}

#[tokio::test]
async fn the_trail_says_who_took_how_many_and_by_which_filters() {
    let mut office = office(several(5)).await;
    assert_eq!(
        office
            .get(&format!("{EXPORT}?severity=LOW&search=canary"))
            .await
            .status,
        200
    );
    assert_eq!(
        office.get(&format!("{EXPORT}?format=json")).await.status,
        200
    );
    assert_eq!(
        office.get(&format!("{EXPORT}?format=xml")).await.status,
        400
    );
    assert_eq!(office.get(LIST).await.status, 200);
    office.server.stop();
    let store = db::connect(office.server.site.database_url())
        .await
        .unwrap();
    let exports = AuditFilter {
        event_type: Some("alerts.exported".to_owned()),
        ..AuditFilter::default()
    };
    let trail = store.read(move |conn| audit::list(conn, &exports, Paging::first(9)));
    let trail = trail.await.unwrap().items;
    let told: Vec<Value> = trail
        .iter()
        .map(|entry| serde_json::from_str(&entry.variant_data).unwrap())
        .collect();
    let expected = [
        json!({"count": 5, "filters": [], "format": "json"}),
        json!({"count": 0, "filters": ["severity", "search"], "format": "csv"}),
    ];
    assert_eq!(told, expected);
    assert!(trail.iter().all(|entry| entry.user_id.is_some()));
}
