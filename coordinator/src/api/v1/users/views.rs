//! Users as they are shown. **Invariant:** nothing of a password, not even its hash.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::secret::ExposeSecret as _;
use utoipa::ToSchema;
use uuid::Uuid;

use super::draft::RoleName;
use crate::api::auth::Minted;
use crate::store::users::User;

/// Somebody who signs in.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    /// Their id.
    id: Uuid,
    /// Their address.
    #[schema(example = "ada@example.org")]
    email: String,
    /// What they may do.
    #[schema(value_type = RoleName, example = "analyst")]
    role: String,
    /// Whether they are kept out.
    disabled: bool,
    /// When they were added.
    created_at: DateTime<Utc>,
    /// When they last signed in; null if they never did.
    last_login_at: Option<DateTime<Utc>>,
    /// Grows with every change; the `ETag`.
    #[schema(minimum = 1)]
    version: i32,
}

/// Somebody, and the token by which they set a password.
#[derive(Serialize, ToSchema)]
pub struct UserWithToken {
    /// Who.
    pub(super) user: UserView,
    /// Good once, for `POST /api/v1/auth/password/reset`, for a day. Shown this one time; absent if a password
    /// was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "weir_rst_…")]
    pub(super) reset_token: Option<String>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.as_uuid(),
            email: user.email,
            role: user.role,
            disabled: user.disabled,
            created_at: user.created_at,
            last_login_at: user.last_login_at,
            version: user.version,
        }
    }
}

impl UserWithToken {
    pub(super) fn of(user: User, token: Option<&Minted>) -> Self {
        Self {
            user: user.into(),
            reset_token: token.map(|minted| minted.token.expose_secret().to_owned()),
        }
    }
}
