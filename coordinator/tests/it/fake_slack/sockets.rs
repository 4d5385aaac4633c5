//! Socket Mode.

use coordinator::fake_slack::seed::{BO, GENERAL, TEAM};
use coordinator::fake_slack::{Delivering, Options, Settled};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::stand::{Stand, error};
use crate::support::patience::until;

/// As much of a web socket as a test needs: short texts, and no fragments.
struct Socket(TcpStream);

impl Socket {
    /// Asks for an address and connects to it.
    async fn open(stand: &Stand, token: &str) -> Self {
        let answer = stand.call(token, "apps.connections.open", &[]).await;
        let url: Url = answer["url"].as_str().unwrap().parse().unwrap();
        let address = (url.host_str().unwrap(), url.port().unwrap());
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {}?{} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            url.path(),
            url.query().unwrap(),
            url.authority()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(
            head.starts_with(b"HTTP/1.1 101"),
            "{}",
            String::from_utf8_lossy(&head)
        );
        Self(stream)
    }

    /// The next text; `None` when the other end closed.
    async fn hear(&mut self) -> Option<Value> {
        loop {
            let first = self.0.read_u8().await.ok()?;
            let length = match self.0.read_u8().await.ok()? {
                126 => usize::from(self.0.read_u16().await.ok()?),
                127 => usize::try_from(self.0.read_u64().await.ok()?).unwrap(),
                short => usize::from(short),
            };
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.ok()?;
            match first & 0x0f {
                1 => return Some(serde_json::from_slice(&body).unwrap()),
                8 => return None,
                9 => self.send(10, &body).await,
                _ => {}
            }
        }
    }

    async fn say(&mut self, value: &Value) {
        self.send(1, value.to_string().as_bytes()).await;
    }

    /// A mask of zeros leaves the bytes as they are.
    async fn send(&mut self, kind: u8, body: &[u8]) {
        let length = u16::try_from(body.len()).unwrap();
        let mut frame = vec![0x80 | kind, 0x80 | 0x7e];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(body);
        self.0.write_all(&frame).await.unwrap();
    }
}

fn stand() -> (Stand, String) {
    let stand = Stand::with(Options {
        delivering: Delivering {
            timeout: Duration::from_millis(300),
            retries: vec![Duration::ZERO; 3],
            ..Delivering::default()
        },
        ..Options::default()
    });
    let token = stand.slack.app_token();
    stand.slack.connect_by_socket();
    (stand, token)
}

#[tokio::test]
async fn an_envelope_goes_to_one_socket_and_is_acknowledged() {
    let (stand, token) = stand();
    let mut socket = Socket::open(&stand, &token).await;
    let hello = socket.hear().await.unwrap();
    assert_eq!(
        (&hello["type"], &hello["num_connections"]),
        (&json!("hello"), &json!(1))
    );
    stand.slack.say(BO, GENERAL, "over the socket").unwrap();
    let envelope = socket.hear().await.unwrap();
    assert_eq!(envelope["type"], "events_api");
    assert_eq!(envelope["payload"]["event"]["text"], "over the socket");
    assert_eq!(envelope["payload"]["team_id"], TEAM);
    socket
        .say(&json!({ "envelope_id": envelope["envelope_id"] }))
        .await;
    stand.slack.settled().await;
    assert_eq!(stand.slack.deliveries()[0].settled, Settled::Accepted);
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again() {
    let (stand, token) = stand();
    let mut socket = Socket::open(&stand, &token).await;
    socket.hear().await.unwrap();
    stand.slack.say(BO, GENERAL, "x").unwrap();
    let first = socket.hear().await.unwrap();
    assert_eq!(first["retry_attempt"], 0);
    let second = socket.hear().await.unwrap();
    assert_eq!(
        (&second["retry_attempt"], &second["retry_reason"]),
        (&json!(1), &json!("http_timeout"))
    );
    assert_eq!(first["payload"]["event_id"], second["payload"]["event_id"]);
    socket
        .say(&json!({ "envelope_id": second["envelope_id"] }))
        .await;
    stand.slack.settled().await;
    assert_eq!(stand.slack.deliveries()[0].attempts.len(), 2);
}

#[tokio::test]
async fn a_command_is_answered_with_its_acknowledgement() {
    let (stand, token) = stand();
    let mut socket = Socket::open(&stand, &token).await;
    socket.hear().await.unwrap();
    let answering = async {
        let envelope = socket.hear().await.unwrap();
        assert_eq!(envelope["type"], "slash_commands");
        assert_eq!(envelope["accepts_response_payload"], true);
        assert_eq!(envelope["payload"]["command"], "/dlp");
        let answer =
            json!({ "envelope_id": envelope["envelope_id"], "payload": { "text": "fine" } });
        socket.say(&answer).await;
    };
    let (answered, ()) = tokio::join!(stand.slack.slash(BO, GENERAL, "/dlp", "status"), answering);
    assert_eq!(answered.unwrap().status, Some(200));
    assert_eq!(stand.slack.whispers(GENERAL, BO)[0].text, "fine");
}

#[tokio::test]
async fn sockets_are_told_to_go_and_only_ten_may_come() {
    let (stand, token) = stand();
    let refused = stand.bot("apps.connections.open", &[]).await;
    assert_eq!(error(&refused), "not_allowed_token_type");
    let mut sockets = Vec::new();
    for _ in 0..10 {
        let mut socket = Socket::open(&stand, &token).await;
        assert_eq!(socket.hear().await.unwrap()["type"], "hello");
        sockets.push(socket);
    }
    let mut eleventh = Socket::open(&stand, &token).await;
    assert_eq!(
        eleventh.hear().await.unwrap()["reason"],
        "too_many_websockets"
    );
    assert!(eleventh.hear().await.is_none());
    stand.slack.disconnect("warning");
    assert_eq!(sockets[0].hear().await.unwrap()["reason"], "warning");
    assert_eq!(stand.slack.sockets(), 10);
    stand.slack.disconnect("refresh_requested");
    assert_eq!(
        sockets[0].hear().await.unwrap()["reason"],
        "refresh_requested"
    );
    assert!(sockets[0].hear().await.is_none());
    until("sockets go", async || stand.slack.sockets() == 0).await;
}
