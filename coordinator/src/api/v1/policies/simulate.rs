//! `POST /api/v1/policies/simulate` and `/{id}/simulate`: what a policy would have done.
//!
//! **Invariant:** nothing is changed and nobody told; messages are named by id, and no word of one is read.

use actix_web::web;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shared::finding::Severity;
use shared::ids::{JobId, PolicyId};
use std::time::Duration;
use utoipa::ToSchema;

use super::draft;
use super::names::Names;
use super::views::PolicyDraft;
use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::fields::{Faults, Fields};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::domain::policy::check::warnings;
use crate::domain::policy::replay::{Difference, Replay, Totals};
use crate::domain::policy::{InForce, Policy, SeverityWord};
use crate::replays::{ReplayError, Replayed};

/// How far back, if the caller does not say.
const DEFAULT_DAYS: u32 = 7;
const MAX_DAYS: i64 = 90;
/// When to come back if as many as may are running.
const BUSY_FOR: Duration = Duration::from_secs(5);
const CAVEAT: &str = "Findings count as they were stored then: detectors are not run again. Who belongs to a \
    group is taken as it is now.";

/// What to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"days": 30, "draft": {"name": "Cards", "rules": [{"info_types": ["CREDIT_CARD_NUMBER"]}]}}))]
#[expect(dead_code, reason = "describes what is taken field by field")]
pub struct SimulationRequest {
    /// How many days back; 7 if it is left out.
    #[schema(minimum = 1, maximum = 90)]
    days: Option<u32>,
    /// The policy to try. Beside an id it may be left out: then the stored policy is tried.
    draft: Option<PolicyDraft>,
}

/// What a policy would have done, and how that differs from the one that is stored.
#[derive(Serialize, ToSchema)]
pub struct SimulationView {
    /// From when on.
    from: DateTime<Utc>,
    /// Until when.
    until: DateTime<Utc>,
    /// Caught messages that were looked at.
    messages: u64,
    /// Whether all of that time was looked at.
    complete: bool,
    /// How far back it got, if not all the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<DateTime<Utc>>,
    /// What the draft would have done.
    draft: TotalsView,
    /// What the stored policy would have done; nothing if there is none.
    live: TotalsView,
    /// Messages that only the draft catches.
    newly_caught: DifferenceView,
    /// Messages that only the stored policy catches.
    no_longer_caught: DifferenceView,
    /// What in the draft can have no effect.
    #[schema(example = json!([]))]
    warnings: Vec<String>,
    /// What to bear in mind.
    #[schema(example = "Findings count as they were stored then: detectors are not run again.")]
    caveat: &'static str,
}

/// What a policy would have done.
#[derive(Serialize, ToSchema)]
pub struct TotalsView {
    /// Messages that meet it.
    violations: u64,
    /// How bad they are.
    by_severity: Vec<SeverityCountView>,
    /// What follows for how many.
    by_action: Vec<CountView>,
    /// By the day on which they came in, in UTC.
    by_day: Vec<DayView>,
    /// The channels with most of them, at most 20.
    #[schema(max_items = 20)]
    top_channels: Vec<CountView>,
    /// The kinds of data in most of them, at most 20.
    #[schema(max_items = 20)]
    top_info_types: Vec<CountView>,
}

/// How many are that bad.
#[derive(Serialize, ToSchema)]
pub struct SeverityCountView {
    /// How bad.
    #[schema(value_type = SeverityWord)]
    severity: Severity,
    /// How many.
    count: u64,
}

/// How many of one name.
#[derive(Serialize, ToSchema)]
pub struct CountView {
    /// What.
    #[schema(example = "CREDIT_CARD_NUMBER")]
    name: String,
    /// How many.
    count: u64,
}

/// How many on one day.
#[derive(Serialize, ToSchema)]
pub struct DayView {
    /// The day.
    #[schema(value_type = String, format = Date, example = "2026-11-21")]
    day: NaiveDate,
    /// How many.
    count: u64,
}

/// Messages that only one policy catches.
#[derive(Serialize, ToSchema)]
pub struct DifferenceView {
    /// How many.
    count: u64,
    /// The newest of them, at most 20: ids of `/api/v1/messages/{id}`.
    #[schema(value_type = Vec<uuid::Uuid>, max_items = 20)]
    examples: Vec<JobId>,
}

/// Tries a policy on the messages of the past and compares it with a stored one. The draft is a whole policy;
/// in mode `off` it does nothing here, too.
#[utoipa::path(
    post, operation_id = "simulatePolicy", path = "/api/v1/policies/{id}/simulate", tag = "policies", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the policy to compare with")),
    request_body = SimulationRequest,
    responses(
        (status = 200, description = "what it would have done", body = SimulationView),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 422, description = "the draft cannot work; `errors` says why", body = crate::api::Problem),
        (status = 429, description = "as many simulations as may are running", body = crate::api::Problem),
    ),
)]
pub async fn simulate(
    _auth: Authorized<permit::PoliciesRead>,
    id: web::Path<PolicyId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<web::Json<SimulationView>, ApiError> {
    let live = super::known(&app, *id).await?.spec.0;
    let names = Names::load(&app).await?;
    let asked = Asked::read(body.into_inner(), &names).map_err(ApiError::unusable)?;
    let draft = asked.draft.unwrap_or_else(|| live.clone());
    run(&app, &names, (draft, Some(live)), asked.days).await
}

/// Tries a policy that is not stored on the messages of the past.
#[utoipa::path(
    post, operation_id = "simulatePolicyDraft", path = "/api/v1/policies/simulate", tag = "policies", security(("bearer" = [])),
    request_body = SimulationRequest,
    responses(
        (status = 200, description = "what it would have done", body = SimulationView),
        (status = 422, description = "there is no draft, or it cannot work; `errors` says why", body = crate::api::Problem),
        (status = 429, description = "as many simulations as may are running", body = crate::api::Problem),
    ),
)]
pub async fn simulate_draft(
    _auth: Authorized<permit::PoliciesRead>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<web::Json<SimulationView>, ApiError> {
    let names = Names::load(&app).await?;
    let asked = Asked::read(body.into_inner(), &names).map_err(ApiError::unusable)?;
    let missing = || ApiError::unusable(vec!["`draft`: is missing; give a policy".to_owned()]);
    let draft = asked.draft.ok_or_else(missing)?;
    run(&app, &names, (draft, None), asked.days).await
}

/// What is asked for.
struct Asked {
    days: u32,
    draft: Option<Policy>,
}

impl Asked {
    fn read(body: Object, names: &Names) -> Result<Self, Vec<String>> {
        let faults = Faults::default();
        let mut fields = Fields::of_draft(body, &faults);
        let days = fields.whole("days", 1..=MAX_DAYS);
        let draft = fields.object("draft");
        fields.end();
        let draft = draft.map(|draft| draft::whole(draft, names, &faults));
        let days = days.and_then(|days| u32::try_from(days).ok());
        faults.none(Self {
            days: days.unwrap_or(DEFAULT_DAYS),
            draft,
        })
    }
}

async fn run(
    app: &AppState,
    names: &Names,
    (draft, live): (Policy, Option<Policy>),
    days: u32,
) -> Result<web::Json<SimulationView>, ApiError> {
    let warnings = warnings(&draft, &names.findable);
    let current = app.policies.current();
    let alone = |policy: Option<Policy>| InForce {
        policies: policy
            .map(|policy| (PolicyId::fresh(), policy))
            .into_iter()
            .collect(),
        members: current.members.clone(),
        families: current.families.clone(),
    };
    let replay = Replay::new(alone(Some(draft)), alone(live));
    let done = app.replays.run(&app.store, replay, days).await;
    let done = done.map_err(refused)?;
    Ok(web::Json(SimulationView::of(&done, warnings)))
}

fn refused(error: ReplayError) -> ApiError {
    match error {
        ReplayError::Busy => ApiError::new(ErrorCode::TooManyRequests)
            .with_retry_after(BUSY_FOR)
            .with_detail("as many simulations as may are running"),
        ReplayError::Store(error) => error.into(),
        panicked @ ReplayError::Panicked => ApiError::failed(panicked.class(), panicked),
    }
}

impl SimulationView {
    fn of(done: &Replayed, warnings: Vec<String>) -> Self {
        let counts = &done.counts;
        Self {
            from: done.from,
            until: done.until,
            messages: counts.messages,
            complete: done.reached.is_none(),
            reached: done.reached,
            draft: TotalsView::of(&counts.draft),
            live: TotalsView::of(&counts.live),
            newly_caught: DifferenceView::of(&counts.newly_caught),
            no_longer_caught: DifferenceView::of(&counts.no_longer_caught),
            warnings,
            caveat: CAVEAT,
        }
    }
}

impl TotalsView {
    fn of(totals: &Totals) -> Self {
        let count = |(name, count): (&str, u64)| CountView {
            name: name.to_owned(),
            count,
        };
        let by_severity = totals.by_severity.iter().rev();
        let by_action = totals.by_action.iter();
        let by_day = totals.by_day.iter();
        Self {
            violations: totals.violations,
            by_severity: by_severity
                .map(|(&severity, &count)| SeverityCountView { severity, count })
                .collect(),
            by_action: by_action
                .map(|(&name, &many)| count((name, many)))
                .collect(),
            by_day: by_day
                .map(|(&day, &count)| DayView { day, count })
                .collect(),
            top_channels: totals.top_channels().into_iter().map(count).collect(),
            top_info_types: totals.top_info_types().into_iter().map(count).collect(),
        }
    }
}

impl DifferenceView {
    fn of(difference: &Difference) -> Self {
        Self {
            count: difference.count,
            examples: difference.examples.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::names::tests::names;
    use super::*;

    #[test]
    fn faults_of_the_draft_are_placed_in_it() {
        let body = json!({"days": 91, "draft": {"rules": [{"families": ["x"]}]}, "x": 1});
        let body = serde_json::from_value(body).unwrap();
        let told = Asked::read(body, &names()).err().unwrap();
        assert_eq!(
            told,
            [
                "`days`: give a whole number from 1 to 90",
                "1 fields are not known here; there are days, draft",
                "`draft.name`: is missing; give a few words for people",
                "`draft.rules[0].families[0]`: there is no such family; there are payment, secrets",
            ]
        );
    }
}
