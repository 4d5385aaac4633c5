//! One connection, from its greeting to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde_json::json;
use shared::clock::SystemClock;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::stage::{HELLO, PATIENCE, Peer, Sink, Stage, soon};
use crate::slack::socket::Ended;
use crate::slack::socket::connection::Connection;
use crate::slack::socket::presence::Presence;

/// A connection that runs, and its other end.
struct Running {
    peer: Peer,
    sink: Arc<Sink>,
    leave: CancellationToken,
    told: oneshot::Receiver<Ended>,
    task: JoinHandle<()>,
}

async fn running(silence: Duration) -> Running {
    let stage = Stage::open().await;
    let url = stage.url.clone();
    let opening = tokio::spawn(async move { Connection::open(&url, silence).await });
    let peer = stage.greet().await;
    let connection = opening.await.unwrap().ok().unwrap();
    let (sink, _gaps) = Sink::new();
    let (seat, _) = Presence::new(Arc::new(SystemClock)).enter();
    let (tell, told) = oneshot::channel();
    let leave = CancellationToken::new();
    let task = connection.run(Arc::<Sink>::clone(&sink), seat, leave.clone(), tell);
    Running {
        peer,
        sink,
        leave,
        told,
        task: tokio::spawn(task),
    }
}

async fn opened(first: &str) -> Result<Connection, Ended> {
    let stage = Stage::open().await;
    let url = stage.url.clone();
    let opening = tokio::spawn(async move { Connection::open(&url, PATIENCE).await });
    let mut peer = stage.accept().await;
    peer.say(first).await;
    drop(peer);
    opening.await.unwrap()
}

#[tokio::test]
async fn what_was_taken_is_acknowledged_and_nothing_else() {
    let mut run = running(PATIENCE).await;
    run.peer.ask("refuse", json!(1)).await;
    run.peer.say("not a frame").await;
    run.peer.ask("e1", json!({"text": "now"})).await;
    let ack = run.peer.ack().await;
    assert_eq!(
        ack,
        json!({"envelope_id": "e1", "payload": {"text": "now"}})
    );
    assert_eq!(*run.sink.taken.lock().unwrap(), ["refuse", "e1"]);
}

#[tokio::test]
async fn a_slow_one_holds_no_other_up() {
    let mut run = running(PATIENCE).await;
    run.peer.ask("wait", json!(null)).await;
    run.peer.ask("e1", json!(null)).await;
    assert_eq!(run.peer.acknowledged().await, "e1");
    run.sink.go.notify_one();
    assert_eq!(run.peer.acknowledged().await, "wait");
}

#[tokio::test]
async fn no_more_than_64_are_under_way() {
    let mut run = running(PATIENCE).await;
    for _ in 0..100 {
        run.peer.ask("wait", json!(null)).await;
    }
    while run.sink.most.load(Relaxed) < 64 {
        tokio::task::yield_now().await;
    }
    // Each that ends makes room for one more.
    for _ in 0..100 {
        run.sink.go.notify_one();
        assert_eq!(run.peer.acknowledged().await, "wait");
    }
    assert_eq!(run.sink.most.load(Relaxed), 64);
}

#[tokio::test]
async fn a_ping_is_answered() {
    let mut run = running(PATIENCE).await;
    run.peer.ping().await;
    let pong = run.peer.hear().await;
    assert_eq!(pong, Some(Message::Pong("are you there".into())));
}

#[tokio::test]
async fn a_connection_that_is_to_be_renewed_goes_on_until_it_is_left() {
    let mut run = running(PATIENCE).await;
    run.peer.disconnect("refresh_requested").await;
    assert_eq!(soon(&mut run.told).await, Ok(Ended::Refresh));
    run.peer.ask("e1", json!(null)).await;
    assert_eq!(run.peer.acknowledged().await, "e1");
    run.peer.ask("wait", json!(null)).await;
    run.peer.ask("e2", json!(null)).await;
    assert_eq!(run.peer.acknowledged().await, "e2");
    run.leave.cancel();
    run.sink.go.notify_one();
    // What is under way is finished first.
    assert_eq!(run.peer.acknowledged().await, "wait");
    assert_eq!(run.peer.hear().await, None);
    soon(run.task).await.unwrap();
}

#[tokio::test]
async fn how_it_ended_is_told() {
    for (reason, ended) in [
        ("link_disabled", Ended::LinkDisabled),
        ("too_many_websockets", Ended::TooMany),
        ("invented_tomorrow", Ended::Lost("closing")),
    ] {
        let mut run = running(PATIENCE).await;
        run.peer.disconnect(reason).await;
        assert_eq!(soon(run.told).await, Ok(ended));
    }
    let run = running(PATIENCE).await;
    drop(run.peer);
    assert!(matches!(
        soon(run.told).await,
        Ok(Ended::Lost("broken" | "closed"))
    ));
}

#[tokio::test]
async fn silence_means_that_it_broke() {
    let run = running(Duration::from_millis(50)).await;
    assert_eq!(soon(run.told).await, Ok(Ended::Lost("silent")));
}

#[tokio::test]
async fn a_message_that_is_too_long_is_not_held() {
    let mut run = running(PATIENCE).await;
    let long = json!("x".repeat(5 * 1024 * 1024));
    // The other side hangs up in the middle of it.
    let talk = async {
        let envelope = json!({"envelope_id": "e1", "payload": long}).to_string();
        run.peer.try_to_say(&envelope).await;
    };
    let (told, ()) = tokio::join!(soon(run.told), talk);
    assert_eq!(told, Ok(Ended::Lost("too_long")));
    assert!(run.sink.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn without_a_greeting_there_is_no_connection() {
    let refused = r#"{"type":"disconnect","reason":"link_disabled"}"#;
    assert_eq!(opened(refused).await.err(), Some(Ended::LinkDisabled));
    assert!(matches!(opened("hm").await.err(), Some(Ended::Lost(_))));
    assert!(opened(HELLO).await.is_ok());
}
