//! The guard of what Slack calls.
//!
//! Owns checking the signature over the raw bytes. **Invariant:** nothing that a body says is acted on before its
//! signature held.

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use shared::telemetry::IntakeOutcome;

use crate::api::problem::{ApiError, ErrorCode};
use crate::api::route_table::{Access, Guard};
use crate::api::state::AppState;
use crate::inbox;
use crate::slack::signature::{SIGNATURE_HEADER, SignatureHeaders, TIMESTAMP_HEADER};

/// The guard: a body that Slack signed, as it was sent.
pub struct SignedBySlack(pub(super) web::Bytes);

impl Guard for SignedBySlack {
    const ACCESS: Access = Access::Slack;
}

/// The guard of forms: signed, or Slack's question whether the address speaks TLS, which it asks unsigned and which
/// leads to nothing.
pub struct FormBySlack(pub(super) web::Bytes);

impl Guard for FormBySlack {
    const ACCESS: Access = Access::Slack;
}

impl FromRequest for FormBySlack {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let body = body.await.map_err(ApiError::from)?;
            if !inbox::is_ssl_check(&body) {
                hold(&request, &body)?;
            }
            Ok(Self(body))
        })
    }
}

impl FromRequest for SignedBySlack {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let body = body.await.map_err(ApiError::from)?;
            hold(&request, &body)?;
            Ok(Self(body))
        })
    }
}

/// Whether the signature holds; what is refused is counted.
fn hold(request: &HttpRequest, body: &[u8]) -> Result<(), ApiError> {
    let app = request.app_data::<web::Data<AppState>>();
    let app = app.ok_or_else(|| ApiError::new(ErrorCode::Internal))?;
    check(app, request.headers(), body).inspect_err(|_error| {
        app.metrics.intake.events(IntakeOutcome::Rejected, 1);
    })
}

fn check(app: &AppState, headers: &HeaderMap, body: &[u8]) -> Result<(), ApiError> {
    let Some(secret) = &app.signing_secret else {
        return Err(ApiError::new(ErrorCode::Unavailable)
            .with_detail("Slack is not connected: set WEIR_SLACK__SIGNING_SECRET"));
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let shown = SignatureHeaders {
        timestamp: text(TIMESTAMP_HEADER),
        signature: text(SIGNATURE_HEADER),
    };
    secret
        .verify(shown, body, app.clock.now())
        .map_err(|error| {
            ApiError::new(ErrorCode::InvalidSignature)
                .with_detail(error.as_str())
                .with_source(error)
        })
}
