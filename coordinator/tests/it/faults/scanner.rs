//! A node that dies, or is taken for dead, with a job in its hands.

use crate::support::api::Api;
use crate::support::patience::until;
use crate::support::process::Process;
use crate::support::site::Site;
use crate::support::slack::leak;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_job_of_a_killed_node_is_scanned_by_another() {
    let site = Site::on_redis().await;
    let _weir = site.start();
    let admin = site.admin().await;
    let (mut first, scan) = stopped_in_mid_scan(&site, &admin).await;
    first.kill();
    let _second = site.start_scanner("second");
    let scan = admin.scanned(&scan).await;
    assert_eq!(scan["state"], "completed");
    assert_eq!(scan["finding_count"], 1);
    admin.drained().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_wakes_after_its_lease_adds_no_second_result() {
    let site = Site::on_redis().await;
    let _weir = site.start();
    let admin = site.admin().await;
    let (mut first, scan) = stopped_in_mid_scan(&site, &admin).await;
    let mut second = site.start_scanner("second");
    let by_second = admin.scanned(&scan).await;
    assert_eq!(by_second["finding_count"], 1);
    assert!(second.terminate().success());

    first.signal("CONT");
    until("the late result is counted as a duplicate", async || {
        let doubled = admin.metric("weir_jobs_duplicate_results_total", "").await;
        doubled >= 1
    })
    .await;
    assert_eq!(admin.scanned(&scan).await, by_second);
    // The node that slept is as good as new.
    site.slack().deliver(&leak("Ev1")).await;
    admin.drained().await;
    assert!(first.terminate().success());
    site.balances("Ev", 1).await;
}

/// A node that holds the job of a long file, and does not run.
async fn stopped_in_mid_scan(site: &Site, admin: &Api) -> (Process, Value) {
    let node = site.start_scanner("first");
    let file = "neither here nor there\n".repeat(600_000) + "card 4111 1111 1111 1111, exp 12/29\n";
    let scan = admin.scan_file(file.into_bytes(), 0).await;
    assert_eq!(scan["state"], "queued");
    until("the node holds the file", async || {
        admin.stream("jobs:files").await == (0, 1)
    })
    .await;
    node.signal("STOP");
    assert_eq!(
        admin.stream("jobs:files").await,
        (0, 1),
        "stopped in mid-scan"
    );
    (node, scan)
}
