//! `GET /api/v1/messages`, `GET /api/v1/messages/{id}`, `GET /api/v1/findings`.

use coordinator::domain::roles::Role;
use shared::ids::JobId;

use crate::support::server::Server;
use crate::support::slack::{leak, message};

/// A server that caught one message and passed over a clean one.
async fn with_one_caught() -> (Server, String) {
    let server = Server::start().await;
    let token = server.token(Role::Auditor).await;
    for event in [message("Ev1", "nothing to see"), leak("Ev2")] {
        let answer = server.slack(event.to_string().as_bytes()).await;
        assert_eq!(answer.status, 200);
    }
    server
        .eventually("both results", async |server| {
            let page = server.get_as(&token, "/api/v1/messages").await.json(200);
            let open = server.get_as(&token, "/api/v1/queue").await.json(200);
            let idle = open["open_jobs"]
                .as_array()
                .unwrap()
                .iter()
                .all(|class| class["open"] == 0);
            (idle && page["total"] == 1).then_some(())
        })
        .await;
    (server, token)
}

#[tokio::test]
async fn messages_are_chosen_by_where_and_by_whom() {
    let (server, token) = with_one_caught().await;
    for (filter, expected) in [
        ("workspace=T0001", 1),
        ("workspace=T0002", 0),
        ("channel=C0001&user=U0001", 1),
        ("channel=C0001&user=U0002", 0),
        ("channel=%27%20OR%201%3D1--", 0),
    ] {
        let path = format!("/api/v1/messages?{filter}");
        let page = server.get_as(&token, &path).await.json(200);
        assert_eq!(page["total"], expected, "{filter}");
    }
}

#[tokio::test]
async fn findings_are_chosen_by_kind_certainty_and_scan() {
    let (server, token) = with_one_caught().await;
    let all = server.get_as(&token, "/api/v1/findings").await.json(200);
    let scan = all["items"][0]["scan"].as_str().unwrap();
    let other = JobId::fresh();
    for (filter, expected) in [
        ("info_type=CREDIT_CARD_NUMBER".to_owned(), 1),
        ("info_type=IBAN_CODE".to_owned(), 0),
        ("min_likelihood=LIKELY".to_owned(), 1),
        (format!("scan={scan}"), 1),
        (format!("scan={other}"), 0),
    ] {
        let path = format!("/api/v1/findings?{filter}");
        let page = server.get_as(&token, &path).await.json(200);
        assert_eq!(page["total"], expected, "{filter}");
    }
    for filter in ["min_likelihood=CERTAIN", "scan=4111111111111111"] {
        let path = format!("/api/v1/findings?{filter}");
        let refused = server.get_as(&token, &path).await;
        assert!(!refused.text().contains("4111") && !refused.text().contains("CERTAIN"));
        refused.problem(400, "invalid");
    }
}

#[tokio::test]
async fn a_message_that_was_not_caught_is_not_there() {
    let (server, token) = with_one_caught().await;
    let path = format!("/api/v1/messages/{}", JobId::fresh());
    server.get_as(&token, &path).await.problem(404, "not_found");
}
