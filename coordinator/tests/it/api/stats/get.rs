//! `GET /api/v1/stats`.

use coordinator::domain::roles::Role;
use serde_json::json;

use crate::support::server::Server;
use crate::support::slack::{leak, message};

#[tokio::test]
async fn the_numbers_of_the_day_are_those_of_what_happened() {
    let server = Server::start().await;
    let token = server.token(Role::Auditor).await;
    for event in [message("Ev1", "nothing to see"), leak("Ev2"), leak("Ev3")] {
        assert_eq!(server.slack(event.to_string().as_bytes()).await.status, 200);
    }
    let stats = server
        .eventually("all are counted", async |server| {
            let stats = server
                .get_as(&token, "/api/v1/stats?days=2")
                .await
                .json(200);
            (stats["totals"]["scans"]["completed"] == 3).then_some(stats)
        })
        .await;
    let totals = &stats["totals"];
    assert_eq!(totals["caught"], json!({"": 2}));
    assert_eq!(totals["findings"], json!({"CREDIT_CARD_NUMBER": 2}));
    let raised = totals["alerts_raised"].as_object().unwrap();
    assert_eq!(raised.values().map(|n| n.as_u64().unwrap()).sum::<u64>(), 1);
    let open = stats["alerts_now"]["OPEN"].as_object().unwrap();
    assert_eq!(open.values().map(|n| n.as_u64().unwrap()).sum::<u64>(), 1);
    assert_eq!(stats["days"].as_array().unwrap().len(), 1);
    assert_eq!(&stats["days"][0]["counts"], totals);
}

#[tokio::test]
async fn days_are_one_to_a_year() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    for days in ["0", "367", "-1", "x", "18446744073709551616"] {
        let refused = server
            .get_as(&token, &format!("/api/v1/stats?days={days}"))
            .await;
        refused.problem(400, "invalid");
    }
    for days in ["1", "366"] {
        let stats = server
            .get_as(&token, &format!("/api/v1/stats?days={days}"))
            .await;
        assert_eq!(stats.json(200)["days"], json!([]));
    }
}
