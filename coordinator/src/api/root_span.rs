//! The span of a request.
//!
//! Owns what a trace shows of a request: method, route, status, request id. No path as it was sent, no
//! query, no address: any of them can hold what somebody pasted.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::{Error, HttpMessage};
use shared::job::TraceContext;
use shared::telemetry;
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use super::request_id::RequestName;

/// Builds the span.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let route = request
            .match_pattern()
            .unwrap_or_else(|| "unknown".to_owned());
        let method = known(request.method());
        let id = request
            .extensions()
            .get::<RequestName>()
            .map(ToString::to_string);
        let span = tracing::info_span!(
            "request",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            http.request.method = method,
            http.route = route,
            http.response.status_code = tracing::field::Empty,
            request_id = id,
        );
        telemetry::set_parent(&span, &trace_of(request.headers()));
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("http.response.status_code", status.as_u16());
    }
}

/// A method that is no method of HTTP is what somebody sent, like a path.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "_OTHER",
    }
}

fn trace_of(headers: &HeaderMap) -> TraceContext {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    TraceContext {
        traceparent: text("traceparent"),
        tracestate: text("tracestate"),
    }
}
