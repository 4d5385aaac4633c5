//! A coordinator, nodes, Redis and PostgreSQL, one of which fails.

use std::time::Duration;

use crate::support::cluster::Cluster;
use crate::support::slack::message;

const EVENTS: usize = 400;

/// Runs `fault` while events arrive, and checks the ledger.
macro_rules! under_load {
    ($cluster:ident, $fault:expr) => {{
        let slack = $cluster.slack();
        let flood = tokio::spawn(async move { slack.flood("EvLoad", EVENTS).await });
        $fault;
        let refused = flood.await.unwrap();
        $cluster.balances("EvLoad", EVENTS).await;
        refused
    }};
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_killed_under_load_loses_nothing() {
    let mut cluster = Cluster::start(2).await;
    under_load!(cluster, {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cluster.scanners[0].kill();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_frozen_beyond_its_lease_does_not_count_twice() {
    let cluster = Cluster::start(2).await;
    under_load!(cluster, {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cluster.scanners[0].signal("STOP");
        tokio::time::sleep(Duration::from_secs(5)).await;
        cluster.scanners[0].signal("CONT");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_killed_between_commit_and_publish_loses_nothing() {
    let mut cluster = Cluster::start(1).await;
    // Without a queue nothing is published; the commits go on.
    cluster.redis.kill();
    cluster.slack().flood("EvCut", 50).await;
    cluster.coordinator.kill();
    cluster.redis.start_again();
    cluster.start_coordinator_again();
    cluster.balances("EvCut", 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_killed_under_load_loses_nothing() {
    let mut cluster = Cluster::start(1).await;
    under_load!(cluster, {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cluster.coordinator.kill();
        cluster.start_coordinator_again();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_restarted_empty_under_load_loses_nothing() {
    let mut cluster = Cluster::start(1).await;
    under_load!(cluster, {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cluster.redis.kill();
        tokio::time::sleep(Duration::from_secs(1)).await;
        cluster.redis.start_again();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flushed_redis_under_load_loses_nothing() {
    let cluster = Cluster::start(1).await;
    under_load!(cluster, {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            cluster.redis.command(&["FLUSHALL"]);
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_gone_for_twenty_seconds_refuses_events_and_then_drains() {
    let cluster = Cluster::start(1).await;
    let refused = under_load!(cluster, {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cluster.database.close();
        tokio::time::sleep(Duration::from_secs(20)).await;
        cluster.database.open();
    });
    assert!(refused > 0, "nothing is accepted that is not on disk");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_delivered_three_times_has_one_result() {
    let cluster = Cluster::start(1).await;
    let slack = cluster.slack();
    let event = message("EvThrice", "card 4111 1111 1111 1111");
    let (first, second, third) = tokio::join!(
        slack.deliver(&event),
        slack.deliver(&event),
        slack.deliver(&event)
    );
    assert_eq!((first, second, third), (0, 0, 0));
    cluster.balances("EvThrice", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_entries_do_not_hold_up_their_neighbours() {
    let cluster = Cluster::start(1).await;
    under_load!(cluster, {
        for stream in ["weir:jobs:messages", "weir:jobs:files", "weir:results"] {
            for fields in [&["junk", "1"][..], &["v", "x", "kind", "job", "body", ""]] {
                let add = [&["XADD", stream, "*"][..], fields].concat();
                cluster.redis.command(&add);
            }
        }
    });
    assert_eq!(cluster.redis.command(&["XLEN", "weir:dead"]), "6");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_told_to_end_under_load_end_well_and_lose_nothing() {
    let mut cluster = Cluster::start(2).await;
    under_load!(cluster, {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(cluster.scanners[0].terminate().success());
        assert!(cluster.coordinator.terminate().success());
        cluster.start_coordinator_again();
    });
}
