//! A mail server inside the test: takes what it is given, if it is told to.
//!
//! Owns just enough of SMTP for a client: greeting, AUTH PLAIN, one letter after the other.
//! **Invariant:** a letter is kept as it came, before the answer that takes it is sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::patience::until;

/// A letter that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) to: Vec<String>,
    pub(crate) raw: String,
    pub(crate) login: Option<String>,
}

/// A mail server.
#[derive(Clone, Default)]
pub(crate) struct MailServer(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    received: Vec<Received>,
    /// What to say instead of taking the next letters.
    refusals: VecDeque<String>,
}

impl MailServer {
    /// Starts one; gives its address too.
    pub(crate) async fn start() -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self::default();
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = accepting.clone();
                // A client that goes away ends its conversation.
                tokio::spawn(async move { drop(server.converse(stream).await) });
            }
        });
        (server, address)
    }

    /// Refuses the next letter with this line.
    pub(crate) fn refuse_next(&self, line: &str) {
        self.0.lock().unwrap().refusals.push_back(line.to_owned());
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.0.lock().unwrap().received.clone()
    }

    /// Waits until so many letters were taken; gives them.
    pub(crate) async fn has(&self, count: usize) -> Vec<Received> {
        until("letters arrive", async || self.received().len() >= count).await;
        self.received()
    }

    async fn converse(&self, stream: TcpStream) -> std::io::Result<()> {
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        writing.write_all(b"220 sink\r\n").await?;
        let (mut to, mut login) = (Vec::new(), None);
        while let Some(line) = lines.next_line().await? {
            let word = line.split(' ').next().unwrap_or_default().to_uppercase();
            let answer = match word.as_str() {
                "EHLO" => "250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN".to_owned(),
                "AUTH" => {
                    let proof = STANDARD.decode(line.rsplit(' ').next().unwrap_or_default());
                    login = Some(String::from_utf8(proof.unwrap_or_default()).unwrap());
                    "235 in".to_owned()
                }
                "RCPT" => {
                    to.push(line.split_once(':').unwrap().1.to_owned());
                    "250 ok".to_owned()
                }
                "DATA" => {
                    writing.write_all(b"354 go on\r\n").await?;
                    let mut raw = String::new();
                    while let Some(line) = lines.next_line().await? {
                        if line == "." {
                            break;
                        }
                        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                        raw.push('\n');
                    }
                    self.take(Received {
                        to: std::mem::take(&mut to),
                        raw,
                        login: login.clone(),
                    })
                }
                "QUIT" => {
                    writing.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                "RSET" => {
                    to.clear();
                    "250 ok".to_owned()
                }
                _ => "250 ok".to_owned(),
            };
            writing
                .write_all(format!("{answer}\r\n").as_bytes())
                .await?;
        }
        Ok(())
    }

    fn take(&self, letter: Received) -> String {
        let mut inner = self.0.lock().unwrap();
        if let Some(refusal) = inner.refusals.pop_front() {
            return refusal;
        }
        inner.received.push(letter);
        "250 taken".to_owned()
    }
}

impl Received {
    /// A header's value, as it stands there.
    pub(crate) fn header(&self, name: &str) -> String {
        let head = self.raw.split("\n\n").next().unwrap();
        let unfolded = head.replace("\n ", " ");
        let prefix = format!("{name}: ");
        let line = unfolded.lines().find_map(|line| line.strip_prefix(&prefix));
        line.unwrap_or_else(|| panic!("no {name} in {head}"))
            .to_owned()
    }

    /// The letter without soft line breaks and with `=3D` undone.
    pub(crate) fn readable(&self) -> String {
        self.raw.replace("=\n", "").replace("=3D", "=")
    }
}
