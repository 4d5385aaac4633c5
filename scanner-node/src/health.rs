//! A node's own `/healthz`, `/readyz` and `/metrics`.
//!
//! Owns a three-path HTTP server on hyper, which reqwest brings anyway: a web framework for three
//! constant answers would be the node's largest dependency.
//! **Invariant:** answers hold counts and words, never content.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use shared::lifecycle::Shutdown;
use tokio::net::{TcpListener, TcpStream};

/// What the answers are made from.
pub trait Vitals: Send + Sync + 'static {
    /// Why the node is not ready to work; empty when it is.
    fn not_ready_because(&self) -> Vec<&'static str>;
    /// Whether the process should be restarted.
    fn is_alive(&self) -> bool;
    /// Metrics in the `OpenMetrics` text format.
    fn metrics(&self) -> String;
}

/// Binds `address` and answers until the process ends; gives back the address bound.
///
/// # Errors
/// Permanent: the address is taken or not ours.
pub async fn serve(
    address: SocketAddr,
    vitals: Arc<dyn Vitals>,
    shutdown: Shutdown,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    // Not awaited: it answers to the very end, so that a draining node can be told from a dead one.
    tokio::spawn(accept(listener, vitals, shutdown));
    Ok(bound)
}

async fn accept(listener: TcpListener, vitals: Arc<dyn Vitals>, shutdown: Shutdown) {
    loop {
        let accepted = tokio::select! {
            () = shutdown.stopping() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _peer)) => {
                tokio::spawn(answer_connection(stream, Arc::clone(&vitals)));
            }
            // Out of file handles, or a client that left already: the next accept may do.
            Err(error) => tracing::warn!(%error, "connection not accepted"),
        }
    }
}

async fn answer_connection(stream: TcpStream, vitals: Arc<dyn Vitals>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let vitals = Arc::clone(&vitals);
        async move { Ok::<_, Infallible>(answer(&request, vitals.as_ref())) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "health connection ended early");
    }
}

fn answer(request: &Request<Incoming>, vitals: &dyn Vitals) -> Response<Full<Bytes>> {
    if request.method() != Method::GET {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n".to_owned());
    }
    match request.uri().path() {
        "/healthz" if vitals.is_alive() => text(StatusCode::OK, "ok\n".to_owned()),
        "/healthz" => text(
            StatusCode::SERVICE_UNAVAILABLE,
            "an actor is gone\n".to_owned(),
        ),
        "/readyz" => readiness(&vitals.not_ready_because()),
        "/metrics" => {
            let mut response = text(StatusCode::OK, vitals.metrics());
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS));
            response
        }
        _ => text(
            StatusCode::NOT_FOUND,
            "here are /healthz, /readyz, /metrics\n".to_owned(),
        ),
    }
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

fn readiness(reasons: &[&'static str]) -> Response<Full<Bytes>> {
    if reasons.is_empty() {
        return text(StatusCode::OK, "ready\n".to_owned());
    }
    text(
        StatusCode::SERVICE_UNAVAILABLE,
        format!("{}\n", reasons.join("\n")),
    )
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
