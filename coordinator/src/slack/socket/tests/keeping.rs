//! Connections that are kept open.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shared::clock::SystemClock;
use shared::lifecycle::Shutdown;
use shared::secret::SecretString;
use tokio::task::JoinHandle;

use super::stage::{Gaps, PATIENCE, Sink, Stage, soon};
use crate::slack::client::tests::server::{Reply, Server};
use crate::slack::client::{Limits, SlackClient};
use crate::slack::socket::{Patience, Sockets};

/// Waits for nobody.
const HASTE: Patience = Patience {
    open: PATIENCE,
    silence: PATIENCE,
    shortest: Duration::from_millis(1),
    longest: Duration::from_millis(10),
    young: Duration::ZERO,
};

struct Kept {
    stage: Stage,
    api: Server,
    gaps: Gaps,
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

/// So many connections, behind the given first answers of the API.
async fn kept(count: usize, first: &[Reply]) -> Kept {
    let stage = Stage::open().await;
    let told = json!({"ok": true, "url": stage.url}).to_string();
    let replies = first.iter().cloned().chain([Reply::json(&told)]);
    let api = Server::start(replies).await;
    let client = SlackClient::new(api.base.clone(), Limits::new(Arc::new(()))).unwrap();
    let (sink, gaps) = Sink::new();
    let token = SecretString::from("made-up-token");
    let sockets = Sockets::new(client, token, sink, Arc::new(SystemClock));
    let shutdown = Shutdown::new();
    let sockets = sockets.count(count).patience(HASTE);
    Kept {
        stage,
        api,
        gaps,
        task: tokio::spawn(sockets.run(shutdown.clone())),
        shutdown,
    }
}

#[tokio::test]
async fn a_connection_is_left_when_another_one_stands_in_its_place() {
    let mut kept = kept(1, &[]).await;
    let mut first = kept.stage.greet().await;
    first.disconnect("warning").await;
    let mut second = kept.stage.accept().await;
    // The second has not greeted yet, so the first still counts.
    first.ask("e1", json!(null)).await;
    assert_eq!(first.acknowledged().await, "e1");
    second.say(super::stage::HELLO).await;
    assert_eq!(first.hear().await, None);
    second.ask("e2", json!(null)).await;
    assert_eq!(second.acknowledged().await, "e2");
    assert!(kept.gaps.try_recv().is_err());
}

#[tokio::test]
async fn a_time_without_any_connection_is_told() {
    let mut kept = kept(1, &[]).await;
    drop(kept.stage.greet().await);
    let _second = kept.stage.greet().await;
    let (from, to) = soon(kept.gaps.recv()).await.unwrap();
    assert!(from <= to);
}

#[tokio::test]
async fn with_two_connections_the_loss_of_one_is_no_gap() {
    let mut kept = kept(2, &[]).await;
    let first = kept.stage.greet().await;
    let mut second = kept.stage.greet().await;
    second.ask("e1", json!(null)).await;
    assert_eq!(second.acknowledged().await, "e1");
    drop(first);
    let mut third = kept.stage.greet().await;
    third.ask("e2", json!(null)).await;
    assert_eq!(third.acknowledged().await, "e2");
    assert!(kept.gaps.try_recv().is_err());
}

#[tokio::test]
async fn a_refusal_of_slacks_is_not_the_end() {
    let refused = Reply::json(r#"{"ok":false,"error":"internal_error"}"#);
    let odd = Reply::json(r#"{"ok":true,"url":"https://not-a-socket.example.test/"}"#);
    let kept = kept(1, &[refused, odd]).await;
    let mut peer = kept.stage.greet().await;
    peer.ask("e1", json!(null)).await;
    assert_eq!(peer.acknowledged().await, "e1");
    let asked = kept.api.asked();
    assert_eq!(asked.len(), 3);
    assert!(
        asked[0]
            .line
            .starts_with("POST /api/apps.connections.open ")
    );
    assert_eq!(
        asked[0].header("authorization"),
        Some("Bearer made-up-token")
    );
}

#[tokio::test]
async fn draining_says_good_bye_and_ends() {
    let kept = kept(2, &[]).await;
    let (mut first, mut second) = (kept.stage.greet().await, kept.stage.greet().await);
    // Both are in use.
    for peer in [&mut first, &mut second] {
        peer.ask("e1", json!(null)).await;
        assert_eq!(peer.acknowledged().await, "e1");
    }
    kept.shutdown.drain();
    assert_eq!((first.hear().await, second.hear().await), (None, None));
    soon(kept.task).await.unwrap();
}

#[tokio::test]
async fn draining_ends_an_attempt_too() {
    let kept = kept(1, &[]).await;
    let _silent = kept.stage.accept().await;
    kept.shutdown.drain();
    soon(kept.task).await.unwrap();
}
