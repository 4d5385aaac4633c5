//! A server that gives prepared answers and remembers what it was asked.
//!
//! **Invariant:** each connection brings one request and is closed behind its answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Gives its answers in order, and the last one again and again.
pub(crate) struct Server {
    pub(crate) base: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A request.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

/// An answer, byte for byte.
#[derive(Clone)]
pub(crate) struct Reply(Vec<u8>);

impl Reply {
    pub(crate) fn new(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        Self::announcing(body.len(), status, headers, body)
    }

    pub(crate) fn json(body: &str) -> Self {
        Self::new(200, &[("content-type", "application/json")], body)
    }

    /// An answer that says another length than it has.
    pub(crate) fn announcing(
        length: usize,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Self {
        let head =
            format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n");
        let lines = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let headers = lines.collect::<Vec<_>>().concat();
        Self(format!("{head}{headers}\r\n{body}").into_bytes())
    }

    /// The connection is closed without a word.
    pub(crate) fn silence() -> Self {
        Self(Vec::new())
    }
}

impl Asked {
    /// The arguments of a form.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body)
            .into_owned()
            .collect()
    }

    pub(crate) fn argument(&self, name: &str) -> Option<String> {
        let found = self.form().into_iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self
            .headers
            .lines()
            .filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }
}

impl Server {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::start_with(|_| replies.into_iter().collect()).await
    }

    /// A server whose answers name its own address.
    pub(crate) async fn start_with(replies: impl FnOnce(&Url) -> VecDeque<Reply>) -> Self {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let base: Url = format!("http://{address}/api/").parse().unwrap();
        let mut replies = replies(&base);
        let notes = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = read(&mut stream).await else {
                    continue;
                };
                notes.lock().unwrap().push(request);
                let reply = match replies.len() {
                    1 => replies[0].clone(),
                    _ => replies.pop_front().unwrap(),
                };
                // A client that has heard enough hangs up.
                drop(stream.write_all(&reply.0).await);
                drop(stream.shutdown().await);
            }
        });
        Self { base, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The last request.
    pub(crate) fn last(&self) -> Asked {
        self.asked().pop().unwrap()
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let mut asked = Asked {
        line: line.to_owned(),
        headers: headers.to_owned(),
        body: bytes[end + 4..].to_vec(),
    };
    let length = asked
        .header("content-length")
        .map_or(0, |text| text.parse().unwrap());
    while asked.body.len() < length {
        if stream.read_buf(&mut asked.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(asked)
}
