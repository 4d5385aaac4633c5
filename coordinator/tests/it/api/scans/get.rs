//! `GET /api/v1/scans/{id}`.

use coordinator::domain::roles::Role;
use shared::ids::JobId;

use crate::support::server::Server;

#[tokio::test]
async fn a_scan_that_is_not_there_and_an_id_that_is_none_are_not_found() {
    let server = Server::start().await;
    let token = server.token(Role::Auditor).await;
    let unknown = JobId::fresh().to_string();
    for id in [
        unknown.as_str(),
        "1",
        "%00",
        "..%2f..%2fetc",
        "4111111111111111",
    ] {
        let answer = server.get_as(&token, &format!("/api/v1/scans/{id}")).await;
        answer.problem(404, "not_found");
    }
}
