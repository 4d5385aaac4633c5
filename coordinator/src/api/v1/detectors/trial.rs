//! `POST /api/v1/detectors/test`: a detector tried on a text.
//!
//! Owns running one detector, stored or not, alone. **Invariant:** nothing is stored, and what is found is
//! shown masked.

use actix_web::web;
use scanner_node::detect::{IndexKeys, Scratch, admit_with};
use scanner_node::scan::{Located, scan_units};
use serde::Serialize;
use shared::content::{Coverage, TextUnit};
use shared::detector::DetectorSpec;
use shared::job::RetryClass;
use utoipa::ToSchema;

use super::draft::{self, Allowed, DetectorFields};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Body;
use crate::api::fields::{Fields, read_draft};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::api::v1::views::EvidenceView;

/// Longest text that is tried, in bytes.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// A detector, by its id or as a draft, and a text.
#[derive(ToSchema)]
#[schema(example = json!({"id": "credit-card-number", "text": "my card is 4111 1111 1111 1111"}))]
#[expect(dead_code, reason = "describes what `test` takes")]
pub struct TrialRequest {
    /// A detector that there is.
    #[schema(example = "credit-card-number")]
    id: Option<String>,
    /// One that there is not yet; a name and an info type are not needed.
    detector: Option<DetectorFields>,
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
        (status = 404, description = "there is no detector of that id", body = crate::api::Problem),
        (status = 413, description = "the text is too long", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn test(
    _auth: Authorized<permit::DetectorsRead>,
    body: Body<{ super::MAX_BYTES }>,
    app: web::Data<AppState>,
) -> Result<web::Json<Trial>, ApiError> {
    let (of, text) = read_draft(body.0, parts).map_err(ApiError::unusable)?;
    if text.len() > MAX_TEXT_BYTES {
        return Err(ApiError::new(ErrorCode::PayloadTooLarge)
            .with_detail(format!("`text` has more than {MAX_TEXT_BYTES} bytes")));
    }
    let spec = match of {
        Of::Stored(id) => super::known(&app, &id).await?.spec,
        Of::Draft(spec) => *spec,
    };
    let keys = app.detectors.keys().cloned();
    let tried = web::block(move || try_on(&spec, keys.as_ref(), &text)).await;
    let tried = tried.map_err(|stopped| ApiError::failed(RetryClass::Transient, stopped))?;
    tried.map(web::Json).map_err(ApiError::unusable)
}

/// What is tried.
enum Of {
    Stored(String),
    Draft(Box<DetectorSpec>),
}

fn parts(fields: &mut Fields<'_>) -> Option<(Of, String)> {
    fields.require("text", "a text");
    let text = fields.read("text", "a text");
    let stored = fields.read("id", "a detector's id").map(Of::Stored);
    let draft = fields.object("detector").map(|mut detector| {
        let spec = draft::spec_in(&mut detector, draft::blank(), Allowed::All);
        detector.end();
        Of::Draft(Box::new(draft::with_id(spec)))
    });
    let of = match (stored, draft) {
        (Some(of), None) | (None, Some(of)) => Some(of),
        _ => {
            fields.note_whole("give either `id` or `detector`");
            None
        }
    };
    Some((of?, text?))
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
