//! `/api/v1/detectors`: what Weir looks for.
//!
//! Owns showing the set in force. Detectors of one's own come with the detection engine's full set.

use actix_web::web;
use serde::Serialize;
use shared::detector::DetectorSpec;
use utoipa::ToSchema;

use crate::api::auth::{Authorized, permit};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;

/// A detector in force.
#[derive(Serialize, ToSchema)]
pub struct DetectorView {
    /// Its id.
    #[schema(example = "credit-card-number")]
    id: String,
    /// For people.
    #[schema(example = "Credit card number")]
    name: String,
    /// What it finds.
    #[schema(example = "CREDIT_CARD_NUMBER")]
    info_type: String,
    /// What it finds and how.
    description: String,
    /// How sure a hit is without further evidence.
    #[schema(example = "LIKELY")]
    likelihood: &'static str,
    /// How bad a hit is.
    #[schema(example = "HIGH")]
    severity: &'static str,
    /// What to do about a leak.
    handling: String,
    /// Where the format is described.
    references: Vec<String>,
}

/// All detectors in force.
#[derive(Serialize, ToSchema)]
pub struct DetectorList {
    /// Which set: nodes that scan with it say so in their results.
    version: String,
    /// The detectors, by id.
    items: Vec<DetectorView>,
    /// How many there are.
    total: usize,
}

impl From<&DetectorSpec> for DetectorView {
    fn from(spec: &DetectorSpec) -> Self {
        Self {
            id: spec.id.to_string(),
            name: spec.name.clone(),
            info_type: spec.info_type.to_string(),
            description: spec.description.clone(),
            likelihood: spec.likelihood.as_str(),
            severity: spec.severity.as_str(),
            handling: spec.handling.clone(),
            references: spec.references.clone(),
        }
    }
}

/// The detectors in force, all on one page.
#[utoipa::path(
    get, operation_id = "listDetectors", path = "/api/v1/detectors", tag = "detectors", security(("bearer" = [])),
    responses((status = 200, description = "the set in force", body = DetectorList)),
)]
pub async fn list(
    _auth: Authorized<permit::DetectorsRead>,
    app: web::Data<AppState>,
) -> web::Json<DetectorList> {
    let set = std::future::ready(app.detectors.current()).await;
    let items: Vec<DetectorView> = set.detectors.iter().map(DetectorView::from).collect();
    web::Json(DetectorList {
        version: set.version.to_string(),
        total: items.len(),
        items,
    })
}

/// One detector.
#[utoipa::path(
    get, operation_id = "getDetector", path = "/api/v1/detectors/{id}", tag = "detectors", security(("bearer" = [])),
    params(("id" = String, Path, description = "the detector")),
    responses(
        (status = 200, description = "the detector", body = DetectorView),
        (status = 404, description = "not in force", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::DetectorsRead>,
    id: web::Path<String>,
    app: web::Data<AppState>,
) -> Result<web::Json<DetectorView>, ApiError> {
    let set = std::future::ready(app.detectors.current()).await;
    let found = set
        .detectors
        .iter()
        .find(|spec| spec.id.as_str() == id.as_str());
    let found = found.map(|spec| web::Json(DetectorView::from(spec)));
    found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))
}
