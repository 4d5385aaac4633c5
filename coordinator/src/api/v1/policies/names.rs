//! What a policy may name: kinds of data, detectors, families, groups and webhooks.
//!
//! Owns the check of a name and the hint at the one that was probably meant. Leaves the form of a draft to
//! `draft`.
//! **Invariant:** a fault holds names of ours, never the one that was sent.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use shared::config::nearest;
use shared::finding::InfoType;
use shared::ids::{DetectorId, PeopleGroupId, WebhookId};

use crate::api::fields::{Faults, Item};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::domain::policy::check::Findable;
use crate::store::{detectors, groups, policies};

/// The longest word that a hint is looked for.
const MAX_WORD_CHARS: usize = 100;

/// What there is to name.
#[derive(Debug, Default)]
pub(super) struct Names {
    info_types: BTreeSet<String>,
    detectors: BTreeSet<String>,
    families: BTreeSet<String>,
    groups: HashSet<PeopleGroupId>,
    webhooks: HashSet<WebhookId>,
    /// What detectors that are switched on find.
    pub(super) findable: Findable,
}

impl Names {
    /// As they are now.
    pub(super) async fn load(app: &AppState) -> Result<Self, ApiError> {
        let reading = app.store.read(|conn| {
            let stored = detectors::list(conn)?;
            Ok((stored, groups::marks(conn)?, policies::webhooks(conn)?))
        });
        let (stored, groups, webhooks) = reading.await?;
        let mut names = Self {
            groups: groups.into_iter().map(|group| group.id).collect(),
            webhooks: webhooks.into_iter().collect(),
            ..Self::default()
        };
        for known in app.detectors.known(stored) {
            let spec = known.spec;
            let family = app.policies.families().get(&spec.id);
            names.families.extend(family.cloned());
            names.detectors.insert(spec.id.to_string());
            names.info_types.insert(spec.info_type.to_string());
            if spec.enabled {
                names.findable.families.extend(family.cloned());
                names.findable.detectors.insert(spec.id);
                names.findable.info_types.insert(spec.info_type);
            }
        }
        Ok(names)
    }

    /// A kind of data.
    pub(super) fn info_type(&self, item: &Item, faults: &Faults) -> Option<InfoType> {
        let what = "no detector finds this";
        known(item, &self.info_types, what, faults)?.parse().ok()
    }

    /// A detector.
    pub(super) fn detector(&self, item: &Item, faults: &Faults) -> Option<DetectorId> {
        let what = "there is no such detector";
        known(item, &self.detectors, what, faults).map(DetectorId::new)
    }

    /// A family of detectors.
    pub(super) fn family(&self, item: &Item, faults: &Faults) -> Option<String> {
        let all: Vec<&str> = self.families.iter().map(String::as_str).collect();
        let what = format!("there is no such family; there are {}", all.join(", "));
        known(item, &self.families, &what, faults).map(str::to_owned)
    }

    /// A group of people.
    pub(super) fn group(&self, item: Item, faults: &Faults) -> Option<PeopleGroupId> {
        let at = item.at.clone();
        let id = item.read("a group's id", faults)?;
        if !self.groups.contains(&id) {
            faults.note(&at, "there is no such group");
        }
        Some(id)
    }

    /// A webhook.
    pub(super) fn webhook(&self, item: Item, faults: &Faults) -> Option<WebhookId> {
        let at = item.at.clone();
        let id = item.read("a webhook's id", faults)?;
        if !self.webhooks.contains(&id) {
            faults.note(&at, "there is no such webhook");
        }
        Some(id)
    }
}

fn known<'i>(
    item: &'i Item,
    all: &BTreeSet<String>,
    what: &str,
    faults: &Faults,
) -> Option<&'i str> {
    let Some(word) = item.as_text() else {
        faults.note(&item.at, "give a name");
        return None;
    };
    if all.contains(word) {
        return Some(word);
    }
    let meant = looks_like_a_name(&item.value)
        .then(|| nearest(word, all.iter().map(String::as_str)))
        .flatten();
    let hint = meant.map(|name| format!("; did you mean {name}?"));
    faults.note(&item.at, format_args!("{what}{}", hint.unwrap_or_default()));
    None
}

/// Anything else is no slip of the pen, and may be what must not come near an answer.
fn looks_like_a_name(value: &Value) -> bool {
    value.as_str().is_some_and(|word| {
        word.len() <= MAX_WORD_CHARS
            && word
                .bytes()
                .all(|sign| sign.is_ascii_alphanumeric() || sign == b'_' || sign == b'-')
    })
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in super::super) fn names() -> Names {
        let set = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect();
        Names {
            info_types: set(&["CREDIT_CARD_NUMBER", "IBAN_CODE"]),
            detectors: set(&["credit-card-number"]),
            families: set(&["payment", "secrets"]),
            ..Names::default()
        }
    }

    fn told(value: Value) -> String {
        let faults = Faults::default();
        let at = "rules[0].info_types[1]".to_owned();
        let read = names().info_type(&Item { at, value }, &faults);
        assert_eq!(read, None);
        faults.none(()).unwrap_err().join("\n")
    }

    #[test]
    fn the_name_that_was_probably_meant_is_told() {
        assert_eq!(
            told(json!("CREDIT_CARD_NUMER")),
            "`rules[0].info_types[1]`: no detector finds this; did you mean CREDIT_CARD_NUMBER?"
        );
    }

    #[test]
    fn what_is_no_name_gets_no_hint_and_is_not_repeated() {
        for value in [
            json!("CREDIT CARD NUMBER 4111 1111 1111 1111"),
            json!("C".repeat(101)),
            json!("ZZZZ"),
            json!(7),
        ] {
            let told = told(value);
            assert!(!told.contains("mean") && !told.contains("4111"), "{told}");
        }
    }

    #[test]
    fn all_families_are_told() {
        let faults = Faults::default();
        let at = "rules[0].families[0]".to_owned();
        let item = Item {
            at,
            value: json!("money"),
        };
        assert_eq!(names().family(&item, &faults), None);
        assert_eq!(
            faults.none(()).unwrap_err(),
            ["`rules[0].families[0]`: there is no such family; there are payment, secrets"]
        );
    }
}
