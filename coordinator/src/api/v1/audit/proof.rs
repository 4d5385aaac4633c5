//! Proving the trail: is it whole, and who can check that without us.

use std::time::Duration;

use actix_web::{HttpRequest, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Place;
use crate::api::auth::{Authorized, permit};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::api::v1::known_only;
use crate::domain::chain::{Break, BreakKind};
use crate::trail::{self, Scope, Verdict};

/// How long one request goes on; the next one continues.
const AT_MOST: Duration = Duration::from_secs(20);

/// From where.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VerifyQuery {
    /// Begin at the newest checkpoint at or before this place, instead of at the beginning.
    #[param(value_type = Option<i64>, minimum = 0, example = 0)]
    after: Option<Place>,
}

/// Whether the trail is whole.
#[derive(Serialize, ToSchema)]
pub struct Verification {
    /// Whether everything that was looked at holds.
    valid: bool,
    /// Whether the trail was looked at to its end; if not, go on with `after` set to `to`.
    complete: bool,
    /// The place of the first entry that was looked at.
    #[schema(example = 1)]
    from: u64,
    /// The place up to which the trail holds.
    #[schema(example = 1042)]
    to: u64,
    /// Signed checkpoints on the way that hold.
    checkpoints: u64,
    /// Up to this place the trail is signed; what comes after is chained, and signed within a minute or so.
    signed_to: u64,
    /// What is wrong first.
    #[schema(required)]
    broken: Option<BreakView>,
}

/// What is wrong with the trail.
#[derive(Serialize, ToSchema)]
pub struct BreakView {
    /// The first place at which it does not hold.
    #[schema(example = 17)]
    seq: u64,
    /// `altered`, `missing`, `reordered`, `forged` or `bad_signature`.
    #[schema(example = "altered")]
    kind: &'static str,
    /// Where the entry stands that should be here, if it was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    found_at: Option<u64>,
}

/// What checks the signatures of checkpoints.
#[derive(Serialize, ToSchema)]
pub struct Keys {
    /// The keys.
    keys: Vec<KeyView>,
}

/// A public key.
#[derive(Serialize, ToSchema)]
pub struct KeyView {
    /// Its name, as in a checkpoint's `key_id`.
    #[schema(example = "k1")]
    key_id: String,
    /// `Ed25519`.
    #[schema(example = "Ed25519")]
    algorithm: &'static str,
    /// 32 bytes, in base64.
    #[schema(example = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")]
    public_key: String,
}

/// Walks the chain and names the first entry that is altered, missing or in another's place.
#[utoipa::path(
    get, operation_id = "verifyAudit", path = "/api/v1/audit/verify", tag = "audit", security(("bearer" = [])),
    params(VerifyQuery),
    responses(
        (status = 200, description = "what was found, good or bad", body = Verification),
    ),
)]
pub async fn verify(
    _auth: Authorized<permit::AuditRead>,
    request: HttpRequest,
    query: web::Query<VerifyQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Verification>, ApiError> {
    known_only::<VerifyQuery>(&request)?;
    let scope = Scope {
        after: query.after.map(|place| place.0),
        at_most: Some(AT_MOST),
    };
    let verdict = trail::verify(&app.store, &app.signatures, scope, &app.clock).await?;
    Ok(web::Json(verdict.into()))
}

/// The public keys by which anybody can check a checkpoint.
#[utoipa::path(
    get, operation_id = "listAuditKeys", path = "/api/v1/audit/keys", tag = "audit", security(("bearer" = [])),
    responses((status = 200, description = "the keys, also those no longer in use", body = Keys)),
)]
pub async fn keys(
    _auth: Authorized<permit::AuditRead>,
    app: web::Data<AppState>,
) -> web::Json<Keys> {
    let keys = app.signatures.keys().map(|(key_id, key)| KeyView {
        key_id: key_id.to_owned(),
        algorithm: "Ed25519",
        public_key: STANDARD.encode(key),
    });
    std::future::ready(web::Json(Keys {
        keys: keys.collect(),
    }))
    .await
}

impl From<Verdict> for Verification {
    fn from(verdict: Verdict) -> Self {
        Self {
            valid: verdict.broken.is_none(),
            complete: verdict.complete,
            from: verdict.from,
            to: verdict.to,
            checkpoints: verdict.checkpoints,
            signed_to: verdict.signed_to,
            broken: verdict.broken.map(BreakView::from),
        }
    }
}

impl From<Break> for BreakView {
    fn from(found: Break) -> Self {
        let found_at = match found.kind {
            BreakKind::Reordered { found_at } => Some(found_at),
            _ => None,
        };
        Self {
            seq: found.seq,
            kind: found.kind.as_str(),
            found_at,
        }
    }
}
