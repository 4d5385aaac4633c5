//! Policies as an admin writes them.
//!
//! Owns reading a draft field by field, and saying everything that is wrong with it at once. Leaves whether
//! there is what it names to `names`.
//! **Invariant:** an error names a field of ours and never repeats what was sent.

use shared::finding::{Likelihood, Severity};

use super::names::Names;
use crate::api::body::Object;
use crate::api::fields::{Faults, Fields, Item, one_of};
use crate::domain::policy::check::{
    MAX_ACTIONS, MAX_COUNT, MAX_DELAY_SECONDS, MAX_LIST, MAX_NAME_CHARS, MAX_PRIORITY,
    MAX_RECIPIENTS, MAX_RULES, MAX_STEPS,
};
use crate::domain::policy::{
    ANY_BOT, Action, Audience, ByCount, ChannelType, Count, Matching, Places, Policy, PolicyMode,
    Recipients, Rule, Scope, SeverityRules,
};

const MAX_ID_CHARS: usize = 64;
/// RFC 5321, 4.5.3.1.3, less the angle brackets.
const MAX_ADDRESS_BYTES: usize = 254;

/// A new policy.
///
/// # Errors
/// Everything that is wrong with the fields.
pub(super) fn new_policy(draft: Object, names: &Names) -> Result<Policy, Vec<String>> {
    let faults = Faults::default();
    let policy = whole(Fields::of_draft(draft, &faults), names, &faults);
    faults.none(policy)
}

/// A new policy that stands in something else. What is wrong with it is among the faults.
pub(super) fn whole<'d>(fields: Fields<'d>, names: &'d Names, faults: &'d Faults) -> Policy {
    fields.require("name", "a few words for people");
    fields.require("rules", "a list of what counts");
    Reader { names, faults }.policy(fields, blank())
}

/// `base` with some fields changed; what is not given stays, and is not checked anew.
///
/// # Errors
/// Everything that is wrong with the fields.
pub(super) fn changed(base: &Policy, draft: Object, names: &Names) -> Result<Policy, Vec<String>> {
    let faults = Faults::default();
    let fields = Fields::of_draft(draft, &faults);
    let policy = Reader {
        names,
        faults: &faults,
    }
    .policy(fields, base.clone());
    faults.none(policy)
}

fn blank() -> Policy {
    Policy {
        name: String::new(),
        mode: PolicyMode::default(),
        priority: 0,
        scope: Scope::default(),
        matching: Matching::default(),
        rules: Vec::new(),
        severity: SeverityRules::default(),
        actions: Vec::new(),
    }
}

struct Reader<'d> {
    names: &'d Names,
    faults: &'d Faults,
}

impl<'d> Reader<'d> {
    fn policy(&self, mut fields: Fields<'d>, mut policy: Policy) -> Policy {
        if let Some(name) = fields.line("name", MAX_NAME_CHARS) {
            policy.name = name;
        }
        let modes = one_of(PolicyMode::ALL, PolicyMode::as_str);
        if let Some(mode) = fields.read("mode", &modes) {
            policy.mode = mode;
        }
        let bound = i64::from(MAX_PRIORITY);
        if let Some(priority) = fields.whole("priority", -bound..=bound) {
            policy.priority = i32::try_from(priority).unwrap_or_default();
        }
        if let Some(scope) = fields.object("scope") {
            policy.scope = self.scope(scope);
        }
        let words = one_of(Matching::ALL, Matching::as_str);
        if let Some(matching) = fields.read("match", &words) {
            policy.matching = matching;
        }
        if let Some(rules) = fields.list("rules", MAX_RULES) {
            if rules.is_empty() {
                self.faults.note("rules", "give at least one");
            }
            policy.rules = rules
                .into_iter()
                .filter_map(|item| self.rule(item))
                .collect();
        }
        if let Some(severity) = fields.object("severity") {
            policy.severity = self.severity(severity);
        }
        if let Some(actions) = fields.list("actions", MAX_ACTIONS) {
            policy.actions = self.actions(actions);
        }
        fields.end();
        policy
    }

    fn scope(&self, mut fields: Fields<'d>) -> Scope {
        let mut places = |name| {
            let fields = fields.object(name);
            fields.map(|fields| self.places(fields)).unwrap_or_default()
        };
        let scope = Scope {
            include: places("include"),
            exclude: places("exclude"),
        };
        fields.end();
        scope
    }

    fn places(&self, mut fields: Fields<'d>) -> Places {
        let kinds = one_of(ChannelType::ALL, ChannelType::as_str);
        let audiences = one_of(Audience::ALL, Audience::as_str);
        let mut ids = |name| items(&mut fields, name, |item| self.slack_id(&item));
        let (workspaces, channels, users, bots) = (
            ids("workspaces"),
            ids("channels"),
            ids("users"),
            ids("bots"),
        );
        let places = Places {
            workspaces: workspaces
                .into_iter()
                .map(shared::ids::WorkspaceId::new)
                .collect(),
            channels,
            users,
            bots,
            channel_types: items(&mut fields, "channel_types", |item| {
                item.read(&kinds, self.faults)
            }),
            groups: items(&mut fields, "groups", |item| {
                self.names.group(item, self.faults)
            }),
            audience: items(&mut fields, "audience", |item| {
                item.read(&audiences, self.faults)
            }),
        };
        fields.end();
        places
    }

    fn rule(&self, item: Item) -> Option<Rule> {
        let mut fields = Fields::of_item(item, self.faults)?;
        let defaults = Rule::default();
        let likelihoods = one_of(Likelihood::ALL, Likelihood::as_str);
        let counts = one_of(Count::ALL, Count::as_str);
        let min_count = fields.whole("min_count", 1..=i64::from(MAX_COUNT));
        let rule = Rule {
            info_types: items(&mut fields, "info_types", |item| {
                self.names.info_type(&item, self.faults)
            }),
            detectors: items(&mut fields, "detectors", |item| {
                self.names.detector(&item, self.faults)
            }),
            families: items(&mut fields, "families", |item| {
                self.names.family(&item, self.faults)
            }),
            min_likelihood: fields
                .read("min_likelihood", &likelihoods)
                .unwrap_or(defaults.min_likelihood),
            min_count: min_count.map_or(defaults.min_count, small),
            count: fields.read("count", &counts).unwrap_or_default(),
        };
        fields.end();
        Some(rule)
    }

    fn severity(&self, mut fields: Fields<'d>) -> SeverityRules {
        let steps = fields.list("by_count", MAX_STEPS).unwrap_or_default();
        let rules = SeverityRules {
            by_count: steps
                .into_iter()
                .filter_map(|item| self.step(item))
                .collect(),
            external: fields.read("external", &severities()),
        };
        fields.end();
        rules
    }

    fn step(&self, item: Item) -> Option<ByCount> {
        let mut fields = Fields::of_item(item, self.faults)?;
        fields.require("at_least", "how many");
        fields.require("severity", &severities());
        let at_least = fields.whole("at_least", 1..=i64::from(MAX_COUNT));
        let severity = fields.read("severity", &severities());
        fields.end();
        Some(ByCount {
            at_least: small(at_least?),
            severity: severity?,
        })
    }

    fn actions(&self, items: Vec<Item>) -> Vec<Action> {
        let mut actions: Vec<Action> = Vec::new();
        for item in items {
            let at = item.at.clone();
            let Some(action) = self.action(item) else {
                continue;
            };
            let same = |other: &Action| match (other, &action) {
                (Action::Webhook { id }, Action::Webhook { id: again }) => id == again,
                (other, action) => other.kind() == action.kind(),
            };
            if actions.iter().any(same) {
                self.faults
                    .note(&at, "there is such an action already; keep one");
            }
            actions.push(action);
        }
        let tells = actions.iter().any(Action::tells_of_the_alert);
        if tells && !actions.iter().any(|action| action.kind() == "alert") {
            let what = "a mail or webhook tells of the alert; add an `alert` beside it";
            self.faults.note("actions", what);
        }
        actions
    }

    fn action(&self, item: Item) -> Option<Action> {
        let mut fields = Fields::of_item(item, self.faults)?;
        let kinds = format!("one of {}", Action::KINDS.join(", "));
        fields.require("type", &kinds);
        let kind = fields.item("type")?;
        let action = match kind.as_text() {
            Some("block") => Some(Action::Block),
            Some("notify_author") => Some(Action::NotifyAuthor),
            Some("alert") => Some(Action::Alert {
                severity: fields.read("severity", &severities()),
            }),
            Some("mail") => {
                let to = fields.list("to", MAX_RECIPIENTS).unwrap_or_default();
                let to = to.iter().filter_map(|item| self.address(item)).collect();
                Some(Action::Mail { to: Recipients(to) })
            }
            Some("webhook") => {
                fields.require("id", "a webhook's id");
                let id = fields.item("id");
                let id = id.and_then(|item| self.names.webhook(item, self.faults));
                id.map(|id| Action::Webhook { id })
            }
            Some("delay") => {
                fields.require("seconds", "how many");
                let seconds = fields.whole("seconds", 1..=i64::from(MAX_DELAY_SECONDS));
                seconds.map(|seconds| Action::Delay {
                    seconds: small(seconds),
                })
            }
            _ => {
                self.faults.note(&kind.at, format_args!("give {kinds}"));
                return None;
            }
        };
        fields.end();
        action
    }

    fn slack_id(&self, item: &Item) -> Option<String> {
        let id = item.as_text().filter(|id| is_slack_id(id));
        if id.is_none() {
            let what =
                format!("give an id as Slack writes it, such as C0123 or `{ANY_BOT}` for bots");
            self.faults.note(&item.at, what);
        }
        id.map(str::to_owned)
    }

    fn address(&self, item: &Item) -> Option<String> {
        let address = item.as_text().filter(|address| is_address(address));
        if address.is_none() {
            self.faults
                .note(&item.at, "give an address such as security@example.com");
        }
        address.map(str::to_owned)
    }
}

/// The items of a list that can be read, each once.
fn items<T: PartialEq>(
    fields: &mut Fields<'_>,
    name: &'static str,
    read: impl Fn(Item) -> Option<T>,
) -> Vec<T> {
    let mut list = Vec::new();
    for item in fields.list(name, MAX_LIST).unwrap_or_default() {
        if let Some(value) = read(item)
            && !list.contains(&value)
        {
            list.push(value);
        }
    }
    list
}

fn severities() -> String {
    one_of(Severity::ALL, Severity::as_str)
}

/// Of a number that was held to a range within `u32`.
fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Whether it can be an id of Slack's: letters and digits, in other versions also a few signs.
pub(in crate::api::v1) fn is_slack_id(id: &str) -> bool {
    let sign = |sign: u8| sign.is_ascii_alphanumeric() || b"_-.".contains(&sign);
    (1..=MAX_ID_CHARS).contains(&id.len()) && id.bytes().all(sign)
}

/// Whether mail can be sent there, as far as its form tells; the mail server knows the rest.
fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    let plain = |part: &str, signs: &[u8]| {
        !part.is_empty()
            && part
                .bytes()
                .all(|sign| sign.is_ascii_alphanumeric() || signs.contains(&sign))
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.contains("..")
    };
    address.len() <= MAX_ADDRESS_BYTES
        && local.len() <= 64
        && plain(local, b".!#$%&'*+/=?^_`{|}~-")
        && plain(domain, b".-")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::names::tests::names;
    use super::*;

    fn object(value: &Value) -> Object {
        serde_json::from_value(value.clone()).unwrap()
    }

    fn with(change: &Value) -> Object {
        let mut draft = object(&json!({"name": "Cards", "rules": [{}]}));
        draft.0.extend(object(change).0);
        draft
    }

    fn told(change: &Value) -> Vec<String> {
        new_policy(with(change), &names()).unwrap_err()
    }

    #[test]
    fn a_policy_as_it_is_shown_can_be_sent_back() {
        let written = json!({
            "name": "Cards", "mode": "enforce", "priority": 10,
            "scope": {
                "include": {"channel_types": ["public"], "bots": ["any"], "audience": ["external"]},
                "exclude": {"channels": ["C123"], "users": ["U1"], "workspaces": ["T1"]},
            },
            "match": "all",
            "rules": [{
                "info_types": ["CREDIT_CARD_NUMBER"], "detectors": ["credit-card-number"],
                "families": ["payment"], "min_likelihood": "POSSIBLE", "min_count": 2, "count": "values",
            }],
            "severity": {"by_count": [{"at_least": 10, "severity": "CRITICAL"}], "external": "HIGH"},
            "actions": [
                {"type": "block"}, {"type": "notify_author"}, {"type": "alert", "severity": "HIGH"},
                {"type": "mail", "to": ["security@example.com"]}, {"type": "delay", "seconds": 60},
            ],
        });
        let policy = new_policy(object(&written), &names()).unwrap();
        assert_eq!(serde_json::to_value(policy).unwrap(), written);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_its_place() {
        let draft = json!({
            "name": " ", "mode": "on", "priority": 1e9,
            "scope": {"include": {"channels": ["C1", "#general"], "channel_types": ["im"]}, "x": 1},
            "rules": [
                {"info_types": ["IBAN_CODE", "IBAN_CODES"], "min_count": 0},
                7,
                {"min_likelihood": "SURE", "detectors": ["credit-card"]},
            ],
            "severity": {"by_count": [{"at_least": 1}]},
            "actions": [{"type": "explode"}, {"type": "delay", "seconds": 0}, {}],
        });
        assert_eq!(
            new_policy(object(&draft), &names()).unwrap_err(),
            [
                "`name`: give a text of 1 to 200 characters on one line",
                "`mode`: give one of off, simulate, enforce",
                "`priority`: give a whole number from -1000000 to 1000000",
                "`scope.include.channels[1]`: give an id as Slack writes it, such as C0123 or `any` for bots",
                "`scope.include.channel_types[0]`: give one of public, private, dm, group_dm",
                "`scope`: 1 fields are not known here; there are include, exclude",
                "`rules[0].min_count`: give a whole number from 1 to 1000000",
                "`rules[0].info_types[1]`: no detector finds this; did you mean IBAN_CODE?",
                "`rules[1]`: give an object",
                "`rules[2].detectors[0]`: there is no such detector; did you mean credit-card-number?",
                "`rules[2].min_likelihood`: give one of VERY_UNLIKELY, UNLIKELY, POSSIBLE, LIKELY, VERY_LIKELY",
                "`severity.by_count[0].severity`: is missing; give one of INFO, LOW, MEDIUM, HIGH, CRITICAL",
                "`actions[0].type`: give one of block, notify_author, alert, mail, webhook, delay",
                "`actions[1].seconds`: give a whole number from 1 to 86400",
                "`actions[2].type`: is missing; give one of block, notify_author, alert, mail, webhook, delay",
            ]
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            new_policy(Object::default(), &names()).unwrap_err(),
            [
                "`name`: is missing; give a few words for people",
                "`rules`: is missing; give a list of what counts"
            ]
        );
        assert_eq!(told(&json!({"rules": []})), ["`rules`: give at least one"]);
    }

    #[test]
    fn lists_and_addresses_are_bounded() {
        let ids = |count: usize| (0..count).map(|at| format!("C{at}")).collect::<Vec<_>>();
        let channels = |count| json!({"scope": {"include": {"channels": ids(count)}}});
        assert!(new_policy(with(&channels(500)), &names()).is_ok());
        assert_eq!(
            told(&channels(501)),
            ["`scope.include.channels`: give at most 500"]
        );
        let rules = json!({"rules": vec![json!({}); 51]});
        assert_eq!(told(&rules), ["`rules`: give at most 50"]);
        let to: Vec<String> = (0..21).map(|at| format!("a{at}@example.com")).collect();
        let mail = json!({"actions": [{"type": "alert"}, {"type": "mail", "to": to}]});
        assert_eq!(told(&mail), ["`actions[1].to`: give at most 20"]);
    }

    #[test]
    fn a_mail_needs_an_alert_to_tell_of_and_no_action_is_asked_for_twice() {
        assert_eq!(
            told(&json!({"actions": [{"type": "mail"}]})),
            ["`actions`: a mail or webhook tells of the alert; add an `alert` beside it"]
        );
        assert_eq!(
            told(&json!({"actions": [{"type": "alert"}, {"type": "alert", "severity": "LOW"}]})),
            ["`actions[1]`: there is such an action already; keep one"]
        );
    }

    #[test]
    fn groups_and_webhooks_that_do_not_exist_are_told() {
        let id = "01890000-0000-7000-8000-000000000000";
        let draft = json!({
            "scope": {"exclude": {"groups": [id, "people"]}},
            "actions": [{"type": "alert"}, {"type": "webhook", "id": id}, {"type": "webhook"}],
        });
        assert_eq!(
            told(&draft),
            [
                "`scope.exclude.groups[0]`: there is no such group",
                "`scope.exclude.groups[1]`: give a group's id",
                "`actions[1].id`: there is no such webhook",
                "`actions[2].id`: is missing; give a webhook's id",
            ]
        );
    }

    #[test]
    fn a_change_leaves_the_other_fields_and_does_not_check_them_anew() {
        let mut base = new_policy(with(&json!({"priority": 3})), &names()).unwrap();
        base.rules[0].info_types = vec!["FORMER_KIND".parse().unwrap()];
        let off = changed(&base, object(&json!({"mode": "off"})), &names()).unwrap();
        assert_eq!(off.differs_in(&base), ["mode"]);
    }

    #[test]
    fn addresses_are_told_apart_by_their_form() {
        for good in ["a@example.com", "a.b+c@mail.example.com", "root@localhost"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b c",
            "a@b@c d",
            "a\r\nBcc: x@y",
            "a@b\0",
            ".a@b",
            "a..b@c",
            "a@.b",
            "a@b.",
            "<a@b>",
            "\"a\"@b",
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
        assert!(!is_address(&format!("{}@b", "a".repeat(65))));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            prop::sample::select(vec![
                "block",
                "mail",
                "any",
                "IBAN_CODE",
                "HIGH",
                "dm",
                "zanarkand"
            ])
            .prop_map(Value::from),
        ];
        let names = prop::sample::select(vec![
            "name",
            "mode",
            "priority",
            "scope",
            "match",
            "rules",
            "severity",
            "actions",
            "include",
            "channels",
            "bots",
            "info_types",
            "min_count",
            "type",
            "to",
            "by_count",
            "at_least",
            "x",
        ]);
        leaf.prop_recursive(4, 48, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((names.clone(), inner), 0..6).prop_map(|members| {
                    let members = members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value));
                    Value::Object(members.collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_a_policy_or_a_list_of_faults_that_do_not_repeat_it(value in any_json()) {
            let Value::Object(members) = value else { return Ok(()) };
            match new_policy(Object(members), &names()) {
                Ok(policy) => prop_assert!(!policy.name.is_empty() && !policy.rules.is_empty()),
                Err(faults) => {
                    prop_assert!(!faults.is_empty());
                    prop_assert!(faults.iter().all(|fault| !fault.contains("zanarkand")));
                }
            }
        }
    }
}
