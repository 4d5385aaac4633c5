//! Claims about lists of alerts: every order is walked whole, every filter chooses, and an index serves both.
//!
//! **Invariant:** what a walk must give is worked out by sorting in memory, and not by the query under test.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use coordinator::domain::alert::AlertStatus;
use coordinator::store::alerts::{
    self, Alert, AlertFilter, AlertKey, AlertOrdering, Assigned, Direction, NewAlert,
};
use coordinator::store::words::Search;
use coordinator::store::{COUNTED, Paging};
use shared::clock::{Clock, SystemClock};
use shared::finding::Severity;
use shared::ids::{AlertId, JobId, PolicyId, UserId, WorkspaceId};

use super::schema::{count, execute};
use crate::support::db::{Kind, TestDb, on_both};
use crate::support::rows::alert;

const DAY: Duration = Duration::from_hours(24);

fn new(n: usize) -> NewAlert {
    let severity = Severity::ALL[n % Severity::ALL.len()];
    NewAlert {
        due_in: (!n.is_multiple_of(3)).then(|| DAY * u32::try_from(n % 7).unwrap()),
        ..alert(&format!("m{n}"), JobId::fresh(), severity)
    }
}

fn at(n: usize) -> DateTime<Utc> {
    // Some at the same instant, so that only their ids tell them apart.
    DateTime::UNIX_EPOCH + DAY * u32::try_from(n / 4).unwrap()
}

/// Raises alerts that differ in everything a list can be ordered by.
async fn raise(db: &TestDb, numbers: std::ops::Range<usize>) {
    db.write(move |c| {
        for n in numbers {
            let one = new(n);
            alerts::raise(c, &[&one], at(n))?;
            for again in 0..n % 5 {
                alerts::raise(c, &[&one], at(n + again))?;
            }
        }
        Ok(())
    })
    .await;
}

fn orderings() -> impl Iterator<Item = AlertOrdering> {
    AlertKey::ALL.into_iter().flat_map(|key| {
        [Direction::Ascending, Direction::Descending]
            .map(|direction| AlertOrdering { key, direction })
    })
}

fn ordered(ordering: AlertOrdering) -> AlertFilter {
    AlertFilter {
        ordering,
        ..AlertFilter::default()
    }
}

async fn page(db: &TestDb, filter: &AlertFilter, paging: Paging) -> Vec<Alert> {
    let filter = filter.clone();
    db.read(move |c| alerts::list(c, &filter, paging))
        .await
        .items
}

/// All pages of a list; `between` is done after each.
async fn walk(db: &TestDb, filter: &AlertFilter, mut between: impl AsyncFnMut()) -> Vec<Alert> {
    let (mut all, mut after): (Vec<Alert>, _) = (Vec::new(), None);
    loop {
        let paging = Paging { after, limit: 7 };
        let rows = page(db, filter, paging).await;
        after = rows.last().map(|last| alerts::place(filter.ordering, last));
        let ended = rows.len() < 7;
        all.extend(rows);
        if ended {
            return all;
        }
        between().await;
    }
}

fn ids(alerts: &[Alert]) -> Vec<AlertId> {
    alerts.iter().map(|alert| alert.id).collect()
}

/// What an order puts in front; those that are never due come last both ways.
fn expected(ordering: AlertOrdering, mut alerts: Vec<Alert>) -> Vec<AlertId> {
    alerts.sort_by_key(|alert| {
        let key = match ordering.key {
            AlertKey::CreatedAt => alert.first_seen_at.timestamp_micros(),
            AlertKey::LastSeenAt => alert.last_seen_at.timestamp_micros(),
            AlertKey::Severity => alert.severity.as_number().into(),
            AlertKey::DueAt => alert.due_at.map_or(0, |due| due.timestamp_micros()),
            AlertKey::Occurrences => i64::try_from(alert.occurrences).unwrap(),
        };
        (key, alert.id)
    });
    if ordering.direction == Direction::Descending {
        alerts.reverse();
    }
    if ordering.key == AlertKey::DueAt {
        alerts.sort_by_key(|alert| alert.due_at.is_none());
    }
    ids(&alerts)
}

on_both! {
    async fn every_order_is_walked_whole_and_in_order(db: TestDb) {
        raise(&db, 0..40).await;
        let all = page(&db, &AlertFilter::default(), Paging::first(100)).await;
        assert_eq!(all.len(), 40);
        for ordering in orderings() {
            let walked = walk(&db, &ordered(ordering), async || {}).await;
            assert_eq!(ids(&walked), expected(ordering, all.clone()), "{ordering:?}");
        }
    }

    async fn no_row_is_seen_twice_or_missed_while_others_arrive(db: TestDb) {
        raise(&db, 0..30).await;
        let mut next = 30;
        for ordering in orderings() {
            let before: HashSet<AlertId> =
                ids(&page(&db, &AlertFilter::default(), Paging::first(1_000)).await).into_iter().collect();
            let walked = walk(&db, &ordered(ordering), async || {
                raise(&db, next..next + 1).await;
                next += 1;
            }).await;
            let seen: HashSet<AlertId> = ids(&walked).into_iter().collect();
            assert_eq!(seen.len(), walked.len(), "twice: {ordering:?}");
            assert!(before.is_subset(&seen), "missed: {ordering:?}");
        }
    }

    async fn each_filter_chooses_and_they_hold_together(db: TestDb) {
        let (somebody, policy) = (UserId::fresh(), PolicyId::fresh());
        let special = NewAlert {
            severity: Severity::Critical,
            source: "ids".to_owned(),
            title: "Port scan of db-1".to_owned(),
            info_type: Some("IBAN_CODE".parse().unwrap()),
            policy: Some(policy),
            workspace: Some(WorkspaceId::new("T9")),
            channel_id: Some("C9".to_owned()),
            user_id: Some("U9".to_owned()),
            due_in: Some(DAY),
            ..alert("special", JobId::fresh(), Severity::Low)
        };
        db.write(move |c| {
            let others: Vec<NewAlert> = (0..6)
                .map(|n| alert(&format!("m{n}"), JobId::fresh(), Severity::Low))
                .collect();
            for other in &others {
                alerts::raise(c, &[other], at(400))?;
            }
            let raised = alerts::raise(c, &[&special], at(40))?.remove(0).alert;
            let mut special = alerts::lock(c, &[raised])?.remove(0);
            special.status = AlertStatus::Acknowledged;
            special.assignee = Some(somebody);
            alerts::update(c, &mut special)
        }).await;
        let none = AlertFilter::default();
        let whole = AlertFilter {
            statuses: vec![AlertStatus::Acknowledged],
            severities: vec![Severity::Critical],
            sources: vec!["ids".to_owned()],
            info_types: vec!["IBAN_CODE".parse().unwrap()],
            policies: vec![policy],
            workspaces: vec!["T9".to_owned()],
            channels: vec!["C9".to_owned()],
            users: vec!["U9".to_owned()],
            assigned: Some(Assigned::To(somebody)),
            from: Some(at(40)),
            until: Some(at(44)),
            overdue: Some(true),
            search: Search::parse("port SCAN"),
            ordering: AlertOrdering::default(),
        };
        let w = whole.clone();
        let one_by_one = [
            AlertFilter { statuses: w.statuses, ..none.clone() },
            AlertFilter { severities: w.severities, ..none.clone() },
            AlertFilter { sources: w.sources, ..none.clone() },
            AlertFilter { info_types: w.info_types, ..none.clone() },
            AlertFilter { policies: w.policies, ..none.clone() },
            AlertFilter { workspaces: w.workspaces, ..none.clone() },
            AlertFilter { channels: w.channels, ..none.clone() },
            AlertFilter { users: w.users, ..none.clone() },
            AlertFilter { assigned: w.assigned, ..none.clone() },
            AlertFilter { until: w.until, ..none.clone() },
            AlertFilter { overdue: w.overdue, ..none.clone() },
            AlertFilter { search: w.search, ..none.clone() },
            whole.clone(),
        ];
        for filter in one_by_one {
            let chosen = page(&db, &filter, Paging::first(9)).await;
            assert_eq!(chosen.len(), 1, "{filter:?}");
            assert_eq!(chosen[0].source, "ids", "{filter:?}");
        }
        for (filter, expected) in [
            (AlertFilter { assigned: Some(Assigned::ToNobody), ..none.clone() }, 6),
            (AlertFilter { overdue: Some(false), ..none.clone() }, 6),
            (AlertFilter { from: Some(at(44)), ..none.clone() }, 6),
            (AlertFilter { channels: vec!["C1".to_owned(), "C9".to_owned()], ..none.clone() }, 7),
            (AlertFilter { sources: vec!["slack".to_owned()], ..whole }, 0),
        ] {
            assert_eq!(page(&db, &filter, Paging::first(9)).await.len(), expected, "{filter:?}");
        }
    }

    async fn what_is_asked_for_is_data_and_no_statement(db: TestDb) {
        raise(&db, 0..3).await;
        for text in ["' OR 1=1 --", "\"; DROP TABLE alerts; --", "%", "\\", "C1') OR ('1'='1", "$1", "?"] {
            let list = vec![text.to_owned()];
            let none = AlertFilter::default();
            for filter in [
                AlertFilter { sources: list.clone(), ..none.clone() },
                AlertFilter { channels: list.clone(), ..none.clone() },
                AlertFilter { users: list.clone(), workspaces: list, ..none.clone() },
            ] {
                assert_eq!(page(&db, &filter, Paging::first(9)).await, [], "{text}");
            }
            let search = Search::parse(&format!("nowhere {text}"));
            assert_eq!(page(&db, &AlertFilter { search, ..none }, Paging::first(9)).await, [], "{text}");
        }
        assert_eq!(count(&db, "alerts"), 3);
    }

    async fn activity_and_occurrences_come_in_pages_from_either_end(db: TestDb) {
        raise(&db, 4..5).await;
        let id = page(&db, &AlertFilter::default(), Paging::first(1)).await[0].id;
        db.write(move |c| {
            for n in 0..9 {
                let said = alerts::NewActivity {
                    alert: id, by: None, kind: "comment", text: Some(n.to_string()), data: serde_json::json!({}),
                };
                alerts::note(c, &[said], at(n))?;
            }
            Ok(())
        }).await;
        for (order, expected) in [
            (alerts::ActivityOrder::OldestFirst, "012345678"), (alerts::ActivityOrder::NewestFirst, "876543210"),
        ] {
            let (mut said, mut after) = (String::new(), None);
            loop {
                let found = db.read(move |c| alerts::activity(c, id, order, Paging { after, limit: 4 })).await;
                assert_eq!(found.total, 9);
                let Some(last) = found.items.last() else { break };
                after = Some(last.id.as_uuid().into());
                said.extend(found.items.iter().map(|one| one.text.clone().unwrap()));
            }
            assert_eq!(said, expected);
        }
        let seen = db.read(move |c| alerts::occurrences(c, id, Paging::first(3))).await;
        assert_eq!((seen.items.len(), seen.total), (3, 5));
        assert!(seen.items.is_sorted_by_key(|one| std::cmp::Reverse(one.id)));
    }
}

/// Alerts as they are after a year: most are closed, few have what is searched for.
const A_YEAR: &str = "\
INSERT INTO alerts (id, status, severity, source, title, info_type, policy_id, workspace_id, channel_id, user_id,
    occurrences, first_seen_at, last_seen_at, assignee, due_at, reopened, version, words)
SELECT gen_random_uuid(), CASE WHEN n % 50 = 0 THEN 1 WHEN n % 50 = 1 THEN 2 ELSE 3 + n % 2 END, 1 + n % 5,
    CASE WHEN n % 100 = 0 THEN 'ids' ELSE 'slack' END, 'title', 'TYPE_' || n % 40,
    md5((n % 9)::text)::uuid, 'T' || n % 3, 'C' || n % 200, 'U' || n % 500, 1 + n % 60,
    now() - n * interval '25 minutes', now() - n * interval '20 minutes',
    CASE WHEN n % 20 = 0 THEN md5((n % 7)::text)::uuid END,
    CASE WHEN n % 4 > 0 THEN now() - n * interval '15 minutes' END, 0, 1,
    (CASE WHEN n % 5000 = 0 THEN 'needle ' ELSE '' END || 'word' || n % 3000 || ' card')::tsvector
FROM generate_series(1, 20000) AS n";

fn main_filters() -> Vec<AlertFilter> {
    let none = AlertFilter::default();
    let named = |name: &str| vec![name.to_owned()];
    let week = SystemClock.now() - DAY * 7;
    vec![
        none.clone(),
        AlertFilter {
            statuses: vec![AlertStatus::Open],
            ..none.clone()
        },
        AlertFilter {
            statuses: vec![AlertStatus::Open, AlertStatus::Acknowledged],
            ..none.clone()
        },
        AlertFilter {
            severities: vec![Severity::High, Severity::Critical],
            ..none.clone()
        },
        AlertFilter {
            sources: named("ids"),
            ..none.clone()
        },
        AlertFilter {
            info_types: vec!["TYPE_7".parse().unwrap()],
            ..none.clone()
        },
        AlertFilter {
            policies: vec![PolicyId::fresh()],
            ..none.clone()
        },
        AlertFilter {
            workspaces: named("T2"),
            ..none.clone()
        },
        AlertFilter {
            channels: named("C7"),
            ..none.clone()
        },
        AlertFilter {
            users: named("U7"),
            ..none.clone()
        },
        AlertFilter {
            assigned: Some(Assigned::To(UserId::fresh())),
            ..none.clone()
        },
        AlertFilter {
            assigned: Some(Assigned::ToNobody),
            ..none.clone()
        },
        AlertFilter {
            from: Some(week),
            ..none.clone()
        },
        AlertFilter {
            until: Some(week),
            ..none.clone()
        },
        AlertFilter {
            overdue: Some(true),
            ..none.clone()
        },
        AlertFilter {
            overdue: Some(false),
            ..none.clone()
        },
        AlertFilter {
            search: Search::parse("needle"),
            ..none
        },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_serves_every_order_and_every_filter() {
    let db = TestDb::migrated(Kind::Postgres).await;
    execute(&db, A_YEAR);
    execute(&db, "ANALYZE alerts");
    for filter in main_filters() {
        for ordering in orderings() {
            let filter = AlertFilter {
                ordering,
                ..filter.clone()
            };
            let asked = filter.clone();
            let plan = db
                .read(move |c| alerts::explain(c, &asked, Paging::first(51)))
                .await
                .join("\n");
            assert!(plan.contains("Index"), "{filter:?}\n{plan}");
            // The rows near by are half of a table as small as this.
            let (near, indexed) = plan.split_at(plan.rfind("Limit").unwrap());
            let near = if filter.search.is_some() { "" } else { near };
            for plan in [near, indexed] {
                assert!(!plan.contains("Seq Scan"), "{filter:?}\n{plan}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_far_behind_begins_in_the_index_and_is_not_counted_off() {
    let db = TestDb::migrated(Kind::Postgres).await;
    execute(&db, A_YEAR);
    execute(&db, "ANALYZE alerts");
    for ordering in orderings() {
        let first = page(&db, &ordered(ordering), Paging::first(100)).await;
        let after = first.last().map(|last| alerts::place(ordering, last));
        let paging = Paging { after, limit: 51 };
        let plan = db
            .read(move |c| alerts::explain(c, &ordered(ordering), paging))
            .await
            .join("\n");
        assert!(
            plan.contains("Index Cond: (") && plan.contains("ROW("),
            "{ordering:?}\n{plan}"
        );
        assert!(!plan.contains("Sort"), "{ordering:?}\n{plan}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_a_long_list_stops() {
    let db = TestDb::migrated(Kind::Postgres).await;
    execute(&db, A_YEAR);
    let (filter, paging) = (AlertFilter::default(), Paging::first(1));
    let found = db.read(move |c| alerts::list(c, &filter, paging)).await;
    assert_eq!(found.total, u64::from(COUNTED));
    let rare = AlertFilter {
        search: Search::parse("need"),
        ..AlertFilter::default()
    };
    assert_eq!(
        db.read(move |c| alerts::list(c, &rare, Paging::first(1)))
            .await
            .total,
        4
    );
}
