//! What is asked for: every list, by every filter, order and kind of search, and single rows.
//!
//! Owns the table, and what stands in the place of a `{name}` in it. Leaves asking to `ask`.
//! **Invariant:** what a filter asks for is in the rows, and changes from request to request wherever there is
//! more than one value that is as frequent.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use fastrand::Rng;
use uuid::Uuid;

use crate::world::{self, Year};

/// A kind of request.
pub(crate) struct Asked {
    pub(crate) name: String,
    template: String,
    /// How many pages are asked for, each by the cursor of the one before.
    pub(crate) pages: u32,
}

/// What the server has, as far as requests must know.
pub(crate) struct Known {
    /// The end of the year that rows are spread over.
    pub(crate) until: DateTime<Utc>,
    /// Ids of rows, by the path of their list.
    pub(crate) ids: HashMap<&'static str, Vec<String>>,
}

pub(crate) const ALERTS: &str = "/api/v1/alerts";
pub(crate) const AUDIT: &str = "/api/v1/audit/events";
pub(crate) const EVENTS: &str = "/api/v1/events";
pub(crate) const MESSAGES: &str = "/api/v1/messages";

/// How many pages a deep request walks.
const DEEP: u32 = 10;

const OF_ALERTS: &[(&str, &str)] = &[
    ("first page", ""),
    ("status, rare", "status=ACKNOWLEDGED"),
    ("status, medium", "status=OPEN"),
    ("status, common", "status=RESOLVED"),
    ("status, two", "status=OPEN,ACKNOWLEDGED"),
    ("severity, rare", "severity=CRITICAL"),
    ("severity, common", "severity=LOW"),
    ("severity, two", "severity=HIGH,CRITICAL"),
    ("source, common", "source=slack"),
    ("source, rare", "source={source:rare}"),
    ("info type, common", "info_type={info_type:common}"),
    ("info type, medium", "info_type={info_type:medium}"),
    ("info type, rare", "info_type={info_type:rare}"),
    ("policy, common", "policy={policy:common}"),
    ("policy, rare", "policy={policy:rare}"),
    ("workspace", "workspace={workspace:common}"),
    ("channel, common", "channel={channel:common}"),
    ("channel, medium", "channel={channel:medium}"),
    ("channel, rare", "channel={channel:rare}"),
    (
        "channels, three",
        "channel={channel:medium},{channel:medium},{channel:rare}",
    ),
    ("user, common", "user={user:common}"),
    ("user, medium", "user={user:medium}"),
    ("user, rare", "user={user:rare}"),
    ("assignee, me", "assignee=me"),
    ("assignee, another", "assignee={assignee}"),
    ("assignee, none", "assignee=none"),
    ("overdue", "overdue=true"),
    ("not overdue", "overdue=false"),
    ("since a day", "created_after={day}"),
    ("before a day", "created_before={day}"),
    ("one day", "created_after={day}&created_before={day+1}"),
    ("one month", "created_after={day}&created_before={day+30}"),
    ("status, severity", "status=OPEN&severity=HIGH"),
    (
        "status, severity, both rare",
        "status=ACKNOWLEDGED&severity=CRITICAL",
    ),
    ("channel, status", "channel={channel:medium}&status=OPEN"),
    ("rare channel, status", "channel={channel:rare}&status=OPEN"),
    (
        "user, severity, status",
        "user={user:medium}&severity=HIGH&status=OPEN",
    ),
    (
        "four filters",
        "status=OPEN&severity=MEDIUM&info_type={info_type:common}&workspace={workspace:common}",
    ),
    (
        "four filters, rare",
        "status=OPEN&severity=HIGH&channel={channel:medium}&user={user:medium}",
    ),
    (
        "channel, user",
        "channel={channel:common}&user={user:common}",
    ),
    ("overdue, mine", "overdue=true&assignee=me"),
    (
        "overdue, nobody's, critical",
        "overdue=true&assignee=none&severity=CRITICAL",
    ),
    (
        "channel in a month",
        "channel={channel:medium}&created_after={day}&created_before={day+30}",
    ),
    ("search, status", "search={tenth}&status=OPEN"),
    ("search rare, status", "search={thousandth}&status=OPEN"),
    (
        "search, channel",
        "search={hundredth}&channel={channel:medium}",
    ),
    (
        "search by severity",
        "search={hundredth}&ordering=-severity",
    ),
    (
        "search in a month",
        "search={tenth}&created_after={day}&created_before={day+30}",
    ),
];

const ORDERS: [&str; 5] = [
    "created_at",
    "last_seen_at",
    "severity",
    "due_at",
    "occurrences",
];

/// Filters that each order is asked for with.
const ORDERED: &[(&str, &str)] = &[
    ("", ""),
    (", open", "status=OPEN"),
    (", of a channel", "channel={channel:medium}"),
];

/// Searches that every list with words is asked for.
const SEARCHES: &[(&str, &str)] = &[
    ("in all rows", "search=common"),
    ("in a tenth", "search={tenth}"),
    ("in a hundredth", "search={hundredth}"),
    ("in a thousandth", "search={thousandth}"),
    ("in a myriadth", "search={myriadth}"),
    ("in five rows", "search={needle}"),
    ("in none", "search=nowhere"),
    ("filler, common", "search={filler:common}"),
    ("filler, rare", "search={filler:rare}"),
    ("one letter, in all", "search=c"),
    ("one letter", "search={letter}"),
    ("two words", "search={tenth}%20{hundredth}"),
    ("two words, common", "search=common%20{tenth}"),
    ("two words, rare", "search={tenth}%20{needle}"),
];

const OF_AUDIT: &[(&str, &str)] = &[
    ("first page", ""),
    ("type, common", "event_type={deed:common}"),
    ("type, medium", "event_type={deed:medium}"),
    ("type, rare", "event_type={deed:rare}"),
    ("type, none", "event_type=no.such"),
    ("user, common", "user_id={actor:common}"),
    ("user, medium", "user_id={actor:medium}"),
    ("user, rare", "user_id={actor:rare}"),
    ("subject, common", "subject={subject:common}"),
    ("subject, rare", "subject={subject:rare}"),
    ("since a day", "created_after={day}"),
    ("before a day", "created_before={day}"),
    ("one day", "created_after={day}&created_before={day+1}"),
    ("one month", "created_after={day}&created_before={day+30}"),
    (
        "type, user",
        "event_type={deed:medium}&user_id={actor:medium}",
    ),
    (
        "type, user, both rare",
        "event_type={deed:rare}&user_id={actor:rare}",
    ),
    (
        "type, subject",
        "event_type={deed:common}&subject={subject:medium}",
    ),
    (
        "user, subject",
        "user_id={actor:medium}&subject={subject:common}",
    ),
    (
        "type in a day",
        "event_type={deed:rare}&created_after={day}&created_before={day+1}",
    ),
    (
        "user in a month",
        "user_id={actor:medium}&created_after={day}&created_before={day+30}",
    ),
    ("search, type", "search={tenth}&event_type={deed:medium}"),
    (
        "search rare, type",
        "search={thousandth}&event_type={deed:rare}",
    ),
    ("search, user", "search={hundredth}&user_id={actor:medium}"),
    (
        "search in a day",
        "search={tenth}&created_after={day}&created_before={day+1}",
    ),
];

const OF_EVENTS: &[(&str, &str)] = &[
    ("first page", ""),
    ("source, common", "source={source:common}"),
    ("source, rare", "source={source:rare}"),
    ("type, common", "event_type={kind:common}"),
    ("type, rare", "event_type={kind:rare}"),
    ("severity, common", "severity=LOW"),
    ("severity, rare", "severity=CRITICAL"),
    ("severity, two", "severity=HIGH,CRITICAL"),
    ("one day", "created_after={day}&created_before={day+1}"),
    ("source, severity", "source={source:rare}&severity=CRITICAL"),
    ("search, severity", "search={hundredth}&severity=CRITICAL"),
];

const OF_MESSAGES: &[(&str, &str)] = &[
    ("first page", ""),
    ("workspace", "workspace={workspace:common}"),
    ("channel, common", "channel={channel:common}"),
    ("channel, medium", "channel={channel:medium}"),
    ("channel, rare", "channel={channel:rare}"),
    ("user, common", "user={user:common}"),
    ("user, rare", "user={user:rare}"),
    (
        "channel, user",
        "channel={channel:common}&user={user:common}",
    ),
];

/// Lists that are walked, with what is asked for.
const WALKS: &[(&str, &str, &str)] = &[
    ("alerts", ALERTS, ""),
    ("alerts, open", ALERTS, "status=OPEN"),
    ("alerts by due time", ALERTS, "ordering=due_at"),
    (
        "alerts by severity, common words",
        ALERTS,
        "ordering=-severity&search=common",
    ),
    ("alerts, in a hundredth", ALERTS, "search={hundredth}"),
    ("audit", AUDIT, ""),
    ("audit, type", AUDIT, "event_type={deed:medium}"),
    ("audit, in a hundredth", AUDIT, "search={hundredth}"),
    ("events", EVENTS, ""),
    ("messages", MESSAGES, ""),
];

/// Every kind of request.
pub(crate) fn table() -> Vec<Asked> {
    let mut table = Vec::new();
    let mut add = |name: String, path: &str, query: &str| {
        table.push(Asked::new(name, path, query, 1));
    };
    for (list, path, filters) in [
        ("alerts", ALERTS, OF_ALERTS),
        ("audit", AUDIT, OF_AUDIT),
        ("events", EVENTS, OF_EVENTS),
        ("messages", MESSAGES, OF_MESSAGES),
    ] {
        add(format!("{list}: one row"), &format!("{path}/{{id}}"), "");
        for (name, query) in filters {
            add(format!("{list}: {name}"), path, query);
        }
        if path == ALERTS {
            for (name, query) in orders() {
                add(format!("{list}: {name}"), path, &query);
            }
        }
        if path != MESSAGES {
            for (name, query) in SEARCHES {
                add(format!("{list}: search {name}"), path, query);
            }
        }
    }
    for (name, path, query) in WALKS {
        let name = format!("{DEEP} pages: {name}");
        table.push(Asked::new(name, path, query, DEEP));
    }
    table
}

/// Each order, from both ends, with each of its filters.
fn orders() -> impl Iterator<Item = (String, String)> {
    let words = ORDERS
        .into_iter()
        .flat_map(|key| [key.to_owned(), format!("-{key}")]);
    words.flat_map(|word| {
        ORDERED.iter().map(move |(of, query)| {
            let and = if query.is_empty() { "" } else { "&" };
            (
                format!("by {word}{of}"),
                format!("ordering={word}{and}{query}"),
            )
        })
    })
}

impl Asked {
    fn new(name: String, path: &str, query: &str, pages: u32) -> Self {
        let and = if query.is_empty() { "" } else { "?" };
        Self {
            name,
            template: format!("{path}{and}{query}"),
            pages,
        }
    }

    /// Whether it asks for one row of this list.
    pub(crate) fn is_one_of(&self, list: &str) -> bool {
        self.template.strip_prefix(list) == Some("/{id}")
    }

    /// The path and query of a request of this kind.
    pub(crate) fn path(&self, rng: &mut Rng, known: &Known) -> String {
        let day = TimeDelta::days(rng.i64(0..Year::LENGTH.num_days()));
        let moment = TimeDelta::seconds(rng.i64(0..86_400));
        let day = known.until - Year::LENGTH + day + moment;
        let mut path = String::new();
        let mut rest = self.template.as_str();
        while let Some((before, behind)) = rest.split_once('{') {
            let (what, after) = behind.split_once('}').unwrap_or((behind, ""));
            path.push_str(before);
            path.push_str(&self.value(what, rng, day, known));
            rest = after;
        }
        path + rest
    }

    fn value(&self, what: &str, rng: &mut Rng, day: DateTime<Utc>, known: &Known) -> String {
        let (what, often) = what.split_once(':').unwrap_or((what, "common"));
        let mut rank = |count: usize| match often {
            "common" => rng.usize(0..2.min(count)),
            "medium" => rng.usize(count / 32..=count / 8),
            _ => rng.usize(count - (count / 10).max(1)..count),
        };
        match what {
            "channel" => world::channel(rank(world::CHANNELS)),
            "user" => world::slack_user(rank(world::USERS)),
            "policy" => world::policy(rank(world::POLICIES)).to_string(),
            "actor" => world::actor(rank(world::ACTORS)).to_string(),
            "subject" => world::subject(rank(world::SUBJECTS)).to_string(),
            "filler" => world::filler(rank(world::FILLERS)),
            "workspace" => named(&world::WORKSPACES, rank),
            "source" => named(&world::SOURCES, rank),
            "kind" => named(&world::EVENT_KINDS, rank),
            "info_type" => named(&world::INFO_TYPES, rank),
            "deed" => named(&world::DEEDS, rank),
            "assignee" => world::assignee(rng.usize(1..world::ASSIGNEES)).to_string(),
            "letter" => rng
                .choice(['d', 'f', 'g', 'k', 'p', 'z'])
                .into_iter()
                .collect(),
            "id" => known.an_id(&self.template, rng),
            "day" => written(day),
            "day+1" => written(day + TimeDelta::days(1)),
            "day+30" => written(day + TimeDelta::days(30)),
            word => {
                let variant = rng.choice(world::VARIANTS);
                word.chars().chain(variant).collect()
            }
        }
    }
}

impl Known {
    fn an_id(&self, template: &str, rng: &mut Rng) -> String {
        let list = template.trim_end_matches("/{id}");
        let ids = self.ids.get(list).map(Vec::as_slice).unwrap_or_default();
        let id = rng.choice(ids).cloned();
        id.unwrap_or_else(|| Uuid::nil().to_string())
    }
}

fn named(names: &[&str], rank: impl FnOnce(usize) -> usize) -> String {
    world::name(names, rank(names.len())).to_owned()
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
