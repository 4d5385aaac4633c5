//! `/api/v1/detectors`: what Weir looks for.
//!
//! Owns the routes. How a detector is written is for `draft`, how it is shown for `views`, trying one on a
//! text for `trial`; what a change must pass, and storing it, is for `detector_changes`.
//! **Invariant:** a change is answered after it is in force in this process; a detector that cannot work is
//! answered with 422 and never stored.

mod draft;
mod trial;
mod views;

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use shared::detector::{DetectorSpec, Origin};
use shared::job::RetryClass;

use self::draft::Allowed;
use crate::api::auth::{Authorized, permit};
use crate::api::body::Body;
use crate::api::precondition::{self, IfMatch, etag};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::detector_changes::{self, Change, ChangeError};
use crate::detector_cost::Cost;
use crate::detector_sets::KnownDetector;
use crate::store::detectors;

pub use draft::{DetectorDraft, DetectorFields, blank, slug};
pub use trial::{__path_test, Trial, TrialFinding, TrialRequest, test};
pub use views::{CostView, DetectorDetail, DetectorList, DetectorView};

/// Longest body, in bytes: an index of exact data may hold a million rows.
const MAX_BYTES: usize = 48 << 20;

/// All detectors, in force or switched off, on one page.
#[utoipa::path(
    get, operation_id = "listDetectors", path = "/api/v1/detectors", tag = "detectors", security(("bearer" = [])),
    responses((status = 200, description = "every detector there is", body = DetectorList)),
)]
pub async fn list(
    _auth: Authorized<permit::DetectorsRead>,
    app: web::Data<AppState>,
) -> Result<web::Json<DetectorList>, ApiError> {
    let stored = app.store.read(detectors::list).await?;
    let known = app.detectors.known(stored);
    let items: Vec<DetectorView> = known.iter().map(DetectorView::from).collect();
    Ok(web::Json(DetectorList {
        version: app.detectors.current().version.to_string(),
        total: items.len(),
        items,
    }))
}

/// One detector, with all that it consists of.
#[utoipa::path(
    get, operation_id = "getDetector", path = "/api/v1/detectors/{id}", tag = "detectors", security(("bearer" = [])),
    params(("id" = String, Path, description = "the detector")),
    responses(
        (status = 200, description = "the detector; `ETag` is its version", body = DetectorDetail),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::DetectorsRead>,
    id: web::Path<String>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let known = known(&app, &id).await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(known.version)))
        .json(DetectorDetail::of(&known, None)))
}

/// Makes a detector and puts it in force.
#[utoipa::path(
    post, operation_id = "createDetector", path = "/api/v1/detectors", tag = "detectors", security(("bearer" = [])),
    request_body = DetectorDraft,
    responses(
        (status = 201, description = "made, and in force", body = DetectorDetail,
            headers(("Location" = String, description = "where it is"))),
        (status = 409, description = "the id is taken, or there are too many", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::DetectorsWrite>,
    body: Body<MAX_BYTES>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let spec = draft::new_spec(body.0).map_err(ApiError::unusable)?;
    if app.detectors.builtin_of(spec.id.as_str()).is_some() {
        return Err(refused(ChangeError::Taken));
    }
    let cost = vet(&app, &spec).await?;
    let change = Change::Create(spec.clone());
    let version = make(&app, change, &auth.principal.user).await?;
    let location = format!("/api/v1/detectors/{}", spec.id);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .insert_header((ETAG, etag(version)))
        .json(DetectorDetail::of(
            &KnownDetector { spec, version },
            Some(cost),
        )))
}

/// Replaces a detector of one's own. `If-Match` keeps from overwriting somebody else's change.
#[utoipa::path(
    put, operation_id = "replaceDetector", path = "/api/v1/detectors/{id}", tag = "detectors", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the detector"),
        IfMatch,
    ),
    request_body = DetectorDraft,
    responses(
        (status = 200, description = "replaced, and in force", body = DetectorDetail),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "it is built in, or changed at this very moment", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn replace(
    auth: Authorized<permit::DetectorsWrite>,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<MAX_BYTES>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let known = known(&app, &id).await?;
    precondition::check(&request, known.version)?;
    if known.spec.origin == Origin::Builtin {
        return Err(built_in(
            "change `enabled`, `severity` or `likelihood` with PATCH, or make another",
        ));
    }
    let mut draft = body.0;
    draft.0.insert("id".to_owned(), id.into_inner().into());
    draft::keep_index(&mut draft, &known.spec);
    let spec = draft::new_spec(draft).map_err(ApiError::unusable)?;
    put(&app, &auth.principal.user, known, spec).await
}

/// Changes some fields; those not named stay. Of a built-in detector `enabled`, `severity` and `likelihood`
/// can be changed.
#[utoipa::path(
    patch, operation_id = "changeDetector", path = "/api/v1/detectors/{id}", tag = "detectors", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the detector"),
        IfMatch,
    ),
    request_body = DetectorFields,
    responses(
        (status = 200, description = "changed, and in force", body = DetectorDetail),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "changed at this very moment", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn change(
    auth: Authorized<permit::DetectorsWrite>,
    request: HttpRequest,
    id: web::Path<String>,
    body: Body<MAX_BYTES>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let known = known(&app, &id).await?;
    precondition::check(&request, known.version)?;
    let allowed = match known.spec.origin {
        Origin::Builtin => Allowed::OfBuiltIn,
        Origin::Custom => Allowed::AllButId,
    };
    let mut draft = body.0;
    draft::keep_index(&mut draft, &known.spec);
    let spec = draft::changed(&known.spec, draft, allowed).map_err(ApiError::unusable)?;
    put(&app, &auth.principal.user, known, spec).await
}

/// Deletes a detector of one's own. A built-in one can be switched off instead.
#[utoipa::path(
    delete, operation_id = "deleteDetector", path = "/api/v1/detectors/{id}", tag = "detectors", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the detector"),
        IfMatch,
    ),
    responses(
        (status = 204, description = "deleted, and no longer in force"),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "it is built in, or changed at this very moment", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
    ),
)]
pub async fn delete(
    auth: Authorized<permit::DetectorsWrite>,
    request: HttpRequest,
    id: web::Path<String>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let KnownDetector { spec, version } = {
        let known = known(&app, &id).await?;
        precondition::check(&request, known.version)?;
        known
    };
    if spec.origin == Origin::Builtin {
        return Err(built_in(
            "switch it off with PATCH and `\"enabled\": false`",
        ));
    }
    let id = spec.id;
    make(&app, Change::Delete { id, version }, &auth.principal.user).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn known(app: &AppState, id: &str) -> Result<KnownDetector, ApiError> {
    let stored = app.store.read(detectors::list).await?;
    let mut known = app.detectors.known(stored).into_iter();
    let found = known.find(|known| known.spec.id.as_str() == id);
    found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))
}

/// Puts `spec` in the place of `known`.
async fn put(
    app: &AppState,
    by: &shared::ids::UserId,
    known: KnownDetector,
    spec: DetectorSpec,
) -> Result<HttpResponse, ApiError> {
    let cost = if changes_the_search(&known.spec, &spec) {
        Some(vet(app, &spec).await?)
    } else {
        None
    };
    let change = Change::Update {
        spec: spec.clone(),
        version: known.version,
    };
    let version = make(app, change, by).await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(version)))
        .json(DetectorDetail::of(&KnownDetector { spec, version }, cost)))
}

/// Whether more than the weight of its hits changes.
fn changes_the_search(before: &DetectorSpec, after: &DetectorSpec) -> bool {
    let weighed_alike = DetectorSpec {
        enabled: before.enabled,
        severity: before.severity,
        likelihood: before.likelihood,
        ..after.clone()
    };
    weighed_alike != *before
}

async fn vet(app: &AppState, spec: &DetectorSpec) -> Result<Cost, ApiError> {
    let (spec, keys) = (spec.clone(), app.detectors.keys().cloned());
    let vetted = web::block(move || detector_changes::vet(&spec, keys.as_ref())).await;
    let vetted = vetted.map_err(|stopped| ApiError::failed(RetryClass::Transient, stopped))?;
    vetted.map_err(ApiError::unusable)
}

/// Stores a change, and waits until it is in force here. Other coordinators see it within a second or two.
async fn make(app: &AppState, change: Change, by: &shared::ids::UserId) -> Result<i32, ApiError> {
    let version = detector_changes::store(&app.store, change, *by)
        .await
        .map_err(refused)?;
    // It is stored: should this fail, the next look at the database puts it in force.
    if let Err(error) = app.detectors.refresh(&app.store).await {
        tracing::warn!(%error, "a change of detectors is stored and not yet in force");
    }
    Ok(version)
}

fn refused(error: ChangeError) -> ApiError {
    match error {
        ChangeError::Store(error) => error.into(),
        told => ApiError::new(ErrorCode::Conflict).with_detail(told.to_string()),
    }
}

fn built_in(instead: &'static str) -> ApiError {
    ApiError::new(ErrorCode::Conflict).with_detail(format!("the detector is built in: {instead}"))
}
