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
use crate::api::body::Object;
use crate::api::fields::{Fields, read_draft};
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
#[schema(example = json!({"matches": {"info_types": ["CREDIT_CARD_NUMBER"], "channels": ["C0001"]}, "reason": "Test cards of the payment team."}))]
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
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$",
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
    #[schema(min_items = 1, max_items = 200, example = json!(["credit-card-number"]))]
    detectors: Option<Vec<String>>,
    /// Values, by their fingerprints.
    #[schema(min_items = 1, max_items = 200, example = json!(["9f86d081884c7d659a2feaa0c55ad015"]))]
    fingerprints: Option<Vec<String>>,
    /// Slack's workspaces.
    #[schema(min_items = 1, max_items = 200, example = json!(["T0001"]))]
    workspaces: Option<Vec<String>>,
    /// Slack's channels.
    #[schema(min_items = 1, max_items = 200, example = json!(["C0001"]))]
    channels: Option<Vec<String>>,
    /// Slack's users.
    #[schema(min_items = 1, max_items = 200, example = json!(["U0001"]))]
    users: Option<Vec<String>>,
}

/// What to change of a suppression; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"reason": "Test cards, agreed with the payment team."}))]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
#[expect(dead_code, reason = "describes what `change` takes field by field")]
pub struct SuppressionChange {
    /// Why it is there.
    #[schema(
        max_length = 1000,
        min_length = 1,
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$"
    )]
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
pub(super) fn new_suppression(draft: Object, by: UserId) -> Result<NewSuppression, Vec<String>> {
    read_draft(draft, |fields| {
        let kind: Option<SuppressionKind> = fields.read("kind", "suppression or accepted_risk");
        fields.require("matches", "an object of lists");
        let matches = fields.object("matches").map(matches_in);
        let reason = fields.need_text("reason", MAX_REASON);
        let owner = fields.read("owner", A_USER);
        let expires_at = fields.time_or_null("expires_at");
        Some(NewSuppression {
            id: SuppressionId::fresh(),
            kind: kind.unwrap_or(SuppressionKind::Suppression),
            matches: matches?,
            reason: reason?,
            owner: owner.unwrap_or(by),
            alert: None,
            expires_at: expires_at.flatten(),
        })
    })
}

/// A change of a suppression.
///
/// # Errors
/// Everything that is wrong with the fields.
pub(super) fn change(draft: Object) -> Result<Change, Vec<String>> {
    read_draft(draft, |fields| {
        let given = |name| fields.is_given(name);
        if !given("reason") && !given("owner") && !fields.has("expires_at") {
            fields.note_whole("there is nothing to change; give `reason`, `owner` or `expires_at`");
        }
        Some(Change {
            reason: fields.text("reason", MAX_REASON),
            owner: fields.read("owner", A_USER),
            expires_at: fields.time_or_null("expires_at"),
        })
    })
}

const A_USER: &str = "a user's id";
const LISTS: [&str; 6] = [
    "info_types",
    "detectors",
    "fingerprints",
    "workspaces",
    "channels",
    "users",
];

fn matches_in(mut fields: Fields<'_>) -> Matches {
    if !LISTS.iter().any(|name| fields.is_given(name)) {
        fields.note_whole("names nothing; give at least one list");
    }
    let expects = format!("a list of 1 to {MAX_NAMES} kinds of data");
    let info_types: Option<Vec<InfoType>> = fields.read("info_types", &expects);
    if info_types.as_ref().is_some_and(|list| !fits(list)) {
        fields.note("info_types", format_args!("give {expects}"));
    }
    let mut names = |name| names_in(&mut fields, name);
    let matches = Matches {
        detectors: names("detectors")
            .into_iter()
            .map(DetectorId::new)
            .collect(),
        fingerprints: names("fingerprints")
            .into_iter()
            .map(Fingerprint::new)
            .collect(),
        workspaces: names("workspaces")
            .into_iter()
            .map(WorkspaceId::new)
            .collect(),
        channels: names("channels"),
        users: names("users"),
        info_types: info_types.unwrap_or_default(),
    };
    fields.end();
    matches
}

fn fits<T>(list: &[T]) -> bool {
    (1..=MAX_NAMES).contains(&list.len())
}

/// A list of names of somebody else's making; empty if it is absent.
fn names_in(fields: &mut Fields<'_>, name: &'static str) -> Vec<String> {
    let expects = format!("a list of 1 to {MAX_NAMES} names of 1 to {MAX_NAME_CHARS} characters");
    let Some(names) = fields.read::<Vec<String>>(name, &expects) else {
        return Vec::new();
    };
    let is_name = |text: &String| {
        (1..=MAX_NAME_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    if !fits(&names) || !names.iter().all(is_name) {
        fields.note(name, format_args!("give {expects}"));
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
        new_suppression(serde_json::from_value(value).unwrap(), UserId::fresh())
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
            assert!(change(serde_json::from_value(body).unwrap()).is_err());
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
