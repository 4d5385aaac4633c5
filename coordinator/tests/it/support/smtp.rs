//! A mail server inside the test: takes what it is given, if it is told to.
//!
//! Owns just enough of SMTP for a client: greeting, STARTTLS, AUTH PLAIN, one letter after the other.
//! **Invariant:** a letter is kept as it came, before the answer that takes it is sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

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
    /// What was asked for where others can read along.
    in_clear: Vec<String>,
}

/// How the way to a mail server is kept private.
#[derive(Clone)]
pub(crate) enum Way {
    /// Not at all.
    Clear,
    /// If the client asks for it.
    StartTls(TlsAcceptor),
    /// From the first byte.
    Tls(TlsAcceptor),
}

impl MailServer {
    /// Starts one; gives its address too.
    pub(crate) async fn start() -> (Self, SocketAddr) {
        Self::start_on(Way::Clear).await
    }

    pub(crate) async fn start_on(way: Way) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self::default();
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, way) = (accepting.clone(), way.clone());
                // A client that goes away ends its conversation.
                tokio::spawn(async move { drop(server.serve(stream, way).await) });
            }
        });
        (server, address)
    }

    /// Refuses the next letter with this line.
    pub(crate) fn refuse_next(&self, line: &str) {
        self.0.lock().unwrap().refusals.push_back(line.to_owned());
    }

    /// What was asked for where others can read along: the first word of each line.
    pub(crate) fn in_clear(&self) -> Vec<String> {
        self.0.lock().unwrap().in_clear.clone()
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.0.lock().unwrap().received.clone()
    }

    /// Waits until so many letters were taken; gives them.
    pub(crate) async fn has(&self, count: usize) -> Vec<Received> {
        until("letters arrive", async || self.received().len() >= count).await;
        self.received()
    }

    async fn serve(&self, mut stream: TcpStream, way: Way) -> std::io::Result<()> {
        const GREETING: &[u8] = b"220 sink\r\n";
        match way {
            Way::Tls(acceptor) => {
                let mut stream = acceptor.accept(stream).await?;
                stream.write_all(GREETING).await?;
                self.converse(stream, Eyes::Ours).await?;
            }
            Way::Clear => {
                stream.write_all(GREETING).await?;
                self.converse(stream, Eyes::Everybodys).await?;
            }
            Way::StartTls(acceptor) => {
                stream.write_all(GREETING).await?;
                if let Some(stream) = self.converse(stream, Eyes::UntilStartTls).await? {
                    let stream = acceptor.accept(stream).await?;
                    self.converse(stream, Eyes::Ours).await?;
                }
            }
        }
        Ok(())
    }

    /// Talks until the client goes, or wants to go on encrypted.
    async fn converse<S>(&self, stream: S, eyes: Eyes) -> std::io::Result<Option<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut stream = BufReader::new(stream);
        let (mut to, mut login) = (Vec::new(), None);
        while let Some(line) = next_line(&mut stream).await? {
            let word = line.split(' ').next().unwrap_or_default().to_uppercase();
            if eyes != Eyes::Ours {
                self.0.lock().unwrap().in_clear.push(word.clone());
            }
            let answer = match word.as_str() {
                "EHLO" if eyes == Eyes::UntilStartTls => "250-sink\r\n250 STARTTLS".to_owned(),
                "EHLO" => "250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN".to_owned(),
                "STARTTLS" if eyes == Eyes::UntilStartTls => {
                    stream.write_all(b"220 go on\r\n").await?;
                    return Ok(Some(stream.into_inner()));
                }
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
                    stream.write_all(b"354 go on\r\n").await?;
                    self.take(Received {
                        to: std::mem::take(&mut to),
                        raw: letter(&mut stream).await?,
                        login: login.clone(),
                    })
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(None);
                }
                "RSET" => {
                    to.clear();
                    "250 ok".to_owned()
                }
                _ => "250 ok".to_owned(),
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
            stream.flush().await?;
        }
        Ok(None)
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

/// Who can read along.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Eyes {
    Ours,
    Everybodys,
    UntilStartTls,
}

async fn next_line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await?;
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}

/// A letter, up to the line with a dot.
async fn letter(stream: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<String> {
    let mut raw = String::new();
    while let Some(line) = next_line(stream).await?.filter(|line| line != ".") {
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
        raw.push('\n');
    }
    Ok(raw)
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
