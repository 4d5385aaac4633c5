//! Actions: what follows when a message meets a policy.
//!
//! Owns the words for them and which are effects. Leaves carrying them out to the outbox.
//! **Invariant:** neither `Debug` nor what is noted of a violation shows whom a mail goes to.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::finding::Severity;
use shared::ids::WebhookId;
use utoipa::ToSchema;

/// A consequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Take the message away from where it stands.
    Block,
    /// Tell its author.
    NotifyAuthor,
    /// Tell the people who work on alerts. In mode `simulate`, too.
    Alert {
        /// How bad, whatever the findings and `severity` say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<SeverityWord>)]
        severity: Option<Severity>,
    },
    /// Tell of the alert by mail. Only in mode `enforce`, and beside an `alert`; what alerts are told by anyway
    /// does not need it.
    Mail {
        /// Addresses; empty for those that are configured.
        #[serde(default, skip_serializing_if = "Recipients::is_empty")]
        #[schema(value_type = Vec<String>, required = false, max_items = 20, example = json!(["security@example.com"]))]
        to: Recipients,
    },
    /// Tell of the alert by a webhook. Only in mode `enforce`, and beside an `alert`.
    Webhook {
        /// Which.
        #[schema(value_type = uuid::Uuid)]
        id: WebhookId,
    },
    /// Let so much time pass before the effects of this policy, so that the author can act. The alert is
    /// raised and the author told at once.
    Delay {
        /// How long.
        #[schema(minimum = 1, maximum = 86_400)]
        seconds: u32,
    },
}

/// How bad: describes `Severity`, which knows nothing of documents.
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(as = Severity, rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SeverityWord {
    /// Worth counting.
    Info,
    /// Worth knowing.
    Low,
    /// Worth a look.
    Medium,
    /// Worth acting on today.
    High,
    /// Worth acting on now.
    Critical,
}

/// Whom a mail goes to.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipients(pub Vec<String>);

impl Recipients {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How many they are: an address may reach a log through nothing.
impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipients({})", self.0.len())
    }
}

impl Action {
    /// The word, as written in policies and in the outbox.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::NotifyAuthor => "notify_author",
            Self::Alert { .. } => "alert",
            Self::Mail { .. } => "mail",
            Self::Webhook { .. } => "webhook",
            Self::Delay { .. } => "delay",
        }
    }

    /// Every word.
    pub const KINDS: [&'static str; 6] = [
        "block",
        "notify_author",
        "alert",
        "mail",
        "webhook",
        "delay",
    ];

    /// Whether it does something beyond raising an alert.
    pub const fn is_effect(&self) -> bool {
        !matches!(self, Self::Alert { .. } | Self::Delay { .. })
    }

    /// Whether it tells of the alert that the policy raises.
    pub const fn tells_of_the_alert(&self) -> bool {
        matches!(self, Self::Mail { .. } | Self::Webhook { .. })
    }

    /// How long it is put off among the actions of its policy.
    pub fn put_off(&self, among: &[Self]) -> Duration {
        if !self.is_effect() || matches!(self, Self::NotifyAuthor) {
            return Duration::ZERO;
        }
        let delays = among.iter().map(|action| match action {
            Self::Delay { seconds } => u64::from(*seconds),
            _ => 0,
        });
        Duration::from_secs(delays.max().unwrap_or(0))
    }

    /// The same without addresses, as it is noted of a violation.
    #[must_use]
    pub fn noted(&self) -> Self {
        match self {
            Self::Mail { .. } => Self::Mail {
                to: Recipients::default(),
            },
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mail() -> Action {
        Action::Mail {
            to: Recipients(vec!["canary@example.test".to_owned()]),
        }
    }

    #[test]
    fn actions_read_back_as_they_are_written() {
        let written = json!([
            {"type": "block"}, {"type": "notify_author"}, {"type": "alert", "severity": "HIGH"},
            {"type": "mail", "to": ["a@example.test"]}, {"type": "mail"},
            {"type": "webhook", "id": "01890000-0000-7000-8000-000000000000"},
            {"type": "delay", "seconds": 60},
        ]);
        let actions: Vec<Action> = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&actions).unwrap(), written);
        for action in actions {
            let word = serde_json::to_value(&action).unwrap()["type"].clone();
            assert_eq!(word, action.kind());
            assert!(Action::KINDS.contains(&action.kind()));
        }
    }

    #[test]
    fn an_address_is_neither_in_debug_nor_in_what_is_noted() {
        let told = format!("{:?} {:?}", mail(), mail().noted());
        assert!(!told.contains("canary"), "{told}");
        let noted = serde_json::to_string(&mail().noted()).unwrap();
        assert!(!noted.contains("canary"), "{noted}");
    }

    #[test]
    fn a_delay_puts_off_everything_but_telling_the_author() {
        let actions = [
            Action::Block,
            Action::NotifyAuthor,
            mail(),
            Action::Alert { severity: None },
            Action::Delay { seconds: 300 },
        ];
        let put_off = actions
            .iter()
            .map(|action| action.put_off(&actions).as_secs());
        assert_eq!(put_off.collect::<Vec<_>>(), [300, 0, 300, 0, 0]);
    }

    #[test]
    fn alerts_and_delays_are_no_effects() {
        assert!(Action::Block.is_effect() && mail().is_effect());
        assert!(!Action::Alert { severity: None }.is_effect());
        assert!(!Action::Delay { seconds: 1 }.is_effect());
    }
}
