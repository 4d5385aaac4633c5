//! `POST /api/v1/alerts/bulk`: working on many alerts alike.
//!
//! **Invariant:** each alert is judged for itself and leaves its own activity and audit entry; all of them are
//! changed, or, should the database fail, none.

use std::collections::{BTreeMap, HashSet};

use actix_web::web;
use serde::{Deserialize, Serialize};
use shared::ids::{AlertId, UserId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::change::{A_USER, MAX_COMMENT, request_word, step_in};
use super::views::StatusWord;
use super::worker;
use crate::alert_work::{self, Change, Outcome};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Fields;
use crate::api::problem::ApiError;
use crate::api::state::AppState;

/// Alerts in one request, at most.
const MAX_IDS: usize = 500;

/// What to do to many alerts; at least one of `status`, `assignee` and `comment`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `change_all` takes field by field")]
pub struct BulkChange {
    /// Which; one that is named twice is changed once.
    #[schema(min_items = 1, max_items = 500)]
    ids: Vec<Uuid>,
    /// A step to another status.
    #[schema(value_type = Option<StatusWord>)]
    status: Option<String>,
    /// How the alerts end, with `RESOLVED` or `DISMISSED`.
    #[schema(
        max_length = 100,
        min_length = 1,
        example = "FALSE_POSITIVE",
        pattern = "^[^\\s\\u0000-\\u001F\\u007F-\\u009F][^\\u0000-\\u001F\\u007F-\\u009F]*$"
    )]
    resolution: Option<String>,
    /// Who is to work on them; null for nobody.
    assignee: Option<Uuid>,
    /// What is to be said about each.
    #[schema(max_length = 4000, min_length = 1, pattern = "\\S")]
    comment: Option<String>,
}

/// What became of many alerts.
#[derive(Serialize, ToSchema)]
pub struct BulkResult {
    /// How many were changed.
    changed: usize,
    /// Each, in the order asked for.
    results: Vec<BulkOutcome>,
}

/// What became of one.
#[derive(Serialize, ToSchema)]
pub struct BulkOutcome {
    /// Which.
    id: Uuid,
    /// `changed`, `unchanged` (it is so already), `not_found` or `illegal_transition`.
    #[schema(example = "changed")]
    outcome: &'static str,
    /// Why it was not changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Changes many alerts alike, each for itself: a step that one of them cannot take does not hold up the others.
#[utoipa::path(
    post, operation_id = "changeAlerts", path = "/api/v1/alerts/bulk", tag = "alerts", security(("bearer" = [])),
    request_body = BulkChange,
    responses(
        (status = 200, description = "what became of each", body = BulkResult),
        (status = 400, description = "the body cannot be read", body = crate::api::Problem),
        (status = 413, description = "the body is too large", body = crate::api::Problem),
        (status = 415, description = "the body is no JSON", body = crate::api::Problem),
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn change_all(
    auth: Authorized<permit::AlertsWrite>,
    body: web::Json<Fields>,
    app: web::Data<AppState>,
) -> Result<web::Json<BulkResult>, ApiError> {
    let (ids, change) = read(body.into_inner())?;
    let outcomes =
        alert_work::change_all(&app.store, ids.clone(), change, worker(&auth, &app)).await?;
    Ok(web::Json(result(&ids, outcomes)))
}

fn read(mut fields: Fields) -> Result<(Vec<AlertId>, Change), ApiError> {
    let expects = format!("a list of 1 to {MAX_IDS} ids");
    let ids = fields.need::<Vec<AlertId>>("ids", &expects);
    let named = ids.as_ref().map_or(1, Vec::len);
    if !(1..=MAX_IDS).contains(&named) {
        fields.refuse(format!("`ids` is not usable; give {expects}"));
    }
    if !fields.has("assignee") && !fields.is_given("status") && !fields.is_given("comment") {
        fields.refuse("there is nothing to do; give `status`, `assignee` or `comment`");
    }
    let step = if fields.is_given("status") || fields.is_given("resolution") {
        step_in(&mut fields, &request_word())
    } else {
        fields.pass_over(&["status", "resolution"]);
        None
    };
    let change = Change {
        step,
        assignee: fields.take::<Option<UserId>>("assignee", A_USER),
        comment: fields.text("comment", MAX_COMMENT),
        ..Change::default()
    };
    let ids = fields.end(ids)?;
    let mut seen = HashSet::new();
    let once = ids.into_iter().filter(|id| seen.insert(*id)).collect();
    Ok((once, change))
}

fn result(ids: &[AlertId], mut outcomes: BTreeMap<AlertId, Outcome>) -> BulkResult {
    let results: Vec<BulkOutcome> = ids
        .iter()
        .filter_map(|id| Some((id, outcomes.remove(id)?)))
        .map(|(id, outcome)| {
            let (outcome, detail) = match outcome {
                Outcome::Changed => ("changed", None),
                Outcome::Unchanged => ("unchanged", None),
                Outcome::Missing => ("not_found", None),
                Outcome::Illegal(step) => ("illegal_transition", Some(step.to_string())),
            };
            let id = id.as_uuid();
            BulkOutcome {
                id,
                outcome,
                detail,
            }
        })
        .collect();
    let changed = results.iter().filter(|one| one.outcome == "changed");
    BulkResult {
        changed: changed.count(),
        results,
    }
}
