//! What is known of somebody who signs in to Weir, told or forgotten.
//!
//! **Invariant:** no hash of a password or a token is told, and the audit trail is told but never changed.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::ids::{AlertId, UserId};
use shared::job::RetryClass;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{NO_REASON, download, is_reason, lines};
use crate::accounts::{AddressHashes, By};
use crate::alert_work::Worker;
use crate::api::auth::{Authorized, permit};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::store::alerts::{self, Activity, Alert};
use crate::store::audit::{self, AuditEvent, AuditFilter};
use crate::store::tokens::{self, ApiToken, Session};
use crate::store::users::{self, User};
use crate::store::{Conn, Paging, Position, Store, StoreError, StoreResult, lockouts};

/// Records read at once.
const WINDOW: u32 = 1_000;

/// Whom it is about.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"user": "01890000-0000-7000-8000-000000000000"}))]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    /// Their id.
    #[schema(value_type = Uuid)]
    user: UserId,
}

/// Whom to forget, and why.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"user": "01890000-0000-7000-8000-000000000000", "reason": "request 2026-114"}))]
#[serde(deny_unknown_fields)]
pub struct EraseUserRequest {
    /// Their id.
    #[schema(value_type = Uuid)]
    user: UserId,
    /// Why: it stands in the audit trail, so it must not name the person.
    #[schema(example = "request 2026-114", min_length = 1, max_length = 500)]
    reason: String,
}

/// What was forgotten.
#[derive(Serialize, ToSchema)]
pub struct ErasedUser {
    /// Refresh tokens of their sessions; none is good any more.
    sessions: usize,
    /// API tokens of theirs; none is good any more.
    tokens: usize,
    /// Open alerts that nobody works on any more.
    alerts: usize,
    /// Comments whose words are gone; that there was one stays.
    comments: usize,
    /// What stays, and why.
    #[schema(example = "the audit trail, which is a chain")]
    kept: &'static str,
}

/// Everything that is known of somebody who signs in, one record a line: `user`, `lock_out`, `session`, `api_token`,
/// `assignment`, `activity`, `audit_event`.
#[utoipa::path(
    post, operation_id = "exportUser", path = "/api/v1/privacy/users/export", tag = "privacy", security(("bearer" = [])),
    request_body = UserRequest,
    responses(
        (status = 200, description = "one record a line", body = String, content_type = "application/x-ndjson",
            example = json!("{\"kind\":\"user\",\"id\":\"0193a8f0-5c1e-7000-8000-000000000001\",…}\n")),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
    ),
)]
pub async fn export_user(
    auth: Authorized<permit::PrivacyWrite>,
    body: web::Json<UserRequest>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (id, by) = (body.user, By::User(auth.principal.user));
    let addresses = app.accounts.addresses.clone();
    let telling = move |conn: &mut Conn| {
        let Some(user) = users::get(conn, id)? else {
            return Ok(None);
        };
        audit::append(conn, [by.entry("user.exported", id, json!({}))]);
        account_records(conn, &user, &addresses).map(Some)
    };
    let account = app.store.write(telling).await?;
    let account = account.ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
    let first = Bytes::from(lines(account.into_iter()));
    let begin = (app.store.clone(), Some(Next::Activity(Uuid::nil())));
    let rest = stream::try_unfold(begin, move |(store, next)| async move {
        let Some(next) = next else {
            return Ok::<_, StoreError>(None);
        };
        let (records, next) = next.read(&store, id).await?;
        Ok(Some((
            Bytes::from(lines(records.into_iter())),
            (store, next),
        )))
    });
    Ok(download(stream::once(async move { Ok(first) }).chain(rest)))
}

/// Forgets somebody who signs in: what they did stays under their id, and nothing says any more whose that is.
#[utoipa::path(
    post, operation_id = "eraseUser", path = "/api/v1/privacy/users/erase", tag = "privacy", security(("bearer" = [])),
    request_body = EraseUserRequest,
    responses(
        (status = 200, description = "forgotten", body = ErasedUser),
        (status = 404, description = "there is none of that id, or they are forgotten already", body = crate::api::Problem),
        (status = 409, description = "nobody could run Weir any more, or it is oneself", body = crate::api::Problem),
        (status = 422, description = "`errors` says what is wrong", body = crate::api::Problem),
    ),
)]
pub async fn erase_user(
    auth: Authorized<permit::PrivacyWrite>,
    body: web::Json<EraseUserRequest>,
    app: web::Data<AppState>,
) -> Result<web::Json<ErasedUser>, ApiError> {
    let EraseUserRequest { user, reason } = body.into_inner();
    if !is_reason(&reason) {
        return Err(ApiError::unusable(vec![NO_REASON.to_owned()]));
    }
    let worker = Worker {
        user: auth.principal.user,
        times: app.times,
    };
    let accounts = app.accounts.clone();
    // It goes on to its end, even if nobody waits for it any more.
    let erasing = actix_web::rt::spawn(async move { accounts.erase(user, reason, worker).await });
    let erased = erasing
        .await
        .map_err(|stopped| ApiError::failed(RetryClass::Transient, stopped))??;
    Ok(web::Json(ErasedUser {
        sessions: erased.sessions,
        tokens: erased.tokens,
        alerts: erased.alerts,
        comments: erased.comments,
        kept: "the audit trail, which is a chain, alerts and their activity name an id that is nobody's any more; \
               reasons of suppressions and of reveals stay, and so does an address that a policy or the \
               configuration sends mail to",
    }))
}

/// What comes next of an export.
enum Next {
    /// What they did to alerts, behind this.
    Activity(Uuid),
    /// What the trail says that they did, behind this.
    Trail(Option<Position>),
}

impl Next {
    async fn read(
        self,
        store: &Store,
        user: UserId,
    ) -> Result<(Vec<Value>, Option<Self>), StoreError> {
        match self {
            Self::Activity(after) => {
                let reading = move |conn: &mut Conn| alerts::activity_of(conn, user, after, WINDOW);
                let found = store.read(reading).await?;
                let next = found.last().map(|(_, last)| last.id.as_uuid());
                let records = found.iter().map(activity_record).collect();
                let next = next.map_or(Self::Trail(None), Self::Activity);
                Ok((records, Some(next)))
            }
            Self::Trail(after) => {
                let filter = AuditFilter {
                    user_id: Some(user.to_string()),
                    ..AuditFilter::default()
                };
                let paging = Paging {
                    after,
                    limit: WINDOW,
                };
                let page = store
                    .read(move |conn| audit::list(conn, &filter, paging))
                    .await?;
                let next = page.items.last().map(|last| Position {
                    key: i64::try_from(last.seq).unwrap_or(i64::MAX),
                    id: last.id.as_uuid(),
                });
                let records = page.items.iter().map(trail_record).collect();
                Ok((records, next.map(|last| Self::Trail(Some(last)))))
            }
        }
    }
}

fn account_records(
    conn: &mut Conn,
    user: &User,
    addresses: &AddressHashes,
) -> StoreResult<Vec<Value>> {
    let mut records = vec![json!({
        "kind": "user", "id": user.id, "email": user.email, "role": user.role, "disabled": user.disabled,
        "created_at": user.created_at, "last_login_at": user.last_login_at,
    })];
    let failures = lockouts::get(conn, &addresses.of(&user.email))?;
    if failures.count > 0 {
        records.push(json!({
            "kind": "lock_out", "failures": failures.count, "last_failed_at": failures.last_at,
            "locked_until": failures.locked_until,
        }));
    }
    records.extend(
        tokens::sessions_of(conn, user.id)?
            .iter()
            .map(session_record),
    );
    records.extend(tokens::list_api_of(conn, user.id)?.iter().map(token_record));
    let assigned = alerts::assigned_to(conn, user.id)?;
    records.extend(assigned.iter().map(assignment_record));
    Ok(records)
}

fn session_record(session: &Session) -> Value {
    json!({
        "kind": "session", "session": session.family, "created_at": session.created_at,
        "expires_at": session.expires_at, "used_at": session.used_at, "revoked_at": session.revoked_at,
    })
}

fn token_record(token: &ApiToken) -> Value {
    json!({
        "kind": "api_token", "id": token.id, "name": token.name, "scopes": token.scopes.0,
        "created_at": token.created_at, "expires_at": token.expires_at, "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    })
}

fn assignment_record(alert: &Alert) -> Value {
    json!({
        "kind": "assignment", "alert": alert.id, "status": alert.status, "severity": alert.severity,
        "first_seen_at": alert.first_seen_at,
    })
}

fn activity_record((alert, activity): &(AlertId, Activity)) -> Value {
    json!({
        "kind": "activity", "alert": alert, "at": activity.at, "what": activity.kind, "text": activity.text,
        "data": activity.data,
    })
}

fn trail_record(entry: &AuditEvent) -> Value {
    // What cannot be read is told as it stands there: the trail's own check says what is wrong with it.
    let data = serde_json::from_str::<Value>(&entry.variant_data);
    let data = data.unwrap_or_else(|_quotes_it| Value::String(entry.variant_data.clone()));
    json!({
        "kind": "audit_event", "seq": entry.seq, "at": entry.at, "event_type": entry.event_type,
        "subject": entry.subject, "variant_data": data,
    })
}
