//! `/api/v1/policies`: what follows from what is found.
//!
//! Owns the routes. How a policy is written is for `draft`, what it may name for `names`, how it is shown for
//! `views`, what it would have done for `simulate`; storing a change is for `policy_changes`.
//! **Invariant:** a change is answered after it is in force in this process; a policy that cannot work is
//! answered with 422 and never stored.

mod draft;
mod names;
mod simulate;
mod views;

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use shared::ids::{PolicyId, UserId};
use utoipa::IntoParams;

use self::names::Names;
use super::{page_of, paging};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::cursor::{Page, PageQuery};
use crate::api::precondition::{self, IfMatch, etag};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::domain::policy::{Policy, PolicyMode};
use crate::policy_changes::{self, Change, ChangeError};
use crate::store::Position;
use crate::store::policies::{self, PolicyFilter, StoredPolicy};
use crate::store::words::Search;

pub(in crate::api::v1) use draft::is_slack_id;
pub use simulate::{
    __path_simulate, __path_simulate_draft, CountView, DayView, DifferenceView, SeverityCountView,
    SimulationRequest, SimulationView, TotalsView, simulate, simulate_draft,
};
pub use views::{PolicyChange, PolicyDraft, PolicyView};

/// Policies named to who cannot delete something because of them.
const MAX_NAMED: usize = 5;
/// Longest search, in characters.
const MAX_SEARCH_CHARS: usize = 200;

/// Which policies.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PolicyQuery {
    /// Only in this mode.
    mode: Option<PolicyMode>,
    /// Only with these words in their names; the beginning of each is enough.
    #[param(max_length = 200)]
    search: Option<String>,
}

/// Policies, highest priority first, of equal priority the oldest first: the order in which they decide.
#[utoipa::path(
    get, operation_id = "listPolicies", path = "/api/v1/policies", tag = "policies", security(("bearer" = [])),
    params(PageQuery, PolicyQuery),
    responses(
        (status = 200, description = "a page", body = Page<PolicyView>),
    ),
)]
pub async fn list(
    _auth: Authorized<permit::PoliciesRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    query: web::Query<PolicyQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<PolicyView>>, ApiError> {
    let paging = paging::<PolicyQuery>(&request, &page, &app.cursors)?;
    let PolicyQuery { mode, search } = query.into_inner();
    let search = search.unwrap_or_default();
    if search.chars().count() > MAX_SEARCH_CHARS {
        let told = format!("`search` has more than {MAX_SEARCH_CHARS} characters");
        return Err(ApiError::invalid(told));
    }
    let filter = PolicyFilter {
        mode,
        search: Search::parse(&search),
    };
    let reading = app
        .store
        .read(move |conn| policies::page(conn, &filter, paging));
    let found = reading.await?;
    let view = |stored: StoredPolicy| {
        let place = Position {
            key: stored.spec.0.priority.into(),
            id: stored.id.as_uuid(),
        };
        (place, PolicyView::from(stored))
    };
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// One policy.
#[utoipa::path(
    get, operation_id = "getPolicy", path = "/api/v1/policies/{id}", tag = "policies", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the policy")),
    responses(
        (status = 200, description = "the policy; `ETag` is its version", body = PolicyView),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::PoliciesRead>,
    id: web::Path<PolicyId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let stored = known(&app, *id).await?;
    let names = Names::load(&app).await?;
    Ok(shown(HttpResponse::Ok(), stored, &names))
}

/// Makes a policy and puts it in force.
#[utoipa::path(
    post, operation_id = "createPolicy", path = "/api/v1/policies", tag = "policies", security(("bearer" = [])),
    request_body = PolicyDraft,
    responses(
        (status = 201, description = "made, and in force", body = PolicyView,
            headers(("Location" = String, description = "where it is"))),
        (status = 409, description = "there are too many, or a group it names was just deleted", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::PoliciesWrite>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let names = Names::load(&app).await?;
    let policy = draft::new_policy(body.into_inner(), &names).map_err(ApiError::unusable)?;
    let id = PolicyId::fresh();
    make(
        &app,
        id,
        Change::Create(Box::new(policy)),
        auth.principal.user,
    )
    .await?;
    let stored = known(&app, id).await?;
    let mut answer = HttpResponse::Created();
    answer.insert_header((LOCATION, format!("/api/v1/policies/{id}")));
    Ok(shown(answer, stored, &names))
}

/// Replaces a policy. `If-Match` keeps from overwriting somebody else's change.
#[utoipa::path(
    put, operation_id = "replacePolicy", path = "/api/v1/policies/{id}", tag = "policies", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the policy"),
        IfMatch,
    ),
    request_body = PolicyDraft,
    responses(
        (status = 200, description = "replaced, and in force", body = PolicyView),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "changed at this very moment, or a group it names was", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn replace(
    auth: Authorized<permit::PoliciesWrite>,
    request: HttpRequest,
    id: web::Path<PolicyId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let stored = known(&app, *id).await?;
    precondition::check(&request, stored.version)?;
    let names = Names::load(&app).await?;
    let policy = draft::new_policy(body.into_inner(), &names).map_err(ApiError::unusable)?;
    put(&app, auth.principal.user, stored, policy, &names).await
}

/// Changes some fields; those not named stay as they are.
#[utoipa::path(
    patch, operation_id = "changePolicy", path = "/api/v1/policies/{id}", tag = "policies", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the policy"),
        IfMatch,
    ),
    request_body = PolicyChange,
    responses(
        (status = 200, description = "changed, and in force", body = PolicyView),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "changed at this very moment, or a group it names was", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn change(
    auth: Authorized<permit::PoliciesWrite>,
    request: HttpRequest,
    id: web::Path<PolicyId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let stored = known(&app, *id).await?;
    precondition::check(&request, stored.version)?;
    let names = Names::load(&app).await?;
    let changed = draft::changed(&stored.spec.0, body.into_inner(), &names);
    let policy = changed.map_err(ApiError::unusable)?;
    put(&app, auth.principal.user, stored, policy, &names).await
}

/// Deletes a policy. What it decided stays.
#[utoipa::path(
    delete, operation_id = "deletePolicy", path = "/api/v1/policies/{id}", tag = "policies", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the policy"),
        IfMatch,
    ),
    responses(
        (status = 204, description = "deleted, and no longer in force"),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "changed at this very moment", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
    ),
)]
pub async fn delete(
    auth: Authorized<permit::PoliciesWrite>,
    request: HttpRequest,
    id: web::Path<PolicyId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let stored = known(&app, *id).await?;
    precondition::check(&request, stored.version)?;
    let change = Change::Delete {
        version: stored.version,
    };
    make(&app, *id, change, auth.principal.user).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn known(app: &AppState, id: PolicyId) -> Result<StoredPolicy, ApiError> {
    let found = app.store.read(move |conn| policies::get(conn, id)).await?;
    found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))
}

/// Puts `after` in the place of what is stored.
async fn put(
    app: &AppState,
    by: UserId,
    stored: StoredPolicy,
    after: Policy,
    names: &Names,
) -> Result<HttpResponse, ApiError> {
    let id = stored.id;
    let change = Change::Update {
        before: Box::new(stored.spec.0),
        after: Box::new(after),
        version: stored.version,
    };
    make(app, id, change, by).await?;
    Ok(shown(HttpResponse::Ok(), known(app, id).await?, names))
}

/// Stores a change, and waits until it is in force here. Other coordinators see it within a second or two.
async fn make(app: &AppState, id: PolicyId, change: Change, by: UserId) -> Result<(), ApiError> {
    policy_changes::store(&app.store, id, change, by)
        .await
        .map_err(refused)?;
    put_in_force(app).await;
    Ok(())
}

/// What is stored is put in force at the next look at the database, should this fail.
pub(super) async fn put_in_force(app: &AppState) {
    if let Err(error) = app.policies.refresh(&app.store).await {
        tracing::warn!(%error, "a change of policies is stored and not yet in force");
    }
}

fn refused(error: ChangeError) -> ApiError {
    match error {
        ChangeError::Store(error) => error.into(),
        told => ApiError::new(ErrorCode::Conflict).with_detail(told.to_string()),
    }
}

/// The refusal to delete something that policies name.
pub(in crate::api::v1) fn named_by(policies: &[StoredPolicy]) -> ApiError {
    let named: Vec<String> = policies
        .iter()
        .take(MAX_NAMED)
        .map(|policy| format!("“{}”", policy.spec.0.name))
        .collect();
    let more = policies.len().saturating_sub(MAX_NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let told = format!(
        "policies name it: {}{more}; take it out of them first",
        named.join(", ")
    );
    ApiError::new(ErrorCode::Conflict).with_detail(told)
}

fn shown(
    mut answer: actix_web::HttpResponseBuilder,
    stored: StoredPolicy,
    names: &Names,
) -> HttpResponse {
    answer.insert_header((ETAG, etag(stored.version)));
    answer.json(PolicyView::with_warnings(stored, &names.findable))
}
