//! `POST /api/v1/alerts/bulk`: working on many alerts alike.
//!
//! **Invariant:** each alert is judged for itself and leaves its own activity and audit entry; all of them are
//! changed, or, should the database fail, none.

use std::collections::{BTreeMap, HashSet};

use actix_web::web;
use serde::{Deserialize, Serialize};
use shared::ids::AlertId;
use utoipa::ToSchema;
use uuid::Uuid;

use super::change::{A_USER, MAX_COMMENT, step_in};
use super::views::StatusWord;
use super::worker;
use crate::alert_work::{self, Change, Outcome};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::fields::{Fields, read_draft};
use crate::api::problem::ApiError;
use crate::api::state::AppState;

/// Alerts in one request, at most.
const MAX_IDS: usize = 500;

/// What to do to many alerts; at least one of `status`, `assignee` and `comment`.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"ids": ["0193a8f0-5c1e-7000-8000-000000000001", "0193a8f0-5c1e-7000-8000-000000000002"], "status": "ACKNOWLEDGED", "comment": "One campaign."}))]
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
    #[schema(
        max_length = 4000,
        min_length = 1,
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$"
    )]
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
        (status = 422, description = "it cannot be done; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn change_all(
    auth: Authorized<permit::AlertsWrite>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<web::Json<BulkResult>, ApiError> {
    let (ids, change) = read_draft(body.into_inner(), read).map_err(ApiError::unusable)?;
    let outcomes =
        alert_work::change_all(&app.store, ids.clone(), change, worker(&auth, &app)).await?;
    Ok(web::Json(result(&ids, outcomes)))
}

fn read(fields: &mut Fields<'_>) -> Option<(Vec<AlertId>, Change)> {
    let expects = format!("a list of 1 to {MAX_IDS} ids");
    fields.require("ids", &expects);
    let ids: Option<Vec<AlertId>> = fields.read("ids", &expects);
    let named = ids.as_ref().map_or(1, Vec::len);
    if !(1..=MAX_IDS).contains(&named) {
        fields.note("ids", format_args!("give {expects}"));
    }
    if !fields.has("assignee") && !fields.is_given("status") && !fields.is_given("comment") {
        fields.note_whole("there is nothing to do; give `status`, `assignee` or `comment`");
    }
    let step = if fields.is_given("status") || fields.is_given("resolution") {
        step_in(fields)
    } else {
        fields.pass_over(&["status", "resolution"]);
        None
    };
    let change = Change {
        step,
        assignee: fields.read_or_null("assignee", A_USER),
        comment: fields.text("comment", MAX_COMMENT),
        ..Change::default()
    };
    let mut seen = HashSet::new();
    let once = ids?.into_iter().filter(|id| seen.insert(*id)).collect();
    Some((once, change))
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
