//! `POST /api/v1/auth/register`: somebody makes themselves an account.
//!
//! **Invariant:** who registers is an analyst, and only where the operator allows it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::session::{LoginRequest, Session};
use crate::accounts::NewPerson;
use crate::api::auth::Visitor;
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::api::v1::users::draft;
use crate::domain::roles::Role;
use crate::store::users;
use shared::secret::ExposeSecret as _;

/// Makes an account with the role `analyst` and signs in. Only where `auth.allow_registration` is set.
#[utoipa::path(
    post, operation_id = "register", path = "/api/v1/auth/register", tag = "auth", request_body = LoginRequest,
    responses(
        (status = 201, description = "registered and signed in", body = Session),
        (status = 403, description = "registering is not allowed here", body = crate::api::Problem),
        (status = 409, description = "somebody has this address", body = crate::api::Problem),
        (status = 422, description = "address or password cannot be taken; `errors` says why", body = crate::api::Problem),
        (status = 429, description = "too many requests from here", body = crate::api::Problem),
        (status = 503, description = "too many passwords are worked on at this moment", body = crate::api::Problem),
    ),
)]
pub async fn register(
    _: Visitor,
    body: web::Json<LoginRequest>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    if !app.allow_registration {
        return Err(ApiError::new(ErrorCode::Forbidden)
            .with_detail("nobody registers here: ask an admin, who can add you"));
    }
    let LoginRequest { email, password } = body.into_inner();
    let address =
        draft::person(&email, Some(password.expose_secret())).map_err(ApiError::unusable)?;
    // A stranger learns here who has an account. To hide it, everybody would have to be answered by mail, and
    // most installations that allow this have none; those who mind do not allow it.
    let email = address.as_str().to_owned();
    let known = app.store.read(move |conn| users::by_email(conn, &email));
    if known.await?.is_some() {
        return Err(crate::accounts::AccountError::Taken.into());
    }
    let person = NewPerson {
        email: address.as_str().to_owned(),
        password,
        role: Role::Analyst,
    };
    let signed_in = app.accounts.register(person).await?;
    let session = Session::of(&app.authenticator, &signed_in)?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(session))
}
