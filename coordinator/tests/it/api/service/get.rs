//! Health, metrics, nodes, the queue, detectors, the documents: all of them are read only.

use coordinator::domain::roles::Role;

use crate::support::server::Server;
use crate::support::slack::message;

#[tokio::test]
async fn a_server_at_work_is_alive_and_ready() {
    let server = Server::start().await;
    assert_eq!(server.get("/healthz").await.json(200)["status"], "ok");
    let ready = server.get("/readyz").await.json(200);
    assert_eq!(ready, serde_json::json!({"status": "ready"}));
}

#[tokio::test]
async fn metrics_are_openmetrics_and_count_what_happened() {
    let server = Server::start().await;
    let event = message("Ev1", "hello").to_string();
    assert_eq!(server.slack(event.as_bytes()).await.status, 200);
    let answer = server
        .eventually("scanned job", async |server| {
            let answer = server.get("/metrics").await;
            let scanned = answer.text().contains("weir_job_duration_seconds_count");
            scanned.then_some(answer)
        })
        .await;
    assert_eq!(
        answer.headers["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"));
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(series.starts_with("weir_"), "{line}");
        let labels = series.find('{').is_none_or(|_| series.ends_with('}'));
        assert!(labels, "{line}");
    }
    for family in [
        "weir_queue_depth",
        "weir_jobs_enqueued",
        "weir_job_duration_seconds",
        "weir_commit_batch_rows",
        "weir_intake_events",
        "weir_intake_unknown_events",
        "weir_actor_restarts",
        "weir_jobs_duplicate_results",
    ] {
        assert!(text.contains(&format!("# TYPE {family} ")), "{family}");
    }
    assert!(text.contains("weir_intake_events_total{outcome=\"accepted\"} 1\n"));
}

#[tokio::test]
async fn the_embedded_node_and_the_queue_show_themselves() {
    let server = Server::start().await;
    let token = server.token(Role::Auditor).await;
    let nodes = server
        .eventually("node", async |server| {
            let nodes = server.get_as(&token, "/api/v1/nodes").await.json(200);
            (nodes["total"] == 1).then_some(nodes)
        })
        .await;
    assert_eq!(nodes["items"][0]["name"], "embedded");
    let queue = server.get_as(&token, "/api/v1/queue").await.json(200);
    assert_eq!(queue["system"], "memory");
    assert_eq!(queue["streams"].as_array().unwrap().len(), 3);
    assert_eq!(queue["dead_letters"], 0);
}

#[tokio::test]
async fn every_detector_in_the_list_can_be_looked_up() {
    let server = Server::start().await;
    let token = server.token(Role::Auditor).await;
    let list = server.get_as(&token, "/api/v1/detectors").await.json(200);
    let detectors = list["items"].as_array().unwrap();
    assert_eq!(list["total"], detectors.len());
    assert!(detectors.len() > 10);
    for detector in detectors {
        let path = format!("/api/v1/detectors/{}", detector["id"].as_str().unwrap());
        let whole = server.get_as(&token, &path).await.json(200);
        for (member, value) in detector.as_object().unwrap() {
            assert_eq!(whole[member], *value, "{path} {member}");
        }
        assert!(!whole["patterns"].as_array().unwrap().is_empty(), "{path}");
    }
    let unknown = server.get_as(&token, "/api/v1/detectors/none").await;
    unknown.problem(404, "not_found");
}

#[tokio::test]
async fn the_documents_are_served_without_signing_in() {
    let server = Server::start().await;
    let document = server.get("/api/openapi.json").await.json(200);
    assert_eq!(document["info"]["title"], "Weir");
    assert_eq!(server.get("/api/docs").await.status, 308);
    assert_eq!(server.get("/api/docs/").await.status, 200);
}
