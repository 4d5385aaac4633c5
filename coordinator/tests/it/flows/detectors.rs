//! A detector of an admin's, from the API of one coordinator to a node of its own.

use serde_json::json;

use crate::support::server::Server;
use crate::support::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_detector_reaches_a_node_without_a_restart() {
    let server = Server::start_at(Site::on_redis().await).await;
    let _node = server.site.start_scanner("north");
    let token = server.token(coordinator::domain::roles::Role::Admin).await;
    let found = async |text: &str| {
        let body = json!({ "text": text });
        let scan = server
            .post_as(&token, "/api/v1/scans?wait=60", &body)
            .await
            .json(200);
        scan["findings"].as_array().unwrap().len()
    };
    assert_eq!(found("badge EMP-123456").await, 0);
    let body = json!({"name": "Employee number", "info_type": "EMPLOYEE_ID", "pattern": "\\bEMP-\\d{6}\\b"});
    server
        .post_as(&token, "/api/v1/detectors", &body)
        .await
        .json(201);
    assert_eq!(found("badge EMP-123456").await, 1);
    let path = "/api/v1/detectors/employee-number";
    let gone = server
        .request(reqwest::Method::DELETE, path)
        .bearer_auth(&token)
        .send()
        .await;
    assert_eq!(gone.unwrap().status(), 204);
    assert_eq!(found("badge EMP-123456").await, 0);
}
