//! Entries that come doubled, or that are no entries at all.

use reqwest::StatusCode;

use crate::support::redis::{redis_command, shared_redis};
use crate::support::site::Site;
use crate::support::slack::leak;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_comes_three_times_is_scanned_once() {
    let site = Site::embedded();
    let mut weir = site.start();
    let (slack, admin) = (site.slack(), site.admin().await);
    let event = leak("Ev1");
    let (first, second) = tokio::join!(slack.send(&event), slack.send(&event));
    assert_eq!(
        (first, second),
        (Some(StatusCode::OK), Some(StatusCode::OK))
    );
    admin.drained().await;
    assert_eq!(slack.send(&event).await, Some(StatusCode::OK));
    admin.drained().await;
    assert_eq!(admin.caught().await, 1);
    assert!(weir.terminate().success());
    site.balances("Ev", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_entries_are_set_aside_and_hold_up_nobody() {
    const GARBAGE: [&str; 5] = [
        "x y",
        "v 1",
        "v 1 kind job job no-id ws T1 attempt 0 body b",
        "v 1 kind job job 0190aaaa-0000-7000-8000-000000000001 ws T1 attempt 0 body unsealed",
        "v 1 kind result job 0190aaaa-0000-7000-8000-000000000002 ws T1 attempt 0 body unsealed",
    ];
    const STREAMS: [&str; 3] = ["jobs:messages", "jobs:files", "results"];

    let mut site = Site::on_redis().await;
    // A seal of an unknown version is offered to other coordinators ten times.
    site.set("WEIR_QUEUE__RESULT_LEASE", "1s");
    let _weir = site.start();
    let (slack, admin) = (site.slack(), site.admin().await);
    for (round, prefix) in ["A", "B", "C"].into_iter().enumerate() {
        slack.load(prefix, 20).join_all().await;
        for stream in STREAMS {
            for entry in &GARBAGE[round..] {
                let key = site.key(stream);
                let words: Vec<&str> = ["XADD", &key, "*"]
                    .into_iter()
                    .chain(entry.split(' '))
                    .collect();
                redis_command(&shared_redis(), &words);
            }
        }
    }
    let _node = site.start_scanner("node");
    admin.drained().await;
    assert_eq!(admin.caught().await, 60);
    let garbage = (5 + 4 + 3) * STREAMS.len();
    assert_eq!(admin.get("queue").await["dead_letters"], garbage);
    for prefix in ["A", "B", "C"] {
        site.balances(prefix, 20).await;
    }
}
