//! Actors that panic in a running process.

use crate::support::patience::until;
use crate::support::site::Site;

/// Makes a test for each actor: it panics, comes back, and nothing is lost.
macro_rules! comes_back {
    ($($test:ident: $actor:literal at $failpoint:literal;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            actor_comes_back($actor, $failpoint).await;
        }
    )+};
}

comes_back! {
    an_intake_that_panics_comes_back: "intake" at "intake:2";
    an_intake_that_panics_after_its_commit_comes_back: "intake" at "intake_committed:2";
    a_dispatcher_that_panics_comes_back: "dispatcher" at "dispatcher:2";
    a_redispatcher_that_panics_comes_back: "redispatcher" at "redispatcher:2";
    an_aggregator_that_panics_comes_back: "aggregator" at "aggregator:2";
    an_aggregator_that_panics_after_its_commit_comes_back: "aggregator" at "aggregator_committed:2";
    a_janitor_that_panics_comes_back: "janitor" at "janitor:1";
    a_notifier_that_panics_comes_back: "notifier" at "notifier:2";
    a_puller_that_panics_comes_back: "puller_messages" at "puller:2";
}

async fn actor_comes_back(actor: &str, failpoint: &str) {
    let mut site = Site::embedded();
    site.set("WEIR_FAILPOINT", failpoint);
    let mut weir = site.start();
    let (slack, admin) = (site.slack(), site.admin().await);
    slack.load("Before", 80).join_all().await;
    until("the actor was built again", async || {
        let label = format!("actor=\"{actor}\"");
        admin.metric("weir_actor_restarts_total", &label).await == 1
    })
    .await;
    slack.load("After", 80).join_all().await;
    admin.drained().await;
    assert_eq!(admin.caught().await, 160);
    let restarts = admin.metric("weir_actor_restarts_total", "").await;
    assert_eq!(restarts, 1, "nobody else died");
    assert!(weir.terminate().success());
    site.balances("Before", 80).await;
    site.balances("After", 80).await;
}
