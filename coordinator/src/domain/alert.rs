//! Alerts: one for each leak, and what people may make of it.
//!
//! Owns the statuses, the steps between them, how an alert ends, and what seeing a leak again means. Leaves
//! rows to `store::alerts` and who may take a step to the API.
//! **Invariant:** only a closed alert has a resolution; a leak that was resolved and is seen again is open.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use shared::ids::WorkspaceId;

/// How far people are with an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AlertStatus {
    /// Nobody has looked at it.
    Open,
    /// Somebody has taken it on.
    Acknowledged,
    /// What had to be done is done.
    Resolved,
    /// There was nothing to be done.
    Dismissed,
}

/// How an alert ended, in a word of the caller's. Those that are known are counted; any other says what it
/// says to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution(String);

/// A step that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    to: AlertStatus,
    resolution: Option<Resolution>,
}

/// The step leads nowhere from where the alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IllegalTransition {
    from: AlertStatus,
    to: AlertStatus,
}

/// The text is no resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`resolution` is a word of 1 to {} characters, without a blank in front and without control characters",
    Resolution::MAX_CHARS
)]
pub struct InvalidResolution;

/// A step that does not close an alert says how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`resolution` says how an alert ended: give it with RESOLVED or DISMISSED only")]
pub struct NothingEnds;

/// The word names no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such status")]
pub struct UnknownStatus;

impl AlertStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [
        Self::Open,
        Self::Acknowledged,
        Self::Resolved,
        Self::Dismissed,
    ];

    /// The word, as written in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Resolved => "RESOLVED",
            Self::Dismissed => "DISMISSED",
        }
    }

    /// The number, as stored.
    pub const fn as_number(self) -> i16 {
        match self {
            Self::Open => 1,
            Self::Acknowledged => 2,
            Self::Resolved => 3,
            Self::Dismissed => 4,
        }
    }

    /// The status with that number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_number() == number)
    }

    /// The steps that people may take from here.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Acknowledged, Self::Dismissed],
            Self::Acknowledged => &[Self::Open, Self::Resolved, Self::Dismissed],
            Self::Resolved | Self::Dismissed => &[Self::Open],
        }
    }

    /// Whether somebody may take an alert from here to there.
    ///
    /// # Errors
    /// [`IllegalTransition`], also for a step that leads to where the alert is.
    pub fn may_become(self, to: Self) -> Result<(), IllegalTransition> {
        if self.next().contains(&to) {
            Ok(())
        } else {
            Err(IllegalTransition { from: self, to })
        }
    }

    /// Whether nobody has to do anything any more.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Resolved | Self::Dismissed)
    }

    /// What an alert is once its leak is seen again: what was resolved has come back, what was dismissed was
    /// judged not to matter.
    #[must_use]
    pub const fn seen_again(self) -> Self {
        match self {
            Self::Resolved => Self::Open,
            other => other,
        }
    }
}

impl fmt::Display for AlertStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for AlertStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(UnknownStatus)
    }
}

impl Resolution {
    /// Most characters.
    pub const MAX_CHARS: usize = 100;
    /// What it is called that a risk was accepted.
    pub const ACCEPTED_RISK: &str = "ACCEPTED_RISK";
    /// The words that are documented, those for resolved alerts first.
    pub const KNOWN: [&str; 7] = [
        "REMEDIATED",
        "LEGITIMATE_USE",
        "USER_EDUCATED",
        "FALSE_POSITIVE",
        Self::ACCEPTED_RISK,
        "DUPLICATE",
        "TEST_DATA",
    ];

    /// That a risk was accepted.
    pub fn accepted_risk() -> Self {
        Self(Self::ACCEPTED_RISK.to_owned())
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The word where people's own words must not go: a known one, or `OTHER`.
    pub fn kind_of(word: &str) -> &'static str {
        let known = Self::KNOWN.into_iter().find(|known| *known == word);
        known.unwrap_or("OTHER")
    }
}

impl FromStr for Resolution {
    type Err = InvalidResolution;

    fn from_str(text: &str) -> Result<Self, InvalidResolution> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.chars().count());
        if fits && !text.starts_with(char::is_whitespace) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidResolution)
        }
    }
}

impl Step {
    /// A step to `to`.
    ///
    /// # Errors
    /// [`NothingEnds`] if there is a resolution and the step closes nothing.
    pub fn new(to: AlertStatus, resolution: Option<Resolution>) -> Result<Self, NothingEnds> {
        if resolution.is_some() && !to.is_closed() {
            Err(NothingEnds)
        } else {
            Ok(Self { to, resolution })
        }
    }

    /// Where it leads.
    pub const fn to(&self) -> AlertStatus {
        self.to
    }

    /// How the alert ends by it.
    pub const fn resolution(&self) -> Option<&Resolution> {
        self.resolution.as_ref()
    }
}

/// Says what can be done instead.
impl fmt::Display for IllegalTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            write!(f, "the alert is {} already", self.from)?;
        } else {
            write!(
                f,
                "an alert that is {} cannot become {}",
                self.from, self.to
            )?;
        }
        let next: Vec<&str> = self.from.next().iter().map(|to| to.as_str()).collect();
        write!(f, "; it can become {}", next.join(" or "))?;
        if (self.from, self.to) == (AlertStatus::Open, AlertStatus::Resolved) {
            f.write_str("; acknowledge it first")?;
        }
        Ok(())
    }
}

impl std::error::Error for IllegalTransition {}

/// The key by which a leaked value is known again in a workspace.
pub fn value_key(workspace: &WorkspaceId, fingerprint: &str) -> String {
    format!("f/{workspace}/{fingerprint}")
}

/// The fingerprint in a key that was made of a value of that workspace.
pub fn fingerprint_in<'a>(key: &'a str, workspace: &WorkspaceId) -> Option<&'a str> {
    let rest = key.strip_prefix("f/")?.strip_prefix(workspace.as_str())?;
    rest.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_and_numbers_read_back() {
        for status in AlertStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(AlertStatus::from_number(status.as_number()), Some(status));
        }
        assert_eq!("open".parse::<AlertStatus>(), Err(UnknownStatus));
    }

    #[test]
    fn only_what_was_resolved_is_opened_by_being_seen_again() {
        let again = AlertStatus::ALL.map(AlertStatus::seen_again);
        assert_eq!(
            again,
            [
                AlertStatus::Open,
                AlertStatus::Acknowledged,
                AlertStatus::Open,
                AlertStatus::Dismissed
            ]
        );
    }

    #[test]
    fn these_steps_and_no_others_are_legal() {
        use AlertStatus::{Acknowledged, Dismissed, Open, Resolved};
        let legal = [
            (Open, Acknowledged),
            (Open, Dismissed),
            (Acknowledged, Open),
            (Acknowledged, Resolved),
            (Acknowledged, Dismissed),
            (Resolved, Open),
            (Dismissed, Open),
        ];
        for from in AlertStatus::ALL {
            for to in AlertStatus::ALL {
                let expected = legal.contains(&(from, to));
                assert_eq!(from.may_become(to).is_ok(), expected, "{from} to {to}");
            }
        }
    }

    #[test]
    fn a_refusal_names_the_legal_steps() {
        let refusal = |from: AlertStatus, to| from.may_become(to).unwrap_err().to_string();
        assert_eq!(
            refusal(AlertStatus::Open, AlertStatus::Resolved),
            "an alert that is OPEN cannot become RESOLVED; it can become ACKNOWLEDGED or DISMISSED; \
             acknowledge it first"
        );
        assert_eq!(
            refusal(AlertStatus::Resolved, AlertStatus::Resolved),
            "the alert is RESOLVED already; it can become OPEN"
        );
    }

    #[test]
    fn only_a_step_that_closes_says_how_it_ended() {
        let word: Resolution = "REMEDIATED".parse().unwrap();
        for to in AlertStatus::ALL {
            assert_eq!(
                Step::new(to, Some(word.clone())).is_ok(),
                to.is_closed(),
                "{to}"
            );
            assert!(Step::new(to, None).is_ok());
        }
    }

    #[test]
    fn a_word_of_ones_own_is_taken_and_not_repeated_where_it_must_not_go() {
        let own: Resolution = "asked Bob".parse().unwrap();
        assert_eq!(own.as_str(), "asked Bob");
        assert_eq!(Resolution::kind_of(own.as_str()), "OTHER");
        assert_eq!(Resolution::kind_of("DUPLICATE"), "DUPLICATE");
        for text in ["", " a", "a\0b", "a\nb", &"x".repeat(101)] {
            assert_eq!(
                text.parse::<Resolution>(),
                Err(InvalidResolution),
                "{text:?}"
            );
        }
        assert!("ä".repeat(100).parse::<Resolution>().is_ok());
    }

    #[test]
    fn a_values_key_is_read_back_in_its_workspace_only() {
        let workspace = WorkspaceId::new("T1");
        let key = value_key(&workspace, "ab/cd");
        assert_eq!(fingerprint_in(&key, &workspace), Some("ab/cd"));
        assert_eq!(fingerprint_in(&key, &WorkspaceId::new("T")), None);
        assert_eq!(fingerprint_in("m/T1/C1/1.2", &workspace), None);
    }

    proptest! {
        #[test]
        fn whatever_is_done_an_alert_can_be_opened_again(steps in prop::collection::vec(0..4_usize, 0..20)) {
            let mut status = AlertStatus::Open;
            for step in steps {
                let to = AlertStatus::ALL[step];
                if status.may_become(to).is_ok() {
                    prop_assert_ne!(status, to);
                    status = to;
                }
            }
            prop_assert!(status == AlertStatus::Open || status.may_become(AlertStatus::Open).is_ok());
        }

        #[test]
        fn whatever_text_is_taken_as_a_resolution_fits(text in "\\PC{0,120}") {
            if let Ok(word) = text.parse::<Resolution>() {
                prop_assert!((1..=Resolution::MAX_CHARS).contains(&word.as_str().chars().count()));
                prop_assert_eq!(word.as_str().parse::<Resolution>(), Ok(word.clone()));
            }
        }
    }
}
