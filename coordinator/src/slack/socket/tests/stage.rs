//! A server for sockets, and a sink that remembers.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use url::Url;

use crate::slack::socket::{Ack, Envelope, EnvelopeSink};

/// Long enough for whatever is expected, on a busy machine too.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
pub(super) const HELLO: &str = r#"{"type":"hello","num_connections":1}"#;

/// Where connections arrive.
pub(super) struct Stage {
    listener: TcpListener,
    pub(super) url: Url,
}

/// The other end of a connection.
pub(super) struct Peer(WebSocketStream<TcpStream>);

impl Stage {
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("ws://{address}/link/?ticket=1").parse().unwrap();
        Self { listener, url }
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> Peer {
        let (stream, _) = soon(self.listener.accept()).await.unwrap();
        Peer(soon(tokio_tungstenite::accept_async(stream)).await.unwrap())
    }

    /// The next connection, greeted.
    pub(super) async fn greet(&self) -> Peer {
        let mut peer = self.accept().await;
        peer.say(HELLO).await;
        peer
    }
}

impl Peer {
    pub(super) async fn say(&mut self, text: &str) {
        soon(self.0.send(Message::text(text))).await.unwrap();
    }

    /// Says something that the other side need not hear out.
    pub(super) async fn try_to_say(&mut self, text: &str) {
        drop(soon(self.0.send(Message::text(text))).await);
    }

    pub(super) async fn ask(&mut self, id: &str, payload: Value) {
        let envelope = json!({"envelope_id": id, "type": "events_api", "payload": payload,
            "accepts_response_payload": true});
        self.say(&envelope.to_string()).await;
    }

    pub(super) async fn disconnect(&mut self, reason: &str) {
        self.say(&json!({"type": "disconnect", "reason": reason}).to_string())
            .await;
    }

    pub(super) async fn ping(&mut self) {
        soon(self.0.send(Message::Ping("are you there".into())))
            .await
            .unwrap();
    }

    /// What is said next; none if it is good-bye.
    pub(super) async fn hear(&mut self) -> Option<Message> {
        match soon(self.0.next()).await {
            Some(Ok(Message::Close(_))) | None => None,
            Some(message) => Some(message.unwrap()),
        }
    }

    /// The id of what is acknowledged next.
    pub(super) async fn acknowledged(&mut self) -> String {
        self.ack().await["envelope_id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn ack(&mut self) -> Value {
        let text = self.hear().await.unwrap().into_text().unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// Takes what is not called `refuse`, and waits with what is called `wait`.
pub(super) struct Sink {
    pub(super) taken: Mutex<Vec<String>>,
    pub(super) go: Notify,
    under_way: AtomicUsize,
    /// How many were under way at once.
    pub(super) most: AtomicUsize,
    pub(super) gaps: mpsc::UnboundedSender<(DateTime<Utc>, DateTime<Utc>)>,
}

pub(super) type Gaps = mpsc::UnboundedReceiver<(DateTime<Utc>, DateTime<Utc>)>;

impl Sink {
    pub(super) fn new() -> (Arc<Self>, Gaps) {
        let (gaps, told) = mpsc::unbounded_channel();
        let sink = Self {
            taken: Mutex::default(),
            go: Notify::new(),
            under_way: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            gaps,
        };
        (Arc::new(sink), told)
    }
}

#[async_trait]
impl EnvelopeSink for Sink {
    async fn take(&self, envelope: Envelope) -> Option<Ack> {
        let under_way = self.under_way.fetch_add(1, Relaxed) + 1;
        self.most.fetch_max(under_way, Relaxed);
        if envelope.envelope_id == "wait" {
            self.go.notified().await;
        }
        self.under_way.fetch_sub(1, Relaxed);
        self.taken
            .lock()
            .unwrap()
            .push(envelope.envelope_id.clone());
        let payload = serde_json::from_str(&envelope.payload).unwrap();
        (envelope.envelope_id != "refuse").then_some(Ack {
            payload: Some(payload),
        })
    }

    async fn gap(&self, from: DateTime<Utc>, to: DateTime<Utc>) {
        self.gaps.send((from, to)).unwrap();
    }
}

pub(super) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.unwrap()
}
