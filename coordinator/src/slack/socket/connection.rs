//! One connection.
//!
//! Owns opening it, reading frames, and acknowledging what the sink took, several at once. Leaves when to open
//! and to leave one to `sockets`.
//! **Invariant:** what is under way when a connection is left is finished and acknowledged on it, if it comes
//! to an end within a moment.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::EnvelopeSink;
use super::frame::{Envelope, Frame, Reason, ack};
use super::presence::Seat;

/// Bytes of a message.
const MESSAGE_AT_MOST: usize = 4 * 1024 * 1024;
/// Envelopes of one connection under way at once; as many are read, and the rest waits with Slack.
const UNDER_WAY: usize = 64;
/// How long one acknowledgement may take to be sent.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// How long those under way may take when a connection is left. Slack waits three seconds for each.
const FINISH_WITHIN: Duration = Duration::from_secs(3);

/// How a connection ended, or is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Slack wants another one in its place.
    Refresh,
    /// Slack will close it within some seconds.
    Warning,
    /// Socket Mode is switched off in the app's settings.
    LinkDisabled,
    /// Too many connections are open.
    TooMany,
    /// It broke, or was never there, and this is the word for how.
    Lost(&'static str),
    /// We were asked to stop.
    Stopped,
}

/// An open connection.
pub(super) struct Connection {
    socket: Socket,
    /// What came before the greeting.
    early: Vec<Envelope>,
    silence: Duration,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
/// Envelopes under way, each of which brings its acknowledgement.
type UnderWay<'s> = FuturesUnordered<BoxFuture<'s, Option<String>>>;

impl Connection {
    /// Opens a connection, and waits for its greeting. Nothing for so long as `silence` means that it broke.
    pub(super) async fn open(url: &Url, silence: Duration) -> Result<Self, Ended> {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_AT_MOST))
            .max_frame_size(Some(MESSAGE_AT_MOST));
        let connecting = connect_async_with_config(url.as_str(), Some(config), true);
        let (socket, _response) = connecting
            .await
            .map_err(|_names_the_secret_url| Ended::Lost("unreachable"))?;
        let mut connection = Self {
            socket,
            early: Vec::new(),
            silence,
        };
        while connection.early.len() < UNDER_WAY {
            match connection.frame().await? {
                Some(Frame::Hello) => return Ok(connection),
                Some(Frame::Disconnect(reason)) => return Err(reason.ended()),
                Some(Frame::Envelope(envelope)) => connection.early.push(envelope),
                Some(Frame::Unknown) | None => {}
            }
        }
        Err(Ended::Lost("no_greeting"))
    }

    /// Takes envelopes until the connection ends, or `leave` says so. `tell` is told as soon as Slack asks for
    /// another one in its place, or when it ended.
    pub(super) async fn run(
        mut self,
        sink: Arc<dyn EnvelopeSink>,
        mut seat: Seat,
        leave: CancellationToken,
        tell: oneshot::Sender<Ended>,
    ) {
        let mut tell = Tell(Some(tell));
        let mut under_way: UnderWay<'_> = FuturesUnordered::new();
        for envelope in std::mem::take(&mut self.early) {
            under_way.push(taken(&*sink, envelope));
        }
        let ended = loop {
            let has_room = under_way.len() < UNDER_WAY;
            let told = tokio::select! {
                () = leave.cancelled() => break Ended::Stopped,
                Some(ack) = under_way.next(), if !under_way.is_empty() => self.send(ack).await,
                frame = self.frame(), if has_room => match frame {
                    Ok(frame) => {
                        seat.heard();
                        hear(frame, &*sink, &under_way, &mut tell)
                    }
                    Err(ended) => Err(ended),
                },
            };
            if let Err(ended) = told {
                break ended;
            }
        };
        if !matches!(ended, Ended::Lost(_)) {
            drop(timeout(FINISH_WITHIN, self.finish(under_way)).await);
        }
        drop(seat);
        tell.now(ended);
    }

    /// The next frame; none for what only says that the other side is alive, which answers itself.
    ///
    /// # Cancel safety
    /// Cancel safe: half a frame stays in the socket's buffer.
    async fn frame(&mut self) -> Result<Option<Frame>, Ended> {
        let Ok(message) = timeout(self.silence, self.socket.next()).await else {
            return Err(Ended::Lost("silent"));
        };
        match message {
            Some(Ok(Message::Text(text))) => Ok(Some(Frame::read(&text))),
            Some(Ok(Message::Binary(bytes))) => {
                Ok(Some(Frame::read(&String::from_utf8_lossy(&bytes))))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
            Some(Ok(Message::Close(_))) | None => Err(Ended::Lost("closed")),
            Some(Err(Error::Capacity(_))) => Err(Ended::Lost("too_long")),
            Some(Err(_)) => Err(Ended::Lost("broken")),
        }
    }

    async fn send(&mut self, ack: Option<String>) -> Result<(), Ended> {
        let Some(ack) = ack else {
            return Ok(());
        };
        match timeout(SEND_WITHIN, self.socket.send(Message::text(ack))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ended::Lost("unwritable")),
        }
    }

    /// Lets those under way come to their end, and says good-bye.
    async fn finish(&mut self, mut under_way: UnderWay<'_>) -> Result<(), Ended> {
        while let Some(ack) = under_way.next().await {
            self.send(ack).await?;
        }
        // The other side may be gone already.
        drop(self.socket.close(None).await);
        Ok(())
    }
}

fn hear<'s>(
    frame: Option<Frame>,
    sink: &'s dyn EnvelopeSink,
    under_way: &UnderWay<'s>,
    tell: &mut Tell,
) -> Result<(), Ended> {
    match frame {
        Some(Frame::Envelope(envelope)) => under_way.push(taken(sink, envelope)),
        Some(Frame::Disconnect(reason)) => match reason.ended() {
            // It goes on until another one stands in its place.
            leaving @ (Ended::Warning | Ended::Refresh) => tell.now(leaving),
            ended => return Err(ended),
        },
        Some(Frame::Unknown) => sink.unknown(),
        Some(Frame::Hello) | None => {}
    }
    Ok(())
}

fn taken(sink: &dyn EnvelopeSink, envelope: Envelope) -> BoxFuture<'_, Option<String>> {
    async move {
        let (id, answerable) = (envelope.envelope_id.clone(), envelope.accepts_response);
        let taken = sink.take(envelope).await?;
        Some(ack(&id, taken.payload.filter(|_| answerable).as_ref()))
    }
    .boxed()
}

/// Tells once.
struct Tell(Option<oneshot::Sender<Ended>>);

impl Tell {
    fn now(&mut self, ended: Ended) {
        if let Some(tell) = self.0.take() {
            // Whoever stopped listening has stopped altogether.
            let _heard = tell.send(ended);
        }
    }
}

impl Ended {
    /// The word for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Warning => "warning",
            Self::LinkDisabled => "link_disabled",
            Self::TooMany => "too_many",
            Self::Lost(how) => how,
            Self::Stopped => "stopped",
        }
    }
}

impl Reason {
    const fn ended(self) -> Ended {
        match self {
            Self::Warning => Ended::Warning,
            Self::Refresh => Ended::Refresh,
            Self::LinkDisabled => Ended::LinkDisabled,
            Self::TooMany => Ended::TooMany,
            Self::Other => Ended::Lost("closing"),
        }
    }
}
