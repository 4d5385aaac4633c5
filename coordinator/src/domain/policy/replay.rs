//! What a policy would have done to messages that were seen: counted, and compared with another.
//!
//! Owns the totals and the difference. Leaves reading messages to `store::replay`. Group membership is as it
//! is now; what was found is as it was stored then.
//! **Invariant:** totals count exactly what [`decide`] gave, and a policy does not differ from itself.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use shared::finding::{Finding, InfoType, Severity};
use shared::ids::JobId;

use super::decide::{Decision, InForce, decide};
use super::scope::Context;

/// Most entries of a list of the most frequent.
pub const TOP: usize = 20;
/// Most messages shown as examples.
pub const EXAMPLES: usize = 20;

/// A message that was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its job.
    pub job: JobId,
    /// When it came in.
    pub at: DateTime<Utc>,
    /// Where it stood.
    pub context: Context,
    /// What was found in it and counted.
    pub findings: Vec<Finding>,
}

/// What policies would have done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Messages that met a policy.
    pub violations: u64,
    /// How bad they were.
    pub by_severity: BTreeMap<Severity, u64>,
    /// What would have followed, by action.
    pub by_action: BTreeMap<&'static str, u64>,
    /// On which day they came in, in UTC.
    pub by_day: BTreeMap<NaiveDate, u64>,
    channels: HashMap<String, u64>,
    info_types: HashMap<InfoType, u64>,
}

/// Messages that only one of two policies catches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// How many.
    pub count: u64,
    /// The newest of them.
    pub examples: Vec<JobId>,
}

/// Two policies, and what they did so far to the same messages, newest first.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    draft_policy: InForce,
    live_policy: InForce,
    /// Messages looked at.
    pub messages: u64,
    /// What the draft did.
    pub draft: Totals,
    /// What the policy in force did.
    pub live: Totals,
    /// What only the draft catches.
    pub newly_caught: Difference,
    /// What only the policy in force catches.
    pub no_longer_caught: Difference,
}

impl Replay {
    /// Compares `draft` with `live`.
    pub fn new(draft: InForce, live: InForce) -> Self {
        Self {
            draft_policy: draft,
            live_policy: live,
            ..Self::default()
        }
    }

    /// Looks at one message.
    pub fn see(&mut self, seen: &Seen) {
        self.messages += 1;
        let by_draft = self.draft.count(&self.draft_policy, seen);
        let by_live = self.live.count(&self.live_policy, seen);
        match (by_draft, by_live) {
            (true, false) => self.newly_caught.note(seen.job),
            (false, true) => self.no_longer_caught.note(seen.job),
            (true, true) | (false, false) => {}
        }
    }
}

impl Totals {
    /// The channels with most violations.
    pub fn top_channels(&self) -> Vec<(&str, u64)> {
        top(self
            .channels
            .iter()
            .map(|(channel, &count)| (channel.as_str(), count)))
    }

    /// The kinds of data in most violations.
    pub fn top_info_types(&self) -> Vec<(&str, u64)> {
        top(self
            .info_types
            .iter()
            .map(|(kind, &count)| (kind.as_str(), count)))
    }

    /// Counts one message; says whether it was caught.
    fn count(&mut self, policies: &InForce, seen: &Seen) -> bool {
        let decisions = decide(policies, &seen.context, &seen.findings);
        let worst = decisions
            .iter()
            .map(|decision| decision.alert().unwrap_or(decision.severity));
        let Some(worst) = worst.max() else {
            return false;
        };
        self.violations += 1;
        *self.by_severity.entry(worst).or_default() += 1;
        *self.by_day.entry(seen.at.date_naive()).or_default() += 1;
        if let Some(channel) = &seen.context.channel {
            *self.channels.entry(channel.clone()).or_default() += 1;
        }
        for action in actions(&decisions) {
            *self.by_action.entry(action).or_default() += 1;
        }
        for kind in kinds(&decisions, &seen.findings) {
            *self.info_types.entry(kind.clone()).or_default() += 1;
        }
        true
    }
}

impl Difference {
    fn note(&mut self, job: JobId) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(job);
        }
    }
}

/// What follows for one message, each once.
fn actions(decisions: &[Decision]) -> Vec<&'static str> {
    let alerts = decisions
        .iter()
        .filter_map(Decision::alert)
        .map(|_| "alert");
    let effects = decisions.iter().flat_map(Decision::effects);
    let mut all: Vec<&'static str> = alerts.chain(effects.map(super::Action::kind)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The kinds of data that counted in one message, each once.
fn kinds<'a>(decisions: &[Decision], findings: &'a [Finding]) -> Vec<&'a InfoType> {
    let matched = decisions.iter().flat_map(|decision| &decision.matched);
    let mut kinds: Vec<&InfoType> = matched
        .filter_map(|&at| findings.get(at))
        .map(|finding| &finding.info_type)
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Most first; of equal ones in order of name.
fn top<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> Vec<(&'a str, u64)> {
    let mut all: Vec<(&str, u64)> = counts.collect();
    all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    all.truncate(TOP);
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::finding::Likelihood;
    use shared::ids::{PolicyId, WorkspaceId};

    use super::super::test_findings::{card, finding};
    use super::super::{Audience, Policy, PolicyMode, catch_all};
    use super::*;

    fn seen(day: i64, channel: &str, findings: Vec<Finding>) -> Seen {
        Seen {
            job: JobId::fresh(),
            at: DateTime::from_timestamp(day * 86_400 + 7, 0).unwrap(),
            context: Context {
                workspace: WorkspaceId::new("T1"),
                channel: Some(channel.to_owned()),
                channel_type: None,
                user: None,
                bot: None,
                audience: Audience::Internal,
            },
            findings,
        }
    }

    fn alone(policy: Policy) -> InForce {
        InForce {
            policies: vec![(PolicyId::fresh(), policy)],
            ..InForce::default()
        }
    }

    fn cards() -> Policy {
        let mut policy = catch_all();
        policy.rules[0].info_types = vec![card().info_type];
        policy
    }

    fn iban() -> Finding {
        finding("IBAN_CODE", Likelihood::Likely, Severity::Critical)
    }

    #[test]
    fn what_only_one_of_them_catches_is_told_with_examples() {
        let mut replay = Replay::new(alone(catch_all()), alone(cards()));
        let messages = [
            seen(0, "C1", vec![card()]),
            seen(0, "C2", vec![iban()]),
            seen(1, "C2", vec![iban(), card()]),
        ];
        for message in &messages {
            replay.see(message);
        }
        assert_eq!(replay.messages, 3);
        assert_eq!((replay.draft.violations, replay.live.violations), (3, 2));
        assert_eq!(replay.newly_caught.count, 1);
        assert_eq!(replay.newly_caught.examples, [messages[1].job]);
        assert_eq!(replay.no_longer_caught, Difference::default());
        assert_eq!(replay.draft.top_channels(), [("C2", 2), ("C1", 1)]);
        assert_eq!(
            replay.draft.top_info_types(),
            [("CREDIT_CARD_NUMBER", 2), ("IBAN_CODE", 2)]
        );
        assert_eq!(replay.live.top_info_types(), [("CREDIT_CARD_NUMBER", 2)]);
        let by_day: Vec<u64> = replay.draft.by_day.values().copied().collect();
        assert_eq!(by_day, [2, 1]);
    }

    #[test]
    fn effects_are_counted_only_where_they_would_happen() {
        let mut policy = cards();
        policy.actions.push(super::super::Action::Block);
        let mut enforced = policy.clone();
        enforced.mode = PolicyMode::Enforce;
        let mut replay = Replay::new(alone(enforced), alone(policy));
        replay.see(&seen(0, "C1", vec![card(), card()]));
        assert_eq!(
            replay.draft.by_action,
            BTreeMap::from([("alert", 1), ("block", 1)])
        );
        assert_eq!(replay.live.by_action, BTreeMap::from([("alert", 1)]));
        assert_eq!(replay.newly_caught.count, 0);
    }

    #[test]
    fn a_policy_that_is_off_catches_nothing() {
        let mut policy = cards();
        policy.mode = PolicyMode::Off;
        let mut replay = Replay::new(alone(policy), alone(cards()));
        replay.see(&seen(0, "C1", vec![card()]));
        assert_eq!(replay.draft, Totals::default());
        assert_eq!(replay.no_longer_caught.count, 1);
    }

    #[test]
    fn examples_and_tops_are_bounded() {
        let mut replay = Replay::new(alone(catch_all()), InForce::default());
        for at in 0..60 {
            replay.see(&seen(0, &format!("C{at}"), vec![card()]));
        }
        assert_eq!(replay.newly_caught.count, 60);
        assert_eq!(replay.newly_caught.examples.len(), EXAMPLES);
        assert_eq!(replay.draft.top_channels().len(), TOP);
    }

    fn any_message() -> impl Strategy<Value = Seen> {
        let one = (0..3_usize, 1..=5_i16, 1..=5_i16).prop_map(|(kind, likelihood, severity)| {
            finding(
                ["A_TYPE", "B_TYPE", "C_TYPE"][kind],
                Likelihood::from_number(likelihood).unwrap(),
                Severity::from_number(severity).unwrap(),
            )
        });
        (0..5_i64, "C[1-3]", prop::collection::vec(one, 0..6))
            .prop_map(|(day, channel, findings)| seen(day, &channel, findings))
    }

    proptest! {
        #[test]
        fn a_policy_does_not_differ_from_itself(
            policy in super::super::decide::tests::any_policy(),
            messages in prop::collection::vec(any_message(), 0..40),
        ) {
            let mut replay = Replay::new(alone(policy.clone()), alone(policy));
            for message in &messages {
                replay.see(message);
            }
            prop_assert_eq!(&replay.draft, &replay.live);
            prop_assert_eq!(replay.newly_caught, Difference::default());
            prop_assert_eq!(replay.no_longer_caught, Difference::default());
        }

        #[test]
        fn totals_are_what_decide_gave(
            policy in super::super::decide::tests::any_policy(),
            messages in prop::collection::vec(any_message(), 0..40),
        ) {
            let policies = alone(policy);
            let mut replay = Replay::new(policies.clone(), InForce::default());
            for message in &messages {
                replay.see(message);
            }
            let decisions: Vec<Decision> = messages
                .iter()
                .flat_map(|message| decide(&policies, &message.context, &message.findings))
                .collect();
            let caught = decisions.len() as u64;
            prop_assert_eq!(replay.draft.violations, caught);
            prop_assert_eq!(replay.newly_caught.count, caught);
            prop_assert_eq!(replay.draft.by_severity.values().sum::<u64>(), caught);
            prop_assert_eq!(replay.draft.by_day.values().sum::<u64>(), caught);
            let blocked = decisions.iter().filter(|decision| decision.effects().count() > 0).count();
            let counted = replay.draft.by_action.get("block").copied().unwrap_or_default();
            prop_assert_eq!(counted, blocked as u64);
        }
    }
}
