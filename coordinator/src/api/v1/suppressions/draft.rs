//! Suppressions as people write them.
//!
//! Owns reading the fields and saying everything that is wrong with them at once. Whether one may end when it
//! is to, and who may answer for it, is for `suppression_changes`.
//! **Invariant:** every list and every word in it is bounded, and at least one list names something.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use shared::finding::{Fingerprint, InfoType};
use shared::ids::{DetectorId, SuppressionId, UserId, WorkspaceId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::views::KindWord;
use crate::api::body::Fields;
use crate::api::problem::ApiError;
use crate::domain::suppression::{Matches, SuppressionKind};
use crate::store::suppressions::NewSuppression;
use crate::suppression_changes::Change;

/// Longest reason, in characters.
const MAX_REASON: usize = 1_000;
/// Names in one list, at most.
const MAX_NAMES: usize = 200;
/// Characters of a name.
const MAX_NAME_CHARS: usize = 100;

/// A suppression, or a risk to accept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "describes what `new_suppression` takes field by field"
)]
pub struct SuppressionDraft {
    /// What kind of decision it is; `suppression` if absent.
    #[schema(value_type = Option<KindWord>)]
    kind: Option<String>,
    /// What it is about.
    matches: MatchesDraft,
    /// Why it is there.
    #[schema(
        max_length = 1000,
        min_length = 1,
        pattern = "\\S",
        example = "Keys of the examples in our docs."
    )]
    reason: String,
    /// Who answers for it; you, if absent.
    owner: Option<Uuid>,
    /// When it is over. A risk is accepted for a time, at most 366 days.
    expires_at: Option<DateTime<Utc>>,
}

/// What it is about: a finding is meant if each list that is given names what the finding has. At least one
/// must be given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
#[expect(dead_code, reason = "describes what `matches_in` takes field by field")]
pub struct MatchesDraft {
    /// Kinds of data.
    #[schema(min_items = 1, max_items = 200, example = json!(["CREDIT_CARD_NUMBER"]))]
    info_types: Option<Vec<String>>,
    /// Detectors, by id.
    #[schema(min_items = 1, max_items = 200)]
    detectors: Option<Vec<String>>,
    /// Values, by their fingerprints.
    #[schema(min_items = 1, max_items = 200)]
    fingerprints: Option<Vec<String>>,
    /// Slack's workspaces.
    #[schema(min_items = 1, max_items = 200)]
    workspaces: Option<Vec<String>>,
    /// Slack's channels.
    #[schema(min_items = 1, max_items = 200)]
    channels: Option<Vec<String>>,
    /// Slack's users.
    #[schema(min_items = 1, max_items = 200)]
    users: Option<Vec<String>>,
}

/// What to change of a suppression; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
#[expect(dead_code, reason = "describes what `change` takes field by field")]
pub struct SuppressionChange {
    /// Why it is there.
    #[schema(max_length = 1000, min_length = 1, pattern = "\\S")]
    reason: Option<String>,
    /// Who answers for it.
    owner: Option<Uuid>,
    /// When it is over; null for never, which an accepted risk cannot be.
    expires_at: Option<DateTime<Utc>>,
}

/// A new suppression, for which `by` answers if nobody else is named.
///
/// # Errors
/// Everything that is wrong with the fields.
pub(super) fn new_suppression(mut fields: Fields, by: UserId) -> Result<NewSuppression, ApiError> {
    let kind = fields.take::<Option<SuppressionKind>>("kind", "suppression or accepted_risk");
    let matches = fields.need::<Fields>("matches", "an object of lists");
    let matches = matches.and_then(|inner| matches_in(&mut fields, inner));
    let reason = fields.need_text("reason", MAX_REASON);
    let owner = fields.take::<Option<UserId>>("owner", "a user's id");
    let expires_at = fields.time("expires_at");
    let read = matches.zip(reason).map(|(matches, reason)| NewSuppression {
        id: SuppressionId::fresh(),
        kind: kind.flatten().unwrap_or(SuppressionKind::Suppression),
        matches,
        reason,
        owner: owner.flatten().unwrap_or(by),
        alert: None,
        expires_at: expires_at.flatten(),
    });
    fields.end(read)
}

/// A change of a suppression.
///
/// # Errors
/// Everything that is wrong with the fields.
pub(super) fn change(mut fields: Fields) -> Result<Change, ApiError> {
    let asked = fields.is_given("reason") || fields.is_given("owner") || fields.has("expires_at");
    if !asked {
        fields.refuse("there is nothing to change; give `reason`, `owner` or `expires_at`");
    }
    let change = Change {
        reason: fields.text("reason", MAX_REASON),
        owner: fields
            .take::<Option<UserId>>("owner", "a user's id")
            .flatten(),
        expires_at: fields.time("expires_at"),
    };
    fields.end(Some(change))
}

/// The lists; what is wrong with them is told to `outer`.
fn matches_in(outer: &mut Fields, mut inner: Fields) -> Option<Matches> {
    let info_types = inner.take::<Option<Vec<InfoType>>>("info_types", "a list of kinds of data");
    let mut lists = [
        "detectors",
        "fingerprints",
        "workspaces",
        "channels",
        "users",
    ]
    .map(|name| names_in(&mut inner, name));
    let [detectors, fingerprints, workspaces, channels, users] =
        lists.each_mut().map(std::mem::take);
    let info_types = info_types.flatten();
    if info_types
        .as_ref()
        .is_some_and(|list| !(1..=MAX_NAMES).contains(&list.len()))
    {
        inner.refuse(format!(
            "`info_types` is not usable; give 1 to {MAX_NAMES} kinds of data"
        ));
    }
    let matches = Matches {
        info_types: info_types.unwrap_or_default(),
        detectors: detectors.into_iter().map(DetectorId::new).collect(),
        fingerprints: fingerprints.into_iter().map(Fingerprint::new).collect(),
        workspaces: workspaces.into_iter().map(WorkspaceId::new).collect(),
        channels,
        users,
    };
    match inner.end(Some(matches)) {
        Ok(matches) if matches.is_empty() => {
            outer.refuse("`matches` names nothing; give at least one list, not empty");
            None
        }
        Ok(matches) => Some(matches),
        Err(error) => {
            for error in error.errors() {
                outer.refuse(format!("in `matches`: {error}"));
            }
            None
        }
    }
}

/// A list of names of somebody else's making; empty if it is absent.
fn names_in(fields: &mut Fields, name: &'static str) -> Vec<String> {
    let expects = format!("a list of 1 to {MAX_NAMES} names of 1 to {MAX_NAME_CHARS} characters");
    let Some(names) = fields.take::<Option<Vec<String>>>(name, &expects).flatten() else {
        return Vec::new();
    };
    let fits = |text: &String| {
        (1..=MAX_NAME_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    if !(1..=MAX_NAMES).contains(&names.len()) || !names.iter().all(fits) {
        fields.refuse(format!("`{name}` is not usable; give {expects}"));
        return Vec::new();
    }
    names
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<NewSuppression, Vec<String>> {
        let fields: Fields = serde_json::from_value(value).unwrap();
        new_suppression(fields, UserId::fresh()).map_err(|error| error.errors().to_vec())
    }

    #[test]
    fn the_short_form_is_a_whole_suppression_of_ones_own() {
        let by = UserId::fresh();
        let fields = json!({"matches": {"channels": ["C1"]}, "reason": "tests"});
        let new = new_suppression(serde_json::from_value(fields).unwrap(), by).unwrap();
        assert_eq!(
            (new.kind, new.owner, new.expires_at),
            (SuppressionKind::Suppression, by, None)
        );
        assert_eq!(new.matches.channels, ["C1"]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let told = read(json!({
            "kind": "4111", "matches": {"info_types": ["4111"], "channels": [], "x": 1}, "reason": "", "expires_at": 1,
        }));
        let told = told.err().unwrap();
        assert_eq!(told.len(), 6, "{told:#?}");
        assert!(!told.concat().contains("4111"));
    }

    #[test]
    fn one_that_names_nothing_is_refused() {
        for matches in [
            json!({}),
            json!({"channels": null}),
            json!({"info_types": []}),
            json!([]),
            json!(null),
        ] {
            assert!(
                read(json!({"matches": matches, "reason": "x"})).is_err(),
                "{matches}"
            );
        }
    }

    #[test]
    fn lists_and_names_are_bounded() {
        let of = |names: Value| read(json!({"matches": {"users": names}, "reason": "x"}));
        assert!(of(json!(vec!["U1"; 200])).is_ok());
        assert!(of(json!(vec!["U1"; 201])).is_err());
        assert!(of(json!(["x".repeat(101)])).is_err());
        assert!(of(json!([""])).is_err());
        assert!(of(json!(["a\u{0}"])).is_err());
    }

    #[test]
    fn a_change_of_nothing_is_refused() {
        for body in [json!({}), json!({"reason": null}), json!({"matches": {}})] {
            let fields: Fields = serde_json::from_value(body).unwrap();
            assert!(change(fields).is_err());
        }
    }

    proptest! {
        #[test]
        fn whatever_a_list_holds_it_is_read_or_refused(names in prop::collection::vec("\\PC{0,120}", 0..4)) {
            let ok = read(json!({"matches": {"fingerprints": names}, "reason": "x"}));
            if let Ok(new) = ok {
                prop_assert!(!new.matches.is_empty());
            }
        }
    }
}
