//! `/api/v1/users`: people who sign in.
//!
//! Owns the routes. What somebody asks for is read by `draft`, what is shown made by `views`, what is done in
//! `accounts`.
//! **Invariant:** an admin who can sign in is always left, and nobody takes their own rights away.

pub mod draft;
mod views;

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use shared::ids::UserId;
use shared::secret::SecretString;
use utoipa::IntoParams;

use self::draft::{NewUserRequest, UserChangeRequest};
use super::{page_of, paging};
use crate::accounts::{By, NewPerson};
use crate::api::auth::{Authorized, permit};
use crate::api::cursor::{Page, PageQuery};
use crate::api::precondition::{self, IfMatch, etag};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::domain::roles::Role;
use crate::first_start::made_up_password;
use crate::store::users::{self, User, UserFilter};
use crate::store::words::Search;

pub use views::{UserView, UserWithToken};

/// The longest search, in bytes.
const MAX_SEARCH_BYTES: usize = 256;

/// Which users.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Only of this role.
    #[param(value_type = Option<draft::RoleName>)]
    role: Option<Role>,
    /// Only those who are kept out, or only those who are not.
    disabled: Option<bool>,
    /// Only with words that begin so in their address.
    #[param(max_length = 256)]
    search: Option<String>,
}

/// Users, newest first.
#[utoipa::path(
    get, operation_id = "listUsers", path = "/api/v1/users", tag = "users", security(("bearer" = [])),
    params(PageQuery, UserQuery),
    responses(
        (status = 200, description = "a page", body = Page<UserView>),
    ),
)]
pub async fn list(
    _auth: Authorized<permit::UsersRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    query: web::Query<UserQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<UserView>>, ApiError> {
    let paging = paging::<UserQuery>(&request, &page, &app.cursors)?;
    let filter = query.into_inner().filter()?;
    let found = app
        .store
        .read(move |conn| users::page(conn, &filter, paging))
        .await?;
    let view = |user: User| (user.id.as_uuid(), UserView::from(user));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// Adds somebody. Without a password the answer holds, this one time, a token by which they set one.
#[utoipa::path(
    post, operation_id = "addUser", path = "/api/v1/users", tag = "users", security(("bearer" = [])),
    request_body = NewUserRequest,
    responses(
        (status = 201, description = "added", body = UserWithToken,
            headers(
                ("Location" = String, description = "where it is"),
                ("ETag" = String, description = "the user's version"),
            )),
        (status = 409, description = "somebody has this address", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
        (status = 503, description = "too many passwords are worked on at this moment", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::UsersWrite>,
    body: web::Json<NewUserRequest>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let draft = body.into_inner().read().map_err(ApiError::unusable)?;
    let by = By::User(auth.principal.user);
    let person = |password| NewPerson {
        email: draft.address.as_str().to_owned(),
        password,
        role: draft.role,
    };
    let (user, token) = if let Some(password) = draft.password.clone() {
        (app.accounts.add(person(password), by).await?, None)
    } else {
        let invited = app.accounts.invite(person(nobodys_password()?), by);
        let (user, token) = invited.await?;
        (user, Some(token))
    };
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/users/{}", user.id)))
        .insert_header((ETAG, etag(user.version)))
        .json(UserWithToken::of(user, token.as_ref())))
}

/// Somebody.
#[utoipa::path(
    get, operation_id = "getUser", path = "/api/v1/users/{id}", tag = "users", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "the user")),
    responses(
        (status = 200, description = "the user; `ETag` is the version", body = UserView),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::UsersRead>,
    id: web::Path<UserId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    Ok(shown(known(&app, *id).await?))
}

/// Changes somebody's role, or keeps them out, from this moment on. `If-Match` keeps from overwriting another
/// admin's change.
#[utoipa::path(
    patch, operation_id = "changeUser", path = "/api/v1/users/{id}", tag = "users", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "the user"),
        IfMatch,
    ),
    request_body = UserChangeRequest,
    responses(
        (status = 200, description = "changed; access tokens from before are not good any more", body = UserView),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "nobody could run Weir any more, or it is oneself", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn change(
    auth: Authorized<permit::UsersWrite>,
    request: HttpRequest,
    id: web::Path<UserId>,
    body: web::Json<UserChangeRequest>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let known = known(&app, *id).await?;
    precondition::check(&request, known.version)?;
    let change = body.into_inner().read().map_err(ApiError::unusable)?;
    let by = By::User(auth.principal.user);
    let changed = app.accounts.change(*id, change, Some(known.version), by);
    Ok(shown(changed.await?))
}

/// Makes a token by which somebody sets a new password, to be handed to them. Their password and sessions stay
/// until it is used.
#[utoipa::path(
    post, operation_id = "issuePasswordReset", path = "/api/v1/users/{id}/reset-password", tag = "users",
    security(("bearer" = [])), params(("id" = uuid::Uuid, Path, description = "the user")),
    responses(
        (status = 200, description = "the token, this one time", body = UserWithToken),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
    ),
)]
pub async fn reset_password(
    auth: Authorized<permit::UsersWrite>,
    id: web::Path<UserId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let by = By::User(auth.principal.user);
    let (user, token) = app.accounts.issue_reset(*id, by).await?;
    Ok(HttpResponse::Ok().json(UserWithToken::of(user, Some(&token))))
}

impl UserQuery {
    fn filter(self) -> Result<UserFilter, ApiError> {
        let search = self.search.unwrap_or_default();
        if search.len() > MAX_SEARCH_BYTES {
            return Err(ApiError::invalid(format!(
                "`search` has at most {MAX_SEARCH_BYTES} bytes"
            )));
        }
        Ok(UserFilter {
            role: self.role.map(|role| role.as_str().to_owned()),
            disabled: self.disabled,
            search: Search::parse(&search),
        })
    }
}

async fn known(app: &AppState, id: UserId) -> Result<User, ApiError> {
    let found = app.store.read(move |conn| users::get(conn, id)).await?;
    found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))
}

fn shown(user: User) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(user.version)))
        .json(UserView::from(user))
}

/// Until they set one, nobody can sign in as them.
fn nobodys_password() -> Result<SecretString, ApiError> {
    made_up_password()
        .map(SecretString::from)
        .map_err(|_no_randomness| ApiError::new(ErrorCode::Unavailable))
}
