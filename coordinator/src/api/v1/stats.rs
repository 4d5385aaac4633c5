//! `/api/v1/stats`: what happened each day, in numbers without values.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, web};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::known_only;
use crate::api::auth::{Authorized, permit};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::domain::alert::AlertStatus;
use crate::store::counts::{self, DailyCount, What};
use crate::store::{alerts, clock};

/// Days that are shown if nobody says.
const DAYS: u64 = 30;
/// Days that can be shown.
const MAX_DAYS: u64 = 366;

/// Which days.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StatsQuery {
    /// How many days, today included: 1 to 366; 30 if absent.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u64>,
}

/// Numbers.
#[derive(Serialize, ToSchema)]
pub struct Stats {
    /// The first day, in UTC.
    from: NaiveDate,
    /// The last day: today.
    to: NaiveDate,
    /// The sums over these days, by what was counted and of which kind.
    #[schema(example = json!({"findings": {"CREDIT_CARD_NUMBER": 12}}))]
    totals: BTreeMap<String, BTreeMap<String, u64>>,
    /// The same day by day; a day without anything has no entry.
    days: Vec<Day>,
    /// The alerts that there are now, by status and severity.
    #[schema(example = json!({"OPEN": {"HIGH": 3}}))]
    alerts_now: BTreeMap<String, BTreeMap<String, u64>>,
    /// How many open alerts are past the time by which they were to be closed.
    overdue: u64,
    /// How long closed alerts had been open, on the average of these days, by severity.
    seconds_to_close: BTreeMap<String, f64>,
}

/// A day.
#[derive(Serialize, ToSchema)]
pub struct Day {
    /// Which, in UTC.
    day: NaiveDate,
    /// What was counted, and of which kind.
    counts: BTreeMap<String, BTreeMap<String, u64>>,
}

/// What happened each day, in numbers without values. They stay when what they count is dropped.
#[utoipa::path(
    get, operation_id = "getStats", path = "/api/v1/stats", tag = "operation", security(("bearer" = [])),
    params(StatsQuery),
    responses(
        (status = 200, description = "the numbers", body = Stats),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::StatsRead>,
    request: HttpRequest,
    query: web::Query<StatsQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Stats>, ApiError> {
    known_only::<StatsQuery>(&request)?;
    let days = query.days.unwrap_or(DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(ApiError::invalid("`days` is 1 to 366"));
    }
    let (to, rows, now) = app
        .store
        .read(move |conn| {
            let to = clock::now(conn)?.date_naive();
            let rows = counts::between(conn, first_day(to, days), to)?;
            Ok((to, rows, alerts::standing(conn)?))
        })
        .await?;
    Ok(web::Json(stats(first_day(to, days), to, &rows, &now)))
}

fn first_day(to: NaiveDate, days: u64) -> NaiveDate {
    to.checked_sub_days(Days::new(days - 1)).unwrap_or(to)
}

fn stats(from: NaiveDate, to: NaiveDate, rows: &[DailyCount], now: &[alerts::Standing]) -> Stats {
    let mut totals: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut days: Vec<Day> = Vec::new();
    for row in rows {
        if days.last().is_none_or(|last| last.day != row.day) {
            days.push(Day {
                day: row.day,
                counts: BTreeMap::new(),
            });
        }
        let all = days.last_mut().map(|day| &mut day.counts);
        for counts in [Some(&mut totals), all].into_iter().flatten() {
            let of_kind = counts.entry(row.what.clone()).or_default();
            *of_kind.entry(row.key.clone()).or_default() += row.n;
        }
    }
    let mut alerts_now: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for standing in now {
        let of_status = alerts_now.entry(standing.status.to_string()).or_default();
        of_status.insert(standing.severity.as_str().to_owned(), standing.alerts);
    }
    let open = |standing: &&alerts::Standing| !AlertStatus::is_closed(standing.status);
    Stats {
        seconds_to_close: seconds_to_close(&totals),
        overdue: now
            .iter()
            .filter(open)
            .map(|standing| standing.overdue)
            .sum(),
        from,
        to,
        totals,
        days,
        alerts_now,
    }
}

fn seconds_to_close(totals: &BTreeMap<String, BTreeMap<String, u64>>) -> BTreeMap<String, f64> {
    let seconds = totals.get(What::AlertSecondsToClose.as_str());
    let closed = totals.get(What::AlertsClosedBySeverity.as_str());
    let (Some(seconds), Some(closed)) = (seconds, closed) else {
        return BTreeMap::new();
    };
    let average = |(severity, sum): (&String, &u64)| {
        let count = closed.get(severity).copied().filter(|count| *count > 0)?;
        #[expect(clippy::cast_precision_loss, reason = "an average for people")]
        let average = *sum as f64 / count as f64;
        Some((severity.clone(), average))
    };
    seconds.iter().filter_map(average).collect()
}
