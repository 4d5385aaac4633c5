//! `/api/v1/tokens`: the credentials of programs.
//!
//! Owns the routes and what is shown. What somebody asks for is read by `draft`; what is done is in `accounts`.
//! **Invariant:** a token's secret is in the one answer that made it; no token is made by a token.

mod draft;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::ids::TokenId;
use shared::secret::ExposeSecret as _;
use utoipa::ToSchema;
use uuid::Uuid;

use self::draft::NewTokenRequest;
use super::{page_of, paging};
use crate::accounts::{self, By, NewMachine};
use crate::api::auth::{Authorized, permit};
use crate::api::cursor::{Page, PageQuery};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::store::tokens::{self, ApiToken};

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub struct TokenView {
    /// Its id.
    id: Uuid,
    /// What it is for.
    #[schema(example = "siem export")]
    name: String,
    /// What it may do, as long as its owner may.
    #[schema(example = json!(["audit:read"]))]
    scopes: Vec<String>,
    /// Whose it is; null if nobody's, which is good for nothing.
    owner: Option<Uuid>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was last used, to about a minute.
    last_used_at: Option<DateTime<Utc>>,
    /// When it ends; null if not by itself.
    expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    revoked_at: Option<DateTime<Utc>>,
}

/// A token with its secret.
#[derive(Serialize, ToSchema)]
pub struct NewToken {
    /// The token.
    #[serde(flatten)]
    token: TokenView,
    /// For `Authorization: Bearer`. Shown this one time.
    #[schema(example = "weir_pat_…")]
    secret: String,
}

/// API tokens of all users, newest first, revoked ones too.
#[utoipa::path(
    get, operation_id = "listTokens", path = "/api/v1/tokens", tag = "tokens", security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "a page", body = Page<TokenView>),
    ),
)]
pub async fn list(
    _auth: Authorized<permit::TokensWrite>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<TokenView>>, ApiError> {
    let paging = paging::<PageQuery>(&request, &page, &app.cursors)?;
    let found = app
        .store
        .read(move |conn| tokens::page_api(conn, paging))
        .await?;
    let view = |token: ApiToken| (token.id.as_uuid(), TokenView::from(token));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// Makes a token of one's own. It never gives more than its owner holds.
#[utoipa::path(
    post, operation_id = "createToken", path = "/api/v1/tokens", tag = "tokens", security(("bearer" = [])),
    request_body = NewTokenRequest,
    responses(
        (status = 201, description = "made; `secret` is shown this one time", body = NewToken,
            headers(("Location" = String, description = "where it is"))),
        (status = 403, description = "without the right, or by an API token", body = crate::api::Problem),
        (status = 404, description = "the account is gone", body = crate::api::Problem),
        (status = 409, description = "there are too many", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::TokensWrite>,
    body: web::Json<NewTokenRequest>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    auth.principal.session()?;
    let draft = body
        .into_inner()
        .read(auth.principal.permissions, app.clock.now())
        .map_err(ApiError::unusable)?;
    let owner = auth.principal.user;
    let new = NewMachine {
        name: draft.name,
        scopes: draft.scopes,
        end: draft.end,
        owner,
    };
    let made = accounts::add_token(&app.store, &app.accounts.tokens, new, By::User(owner));
    let (token, minted) = made.await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/tokens/{}", token.id)))
        .json(NewToken {
            token: token.into(),
            secret: minted.token.expose_secret().to_owned(),
        }))
}

/// Revokes a token: the next request with it is refused. Revoking it again is fine.
#[utoipa::path(
    delete, operation_id = "revokeToken", path = "/api/v1/tokens/{id}", tag = "tokens", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "the token")),
    responses(
        (status = 204, description = "revoked"),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
    ),
)]
pub async fn revoke(
    auth: Authorized<permit::TokensWrite>,
    id: web::Path<TokenId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    accounts::revoke_token(&app.store, *id, By::User(auth.principal.user)).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<ApiToken> for TokenView {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id.as_uuid(),
            name: token.name,
            scopes: token.scopes.0,
            owner: token.created_by.map(|owner| owner.as_uuid()),
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
        }
    }
}
