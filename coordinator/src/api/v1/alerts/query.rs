//! How lists of alerts are asked for.
//!
//! Owns reading filters and orders, and the words for what is wrong with them.
//! **Invariant:** a refusal says what can be given and never repeats what was.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use shared::finding::{InfoType, Severity};
use shared::ids::UserId;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use super::views::StatusWord;
use crate::api::fields::{A_TIME, one_of, rfc3339};
use crate::api::problem::ApiError;
use crate::domain::alert::AlertStatus;
use crate::domain::policy::SeverityWord;
use crate::store::alerts::{AlertFilter, AlertKey, AlertOrdering, Assigned};
use crate::store::words::Search;

/// Values of one filter, at most.
const MAX_VALUES: usize = 20;
/// Characters of a value.
const MAX_VALUE_CHARS: usize = 100;
/// Characters of a search.
const MAX_SEARCH_CHARS: usize = 200;

/// Which alerts. Filters hold together; of the values of one, any will do.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlertQuery {
    /// Only with one of these statuses, with commas between.
    #[param(value_type = Option<Vec<StatusWord>>, style = Form, explode = false, max_items = 20)]
    status: Option<String>,
    /// Only that bad, with commas between.
    #[param(value_type = Option<Vec<SeverityWord>>, style = Form, explode = false, max_items = 20)]
    severity: Option<String>,
    /// Only raised by one of these, with commas between: `slack`, or the source of a security event.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 20, example = json!(["slack"]))]
    source: Option<String>,
    /// Only of one of these kinds of data, with commas between.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 20, example = json!(["CREDIT_CARD_NUMBER"]))]
    info_type: Option<String>,
    /// Only that met one of these policies first: ids, with commas between.
    #[param(value_type = Option<Vec<uuid::Uuid>>, style = Form, explode = false, max_items = 20)]
    policy: Option<String>,
    /// Only of one of these workspaces, with commas between.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 20, example = json!(["T0001"]))]
    workspace: Option<String>,
    /// Only seen first in one of these channels, with commas between.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 20, example = json!(["C0001"]))]
    channel: Option<String>,
    /// Only written first by one of these Slack users, with commas between.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, max_items = 20, example = json!(["U0001"]))]
    user: Option<String>,
    /// Only of this person's (an id), your own (`me`), or nobody's (`none`).
    #[param(
        pattern = "^(me|none|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$",
        example = "me"
    )]
    assignee: Option<String>,
    /// Only seen first at this time or later.
    #[param(format = DateTime, example = "2026-11-21T08:00:00Z")]
    created_after: Option<String>,
    /// Only seen first before this time.
    #[param(format = DateTime, example = "2026-11-22T08:00:00Z")]
    created_before: Option<String>,
    /// `true`: only those that should have been closed by now; `false`: only the others.
    #[param(value_type = Option<bool>)]
    overdue: Option<String>,
    /// Only with these words: each must be the beginning of a word of the alert. Without a letter or digit it
    /// chooses nothing.
    #[param(max_length = 200, example = "credit card")]
    search: Option<String>,
}

/// In which order.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrderingQuery {
    /// By what, with `-` in front for the greatest first; `-created_at` if absent. Alerts that are never due
    /// come last by `due_at` and by `-due_at`.
    #[param(value_type = Option<OrderingWord>, inline, example = "-created_at")]
    ordering: Option<String>,
}

/// All that the list takes beside the page.
pub(super) struct Whole;

impl IntoParams for Whole {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = OrderingQuery::into_params(&place);
        all.extend(AlertQuery::into_params(&place));
        all
    }
}

/// An order of alerts.
#[derive(Serialize, ToSchema)]
#[expect(dead_code, reason = "describes what is read as a word")]
pub(super) enum OrderingWord {
    #[serde(rename = "created_at")]
    CreatedAt,
    #[serde(rename = "-created_at")]
    CreatedAtLast,
    #[serde(rename = "last_seen_at")]
    LastSeenAt,
    #[serde(rename = "-last_seen_at")]
    LastSeenAtLast,
    #[serde(rename = "severity")]
    Severity,
    #[serde(rename = "-severity")]
    SeverityLast,
    #[serde(rename = "due_at")]
    DueAt,
    #[serde(rename = "-due_at")]
    DueAtLast,
    #[serde(rename = "occurrences")]
    Occurrences,
    #[serde(rename = "-occurrences")]
    OccurrencesLast,
}

/// An order of activity.
#[derive(Serialize, ToSchema)]
#[expect(dead_code, reason = "describes what is read as a word")]
pub(super) enum ActivityOrderingWord {
    #[serde(rename = "created_at")]
    OldestFirst,
    #[serde(rename = "-created_at")]
    NewestFirst,
}

impl OrderingQuery {
    /// The order that is asked for.
    pub(super) fn read(self) -> Result<AlertOrdering, ApiError> {
        let Some(word) = self.ordering else {
            return Ok(AlertOrdering::default());
        };
        AlertOrdering::parse(&word).ok_or_else(|| {
            let words = one_of(&AlertKey::ALL, AlertKey::as_str);
            ApiError::invalid(format!(
                "`ordering` is not usable; give {words}, with `-` in front for the greatest first"
            ))
        })
    }
}

/// The filter that is asked for by `me`.
pub(super) fn read_filter(query: AlertQuery, me: UserId) -> Result<AlertFilter, ApiError> {
    let a_status = one_of(&AlertStatus::ALL, AlertStatus::as_str);
    let a_severity = one_of(Severity::ALL, Severity::as_str);
    let an_info_type = "kinds of data such as CREDIT_CARD_NUMBER";
    Ok(AlertFilter {
        statuses: several("status", query.status, &a_status)?,
        severities: several("severity", query.severity, &a_severity)?,
        sources: words("source", query.source)?,
        info_types: several::<InfoType>("info_type", query.info_type, an_info_type)?,
        policies: several("policy", query.policy, "ids of policies")?,
        workspaces: words("workspace", query.workspace)?,
        channels: words("channel", query.channel)?,
        users: words("user", query.user)?,
        assigned: assigned(query.assignee, me)?,
        from: time("created_after", query.created_after)?,
        until: time("created_before", query.created_before)?,
        overdue: overdue(query.overdue)?,
        search: search(query.search)?,
        ordering: AlertOrdering::default(),
    })
}

fn refused(name: &str, expects: &str) -> ApiError {
    ApiError::invalid(format!("`{name}` is not usable; give {expects}"))
}

/// Values with commas between.
fn several<T: FromStr>(
    name: &str,
    sent: Option<String>,
    expects: &str,
) -> Result<Vec<T>, ApiError> {
    let expects = || format!("{expects}; at most {MAX_VALUES}, with commas between");
    let Some(sent) = sent else {
        return Ok(Vec::new());
    };
    if sent.split(',').count() > MAX_VALUES {
        return Err(refused(name, &expects()));
    }
    let values: Result<Vec<T>, T::Err> = sent.split(',').map(str::parse).collect();
    values.map_err(|_names_nothing| refused(name, &expects()))
}

/// An id of somebody else's making.
struct Word(String);

impl FromStr for Word {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let fits = (1..=MAX_VALUE_CHARS).contains(&text.chars().count());
        if fits && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(())
        }
    }
}

fn words(name: &str, sent: Option<String>) -> Result<Vec<String>, ApiError> {
    let expects = format!("names of 1 to {MAX_VALUE_CHARS} characters");
    let words = several::<Word>(name, sent, &expects)?;
    Ok(words.into_iter().map(|word| word.0).collect())
}

fn assigned(sent: Option<String>, me: UserId) -> Result<Option<Assigned>, ApiError> {
    sent.map(|sent| match sent.as_str() {
        "none" => Ok(Assigned::ToNobody),
        "me" => Ok(Assigned::To(me)),
        id => match id.parse() {
            Ok(user) => Ok(Assigned::To(user)),
            Err(_no_id) => Err(refused("assignee", "a user's id, me or none")),
        },
    })
    .transpose()
}

fn time(
    name: &str,
    sent: Option<String>,
) -> Result<Option<chrono::DateTime<chrono::Utc>>, ApiError> {
    let read = |sent: String| {
        let expects = format!("{A_TIME}; a plus sign is written as %2B");
        rfc3339(&sent).ok_or_else(|| refused(name, &expects))
    };
    sent.map(read).transpose()
}

fn overdue(sent: Option<String>) -> Result<Option<bool>, ApiError> {
    sent.map(|sent| {
        sent.parse()
            .map_err(|_neither| refused("overdue", "true or false"))
    })
    .transpose()
}

fn search(sent: Option<String>) -> Result<Option<Search>, ApiError> {
    let Some(sent) = sent else { return Ok(None) };
    if sent.chars().count() > MAX_SEARCH_CHARS {
        let expects = format!("at most {MAX_SEARCH_CHARS} characters");
        return Err(refused("search", &expects));
    }
    Ok(Search::parse(&sent))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(query: &str) -> Result<AlertFilter, ApiError> {
        let query = actix_web::web::Query::<AlertQuery>::from_query(query).unwrap();
        read_filter(query.into_inner(), UserId::fresh())
    }

    fn refusal(query: &str) -> String {
        read(query).unwrap_err().detail().unwrap().to_owned()
    }

    #[test]
    fn filters_take_several_values() {
        let filter =
            read("status=OPEN,ACKNOWLEDGED&severity=HIGH&channel=C1,C2&overdue=true").unwrap();
        assert_eq!(
            filter.statuses,
            [AlertStatus::Open, AlertStatus::Acknowledged]
        );
        assert_eq!(filter.severities, [Severity::High]);
        assert_eq!(filter.channels, ["C1", "C2"]);
        assert_eq!(filter.overdue, Some(true));
    }

    #[test]
    fn whose_alerts_is_somebodys_ones_own_or_nobodys() {
        let me = UserId::fresh();
        for (sent, expected) in [
            ("none".to_owned(), Assigned::ToNobody),
            ("me".to_owned(), Assigned::To(me)),
            (me.to_string(), Assigned::To(me)),
        ] {
            assert_eq!(assigned(Some(sent), me).unwrap(), Some(expected));
        }
        assert!(assigned(Some("you".to_owned()), me).is_err());
    }

    #[test]
    fn a_refusal_names_what_is_allowed_and_not_what_was_sent() {
        let told = refusal("status=OPEN,4111");
        assert_eq!(
            told,
            "`status` is not usable; give one of OPEN, ACKNOWLEDGED, RESOLVED, DISMISSED; at most 20, with commas between"
        );
        let told = OrderingQuery {
            ordering: Some("4111".to_owned()),
        };
        let told = told.read().unwrap_err().detail().unwrap().to_owned();
        assert!(
            told.contains("last_seen_at") && !told.contains("4111"),
            "{told}"
        );
    }

    #[test]
    fn what_no_column_could_keep_is_refused() {
        let many = vec!["C1"; 21].join(",");
        for query in [
            "channel=".to_owned(),
            "channel=C1,,C2".to_owned(),
            "user=%00".to_owned(),
            format!("workspace={}", "x".repeat(101)),
            format!("channel={many}"),
            "policy=1".to_owned(),
            "info_type=card".to_owned(),
            "created_after=%2B262000-01-01T00:00:00Z".to_owned(),
            "created_before=tomorrow".to_owned(),
            "overdue=1".to_owned(),
            format!("search={}", "x".repeat(201)),
        ] {
            assert!(read(&query).is_err(), "{query}");
        }
    }

    #[test]
    fn a_search_without_a_word_chooses_nothing() {
        assert_eq!(read("search=%25%27--").unwrap().search, None);
    }

    proptest! {
        #[test]
        fn whatever_is_asked_is_read_or_refused(text in "\\PC{0,40}") {
            for name in ["status", "severity", "source", "info_type", "policy", "assignee", "created_after", "overdue", "search"] {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                let query = query.append_pair(name, &text).finish();
                if let Err(error) = read(&query) {
                    prop_assert_eq!(error.code(), crate::api::ErrorCode::Invalid);
                }
            }
        }
    }
}
