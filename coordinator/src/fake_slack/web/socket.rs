//! Web sockets of Socket Mode: letting them in, frames and pings.
//!
//! **Invariant:** whoever does not answer a ping before the next one is disconnected.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, Session};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::fake_slack::deeds::Caller;
use crate::fake_slack::sockets::{Admitted, Frame};
use crate::fake_slack::stage::Stage;

const PING_EVERY: Duration = Duration::from_secs(10);

/// What `apps.connections.open` answers.
pub(super) fn invite(stage: &Stage, caller: &Caller) -> Value {
    let (ticket, origin) = stage.change(|world| (world.secret(32), world.origin.clone()));
    let host = origin.strip_prefix("http://").unwrap_or(&origin).to_owned();
    stage.sockets.allow(ticket.clone(), caller.app.clone());
    json!({ "url": format!("ws://{host}/link/?ticket={ticket}&app_id={}", caller.app) })
}

/// `/link/?ticket=…`
pub(super) async fn open(
    request: HttpRequest,
    payload: web::Payload,
    stage: web::Data<Stage>,
) -> actix_web::Result<HttpResponse> {
    let query = url::form_urlencoded::parse(request.query_string().as_bytes());
    let ticket = query
        .filter(|(key, _)| key == "ticket")
        .map(|(_, value)| value.into_owned())
        .next();
    let Some(admitted) = ticket.and_then(|ticket| stage.sockets.admit(&ticket)) else {
        return Ok(HttpResponse::Unauthorized().finish());
    };
    let (response, session, stream) = match actix_ws::handle(&request, payload) {
        Ok(opened) => opened,
        Err(error) => {
            stage.sockets.leave(admitted.id);
            return Err(error);
        }
    };
    let stream = stream.aggregate_continuations();
    drop(actix_web::rt::spawn(talk(stage, admitted, session, stream)));
    Ok(response)
}

async fn talk(
    stage: web::Data<Stage>,
    admitted: Admitted,
    session: Session,
    stream: AggregatedMessageStream,
) {
    let id = admitted.id;
    converse(&stage, admitted, session, stream).await;
    stage.sockets.leave(id);
}

async fn converse(
    stage: &Stage,
    mut admitted: Admitted,
    mut session: Session,
    mut stream: AggregatedMessageStream,
) {
    let mut pings = tokio::time::interval(PING_EVERY);
    let mut answered = true;
    loop {
        tokio::select! {
            frame = admitted.frames.recv() => match frame {
                Some(Frame::Text(text)) => {
                    if session.text(text).await.is_err() {
                        return;
                    }
                }
                Some(Frame::Close) | None => {
                    // It may have closed first.
                    drop(session.close(None).await);
                    return;
                }
            },
            heard = stream.next() => match heard {
                Some(Ok(AggregatedMessage::Text(text))) => stage.sockets.heard(&text),
                Some(Ok(AggregatedMessage::Ping(bytes))) => {
                    if session.pong(&bytes).await.is_err() {
                        return;
                    }
                }
                Some(Ok(AggregatedMessage::Pong(_))) => answered = true,
                Some(Ok(AggregatedMessage::Binary(_))) => {}
                Some(Ok(AggregatedMessage::Close(_)) | Err(_)) | None => return,
            },
            _ = pings.tick() => {
                if !answered || session.ping(b"Ping from the stand-in").await.is_err() {
                    return;
                }
                answered = false;
            }
        }
    }
}
