//! One coordinator and two nodes, on either real queue.

use crate::support::api::Api;
use crate::support::patience::until;
use crate::support::site::Site;
use crate::support::sqs;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_on_redis_scan_messages_and_files() {
    let site = Site::on_redis().await.patiently();
    two_nodes_scan(&site, 500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_on_sqs_scan_messages_and_files() {
    let site = Site::on(sqs::settings().await).await.patiently();
    two_nodes_scan(&site, 60).await;
}

async fn two_nodes_scan(site: &Site, messages: usize) {
    let mut weir = site.start();
    let mut nodes = [site.start_scanner("north"), site.start_scanner("south")];
    let admin = site.admin().await;
    until("both nodes are listed", async || {
        names(&admin).await == ["north", "south"]
    })
    .await;
    let load = site.slack().load("Ev", messages);
    let file = "a line\n".repeat(5_000) + "card 4111 1111 1111 1111, exp 12/29\n";
    let file = admin.scan_file(file.into_bytes(), 60).await;
    assert_eq!(file["state"], "completed");
    assert_eq!(file["finding_count"], 1);
    load.join_all().await;
    admin.drained().await;
    assert_eq!(admin.caught().await, u64::try_from(messages).unwrap());
    for node in &mut nodes {
        assert_eq!(node.terminate().code(), Some(0));
    }
    assert_eq!(weir.terminate().code(), Some(0));
    site.balances("Ev", messages).await;
}

async fn names(admin: &Api) -> Vec<String> {
    let nodes = admin.get("nodes").await;
    let names = nodes["items"].as_array().unwrap().iter();
    let mut names: Vec<String> = names
        .map(|node| node["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort_unstable();
    names
}
