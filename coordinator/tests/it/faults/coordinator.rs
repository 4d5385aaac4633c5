//! A coordinator that is gone from one moment to the next.

use crate::support::redis::{PrivateRedis, redis_command};
use crate::support::site::Site;
use crate::support::slack::leak;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_accepted_while_redis_is_away_survive_a_killed_coordinator() {
    let mut redis = PrivateRedis::start();
    let site = Site::on_redis_at(&redis.url()).await;
    let mut weir = site.start();
    redis.kill();
    let slack = site.slack();
    slack.load("Ev", 20).join_all().await;
    weir.kill();
    redis.start_again();
    let published = redis_command(&redis.url(), &["EXISTS", &site.key("jobs:messages")]);
    assert_eq!(published, "0", "nothing was published before the kill");

    let _weir = site.start();
    let _node = site.start_scanner("node");
    site.admin().await.drained().await;
    site.balances("Ev", 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_committed_by_a_coordinator_that_died_before_publishing_is_scanned() {
    let mut site = Site::on_redis().await;
    let _node = {
        site.set("WEIR_FAILPOINT", "intake_committed:1:abort");
        let mut weir = site.start();
        let node = site.start_scanner("node");
        let slack = site.slack();
        assert_eq!(slack.send(&leak("Ev1")).await, None, "it died over it");
        assert!(!weir.wait_for_end().success());
        node
    };
    site.unset("WEIR_FAILPOINT");
    let _weir = site.start();
    let admin = site.admin().await;
    admin.drained().await;
    // Slack never heard a 200 and sends it again.
    site.slack().deliver(&leak("Ev1")).await;
    admin.drained().await;
    assert_eq!(admin.caught().await, 1);
    site.balances("Ev", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_committed_but_not_acknowledged_count_once() {
    let mut site = Site::on_redis().await;
    site.set("WEIR_FAILPOINT", "aggregator_committed:1:abort");
    let mut weir = site.start();
    let admin = site.admin().await;
    let slack = site.slack();
    for event in ["Ev1", "Ev2", "Ev3"] {
        slack.deliver(&leak(event)).await;
    }
    let _node = site.start_scanner("node");
    assert!(!weir.wait_for_end().success());

    site.unset("WEIR_FAILPOINT");
    let _weir = site.start();
    admin.drained().await;
    let doubled = admin.metric("weir_jobs_duplicate_results_total", "").await;
    assert!(doubled >= 1, "what was committed came again");
    assert_eq!(admin.caught().await, 3);
    site.balances("Ev", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_process_killed_under_load_loses_no_accepted_event() {
    let site = Site::embedded();
    let mut weir = site.start();
    let slack = site.slack();
    let load = slack.load("Ev", 400);
    slack.accepted_reaches(150).await;
    weir.kill();
    assert!(slack.accepted() < 400, "killed under load");

    let mut weir = site.start();
    load.join_all().await;
    let admin = site.admin().await;
    admin.drained().await;
    assert_eq!(admin.caught().await, 400);
    assert!(weir.terminate().success());
    site.balances("Ev", 400).await;
}
