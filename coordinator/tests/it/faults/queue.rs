//! A queue that forgets, or is not there yet.

use crate::support::redis::{PrivateRedis, redis_command};
use crate::support::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_flushed_out_of_redis_are_dispatched_again() {
    jobs_are_dispatched_again(|redis| {
        redis_command(&redis.url(), &["FLUSHALL"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_comes_back_empty_is_filled_again() {
    jobs_are_dispatched_again(|redis| {
        redis.kill();
        redis.start_again();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_and_a_node_that_start_without_redis_work_once_it_is_there() {
    let mut redis = PrivateRedis::start();
    redis.kill();
    let site = Site::on_redis_at(&redis.url()).await;
    let _weir = site.start();
    site.slack().load("Ev", 20).join_all().await;
    let _node = site.start_scanner("north");
    redis.start_again();
    let admin = site.admin().await;
    admin.drained().await;
    assert_eq!(admin.caught().await, 20);
    site.balances("Ev", 20).await;
}

/// Loses the queue under load, once with jobs on it that nobody read yet, once with nodes at work.
async fn jobs_are_dispatched_again(lose: impl Fn(&mut PrivateRedis)) {
    let mut redis = PrivateRedis::start();
    let mut site = Site::on_redis_at(&redis.url()).await;
    // So long that only the queue's new memory explains why jobs are dispatched again.
    site.set("WEIR_PIPELINE__DUE_AFTER", "10m");
    let _weir = site.start();
    let slack = site.slack();
    let load = slack.load("Ev", 600);
    slack.accepted_reaches(200).await;
    let waiting = redis_command(&redis.url(), &["XLEN", &site.key("jobs:messages")]);
    assert_ne!(waiting, "0", "there is something to lose");
    lose(&mut redis);
    let _nodes = [site.start_scanner("north"), site.start_scanner("south")];
    slack.accepted_reaches(450).await;
    lose(&mut redis);
    load.join_all().await;

    let admin = site.admin().await;
    admin.drained().await;
    assert_eq!(admin.caught().await, 600);
    let noticed = admin.metric("weir_queue_epoch_changes_total", "").await;
    assert!(noticed >= 1, "the queue's new memory was noticed");
    site.balances("Ev", 600).await;
}
