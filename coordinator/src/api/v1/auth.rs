//! `/api/v1/auth`: signing in, staying signed in, signing out.
//!
//! Owns the exchange of a password for tokens and their rotation. A refresh token is good once: using it
//! again ends the whole session, because one of the two users is a thief.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use shared::ids::{TokenId, UserId};
use shared::job::RetryClass;
use shared::secret::{ExposeSecret, SecretString};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::auth::{Authenticator, Authorized, Minted, Public, TokenKind, permit};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::domain::roles::Role;
use crate::store::tokens::{self, Rotation};
use crate::store::users::{self, User};

/// How long a session lasts without being used.
const REFRESH_LIFETIME: Duration = Duration::from_hours(24 * 14);

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The address.
    #[schema(example = "admin@localhost")]
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// A session to go on with, or to end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// What the last answer gave.
    #[schema(value_type = String)]
    refresh_token: SecretString,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct Session {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Good once, for the next session.
    refresh_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token ends.
    #[schema(example = 900)]
    expires_in: u64,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// The user.
    id: Uuid,
    /// The address.
    email: String,
    /// `admin`, `analyst` or `auditor`.
    #[schema(example = "admin")]
    role: &'static str,
    /// What this credential may do.
    permissions: Vec<&'static str>,
}

/// Exchanges a password for a session.
#[utoipa::path(
    post, operation_id = "login", path = "/api/v1/auth/login", tag = "auth", request_body = LoginRequest,
    responses(
        (status = 200, description = "signed in", body = Session),
        (status = 401, description = "address or password is wrong", body = crate::api::Problem),
    ),
)]
pub async fn login(
    _: Public,
    body: web::Json<LoginRequest>,
    app: web::Data<AppState>,
) -> Result<web::Json<Session>, ApiError> {
    let LoginRequest { email, password } = body.into_inner();
    let user = app
        .store
        .read(move |conn| users::by_email(conn, &email))
        .await?;
    let user = user.filter(|user| !user.disabled);
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let right = Arc::clone(&app.passwords)
        .verify(password, stored)
        .await
        .map_err(|error| ApiError::failed(error.class(), error))?;
    let Some(user) = user.filter(|_| right) else {
        return Err(ApiError::new(ErrorCode::InvalidCredentials));
    };
    let refresh = mint(&app)?;
    let (hash, id) = (*refresh.hash.as_bytes(), user.id);
    app.store
        .write(move |conn| {
            tokens::begin_family(conn, TokenId::fresh(), &hash, id, REFRESH_LIFETIME)?;
            users::note_login(conn, id)
        })
        .await?;
    session(&app.authenticator, &user, &refresh)
}

/// Exchanges a refresh token for a new session.
#[utoipa::path(
    post, operation_id = "refresh", path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshRequest,
    responses(
        (status = 200, description = "the session goes on", body = Session),
        (status = 401, description = "the token is unknown, used, or too old", body = crate::api::Problem),
    ),
)]
pub async fn refresh(
    _: Public,
    body: web::Json<RefreshRequest>,
    app: web::Data<AppState>,
) -> Result<web::Json<Session>, ApiError> {
    let refused = || ApiError::new(ErrorCode::InvalidCredentials);
    let shown = app
        .authenticator
        .opaque
        .recognise(TokenKind::Refresh, body.refresh_token.expose_secret());
    let shown = *shown.ok_or_else(refused)?.as_bytes();
    let next = mint(&app)?;
    let hash = *next.hash.as_bytes();
    let rotated = app
        .store
        .write(move |conn| {
            let rotation = tokens::rotate(conn, &shown, TokenId::fresh(), &hash, REFRESH_LIFETIME)?;
            match rotation {
                Rotation::Rotated { user } => users::get(conn, user).map(Ok),
                other => Ok(Err(other)),
            }
        })
        .await?;
    match rotated {
        Ok(Some(user)) if !user.disabled => session(&app.authenticator, &user, &next),
        Err(Rotation::Reused { user }) => {
            tracing::warn!(%user, "a refresh token was used twice: its session is ended");
            Err(refused())
        }
        _ => Err(refused()),
    }
}

/// Ends a session. An unknown one is as good as ended.
#[utoipa::path(
    post, operation_id = "logout", path = "/api/v1/auth/logout", tag = "auth", request_body = RefreshRequest,
    responses((status = 204, description = "ended")),
)]
pub async fn logout(
    _: Public,
    body: web::Json<RefreshRequest>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let shown = app
        .authenticator
        .opaque
        .recognise(TokenKind::Refresh, body.refresh_token.expose_secret());
    if let Some(shown) = shown {
        app.store
            .write(move |conn| tokens::end_family(conn, shown.as_bytes()))
            .await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Who am I, and what may I do?
#[utoipa::path(
    get, operation_id = "whoAmI", path = "/api/v1/auth/me", tag = "auth", security(("bearer" = [])),
    responses((status = 200, description = "signed in", body = Me)),
)]
pub async fn me(
    auth: Authorized<permit::SignedIn>,
    app: web::Data<AppState>,
) -> Result<web::Json<Me>, ApiError> {
    let id: UserId = auth.principal.user;
    let user = app.store.read(move |conn| users::get(conn, id)).await?;
    let user = user.ok_or_else(|| ApiError::new(ErrorCode::Unauthenticated))?;
    Ok(web::Json(Me {
        id: user.id.as_uuid(),
        email: user.email,
        role: auth.principal.role.as_str(),
        permissions: auth
            .principal
            .permissions
            .iter()
            .map(crate::domain::roles::Permission::as_str)
            .collect(),
    }))
}

fn mint(app: &AppState) -> Result<Minted, ApiError> {
    app.authenticator
        .opaque
        .mint(TokenKind::Refresh)
        .map_err(|error| ApiError::failed(error.class(), error))
}

fn session(
    authenticator: &Authenticator,
    user: &User,
    refresh: &Minted,
) -> Result<web::Json<Session>, ApiError> {
    let role: Role = user
        .role
        .parse()
        .map_err(|error| ApiError::failed(RetryClass::Permanent, error))?;
    let access = authenticator
        .access
        .issue(user.id, role)
        .map_err(|error| ApiError::failed(error.class(), error))?;
    Ok(web::Json(Session {
        access_token: access.token.expose_secret().to_owned(),
        refresh_token: refresh.token.expose_secret().to_owned(),
        token_type: "Bearer",
        expires_in: access.expires_in.as_secs(),
    }))
}
