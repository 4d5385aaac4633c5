//! `POST /slack/events`: what Slack tells us.
//!
//! Owns the way from a signed request to a committed event. The signature is checked over the raw bytes
//! before anything reads them.
//! **Invariant:** 200 means: on disk, or nothing to keep. Anything else makes Slack ask again.

#![expect(
    clippy::missing_errors_doc,
    reason = "a handler's errors are its documented answers"
)]

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use futures_util::future::LocalBoxFuture;
use shared::ids::InboundEventId;
use shared::job::{Payload as JobPayload, RetryClass};
use shared::telemetry::names::span;
use shared::telemetry::{self, IntakeOutcome};

use super::problem::{ApiError, ErrorCode};
use super::route_table::{Access, Guard};
use super::state::AppState;
use crate::actors::{IntakeError, TakeIn};
use crate::jobs::Source;
use crate::slack::event::{self, Content, Disposition, Event, Inbound, OwnIds, SkipReason};
use crate::slack::signature::{SIGNATURE_HEADER, SignatureHeaders, TIMESTAMP_HEADER};
use crate::store::intake::{EventSource, NewEvent, NewInbound, Outcome};
use crate::store::jobs::{JobOrigin, NewJob, Place};

/// The guard: a body that Slack signed, as it was sent.
pub struct SignedBySlack(web::Bytes);

impl Guard for SignedBySlack {
    const ACCESS: Access = Access::Slack;
}

impl FromRequest for SignedBySlack {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let body = body.await.map_err(ApiError::from)?;
            let app = request.app_data::<web::Data<AppState>>();
            let app = app.ok_or_else(|| ApiError::new(ErrorCode::Internal))?;
            check(app, request.headers(), &body).inspect_err(|_error| {
                app.metrics.intake.events(IntakeOutcome::Rejected, 1);
            })?;
            Ok(Self(body))
        })
    }
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

/// Takes in what Slack sent.
#[utoipa::path(
    post, operation_id = "receiveSlackEvent",
    path = "/slack/events",
    tag = "slack",
    request_body(
        content = serde_json::Value, description = "an envelope of the Events API",
        example = json!({"type": "url_verification", "challenge": "3eZbrw1aB10FsKdKA"}),
    ),
    responses(
        (status = 200, description = "on disk, or nothing to keep"),
        (status = 400, description = "not JSON", body = super::Problem),
        (status = 401, description = "the signature does not hold", body = super::Problem),
        (status = 413, description = "longer than 1 MiB", body = super::Problem),
        (status = 503, description = "not on disk: send it again", body = super::Problem),
    ),
)]
pub async fn receive(
    signed: SignedBySlack,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SignedBySlack(body) = signed;
    match event::parse(&body, |_workspace| OwnIds::default()) {
        Inbound::UrlVerification { challenge } => {
            Ok(HttpResponse::Ok().json(serde_json::json!({ "challenge": challenge })))
        }
        Inbound::RateLimited { workspace, .. } => {
            tracing::warn!(%workspace, "slack dropped events of this workspace: there is a gap");
            Ok(HttpResponse::Ok().finish())
        }
        Inbound::NotJson => {
            app.metrics.intake.events(IntakeOutcome::Rejected, 1);
            Err(ApiError::new(ErrorCode::Malformed).with_detail("the body is not JSON"))
        }
        Inbound::Event(event) => take_in(&app, *event).await,
    }
}

async fn take_in(app: &AppState, event: Event) -> Result<HttpResponse, ApiError> {
    if event.repaired {
        app.metrics.intake.repaired_event();
    }
    let content = match event.disposition {
        Disposition::Scan(content) => content,
        Disposition::Skip(reason) => {
            if reason == SkipReason::UnknownType {
                app.metrics.intake.unknown_event();
            }
            app.metrics.intake.events(IntakeOutcome::Ignored, 1);
            return Ok(HttpResponse::Ok().finish());
        }
    };
    let job = make_job(app, &event.workspace, content)?;
    let inbound = NewInbound {
        event: NewEvent {
            id: InboundEventId::fresh(),
            workspace: event.workspace,
            source: EventSource::Slack,
            event_id: event.event_id,
            kind: event.kind.to_owned(),
            event_time: event.event_time,
        },
        jobs: vec![job],
    };
    let outcome = app.actors.intake.send(TakeIn(inbound)).await;
    answer(app, outcome.unwrap_or(Err(IntakeError::NotCommitted)))
}

/// A job in a span of its own: the one that every later step has for its parent.
fn make_job(
    app: &AppState,
    workspace: &shared::ids::WorkspaceId,
    content: Content,
) -> Result<NewJob, ApiError> {
    let create = tracing::info_span!(
        span::CREATE,
        otel.name = "create jobs:messages",
        otel.kind = "producer",
        messaging.system = app.queue.system(),
        messaging.destination.name = "jobs:messages",
        messaging.operation.name = "create",
        messaging.operation.type = "create",
        messaging.message.conversation_id = tracing::field::Empty,
    );
    let subject = content.subject;
    let source = Source {
        workspace: workspace.clone(),
        origin: JobOrigin::Slack,
        place: Place {
            channel_id: subject.channel,
            channel_type: subject.channel_type,
            user_id: subject.user,
            bot_id: subject.bot,
            external: subject.external,
            message_ts: subject.ts,
            thread_ts: subject.thread_ts,
            label: None,
        },
        submitted_by: None,
    };
    let payload = JobPayload::Text {
        units: content.units,
        gaps: content.gaps,
    };
    let job = app
        .jobs
        .make(source, payload, telemetry::inject(&create))
        .map_err(|error| ApiError::failed(RetryClass::Transient, error))?;
    create.record(
        "messaging.message.conversation_id",
        tracing::field::display(job.id),
    );
    Ok(job)
}

fn answer(app: &AppState, outcome: Result<Outcome, IntakeError>) -> Result<HttpResponse, ApiError> {
    let counted = match outcome {
        Ok(Outcome::Accepted) => IntakeOutcome::Accepted,
        Ok(Outcome::Duplicate) => IntakeOutcome::Duplicate,
        Err(_) => IntakeOutcome::Unavailable,
    };
    app.metrics.intake.events(counted, 1);
    match outcome {
        Ok(_) => Ok(HttpResponse::Ok().finish()),
        Err(error) => Err(ApiError::failed(RetryClass::Transient, error)),
    }
}
