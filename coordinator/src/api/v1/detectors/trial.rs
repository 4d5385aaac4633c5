//! `POST /api/v1/detectors/test`: a detector tried on a text.
//!
//! Owns running one detector, stored or not, alone. **Invariant:** nothing is stored, and what is found is
//! shown masked.

use actix_web::web;
use scanner_node::detect::{IndexKeys, Scratch, admit_with};
use scanner_node::scan::{Located, scan_units};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::content::{Coverage, TextUnit};
use shared::detector::DetectorSpec;
use shared::job::RetryClass;
use utoipa::ToSchema;

use super::body::LargeJson;
use super::draft::{self, DetectorDraft, Fields};
use crate::api::auth::{Authorized, permit};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::api::v1::views::EvidenceView;

/// Longest text that is tried, in bytes.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// A detector, by its id or as a draft, and a text.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `test` takes")]
pub struct TrialRequest {
    /// A detector that there is.
    #[schema(example = "credit-card-number")]
    id: Option<String>,
    /// One that there is not yet; a name and an info type are not needed.
    detector: Option<DetectorDraft>,
    /// The text, at most 64 KiB.
    #[schema(example = "my card is 4111 1111 1111 1111")]
    text: String,
}

/// What a detector found.
#[derive(Serialize, ToSchema)]
pub struct Trial {
    /// The findings, in order of position; registered documents in the end.
    findings: Vec<TrialFinding>,
    /// There were more.
    truncated: bool,
}

/// Something that was found.
#[derive(Serialize, ToSchema)]
pub struct TrialFinding {
    /// What kind of data.
    #[schema(example = "CREDIT_CARD_NUMBER")]
    info_type: String,
    /// Which detector found it.
    #[schema(example = "credit-card-number")]
    detector: String,
    /// How sure.
    #[schema(example = "VERY_LIKELY")]
    likelihood: &'static str,
    /// How bad.
    #[schema(example = "HIGH")]
    severity: &'static str,
    /// First byte, on a character boundary.
    start: u64,
    /// One past the last byte, on a character boundary.
    end: u64,
    /// The value, masked; of a registered document how much of it is there, and its name.
    #[schema(example = "4111 **** **** 1111")]
    preview: String,
    /// Why the engine thinks so.
    explanation: Vec<EvidenceView>,
}

/// Tries a detector on a text. Other detectors do not take part.
#[utoipa::path(
    post, operation_id = "testDetector", path = "/api/v1/detectors/test", tag = "detectors", security(("bearer" = [])),
    request_body = TrialRequest,
    responses(
        (status = 200, description = "what it found", body = Trial),
        (status = 400, description = "no text, or no detector", body = crate::api::Problem),
        (status = 404, description = "there is no detector of that id", body = crate::api::Problem),
        (status = 413, description = "the text is too long", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn test(
    _auth: Authorized<permit::DetectorsRead>,
    body: LargeJson,
    app: web::Data<AppState>,
) -> Result<web::Json<Trial>, ApiError> {
    let (of, text) = parts(body.0)?;
    let spec = match of {
        Of::Stored(id) => super::known(&app, &id).await?.spec,
        Of::Draft(fields) => {
            let mut spec =
                draft::changed(&draft::blank(), fields, Fields::All).map_err(ApiError::unusable)?;
            if spec.id.as_str().is_empty() {
                spec.id = shared::ids::DetectorId::new(draft::slug(&spec.name));
            }
            spec
        }
    };
    let keys = app.detectors.keys().cloned();
    let tried = web::block(move || try_on(&spec, keys.as_ref(), &text)).await;
    let tried = tried.map_err(|stopped| ApiError::failed(RetryClass::Transient, stopped))?;
    tried.map(web::Json).map_err(ApiError::unusable)
}

/// What is tried.
enum Of {
    Stored(String),
    Draft(Map<String, Value>),
}

fn parts(mut body: Map<String, Value>) -> Result<(Of, String), ApiError> {
    let Some(Value::String(text)) = body.remove("text") else {
        return Err(ApiError::invalid("missing field `text`"));
    };
    if text.len() > MAX_TEXT_BYTES {
        return Err(ApiError::new(ErrorCode::PayloadTooLarge)
            .with_detail(format!("`text` has more than {MAX_TEXT_BYTES} bytes")));
    }
    let of = match (body.remove("id"), body.remove("detector")) {
        (Some(Value::String(id)), None) => Of::Stored(id),
        (None, Some(Value::Object(fields))) => Of::Draft(fields),
        _ => return Err(ApiError::invalid("give either `id` or `detector`")),
    };
    if body.is_empty() {
        Ok((of, text))
    } else {
        Err(ApiError::invalid(
            "there is more than `id` or `detector`, and `text`",
        ))
    }
}

fn try_on(spec: &DetectorSpec, keys: Option<&IndexKeys>, text: &str) -> Result<Trial, Vec<String>> {
    let engine = admit_with(spec, keys).map_err(|errors| {
        let errors = errors.0.into_iter().take(100);
        errors
            .map(|error| error.problem.to_string())
            .collect::<Vec<_>>()
    })?;
    let mut findings = Vec::new();
    let units = [TextUnit::plain(text)];
    let summary = scan_units(&engine, &mut Scratch::new(), &units, &mut |located| {
        findings.push(TrialFinding::from(located));
    });
    Ok(Trial {
        findings,
        truncated: summary.coverage != Coverage::Complete,
    })
}

impl From<Located<'_>> for TrialFinding {
    fn from(located: Located<'_>) -> Self {
        Self {
            info_type: located.detector.info_type.to_string(),
            detector: located.detector.id.to_string(),
            likelihood: located.likelihood.as_str(),
            severity: located.detector.severity.as_str(),
            start: located.start,
            end: located.end,
            preview: located.preview,
            explanation: located
                .evidence
                .into_iter()
                .map(EvidenceView::from)
                .collect(),
        }
    }
}
