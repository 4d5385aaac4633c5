//! One process with everything in it, killed: the same as a queue that lost its memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use coordinator::store::{DatabaseOptions, Store, ledger};
use shared::clock::SystemClock;
use shared::secret::SecretString;

use crate::support::process::{Process, free_address, weir};
use crate::support::slack::{SIGNING_SECRET, Slack};

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_weir_killed_under_load_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let env: BTreeMap<String, String> = [
        ("WEIR_HTTP__BIND", address.to_string()),
        ("WEIR_SLACK__SIGNING_SECRET", SIGNING_SECRET.to_owned()),
        (
            "WEIR_AUTH__ADMIN_PASSWORD",
            "correct horse battery".to_owned(),
        ),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    let start = || {
        let mut process = Process::start(weir(), &[], &env, folder.path(), "weir");
        process.wait_ready(address);
        process
    };
    let mut process = start();
    let slack = Slack::new(address);
    let flood = tokio::spawn(async move { slack.flood("EvKill", 300).await });
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        process.kill();
        process = start();
    }
    flood.await.unwrap();
    // The next start finds what the last one left, and works it off before it ends.
    let url = format!(
        "sqlite://{}",
        folder.path().join("weir-data/weir.db").display()
    );
    for _ in 0..60 {
        assert!(process.terminate().success());
        let options = DatabaseOptions::new(SecretString::from(url.clone()));
        let store = Store::connect(options, Arc::new(SystemClock))
            .await
            .unwrap();
        let found = store
            .read(|conn| ledger::of_events(conn, "EvKill"))
            .await
            .unwrap();
        drop(store);
        assert_eq!(found.events, 300);
        if found.open == 0 {
            assert_eq!(found.results(), 300);
            return;
        }
        process = start();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("jobs are open after a minute");
}
