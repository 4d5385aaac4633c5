//! The shutdown of a real process.

use std::time::Duration;

use shared::lifecycle::Shutdown;

#[tokio::test]
async fn sigterm_drains_and_a_second_one_stops() {
    let shutdown = Shutdown::listen(Duration::from_secs(100_000)).unwrap();
    terminate_myself();
    shutdown.draining().await;
    assert!(!shutdown.is_stopping());
    terminate_myself();
    shutdown.stopping().await;
}

fn terminate_myself() {
    let me = std::process::id().to_string();
    let status = std::process::Command::new("kill")
        .args(["-TERM", &me])
        .status()
        .unwrap();
    assert!(status.success());
}
