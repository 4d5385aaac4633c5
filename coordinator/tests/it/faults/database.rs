//! A database that cannot be reached.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use url::Url;

use crate::support::patience::until;
use crate::support::proxy::Proxy;
use crate::support::redis::{redis_command, shared_redis};
use crate::support::site::Site;
use crate::support::slack::leak;

/// Longer than every patience the coordinator has with its database.
const AWAY: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_away_costs_no_event_and_no_result() {
    let mut site = Site::on_redis().await;
    let mut url = Url::parse(site.database_url()).unwrap();
    let port = url.port().unwrap_or(5432);
    let proxy = Proxy::start(format!("{}:{port}", url.host_str().unwrap())).await;
    let address = proxy.address();
    url.set_host(Some(&address.ip().to_string())).unwrap();
    url.set_port(Some(address.port())).unwrap();
    site.set("WEIR_DATABASE__URL", url.as_str());
    // No job is dispatched a second time: each result that counts is the one that came while it was away.
    site.set("WEIR_PIPELINE__DUE_AFTER", "10m");
    let mut weir = site.start();
    let node = site.start_scanner("node");
    let (slack, admin) = (site.slack(), site.admin().await);
    slack.deliver(&leak("Ev0")).await;
    admin.drained().await;

    node.signal("STOP");
    slack.load("Early", 60).join_all().await;
    let length = |stream: &str| redis_command(&shared_redis(), &["XLEN", &site.key(stream)]);
    until("all jobs are on the queue", async || {
        length("jobs:messages") == "60"
    })
    .await;
    proxy.close();
    let cut_at = Instant::now();
    node.signal("CONT");
    until("all results are on the queue", async || {
        (length("jobs:messages"), length("results")) == ("0".into(), "60".into())
    })
    .await;
    let mut refused = 0;
    while cut_at.elapsed() < AWAY {
        let status = slack.send(&leak("Late0")).await;
        assert_eq!(status, Some(StatusCode::SERVICE_UNAVAILABLE));
        refused += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(refused > 0);

    proxy.open();
    slack.load("Late", 60).join_all().await;
    admin.drained().await;
    assert_eq!(admin.caught().await, 121);
    site.balances("Early", 60).await;
    site.balances("Late", 60).await;
    assert!(weir.terminate().success());
}
