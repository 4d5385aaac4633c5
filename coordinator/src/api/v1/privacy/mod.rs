//! `/api/v1/privacy`: what is known of a person, told or forgotten.
//!
//! Owns the routes about who writes in Slack; those about who signs in are in `users`. Leaves finding and forgetting
//! to `crate::privacy` and `crate::accounts`.
//! **Invariant:** an answer shows what Weir shows anyway: ids, kinds and masks, no text and no value.

mod users;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{self, Bytes};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::ids::WorkspaceId;
use shared::job::RetryClass;
use utoipa::ToSchema;
use uuid::Uuid;

use super::views::FindingView;
use crate::api::auth::{Authorized, permit};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::privacy;
use crate::store::alerts::Alert;
use crate::store::audit::{self, NewAuditEvent};
use crate::store::people::{self, Person, Written};
use crate::store::{Store, StoreError};

pub use users::{
    __path_erase_user, __path_export_user, EraseUserRequest, ErasedUser, UserRequest, erase_user,
    export_user,
};

/// Characters of Slack's ids, at most.
const MAX_ID: usize = 64;
/// Characters of a reason.
const REASON: std::ops::RangeInclusive<usize> = 1..=500;

const NO_REASON: &str = "`reason`: give 1 to 500 characters, none a control";

/// Whom it is about.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"slack_user": "U0001", "workspace": "T0001"}))]
#[serde(deny_unknown_fields)]
pub struct PersonRequest {
    /// Slack's id of the person.
    #[schema(example = "U0001", min_length = 1, max_length = 64)]
    slack_user: String,
    /// Only in this workspace; in all of them without.
    #[serde(default)]
    #[schema(example = "T0001", min_length = 1, max_length = 64)]
    workspace: Option<String>,
}

/// Whom to forget, and why.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"slack_user": "U0001", "reason": "request 2026-114"}))]
#[serde(deny_unknown_fields)]
pub struct EraseRequest {
    /// Slack's id of the person.
    #[schema(example = "U0001", min_length = 1, max_length = 64)]
    slack_user: String,
    /// Only in this workspace; in all of them without.
    #[serde(default)]
    #[schema(example = "T0001", min_length = 1, max_length = 64)]
    workspace: Option<String>,
    /// Why: it stands in the audit trail, so it must not name the person.
    #[schema(example = "request 2026-114", min_length = 1, max_length = 500)]
    reason: String,
}

/// What was forgotten.
#[derive(Serialize, ToSchema)]
pub struct Erased {
    /// Scans of what they wrote: who wrote it, the masked previews, the fingerprints and the sealed original
    /// are gone; what kind of data was found stays.
    scans: usize,
    /// Alerts that no longer name them.
    alerts: usize,
    /// What stays, and why.
    #[schema(example = "the audit trail, which is a chain")]
    kept: &'static str,
}

/// Everything that is known of a person, one record a line: `scan`, `finding`, `alert`.
#[utoipa::path(
    post, operation_id = "exportPerson", path = "/api/v1/privacy/export", tag = "privacy", security(("bearer" = [])),
    request_body = PersonRequest,
    responses(
        (status = 200, description = "one record a line", body = String, content_type = "application/x-ndjson",
            example = json!("{\"kind\":\"scan\",\"id\":\"0193a8f0-5c1e-7000-8000-000000000001\",…}\n")),
        (status = 422, description = "`errors` says what is wrong", body = crate::api::Problem),
    ),
)]
pub async fn export(
    auth: Authorized<permit::PrivacyWrite>,
    body: web::Json<PersonRequest>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let PersonRequest {
        slack_user,
        workspace,
    } = body.into_inner();
    let person = person(slack_user, workspace, None)?;
    let by = auth.principal.user;
    let whose = person.clone();
    let alerts = app
        .store
        .write(move |conn| {
            let deed =
                NewAuditEvent::deed("person.exported", Some(by), "person".to_owned(), json!({}));
            audit::append(conn, [deed]);
            people::named_by_alerts(conn, &whose)
        })
        .await?;
    let first = lines(alerts.iter().map(alert_record));
    let begin = (app.store.clone(), person, Uuid::nil());
    let scans = stream::try_unfold(begin, |(store, person, after)| async move {
        let next = scan_lines(&store, &person, after).await?;
        Ok::<_, StoreError>(next.map(|(text, last)| (Bytes::from(text), (store, person, last))))
    });
    let all =
        futures_util::StreamExt::chain(stream::once(async move { Ok(Bytes::from(first)) }), scans);
    Ok(download(all))
}

/// Records to keep, one a line.
fn download(lines: impl Stream<Item = Result<Bytes, StoreError>> + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header((
            CONTENT_DISPOSITION,
            "attachment; filename=\"weir-person.ndjson\"",
        ))
        .streaming(lines)
}

/// Forgets a person: what happened stays, who it was and what they wrote goes.
#[utoipa::path(
    post, operation_id = "erasePerson", path = "/api/v1/privacy/erase", tag = "privacy", security(("bearer" = [])),
    request_body = EraseRequest,
    responses(
        (status = 200, description = "forgotten", body = Erased),
        (status = 422, description = "`errors` says what is wrong", body = crate::api::Problem),
    ),
)]
pub async fn erase(
    auth: Authorized<permit::PrivacyWrite>,
    body: web::Json<EraseRequest>,
    app: web::Data<AppState>,
) -> Result<web::Json<Erased>, ApiError> {
    let EraseRequest {
        slack_user,
        workspace,
        reason,
    } = body.into_inner();
    let person = person(slack_user, workspace, Some(&reason))?;
    let (store, by) = (app.store.clone(), auth.principal.user);
    // It goes on to its end, even if nobody waits for it any more.
    let forgetting =
        actix_web::rt::spawn(async move { privacy::forget(&store, person, by, reason).await });
    let forgotten = forgetting
        .await
        .map_err(|stopped| ApiError::failed(RetryClass::Transient, stopped))??;
    Ok(web::Json(Erased {
        scans: forgotten.scans,
        alerts: forgotten.alerts,
        kept: "the audit trail, which is a chain; entries that other systems recorded may name the person \
               until their time is over",
    }))
}

fn person(
    slack_user: String,
    workspace: Option<String>,
    reason: Option<&str>,
) -> Result<Person, ApiError> {
    let mut errors = Vec::new();
    if !is_id(&slack_user) {
        errors.push("`slack_user`: give an id of Slack's, such as U0123ABCD".to_owned());
    }
    if workspace.as_ref().is_some_and(|id| !is_id(id)) {
        errors.push("`workspace`: give an id of Slack's, such as T0123ABCD".to_owned());
    }
    if let Some(reason) = reason {
        if !is_reason(reason) {
            errors.push(NO_REASON.to_owned());
        } else if reason.contains(&slack_user) {
            errors.push(
                "`reason`: stands in the audit trail and must not name the person".to_owned(),
            );
        }
    }
    if errors.is_empty() {
        Ok(Person {
            slack_user,
            workspace: workspace.map(WorkspaceId::new),
        })
    } else {
        Err(ApiError::unusable(errors))
    }
}

fn is_reason(text: &str) -> bool {
    REASON.contains(&text.trim().chars().count()) && !text.chars().any(char::is_control)
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The lines of the next window; none at the end.
async fn scan_lines(
    store: &Store,
    person: &Person,
    after: Uuid,
) -> Result<Option<(String, Uuid)>, StoreError> {
    let Some(window) = privacy::next_window(store, after).await? else {
        return Ok(None);
    };
    let person = person.clone();
    let written = store
        .read(move |conn| people::written(conn, &person, window))
        .await?;
    Ok(Some((
        lines(written.into_iter().flat_map(scan_records)),
        window.last,
    )))
}

fn lines(records: impl Iterator<Item = Value>) -> String {
    records.fold(String::new(), |text, record| {
        text + &record.to_string() + "\n"
    })
}

fn scan_records(written: Written) -> Vec<Value> {
    let job = written.job;
    let scan = json!({
        "kind": "scan", "id": job.id, "workspace": job.workspace, "channel": job.place.channel_id,
        "user": job.place.user_id, "ts": job.place.message_ts, "thread_ts": job.place.thread_ts,
        "received_at": job.created_at,
    });
    let findings = written.findings.into_iter().map(|stored| {
        let scan = stored.job_id;
        json!({ "kind": "finding", "scan": scan, "finding": FindingView::from(stored.finding) })
    });
    std::iter::once(scan).chain(findings).collect()
}

fn alert_record(alert: &Alert) -> Value {
    json!({
        "kind": "alert", "id": alert.id, "status": alert.status, "severity": alert.severity,
        "info_type": alert.info_type, "workspace": alert.workspace_id, "channel": alert.channel_id,
        "user": alert.user_id, "first_seen_at": alert.first_seen_at, "last_seen_at": alert.last_seen_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_with_a_person_is_told_at_once() {
        let refused =
            person("U1' OR 1=1".to_owned(), Some(String::new()), Some("\u{7}")).unwrap_err();
        assert_eq!(refused.errors().len(), 3);
        let named = person("U123".to_owned(), None, Some("because U123 asked")).unwrap_err();
        assert_eq!(named.errors().len(), 1);
        assert!(person("U123".to_owned(), Some("T1".to_owned()), Some("they asked")).is_ok());
    }
}
