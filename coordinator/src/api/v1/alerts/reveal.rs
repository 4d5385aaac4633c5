//! `POST /api/v1/alerts/{id}/reveal`: what the message behind an alert said.
//!
//! **Invariant:** who saw it and why is committed before a word of it leaves, and no answer but this one holds
//! it; nothing may keep this one.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::content::{Location, TextUnit};
use shared::finding::Finding;
use shared::ids::{AlertId, JobId, UserId};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::fields::{Faults, Fields};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::store::findings;
use crate::store::originals::{self, NewReveal, REVEALS_AN_HOUR, Revealed, Unseen};

const MIN_REASON_CHARS: usize = 10;
const MAX_REASON_CHARS: usize = 500;

/// Why somebody needs to see it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "the customer asks which card it was"}))]
#[expect(dead_code, reason = "describes what is taken field by field")]
pub struct RevealRequest {
    /// Why; auditors will read it.
    #[schema(min_length = 10, max_length = 500)]
    reason: String,
    /// Which of the alert's messages; the one seen last if it is left out.
    message: Option<Uuid>,
}

/// What a message said.
#[derive(Serialize, ToSchema)]
pub struct Original {
    /// The alert.
    alert: Uuid,
    /// The message, as in `/api/v1/messages/{id}`.
    message: Uuid,
    /// Its texts, in order.
    texts: Vec<OriginalText>,
    /// What was found in them, in order of position.
    findings: Vec<OriginalFinding>,
    /// When it will be gone.
    expires_at: DateTime<Utc>,
}

/// One text of a message.
#[derive(Serialize, ToSchema)]
pub struct OriginalText {
    /// Where it stands in the event: `pointer` and others, as far as they apply.
    #[schema(value_type = Object)]
    location: Location,
    /// What it says.
    #[schema(example = "the card is 4111 1111 1111 1111")]
    text: String,
}

/// Something that was found in a text.
#[derive(Serialize, ToSchema)]
pub struct OriginalFinding {
    /// First byte in the text of its location.
    start: u64,
    /// One past the last byte.
    end: u64,
    /// Which text, as told of a finding.
    #[schema(value_type = Object)]
    location: Location,
    /// What kind of data.
    #[schema(example = "CREDIT_CARD_NUMBER")]
    info_type: String,
}

/// Shows what the message behind an alert said, while that is kept. Each look is noted with its reason; there
/// are ten an hour for each person.
#[utoipa::path(
    post, operation_id = "revealOriginal", path = "/api/v1/alerts/{id}/reveal", tag = "alerts", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the alert")),
    request_body = RevealRequest,
    responses(
        (status = 200, description = "what it said; not to be kept by caches", body = Original),
        (status = 404, description = "no such alert, no such message of it, or nothing is kept any more", body = crate::api::Problem),
        (status = 422, description = "the reason is missing or too short; `errors` says what", body = crate::api::Problem),
        (status = 429, description = "ten originals in the last hour", body = crate::api::Problem),
    ),
)]
pub async fn reveal(
    auth: Authorized<permit::FindingsReveal>,
    id: web::Path<AlertId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (alert, user) = (*id, auth.principal.user);
    let asked = read(body.into_inner(), alert, user).map_err(ApiError::unusable)?;
    let noting = app.store.write(move |conn| {
        let revealed = originals::reveal(conn, &asked)?;
        let found = match &revealed {
            Ok(revealed) => findings::of_job(conn, revealed.message)?,
            Err(_) => Vec::new(),
        };
        Ok(revealed.map(|revealed| (revealed, found)))
    });
    let (revealed, found) = noting.await?.map_err(refused)?;
    let opened = app.originals.open(revealed.message, &revealed.sealed);
    let texts = opened.map_err(|error| ApiError::failed(error.class(), error))?;
    let no_store = HeaderValue::from_static("no-store");
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, no_store))
        .json(Original::of(alert, &revealed, texts, found)))
}

fn read(body: Object, alert: AlertId, user: UserId) -> Result<NewReveal, Vec<String>> {
    let faults = Faults::default();
    let mut fields = Fields::of_draft(body, &faults);
    fields.require("reason", "why you need to see it");
    let reason = fields.line("reason", MAX_REASON_CHARS);
    if reason
        .as_ref()
        .is_some_and(|text| text.chars().count() < MIN_REASON_CHARS)
    {
        let told = format!("give at least {MIN_REASON_CHARS} characters; auditors will read it");
        faults.note("reason", told);
    }
    let message: Option<JobId> = fields.read("message", "a message's id");
    fields.end();
    faults.none(NewReveal {
        alert,
        message,
        user,
        reason: reason.unwrap_or_default(),
    })
}

fn refused(unseen: Unseen) -> ApiError {
    let nothing = ApiError::new(ErrorCode::NotFound);
    match unseen {
        Unseen::NoAlert => nothing,
        Unseen::NotOfAlert => nothing.with_detail("the alert has no such message"),
        Unseen::NotKept => {
            nothing.with_detail("what the message said is not kept, or not any more")
        }
        Unseen::TooOften(wait) => ApiError::new(ErrorCode::TooManyRequests)
            .with_retry_after(wait)
            .with_detail(format!(
                "{REVEALS_AN_HOUR} originals an hour are shown to one person"
            )),
    }
}

impl Original {
    fn of(alert: AlertId, revealed: &Revealed, texts: Vec<TextUnit>, found: Vec<Finding>) -> Self {
        let findings = found.into_iter().map(|finding| OriginalFinding {
            start: finding.start,
            end: finding.end,
            location: finding.location,
            info_type: finding.info_type.into(),
        });
        let texts = texts.into_iter().map(|unit| OriginalText {
            location: unit.location,
            text: unit.text,
        });
        Self {
            alert: alert.as_uuid(),
            message: revealed.message.as_uuid(),
            texts: texts.collect(),
            findings: findings.collect(),
            expires_at: revealed.expires_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(body: &Value) -> Vec<String> {
        let body = serde_json::from_value(body.clone()).unwrap();
        let read = read(body, AlertId::fresh(), UserId::fresh());
        read.err().unwrap_or_default()
    }

    #[test]
    fn a_reason_of_some_words_is_asked_for() {
        assert_eq!(told(&json!({"reason": "the customer asks"})), [""; 0]);
        assert_eq!(
            told(&json!({})),
            ["`reason`: is missing; give why you need to see it"]
        );
        for short in ["test", "         x", "\u{e4}\u{e4}\u{e4}\u{e4}"] {
            assert_eq!(
                told(&json!({ "reason": short })),
                ["`reason`: give at least 10 characters; auditors will read it"]
            );
        }
        for unfit in [
            json!("x".repeat(501)),
            json!("one line\nand another"),
            json!(1),
        ] {
            assert_eq!(
                told(&json!({ "reason": unfit })),
                ["`reason`: give a text of 1 to 500 characters on one line"]
            );
        }
    }

    #[test]
    fn ten_letters_are_enough_in_any_script() {
        assert_eq!(told(&json!({"reason": "проверка ок"})), [""; 0]);
    }
}
