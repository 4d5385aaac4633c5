//! Which security events a list shows.
//!
//! Owns reading the query. **Invariant:** what is looked for is bounded and is data, never part of a statement.

use serde::Deserialize;
use shared::finding::Severity;
use utoipa::IntoParams;

use crate::api::problem::ApiError;
use crate::api::v1::moment::Moment;
use crate::domain::events::{MAX_NAME_CHARS, SEVERITIES};
use crate::store::events::EventFilter;
use crate::store::words::Search;

/// Longest search, in characters.
const MAX_SEARCH_CHARS: usize = 200;

/// Which events.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Only of this source.
    #[param(max_length = 100, example = "edge-firewall")]
    source: Option<String>,
    /// Only of this type.
    #[param(max_length = 100, example = "port_scan")]
    event_type: Option<String>,
    /// Only this bad: one or several of `LOW`, `MEDIUM`, `HIGH`, `CRITICAL`, separated by commas.
    #[param(
        example = "HIGH,CRITICAL",
        pattern = "^(LOW|MEDIUM|HIGH|CRITICAL)(,(LOW|MEDIUM|HIGH|CRITICAL)){0,7}$"
    )]
    severity: Option<String>,
    /// Not before.
    #[param(value_type = Option<DateTime<Utc>>)]
    created_after: Option<Moment>,
    /// Before.
    #[param(value_type = Option<DateTime<Utc>>)]
    created_before: Option<Moment>,
    /// Only with words that begin like these.
    #[param(max_length = 200, example = "ports db")]
    search: Option<String>,
}

impl EventQuery {
    /// The filter it asks for.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`](crate::api::ErrorCode::Invalid) (permanent).
    pub(super) fn filter(self) -> Result<EventFilter, ApiError> {
        Ok(EventFilter {
            source: bounded("source", self.source, MAX_NAME_CHARS)?,
            event_type: bounded("event_type", self.event_type, MAX_NAME_CHARS)?,
            severities: self
                .severity
                .map_or_else(|| Ok(Vec::new()), |list| severities(&list))?,
            from: self.created_after.map(|at| at.0),
            until: self.created_before.map(|at| at.0),
            search: bounded("search", self.search, MAX_SEARCH_CHARS)?
                .and_then(|text| Search::parse(&text)),
        })
    }
}

fn bounded(name: &str, text: Option<String>, most: usize) -> Result<Option<String>, ApiError> {
    let fits = |text: &String| text.chars().count() <= most && !text.contains('\0');
    if text.as_ref().is_none_or(fits) {
        return Ok(text);
    }
    Err(ApiError::invalid(format!(
        "`{name}` is not usable; give at most {most} characters without NUL"
    )))
}

fn severities(list: &str) -> Result<Vec<Severity>, ApiError> {
    let severity = |word: &str| word.parse().ok().filter(|one| SEVERITIES.contains(one));
    let asked: Option<Vec<Severity>> = list.split(',').take(9).map(severity).collect();
    asked.filter(|asked| asked.len() <= 8).ok_or_else(|| {
        ApiError::invalid(
            "`severity` is not usable; give LOW, MEDIUM, HIGH or CRITICAL, separated by commas",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> Result<EventFilter, ()> {
        let query = actix_web::web::Query::<EventQuery>::from_query(query).map_err(drop)?;
        query.into_inner().filter().map_err(drop)
    }

    #[test]
    fn severities_are_a_list() {
        let asked = filter("severity=HIGH,CRITICAL").unwrap().severities;
        assert_eq!(asked, [Severity::High, Severity::Critical]);
        for bad in [
            "severity=",
            "severity=high",
            "severity=INFO",
            "severity=HIGH,",
            "severity=LOW;DROP",
        ] {
            assert!(filter(bad).is_err(), "{bad}");
        }
        assert!(filter(&format!("severity=LOW{}", ",LOW".repeat(7))).is_ok());
        assert!(filter(&format!("severity=LOW{}", ",LOW".repeat(8))).is_err());
    }

    #[test]
    fn times_are_such_as_databases_can_keep() {
        for good in [
            "2026-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2026-01-01T00:00:00%2B02:00",
        ] {
            assert!(filter(&format!("created_after={good}")).is_ok(), "{good}");
        }
        for bad in [
            "",
            "2026-01-01",
            "%2B262142-01-01T00:00:00Z",
            "-0001-01-01T00:00:00Z",
            "0",
            "now",
        ] {
            assert!(filter(&format!("created_before={bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_are_bounded_and_hold_no_nul() {
        assert!(filter(&format!("source={}", "a".repeat(100))).is_ok());
        for bad in [
            "source=%00",
            "event_type=a%00",
            "search=%00",
            "source=a&source=b",
        ] {
            assert!(filter(bad).is_err(), "{bad}");
        }
        assert!(filter(&format!("source={}", "a".repeat(101))).is_err());
        assert!(filter(&format!("search={}", "a".repeat(201))).is_err());
    }
}
