//! Suppressions and accepted risks: findings that no policy is to count.
//!
//! Owns what a suppression matches and leaving out what it matches. Leaves rows to `store::suppressions` and
//! keeping those in force at hand to `crate::suppressions`.
//! **Invariant:** a suppression that names nothing matches nothing; one that is over matches nothing.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::finding::{Finding, Fingerprint, InfoType};
use shared::ids::{DetectorId, FindingId, SuppressionId, WorkspaceId};

/// What kind of decision it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionKind {
    /// It is no leak.
    Suppression,
    /// It is one, and somebody answers for it for a while.
    AcceptedRisk,
}

/// What a suppression is about. Every list that is not empty must hold what it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matches {
    /// Kinds of data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub info_types: Vec<InfoType>,
    /// Detectors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detectors: Vec<DetectorId>,
    /// Values, as keyed hashes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fingerprints: Vec<Fingerprint>,
    /// Workspaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<WorkspaceId>,
    /// Channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Authors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
}

/// A suppression that nobody has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its id.
    pub id: SuppressionId,
    /// What it is about.
    pub matches: Matches,
    /// When it is over.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot<'a> {
    /// The tenant.
    pub workspace: &'a WorkspaceId,
    /// The channel.
    pub channel: Option<&'a str>,
    /// The author.
    pub user: Option<&'a str>,
}

/// The findings of a message that count, and those that do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counting<'a> {
    /// What policies are to see.
    pub findings: Cow<'a, [Finding]>,
    /// What they are not, and why.
    pub suppressed: Vec<(FindingId, SuppressionId)>,
    /// Where each that counts stands among all; empty if all count.
    positions: Vec<usize>,
}

/// The time a suppression is to end cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEnd {
    /// It is over.
    #[error("`expires_at` is over; give a time to come")]
    Past,
    /// Somebody would answer for a risk for too long.
    #[error("`expires_at` of an accepted risk is at most {MAX_RISK_DAYS} days ahead")]
    TooFar,
    /// Nobody answers for a risk for ever.
    #[error("`expires_at` is missing: a risk is accepted for a time")]
    Missing,
}

/// For how long a risk can be accepted.
pub const MAX_RISK_DAYS: i64 = 366;

impl SuppressionKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Suppression, Self::AcceptedRisk];

    /// The word, as written in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suppression => "suppression",
            Self::AcceptedRisk => "accepted_risk",
        }
    }

    /// The kind that a word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The number, as stored.
    pub const fn as_number(self) -> i16 {
        match self {
            Self::Suppression => 1,
            Self::AcceptedRisk => 2,
        }
    }

    /// The kind with that number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_number() == number)
    }

    /// Whether one of this kind may end then.
    ///
    /// # Errors
    /// [`InvalidEnd`].
    pub fn may_end(self, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), InvalidEnd> {
        let limit = now.checked_add_signed(TimeDelta::days(MAX_RISK_DAYS));
        match (self, at) {
            (Self::AcceptedRisk, None) => Err(InvalidEnd::Missing),
            (_, Some(at)) if at <= now => Err(InvalidEnd::Past),
            (Self::AcceptedRisk, at) if at > limit => Err(InvalidEnd::TooFar),
            _ => Ok(()),
        }
    }
}

impl Matches {
    /// Whether no list names anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a finding that stands there is meant.
    pub fn hold(&self, finding: &Finding, spot: Spot<'_>) -> bool {
        !self.is_empty()
            && names(&self.info_types, |it| *it == finding.info_type)
            && names(&self.detectors, |it| *it == finding.detector)
            && names(&self.fingerprints, |it| *it == finding.fingerprint)
            && names(&self.workspaces, |it| it == spot.workspace)
            && names(&self.channels, |it| Some(it.as_str()) == spot.channel)
            && names(&self.users, |it| Some(it.as_str()) == spot.user)
    }
}

/// A list that was not given names everything.
fn names<T>(list: &[T], is_meant: impl FnMut(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(is_meant)
}

impl Live {
    /// Whether it is in force then.
    pub fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// Which of these keeps a finding from counting: the first in the order given.
pub fn suppressed_by(
    live: &[Live],
    finding: &Finding,
    spot: Spot<'_>,
    now: DateTime<Utc>,
) -> Option<SuppressionId> {
    live.iter()
        .find(|one| one.is_in_force(now) && one.matches.hold(finding, spot))
        .map(|one| one.id)
}

impl<'a> Counting<'a> {
    /// Leaves out what is suppressed.
    pub fn of(findings: &'a [Finding], live: &[Live], spot: Spot<'_>, now: DateTime<Utc>) -> Self {
        let why: Vec<Option<SuppressionId>> = findings
            .iter()
            .map(|finding| suppressed_by(live, finding, spot, now))
            .collect();
        if why.iter().all(Option::is_none) {
            return Self {
                findings: Cow::Borrowed(findings),
                suppressed: Vec::new(),
                positions: Vec::new(),
            };
        }
        let mut counting = Self {
            findings: Cow::Owned(Vec::new()),
            suppressed: Vec::new(),
            positions: Vec::new(),
        };
        for ((at, finding), why) in findings.iter().enumerate().zip(why) {
            if let Some(suppression) = why {
                counting.suppressed.push((finding.id, suppression));
            } else {
                counting.findings.to_mut().push(finding.clone());
                counting.positions.push(at);
            }
        }
        counting
    }

    /// Turns positions among those that count into positions among all.
    pub fn place_among_all(&self, positions: &mut [usize]) {
        for at in positions {
            *at = self.positions.get(*at).copied().unwrap_or(*at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::content::Location;
    use shared::finding::{Likelihood, Severity};

    use super::*;

    fn finding(info_type: &str, fingerprint: &str) -> Finding {
        Finding {
            id: FindingId::fresh(),
            info_type: info_type.parse().unwrap(),
            detector: DetectorId::new("d1"),
            likelihood: Likelihood::Likely,
            severity: Severity::High,
            start: 0,
            end: 1,
            preview: "*".to_owned(),
            fingerprint: Fingerprint::new(fingerprint),
            location: Location::pointer("/text"),
            explanation: Vec::new(),
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn days(count: i64) -> DateTime<Utc> {
        now() + TimeDelta::days(count)
    }

    fn live(matches: Matches) -> Live {
        Live {
            id: SuppressionId::fresh(),
            matches,
            expires_at: None,
        }
    }

    fn by_value(fingerprint: &str) -> Matches {
        Matches {
            fingerprints: vec![Fingerprint::new(fingerprint)],
            ..Matches::default()
        }
    }

    fn at(workspace: &WorkspaceId) -> Spot<'_> {
        Spot {
            workspace,
            channel: Some("C1"),
            user: None,
        }
    }

    #[test]
    fn every_list_that_is_given_must_hold() {
        let workspace = WorkspaceId::new("T1");
        let whole = Matches {
            info_types: vec!["IBAN_CODE".parse().unwrap(), "PASSWORD".parse().unwrap()],
            detectors: vec![DetectorId::new("d1")],
            fingerprints: vec![Fingerprint::new("aa")],
            workspaces: vec![workspace.clone()],
            channels: vec!["C1".to_owned()],
            users: Vec::new(),
        };
        let found = finding("PASSWORD", "aa");
        assert!(whole.hold(&found, at(&workspace)));
        let others = [
            Matches {
                info_types: vec!["IBAN_CODE".parse().unwrap()],
                ..whole.clone()
            },
            Matches {
                detectors: vec![DetectorId::new("d2")],
                ..whole.clone()
            },
            Matches {
                fingerprints: vec![Fingerprint::new("ab")],
                ..whole.clone()
            },
            Matches {
                workspaces: vec![WorkspaceId::new("T2")],
                ..whole.clone()
            },
            Matches {
                channels: vec!["C2".to_owned()],
                ..whole.clone()
            },
            // Who wrote it is not known.
            Matches {
                users: vec!["U1".to_owned()],
                ..whole
            },
        ];
        for other in others {
            assert!(!other.hold(&found, at(&workspace)), "{other:?}");
        }
    }

    #[test]
    fn one_that_names_nothing_matches_nothing() {
        let workspace = WorkspaceId::new("T1");
        assert!(!Matches::default().hold(&finding("PASSWORD", "aa"), at(&workspace)));
    }

    #[test]
    fn one_that_is_over_matches_nothing() {
        let (workspace, found) = (WorkspaceId::new("T1"), finding("PASSWORD", "aa"));
        let ends = |expires_at| Live {
            expires_at,
            ..live(by_value("aa"))
        };
        for (end, holds) in [
            (None, true),
            (Some(days(1)), true),
            (Some(days(0)), false),
            (Some(days(-1)), false),
        ] {
            let found = suppressed_by(&[ends(end)], &found, at(&workspace), now());
            assert_eq!(found.is_some(), holds, "{end:?}");
        }
    }

    #[test]
    fn what_is_left_keeps_its_place_among_all() {
        let workspace = WorkspaceId::new("T1");
        let all = ["aa", "bb", "aa", "cc"].map(|value| finding("PASSWORD", value));
        let live = [live(by_value("aa"))];
        let counting = Counting::of(&all, &live, at(&workspace), now());
        let left: Vec<&str> = counting
            .findings
            .iter()
            .map(|it| it.fingerprint.as_str())
            .collect();
        assert_eq!(left, ["bb", "cc"]);
        assert_eq!(
            counting.suppressed,
            [(all[0].id, live[0].id), (all[2].id, live[0].id)]
        );
        let mut matched = [0, 1];
        counting.place_among_all(&mut matched);
        assert_eq!(matched, [1, 3]);
    }

    #[test]
    fn nothing_is_copied_when_nothing_is_suppressed() {
        let workspace = WorkspaceId::new("T1");
        let all = [finding("PASSWORD", "aa")];
        let counting = Counting::of(&all, &[live(by_value("bb"))], at(&workspace), now());
        assert!(matches!(counting.findings, Cow::Borrowed(_)));
        let mut matched = [0];
        counting.place_among_all(&mut matched);
        assert_eq!(matched, [0]);
    }

    #[test]
    fn a_risk_is_accepted_for_a_time_and_not_for_long() {
        use SuppressionKind::{AcceptedRisk, Suppression};
        for (kind, end, expected) in [
            (Suppression, None, Ok(())),
            (Suppression, Some(days(9_999)), Ok(())),
            (Suppression, Some(days(0)), Err(InvalidEnd::Past)),
            (AcceptedRisk, None, Err(InvalidEnd::Missing)),
            (AcceptedRisk, Some(days(-1)), Err(InvalidEnd::Past)),
            (AcceptedRisk, Some(days(366)), Ok(())),
            (AcceptedRisk, Some(days(367)), Err(InvalidEnd::TooFar)),
        ] {
            assert_eq!(kind.may_end(end, now()), expected, "{kind:?} {end:?}");
        }
    }

    #[test]
    fn words_and_numbers_read_back() {
        for kind in SuppressionKind::ALL {
            assert_eq!(SuppressionKind::parse(kind.as_str()), Some(kind));
            assert_eq!(SuppressionKind::from_number(kind.as_number()), Some(kind));
        }
        assert_eq!(SuppressionKind::parse("SUPPRESSION"), None);
    }

    proptest! {
        #[test]
        fn each_finding_counts_or_is_suppressed(values in prop::collection::vec("[abc]", 0..12), hidden in "[abc]") {
            let workspace = WorkspaceId::new("T1");
            let all: Vec<Finding> = values.iter().map(|value| finding("PASSWORD", value)).collect();
            let counting = Counting::of(&all, &[live(by_value(&hidden))], at(&workspace), now());
            prop_assert_eq!(counting.findings.len() + counting.suppressed.len(), all.len());
            let mut places: Vec<usize> = (0..counting.findings.len()).collect();
            counting.place_among_all(&mut places);
            for (left, place) in counting.findings.iter().zip(places) {
                prop_assert_eq!(left.id, all[place].id);
                prop_assert!(left.fingerprint.as_str() != hidden);
            }
        }
    }
}
