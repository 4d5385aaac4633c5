//! `/api/v1/auth`: signing in, staying signed in, signing out.
//!
//! Owns the exchange of a password for tokens and their rotation. A refresh token is good once: using it
//! again ends the whole session, because one of the two users is a thief.
//! **Invariant:** an access token names the session it is of, and since when its user's sessions were good.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use shared::ids::UserId;
use shared::job::RetryClass;
use shared::secret::{ExposeSecret, SecretString};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::SignedIn;
use crate::api::auth::{Authenticator, Authorized, Identity, Visitor, permit};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::domain::roles::Role;
use crate::store::users;

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "admin@localhost", "password": "correct horse battery"}))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The address.
    #[schema(example = "admin@localhost", max_length = 254)]
    pub(super) email: String,
    /// The password.
    #[schema(value_type = String, format = Password, max_length = 1024)]
    pub(super) password: SecretString,
}

/// A session to go on with, or to end.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"refresh_token": "weir_rt_…"}))]
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
    #[schema(example = "eyJ0eXAiOiJKV1Qi…")]
    access_token: String,
    /// Good once, for the next session.
    #[schema(example = "weir_rt_…")]
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
    #[schema(example = "ada@example.org")]
    email: String,
    /// `admin`, `analyst` or `auditor`.
    #[schema(example = "admin")]
    role: &'static str,
    /// What this credential may do.
    #[schema(example = json!(["alerts:read", "scans:write"]))]
    permissions: Vec<&'static str>,
}

/// Exchanges a password for a session. After five failures in a row nothing is tried for a while.
#[utoipa::path(
    post, operation_id = "login", path = "/api/v1/auth/login", tag = "auth", request_body = LoginRequest,
    responses(
        (status = 200, description = "signed in", body = Session),
        (status = 401, description = "address or password is wrong", body = crate::api::Problem),
        (status = 429, description = "too many failures for this address, or too many requests from here", body = crate::api::Problem),
        (status = 503, description = "too many sign in at this moment", body = crate::api::Problem),
    ),
)]
pub async fn login(
    _: Visitor,
    body: web::Json<LoginRequest>,
    app: web::Data<AppState>,
) -> Result<web::Json<Session>, ApiError> {
    let LoginRequest { email, password } = body.into_inner();
    let signed_in = app.accounts.sign_in(email, password).await?;
    Session::of(&app.authenticator, &signed_in).map(web::Json)
}

/// Exchanges a refresh token for a new session.
#[utoipa::path(
    post, operation_id = "refresh", path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshRequest,
    responses(
        (status = 200, description = "the session goes on", body = Session),
        (status = 401, description = "the token is unknown, used, or too old", body = crate::api::Problem),
        (status = 429, description = "too many requests from here", body = crate::api::Problem),
    ),
)]
pub async fn refresh(
    _: Visitor,
    body: web::Json<RefreshRequest>,
    app: web::Data<AppState>,
) -> Result<web::Json<Session>, ApiError> {
    let signed_in = app.accounts.refresh(&body.refresh_token).await?;
    Session::of(&app.authenticator, &signed_in).map(web::Json)
}

/// Ends a session. An unknown one is as good as ended.
#[utoipa::path(
    post, operation_id = "logout", path = "/api/v1/auth/logout", tag = "auth", request_body = RefreshRequest,
    responses(
        (status = 204, description = "ended"),
        (status = 429, description = "too many requests from here", body = crate::api::Problem),
    ),
)]
pub async fn logout(
    _: Visitor,
    body: web::Json<RefreshRequest>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    app.accounts.sign_out(&body.refresh_token).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends all sessions of who is signed in, on every device, this one too. API tokens stay.
#[utoipa::path(
    post, operation_id = "logoutEverywhere", path = "/api/v1/auth/logout-all", tag = "auth", security(("bearer" = [])),
    responses(
        (status = 204, description = "ended: no access token from before is good any more"),
        (status = 403, description = "an API token ends no session", body = crate::api::Problem),
    ),
)]
pub async fn logout_all(
    auth: Authorized<permit::SignedIn>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    auth.principal.session()?;
    app.accounts
        .sign_out_everywhere(auth.principal.user)
        .await?;
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

impl Session {
    /// A session of somebody who is signed in.
    pub(super) fn of(
        authenticator: &Authenticator,
        signed_in: &SignedIn,
    ) -> Result<Self, ApiError> {
        let SignedIn {
            user,
            session,
            refresh,
        } = signed_in;
        let role: Role = user
            .role
            .parse()
            .map_err(|error| ApiError::failed(RetryClass::Permanent, error))?;
        let identity = Identity {
            user: user.id,
            role,
            session: *session,
            since: user.sessions_since,
        };
        let access = authenticator
            .access
            .issue(&identity)
            .map_err(|error| ApiError::failed(error.class(), error))?;
        Ok(Self {
            access_token: access.token.expose_secret().to_owned(),
            refresh_token: refresh.token.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: access.expires_in.as_secs(),
        })
    }
}
