//! A receiver of webhooks inside the test.
//!
//! Owns just enough of HTTP: it keeps what it is sent and answers as it is told.
//! **Invariant:** a call is kept before it is answered.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::patience::until;

/// A call that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// A receiver of webhooks.
#[derive(Clone, Default)]
pub(crate) struct Receiver(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    arrived: Vec<Arrived>,
    /// The next answers: status line and headers.
    answers: VecDeque<String>,
    /// What is answered when none is left.
    usual: Option<String>,
}

impl Receiver {
    /// Starts one; gives its address too.
    pub(crate) async fn start() -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let receiver = Self::default();
        let accepting = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let receiver = accepting.clone();
                // A caller that goes away is none.
                tokio::spawn(async move { drop(receiver.answer(stream).await) });
            }
        });
        (receiver, address)
    }

    /// Answers the next call so: `500 Oops`, `302 Found\r\nLocation: …`.
    pub(crate) fn answer_next(&self, answer: &str) {
        self.0.lock().unwrap().answers.push_back(answer.to_owned());
    }

    /// Answers so from now on.
    pub(crate) fn always(&self, answer: &str) {
        self.0.lock().unwrap().usual = Some(answer.to_owned());
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.0.lock().unwrap().arrived.clone()
    }

    /// Waits until so many calls arrived; gives them.
    pub(crate) async fn has(&self, count: usize) -> Vec<Arrived> {
        until("calls arrive", async || self.arrived().len() >= count).await;
        self.arrived()
    }

    async fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        let (reading, mut writing) = stream.into_split();
        let mut reading = BufReader::new(reading);
        let mut first = String::new();
        reading.read_line(&mut first).await?;
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reading.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let length = headers
            .get("content-length")
            .map_or(0, |text| text.parse().unwrap());
        let mut body = vec![0; length];
        reading.read_exact(&mut body).await?;
        let answer = self.keep(Arrived {
            path,
            headers,
            body,
        });
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        writing.write_all(answer.as_bytes()).await
    }

    fn keep(&self, call: Arrived) -> String {
        let mut inner = self.0.lock().unwrap();
        inner.arrived.push(call);
        let next = inner.answers.pop_front().or_else(|| inner.usual.clone());
        next.unwrap_or_else(|| "204 No Content".to_owned())
    }
}

impl Arrived {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether a signature made with this secret is among those of the call.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let (name, timestamp) = (
            &self.headers["webhook-id"],
            &self.headers["webhook-timestamp"],
        );
        let message = [
            name.as_bytes(),
            b".",
            timestamp.as_bytes(),
            b".",
            &self.body,
        ]
        .concat();
        let expected = format!("v1,{}", STANDARD.encode(hmac::sign(&key, &message)));
        let mut signatures = self.headers["webhook-signature"].split(' ');
        signatures.any(|signature| signature == expected)
    }
}
