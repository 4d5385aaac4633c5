//! `/api/v1/suppressions`: findings that no policy is to count, and risks that are accepted.
//!
//! Owns the routes. How one is written is for `draft`, how it is shown for `views`; what a change must pass,
//! and storing it, is for `suppression_changes`.
//! **Invariant:** a change is answered after it is in force in this process; a suppression is ended and never
//! deleted, so that findings can name it for ever.

mod draft;
mod views;

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use shared::ids::{SuppressionId, UserId};
use utoipa::IntoParams;

use super::{page_of, paging};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::cursor::{Page, PageQuery};
use crate::api::precondition::{Expected, IfMatch, etag, stale};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::domain::suppression::SuppressionKind;
use crate::store::suppressions::{self, Suppression, SuppressionFilter};
use crate::suppression_changes::{self, ChangeError};

pub use draft::{MatchesDraft, SuppressionChange, SuppressionDraft};
pub use views::{KindWord, StateWord, SuppressionView};

/// Which suppressions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SuppressionQuery {
    /// Only `suppression`s, or only `accepted_risk`s.
    #[param(value_type = Option<KindWord>, inline)]
    kind: Option<String>,
    /// Only those in force (`live`), or only those that are over (`ended`).
    #[param(value_type = Option<StateWord>, inline)]
    state: Option<String>,
    /// Only those for which this user answers.
    #[param(value_type = Option<Uuid>)]
    owner: Option<String>,
}

/// Suppressions, newest first. A list is counted up to 1000.
#[utoipa::path(
    get, operation_id = "listSuppressions", path = "/api/v1/suppressions", tag = "suppressions",
    security(("bearer" = [])),
    params(PageQuery, SuppressionQuery),
    responses(
        (status = 200, description = "a page", body = Page<SuppressionView>),
    ),
)]
pub async fn list(
    _auth: Authorized<permit::AlertsRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    query: web::Query<SuppressionQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<SuppressionView>>, ApiError> {
    let paging = paging::<SuppressionQuery>(&request, &page, &app.cursors)?;
    let filter = query.into_inner().read()?;
    let found = app
        .store
        .read(move |conn| suppressions::list(conn, filter, paging))
        .await?;
    let now = app.clock.now();
    let view = |one: Suppression| (one.id.as_uuid(), SuppressionView::of(one, now));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// Makes a suppression and puts it in force.
#[utoipa::path(
    post, operation_id = "createSuppression", path = "/api/v1/suppressions", tag = "suppressions",
    security(("bearer" = [])),
    request_body = SuppressionDraft,
    responses(
        (status = 201, description = "made, and in force", body = SuppressionView,
            headers(("Location" = String, description = "where it is"))),
        (status = 409, description = "there are too many", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::AlertsWrite>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let by = auth.principal.user;
    let new = draft::new_suppression(body.into_inner(), by).map_err(ApiError::unusable)?;
    let made = suppression_changes::create(&app.store, new, by).await?;
    put_in_force(&app).await;
    let location = format!("/api/v1/suppressions/{}", made.id);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .insert_header((ETAG, etag(made.version)))
        .json(SuppressionView::of(made, app.clock.now())))
}

/// One suppression.
#[utoipa::path(
    get, operation_id = "getSuppression", path = "/api/v1/suppressions/{id}", tag = "suppressions",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the suppression")),
    responses(
        (status = 200, description = "the suppression; `ETag` is its version", body = SuppressionView),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::AlertsRead>,
    id: web::Path<SuppressionId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id = *id;
    let found = app.store.read(move |conn| suppressions::get(conn, id));
    let found = found
        .await?
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
    Ok(answer(&app, found))
}

/// Changes why a suppression is there, who answers for it, or when it is over.
#[utoipa::path(
    patch, operation_id = "changeSuppression", path = "/api/v1/suppressions/{id}", tag = "suppressions",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the suppression"),
        IfMatch,
    ),
    request_body = SuppressionChange,
    responses(
        (status = 200, description = "the suppression; `ETag` is its version", body = SuppressionView),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "it has ended", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn change(
    auth: Authorized<permit::AlertsWrite>,
    request: HttpRequest,
    id: web::Path<SuppressionId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let change = draft::change(body.into_inner()).map_err(ApiError::unusable)?;
    let (seen, by) = (Expected::of(&request), auth.principal.user);
    let is_seen = move |version| seen.holds(version);
    let changed = suppression_changes::change(&app.store, *id, is_seen, change, by).await?;
    put_in_force(&app).await;
    Ok(answer(&app, changed))
}

/// Ends a suppression; it stays to be looked at. The alert that an accepted risk kept closed is open again.
#[utoipa::path(
    delete, operation_id = "endSuppression", path = "/api/v1/suppressions/{id}", tag = "suppressions",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the suppression"),
        IfMatch,
    ),
    responses(
        (status = 204, description = "ended, and no longer in force"),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "it has ended", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
    ),
)]
pub async fn end(
    auth: Authorized<permit::AlertsWrite>,
    request: HttpRequest,
    id: web::Path<SuppressionId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (seen, by) = (Expected::of(&request), auth.principal.user);
    let is_seen = move |version| seen.holds(version);
    suppression_changes::end(&app.store, *id, is_seen, by, app.times).await?;
    put_in_force(&app).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Puts what is stored in force here. Other coordinators see it within a second or two.
pub(super) async fn put_in_force(app: &AppState) {
    // It is stored: should this fail, the next look at the database puts it in force.
    if let Err(error) = app.suppressions.refresh(&app.store).await {
        tracing::warn!(%error, "a change of suppressions is stored and not yet in force");
    }
}

fn answer(app: &AppState, suppression: Suppression) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(suppression.version)))
        .json(SuppressionView::of(suppression, app.clock.now()))
}

impl SuppressionQuery {
    fn read(self) -> Result<SuppressionFilter, ApiError> {
        let refused = |told: &'static str| ApiError::invalid(told);
        let kind = self.kind.map(|word| {
            let kind = SuppressionKind::parse(&word);
            kind.ok_or_else(|| refused("`kind` is not usable; give suppression or accepted_risk"))
        });
        let in_force = self.state.map(|word| match word.as_str() {
            "live" => Ok(true),
            "ended" => Ok(false),
            _ => Err(refused("`state` is not usable; give live or ended")),
        });
        let owner = self.owner.map(|id| {
            let id = id.parse::<UserId>();
            id.map_err(|_repeats| refused("`owner` is not usable; give a user's id"))
        });
        Ok(SuppressionFilter {
            kind: kind.transpose()?,
            in_force: in_force.transpose()?,
            owner: owner.transpose()?,
        })
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Missing => Self::new(ErrorCode::NotFound),
            ChangeError::Stale => stale(),
            ChangeError::Ended | ChangeError::Full => {
                Self::new(ErrorCode::Conflict).with_detail(error.to_string())
            }
            ChangeError::Store(error) => error.into(),
            told => Self::unusable(vec![told.to_string()]),
        }
    }
}
