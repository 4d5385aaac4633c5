//! One process, one file.

use crate::support::site::Site;
use crate::support::slack::{leak, message};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_event_with_a_leak_is_listed_among_the_messages() {
    let site = Site::embedded();
    let mut weir = site.start();
    let (slack, admin) = (site.slack(), site.admin().await);
    slack.deliver(&leak("Ev1")).await;
    slack.deliver(&message("Ev2", "lunch at noon?")).await;
    admin.drained().await;
    let messages = admin.get("messages").await;
    assert_eq!(messages["total"], 1);
    let caught = &messages["items"][0];
    assert_eq!(caught["channel"], "C0001");
    assert_eq!(caught["findings"].as_array().unwrap().len(), 1);
    assert!(!messages.to_string().contains("4111 1111 1111 1111"));
    assert!(weir.terminate().success());
    assert!(!weir.log().contains("4111"));
    site.balances("Ev", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_and_files_are_scanned_over_the_api() {
    let site = Site::embedded();
    let _weir = site.start();
    let admin = site.admin().await;
    let text = admin
        .scan_text("my card is 4111 1111 1111 1111, exp 12/29")
        .await;
    assert_eq!(text["state"], "completed");
    assert_eq!(text["finding_count"], 1);
    let file = "nothing here\n".repeat(2_000) + "card 4111 1111 1111 1111, exp 12/29\n";
    let file = admin.scan_file(file.into_bytes(), 60).await;
    assert_eq!(file["state"], "completed");
    assert_eq!(file["finding_count"], 1);
    admin.drained().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_keeps_what_was_found() {
    let site = Site::embedded();
    let mut weir = site.start();
    let admin = site.admin().await;
    site.slack().deliver(&leak("Ev1")).await;
    let scan = admin.scan_text("card 4111 1111 1111 1111").await;
    admin.drained().await;
    let path = format!("scans/{}", scan["id"].as_str().unwrap());
    let before = (admin.get("messages").await, admin.get(&path).await);
    assert_eq!(weir.terminate().code(), Some(0));

    let mut weir = site.start();
    // The session outlives the process too.
    let after = (admin.get("messages").await, admin.get(&path).await);
    assert_eq!(before, after);
    assert_eq!(weir.terminate().code(), Some(0));
}
