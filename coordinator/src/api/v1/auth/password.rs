//! `/api/v1/auth/password`: changing it, forgetting it, setting it anew.
//!
//! **Invariant:** a token to set a password is never in an answer to a stranger.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use shared::secret::SecretString;
use utoipa::ToSchema;

use crate::api::auth::{Authorized, Visitor, permit};
use crate::api::problem::ApiError;
use crate::api::state::AppState;

/// A new password for who is signed in.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"current_password": "correct horse battery", "new_password": "staple of another horse"}))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password so far.
    #[schema(value_type = String, format = Password, max_length = 1024)]
    current_password: SecretString,
    /// The password from now on: at least 12 characters, not the address, none of the commonest.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 1024)]
    new_password: SecretString,
}

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.org"}))]
#[serde(deny_unknown_fields)]
pub struct ForgottenRequest {
    /// The address.
    #[schema(example = "ada@example.org")]
    email: String,
}

/// A new password for who has a token.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"token": "weir_rst_…", "new_password": "staple of another horse"}))]
#[serde(deny_unknown_fields)]
pub struct ResetRequest {
    /// From the mail, or from an admin. Good once.
    #[schema(value_type = String, max_length = 1024)]
    token: SecretString,
    /// The password from now on: at least 12 characters, not the address, none of the commonest.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 1024)]
    new_password: SecretString,
}

/// Changes the password and ends all other sessions. Wrong passwords count as when signing in.
#[utoipa::path(
    post, operation_id = "changePassword", path = "/api/v1/auth/password", tag = "auth", security(("bearer" = [])),
    request_body = PasswordChange,
    responses(
        (status = 204, description = "changed; every other session is ended"),
        (status = 401, description = "not signed in, or the current password is wrong", body = crate::api::Problem),
        (status = 403, description = "an API token changes no password", body = crate::api::Problem),
        (status = 404, description = "the account is gone", body = crate::api::Problem),
        (status = 422, description = "the new password cannot be taken; `errors` says why", body = crate::api::Problem),
        (status = 429, description = "too many failures, or too many requests", body = crate::api::Problem),
        (status = 503, description = "too many passwords are worked on at this moment", body = crate::api::Problem),
    ),
)]
pub async fn change_password(
    auth: Authorized<permit::SignedIn>,
    body: web::Json<PasswordChange>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let whose = (auth.principal.user, auth.principal.session()?);
    let PasswordChange {
        current_password,
        new_password,
    } = body.into_inner();
    let change = app
        .accounts
        .change_password(whose, current_password, new_password);
    change.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Sends a token to set a new password to the address, if somebody has it. The answer is the same if not.
#[utoipa::path(
    post, operation_id = "forgotPassword", path = "/api/v1/auth/password/forgot", tag = "auth",
    request_body = ForgottenRequest,
    responses(
        (status = 202, description = "if somebody has this address, a mail is on its way; three an hour at most"),
        (status = 429, description = "too many requests from here", body = crate::api::Problem),
    ),
)]
pub async fn forgot(
    _: Visitor,
    body: web::Json<ForgottenRequest>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    app.accounts.forgot(body.into_inner().email).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Sets a new password by a token, ends all sessions and opens an account that is locked.
#[utoipa::path(
    post, operation_id = "resetPassword", path = "/api/v1/auth/password/reset", tag = "auth",
    request_body = ResetRequest,
    responses(
        (status = 204, description = "set; sign in with it"),
        (status = 400, description = "the token is unknown, used or too old, or the body cannot be read", body = crate::api::Problem),
        (status = 422, description = "the password cannot be taken; `errors` says why, and the token is still good", body = crate::api::Problem),
        (status = 429, description = "too many requests from here", body = crate::api::Problem),
        (status = 503, description = "too many passwords are worked on at this moment", body = crate::api::Problem),
    ),
)]
pub async fn reset(
    _: Visitor,
    body: web::Json<ResetRequest>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let ResetRequest {
        token,
        new_password,
    } = body.into_inner();
    app.accounts.reset_password(&token, new_password).await?;
    Ok(HttpResponse::NoContent().finish())
}
