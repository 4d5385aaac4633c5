//! Whose event it is, which one, and when.
//!
//! Owns reading the outer object. Leaves the inner event to `message`.
//! **Invariant:** every event has an id that is the same in each of Slack's retries.

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::ids::WorkspaceId;

/// The workspace of an event that names none. Slack's ids begin with a capital.
const NOWHERE: &str = "unknown";
const MAX_ID: usize = 64;

/// An id of Slack's: short, and of characters that can go into a key, a label or an address.
pub(in crate::slack) fn id(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).filter(|id| {
        (1..=MAX_ID).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    })
}

/// The installation the event was sent to. In Slack Connect the outer `team_id` is where the message comes
/// from; in an org-wide install the inner one is null.
///
/// # Source
/// <https://docs.slack.dev/apis/events-api/#authorizations>
pub(super) fn workspace(root: &Value) -> WorkspaceId {
    const PLACES: [&str; 7] = [
        "/authorizations/0/team_id",
        "/authorizations/0/enterprise_id",
        "/team_id",
        "/enterprise_id",
        "/context_team_id",
        "/context_enterprise_id",
        "/event/team",
    ];
    workspace_at(root, &PLACES)
}

/// The workspace that the first fitting of some places names.
pub(in crate::slack) fn workspace_at(root: &Value, places: &[&str]) -> WorkspaceId {
    let named = places
        .iter()
        .filter_map(|place| id(root.pointer(place)))
        // A lower-case word could be taken for one of our own workspaces.
        .find(|id| id.starts_with(|first: char| first.is_ascii_uppercase()));
    WorkspaceId::new(named.unwrap_or(NOWHERE))
}

/// Slack's event id, or a digest of the body: a retry repeats the body byte for byte.
pub(super) fn event_id(root: &Value, raw: &[u8]) -> String {
    id(root.get("event_id")).map_or_else(
        || {
            format!(
                "sha256-{}",
                hex::encode(digest::digest(&digest::SHA256, raw))
            )
        },
        str::to_owned,
    )
}

/// A time in Unix seconds.
pub(super) fn time(root: &Value, key: &str) -> Option<DateTime<Utc>> {
    let value = root.get(key)?;
    let seconds = value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))?;
    DateTime::from_timestamp(seconds, 0)
}

/// The time in a `ts`: seconds and, behind the point, six digits of them.
pub(super) fn moment(ts: Option<&Value>) -> Option<DateTime<Utc>> {
    moment_of(ts?.as_str()?)
}

/// The same of a `ts` at hand.
pub fn moment_of(ts: &str) -> Option<DateTime<Utc>> {
    let (seconds, fraction) = ts.split_once('.')?;
    if fraction.len() != 6 {
        return None;
    }
    let micros: u32 = fraction.parse().ok()?;
    DateTime::from_timestamp(seconds.parse().ok()?, micros.checked_mul(1_000)?)
}

/// A time as a `ts`; what was before 1970 is zero.
pub fn ts_of(time: DateTime<Utc>) -> String {
    format!(
        "{}.{:06}",
        time.timestamp().max(0),
        time.timestamp_subsec_micros()
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_becomes_the_ts_that_it_came_from() {
        let ts = "1701743154.000500";
        assert_eq!(ts_of(moment_of(ts).unwrap()), ts);
    }

    #[test]
    fn the_installation_comes_before_the_source_workspace() {
        let connect = json!({
            "team_id": "T_SOURCE", "is_ext_shared_channel": true,
            "authorizations": [{"enterprise_id": null, "team_id": "T_INSTALLED"}],
        });
        assert_eq!(workspace(&connect).as_str(), "T_INSTALLED");
    }

    #[test]
    fn nulls_and_absences_are_passed_over() {
        for (root, expected) in [
            (
                json!({"team_id": "T1", "authorizations": [{"enterprise_id": "E1", "team_id": null}]}),
                "E1",
            ),
            (json!({"team_id": "T1", "authorizations": []}), "T1"),
            (json!({"team_id": "", "enterprise_id": "E1"}), "E1"),
            (json!({"team_id": null, "event": {"team": "T2"}}), "T2"),
            (json!({"team_id": "api"}), NOWHERE),
            (json!({"team_id": ["T1"]}), NOWHERE),
            (json!([]), NOWHERE),
        ] {
            assert_eq!(workspace(&root).as_str(), expected, "{root}");
        }
    }

    #[test]
    fn an_event_without_an_id_gets_the_same_id_at_each_retry() {
        let root = json!({"event_id": null});
        let first = event_id(&root, b"body");
        assert_eq!(first, event_id(&root, b"body"));
        assert_ne!(first, event_id(&root, b"other"));
        assert!(first.starts_with("sha256-") && first.len() == 71);
        assert_eq!(event_id(&json!({"event_id": "Ev123"}), b"body"), "Ev123");
    }

    #[test]
    fn a_ts_tells_the_time_to_the_microsecond() {
        let at = |ts: Value| moment(Some(&ts)).map(|at| at.timestamp_micros());
        assert_eq!(at(json!("1700000000.000100")), Some(1_700_000_000_000_100));
        for none in [
            json!("1700000000"),
            json!("1.1"),
            json!("x.000100"),
            json!(1.5),
            json!("1.00000x"),
        ] {
            assert_eq!(at(none.clone()), None, "{none}");
        }
    }

    #[test]
    fn a_time_is_read_from_number_and_text() {
        let root = json!({"a": 1_701_743_154, "b": "1701743154", "c": "soon", "d": i64::MAX});
        assert_eq!(time(&root, "a"), time(&root, "b"));
        assert_eq!(time(&root, "a").unwrap().timestamp(), 1_701_743_154);
        assert_eq!(time(&root, "c"), None);
        assert_eq!(time(&root, "d"), None);
    }
}
