//! Processes that are asked to end in the middle of their work.

use crate::support::patience::until;
use crate::support::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_asked_to_end_under_load_loses_nothing() {
    let site = Site::on_redis().await;
    let mut weir = site.start();
    let _node = site.start_scanner("node");
    let slack = site.slack();
    let load = slack.load("Ev", 500);
    slack.accepted_reaches(150).await;
    assert_eq!(weir.terminate().code(), Some(0));
    assert!(slack.accepted() < 500, "asked under load");

    let _weir = site.start();
    load.join_all().await;
    let admin = site.admin().await;
    admin.drained().await;
    assert_eq!(admin.caught().await, 500);
    site.balances("Ev", 500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_asked_to_end_finishes_what_it_holds() {
    let mut site = Site::on_redis().await;
    // What it left behind would stay open for longer than the test lasts.
    site.set("WEIR_PIPELINE__DUE_AFTER", "10m");
    let _weir = site.start();
    let admin = site.admin().await;
    let mut node = site.start_scanner("node");
    let slack = site.slack();
    let load = slack.load("Ev", 500);
    until("the node is at work", async || admin.caught().await > 20).await;
    assert_eq!(node.terminate().code(), Some(0));
    let (_, held) = admin.stream("jobs:messages").await;
    assert_eq!(held, 0, "nothing is left in the hands of a node that ended");

    load.join_all().await;
    let _node = site.start_scanner("next");
    admin.drained().await;
    assert_eq!(admin.caught().await, 500);
    let doubled = admin.metric("weir_jobs_duplicate_results_total", "").await;
    assert_eq!(doubled, 0, "nothing was scanned twice");
    site.balances("Ev", 500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_process_asked_to_end_under_load_loses_nothing() {
    let site = Site::embedded();
    let mut weir = site.start();
    let slack = site.slack();
    let load = slack.load("Ev", 400);
    slack.accepted_reaches(150).await;
    assert_eq!(weir.terminate().code(), Some(0));
    assert!(slack.accepted() < 400, "asked under load");

    let mut weir = site.start();
    load.join_all().await;
    let admin = site.admin().await;
    admin.drained().await;
    assert_eq!(admin.caught().await, 400);
    assert!(weir.terminate().success());
    site.balances("Ev", 400).await;
}
