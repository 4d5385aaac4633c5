//! Webhooks as an admin writes them.
//!
//! Owns saying all that is wrong with one at once. Where one may lead is for `webhooks::Rules`.
//! **Invariant:** a mistake names a field of ours and never repeats a URL.

use serde::Deserialize;
use shared::finding::Severity;
use url::Url;
use utoipa::ToSchema;

use crate::api::body::Object;
use crate::api::fields::{Fields, one_of, read_draft};
use crate::domain::notice::{NoticeKind, Subscription};
use crate::domain::policy::SeverityWord;
use crate::webhooks::Rules;

/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 100;
const EVENTS: &str = "a list of alert.opened, alert.reopened, each once";
const URL: &str = "a url such as https://siem.example.com/hooks/weir";

/// A webhook to make.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "name": "SIEM", "url": "https://siem.example.com/hooks/weir", "min_severity": "HIGH",
    "event_types": ["alert.opened", "alert.reopened"],
}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `new` takes field by field")]
pub struct WebhookDraft {
    /// For people, unique: one line.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// Where it is: `https`, and an address of the public internet.
    #[schema(max_length = 2000, format = "uri", pattern = "^https?://")]
    url: String,
    /// Only what is at least so bad; `HIGH` if left out.
    #[schema(value_type = Option<SeverityWord>)]
    min_severity: Option<String>,
    /// What it is told of; everything if left out.
    #[schema(inline, min_items = 1, max_items = 2)]
    event_types: Option<Vec<NewsWord>>,
}

/// What a webhook is to become; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"enabled": true}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `changed` takes field by field")]
pub struct WebhookPatch {
    /// For people, unique: one line.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    /// Where it is: `https`, and an address of the public internet.
    #[schema(max_length = 2000, format = "uri", pattern = "^https?://")]
    url: Option<String>,
    /// Only what is at least so bad.
    #[schema(value_type = Option<SeverityWord>)]
    min_severity: Option<String>,
    /// What it is told of.
    #[schema(inline, min_items = 1, max_items = 2)]
    event_types: Option<Vec<NewsWord>>,
    /// Whether it is called. One that is enabled again begins anew.
    enabled: Option<bool>,
}

/// What can be told.
#[derive(Deserialize, ToSchema)]
pub(super) enum NewsWord {
    /// An alert is new.
    #[serde(rename = "alert.opened")]
    AlertOpened,
    /// An alert was resolved and came back.
    #[serde(rename = "alert.reopened")]
    AlertReopened,
}

/// A webhook as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) url: Url,
    pub(super) subscription: Subscription,
    pub(super) enabled: bool,
}

/// Reads a webhook to make.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn new(draft: Object, rules: &Rules) -> Result<Wanted, Vec<String>> {
    read_draft(draft, |fields| {
        let name = fields.need_line("name", MAX_NAME_CHARS);
        fields.require("url", URL);
        let url = url_in(fields, rules);
        let subscription = Subscription {
            min_severity: Severity::High,
            kinds: NoticeKind::NEWS.to_vec(),
        };
        Some(Wanted {
            subscription: subscription_in(fields, subscription),
            name: name?,
            url: url?,
            enabled: true,
        })
    })
}

/// Reads what a webhook is to become.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn changed(before: Wanted, draft: Object, rules: &Rules) -> Result<Wanted, Vec<String>> {
    read_draft(draft, |fields| {
        let name = fields.line("name", MAX_NAME_CHARS);
        let url = url_in(fields, rules);
        let subscription = subscription_in(fields, before.subscription);
        let enabled = fields.read("enabled", "true or false");
        Some(Wanted {
            name: name.unwrap_or(before.name),
            url: url.unwrap_or(before.url),
            subscription,
            enabled: enabled.unwrap_or(before.enabled),
        })
    })
}

fn subscription_in(fields: &mut Fields<'_>, before: Subscription) -> Subscription {
    let min_severity = fields.read("min_severity", &one_of(Severity::ALL, Severity::as_str));
    let kinds: Option<Vec<NoticeKind>> = fields.read("event_types", EVENTS);
    if kinds.as_ref().is_some_and(|kinds| !is_choice(kinds)) {
        fields.note("event_types", format_args!("give {EVENTS}"));
    }
    Subscription {
        min_severity: min_severity.unwrap_or(before.min_severity),
        kinds: kinds.unwrap_or(before.kinds),
    }
}

fn url_in(fields: &mut Fields<'_>, rules: &Rules) -> Option<Url> {
    let text: String = fields.read("url", URL)?;
    let url = rules.check(&text);
    url.map_err(|fault| fields.note("url", fault)).ok()
}

fn is_choice(kinds: &[NoticeKind]) -> bool {
    let known = kinds.iter().all(|kind| NoticeKind::NEWS.contains(kind));
    let mut distinct = kinds.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    known && !kinds.is_empty() && distinct.len() == kinds.len()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn fields(value: &Value) -> Object {
        Object(value.as_object().unwrap().clone())
    }

    fn made(value: &Value) -> Result<Wanted, String> {
        new(fields(value), &Rules::default()).map_err(|mistakes| mistakes.join("\n"))
    }

    #[test]
    fn a_name_and_a_url_are_enough() {
        let wanted = made(&json!({"name": "SIEM", "url": "https://siem.example.com/x"})).unwrap();
        assert_eq!(wanted.subscription.min_severity, Severity::High);
        assert_eq!(wanted.subscription.kinds, NoticeKind::NEWS);
        assert!(wanted.enabled);
    }

    #[test]
    fn every_mistake_is_told_and_no_url() {
        let mistakes = made(&json!({
            "name": "a\nb", "url": "https://canary@10.0.0.1/", "min_severity": "high", "event_types": ["ping"],
            "enabled": true,
        }))
        .unwrap_err();
        assert!(!mistakes.contains("canary"));
        insta::assert_snapshot!(mistakes, @r"
        `name`: give a text of 1 to 100 characters on one line
        `url`: must not hold a user or a password; calls are signed
        `min_severity`: give one of INFO, LOW, MEDIUM, HIGH, CRITICAL
        `event_types`: give a list of alert.opened, alert.reopened, each once
        1 fields are not known here; there are name, url, min_severity, event_types
        ");
        assert_eq!(made(&json!({})).unwrap_err().lines().count(), 2);
    }

    #[test]
    fn events_are_chosen_once_each_and_ping_is_none_of_them() {
        for (events, taken) in [
            (json!(["alert.opened"]), true),
            (json!(["alert.reopened", "alert.opened"]), true),
            (json!([]), false),
            (json!(["alert.opened", "alert.opened"]), false),
            (json!(["ping"]), false),
            (json!("alert.opened"), false),
            (json!(null), true),
        ] {
            let draft = json!({"name": "n", "url": "https://e.example/", "event_types": events});
            assert_eq!(made(&draft).is_ok(), taken, "{events}");
        }
    }

    #[test]
    fn what_is_not_named_stays() {
        let before = made(&json!({
            "name": "a", "url": "https://e.example/1", "min_severity": "LOW", "event_types": ["alert.opened"],
        }))
        .unwrap();
        let change = |value: Value| changed(before.clone(), fields(&value), &Rules::default());
        assert_eq!(change(json!({})).unwrap(), before);
        let off = change(json!({"enabled": false, "name": "b"})).unwrap();
        assert_eq!(
            (off.enabled, off.name.as_str(), &off.url),
            (false, "b", &before.url)
        );
        assert!(change(json!({"url": "http://e.example/"})).is_err());
        assert!(change(json!({"secret": "x"})).is_err());
    }
}
