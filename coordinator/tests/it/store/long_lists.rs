//! Claims about lists that are long: an index serves them, and both ways of searching find the same.
//!
//! Lists of alerts have claims of their own, in `alert_lists`.

use chrono::{DateTime, TimeDelta, Utc};
use coordinator::store::audit::{self, AuditFilter};
use coordinator::store::events::{self, EventFilter};
use coordinator::store::messages::{self, MessageFilter};
use coordinator::store::words::Search;
use coordinator::store::{COUNTED_BY_FETCHING, Paging, Position};
use shared::clock::{Clock as _, SystemClock};
use shared::finding::Severity;
use uuid::Uuid;

use super::schema::execute;
use crate::support::db::{Kind, TestDb};

/// A trail whose newest twenty thousand entries have common words, and whose oldest have a rare one.
const A_TRAIL: &str = "\
INSERT INTO audit_events (seq, id, at, event_type, user_id, subject, variant_data, hash, words)
SELECT n, gen_random_uuid(), now() - (60000 - n) * interval '1 minute', 'type.' || n % 30, 'user-' || n % 500,
    'subject-' || n % 5000, '{}', sha256('x'), ('common word' || n % 3000 ||
    CASE WHEN n % 7 = 0 AND n < 40000 THEN ' seventh' ELSE '' END ||
    CASE WHEN n % 9000 = 0 THEN ' needle' ELSE '' END)::tsvector
FROM generate_series(1, 60000) AS n";

const EVENTS: &str = "\
INSERT INTO security_events (id, source, event_type, severity, description, data, created_at, words)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'source-' || n % 40, 'type-' || n % 30,
    1 + n % 5, '', '{}', now() - (60000 - n) * interval '1 minute', ('common word' || n % 3000 ||
    CASE WHEN n % 7 = 0 AND n < 40000 THEN ' seventh' ELSE '' END ||
    CASE WHEN n % 9000 = 0 THEN ' needle' ELSE '' END)::tsvector
FROM generate_series(1, 60000) AS n";

const JOBS: &str = "\
INSERT INTO scan_jobs (id, workspace_id, class, origin, state, wire_version, detector_set, attempt, due_at, created_at,
    channel_id, user_id, external, caught)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'T' || n % 3, 1, 1, 2, 1, 'set', 0, now(), now(),
    'C' || n % 200, 'U' || n % 500, FALSE, n % 50 = 0
FROM generate_series(1, 60000) AS n";

const RESULTS: &str = "\
INSERT INTO scan_results (job_id, detector_set, outcome, finding_count, scan_us, scanned_bytes, committed_at)
SELECT id, 'set', 1, CASE WHEN caught THEN 1 ELSE 0 END, 1, 1, now() FROM scan_jobs";

async fn filled() -> TestDb {
    let db = TestDb::migrated(Kind::Postgres).await;
    for rows in [A_TRAIL, EVENTS, JOBS, RESULTS] {
        execute(&db, rows);
    }
    execute(&db, "ANALYZE");
    db
}

/// What no list may do: read a whole table. What a common word is never looked up by is left out.
fn assert_served(plan: &[String], asked: &str) {
    let mut plan = plan.join("\n");
    if COMMON
        .iter()
        .any(|word| asked.contains(&format!("{{\"{word}\"}}")))
    {
        plan.truncate(plan.rfind("Limit").unwrap());
    }
    assert!(plan.contains("Index"), "{asked}\n{plan}");
    assert!(!plan.contains("Seq Scan"), "{asked}\n{plan}");
}

/// In every row.
const COMMON: [&str; 2] = ["common", "c"];

fn searches() -> Vec<Option<Search>> {
    let rare = ["word7", "needle", "common needle"];
    COMMON
        .iter()
        .chain(&rare)
        .map(|words| Search::parse(words))
        .collect()
}

fn trail_filters() -> Vec<AuditFilter> {
    let (none, week): (AuditFilter, DateTime<Utc>) = (
        AuditFilter::default(),
        SystemClock.now() - TimeDelta::days(7),
    );
    let by = |user: &str| AuditFilter {
        user_id: Some(user.to_owned()),
        ..AuditFilter::default()
    };
    let mut filters = vec![
        none.clone(),
        by("user-7"),
        AuditFilter {
            event_type: Some("type.7".to_owned()),
            ..by("user-7")
        },
        AuditFilter {
            event_type: Some("type.7".to_owned()),
            ..none.clone()
        },
        AuditFilter {
            subject: Some("subject-7".to_owned()),
            ..none.clone()
        },
        AuditFilter {
            from: Some(week),
            ..none.clone()
        },
        AuditFilter {
            until: Some(week),
            ..none
        },
    ];
    filters.extend(searches().into_iter().map(|search| AuditFilter {
        search,
        ..AuditFilter::default()
    }));
    filters
}

fn event_filters() -> Vec<EventFilter> {
    let none = EventFilter::default();
    let mut filters = vec![
        none.clone(),
        EventFilter {
            source: Some("source-7".to_owned()),
            ..none.clone()
        },
        EventFilter {
            event_type: Some("type-7".to_owned()),
            ..none.clone()
        },
        EventFilter {
            severities: vec![Severity::Critical],
            ..none.clone()
        },
        EventFilter {
            until: Some(SystemClock.now() - TimeDelta::days(7)),
            ..none
        },
    ];
    filters.extend(searches().into_iter().map(|search| EventFilter {
        search,
        ..EventFilter::default()
    }));
    filters
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_serves_every_list() {
    let db = filled().await;
    let deep = Position {
        key: 30_000,
        id: Uuid::from_u128(0x7000_8000_0000_0000_7530),
    };
    for after in [None, Some(deep)] {
        let paging = Paging { after, limit: 51 };
        for filter in trail_filters() {
            let asked = format!("{filter:?}");
            let plan = db.read(move |c| audit::explain(c, &filter, paging)).await;
            assert_served(&plan, &asked);
        }
        for filter in event_filters() {
            let asked = format!("{filter:?}");
            let plan = db.read(move |c| events::explain(c, &filter, paging)).await;
            assert_served(&plan, &asked);
        }
        for (channel, user) in [
            (None, None),
            (Some("C50".to_owned()), None),
            (None, Some("U50".to_owned())),
        ] {
            let filter = MessageFilter {
                workspace: None,
                channel_id: channel,
                user_id: user,
            };
            let asked = format!("{filter:?}");
            let plan = db
                .read(move |c| messages::explain(c, &filter, paging))
                .await;
            let plan = plan.join("\n");
            assert!(plan.contains("scan_jobs_caught"), "{asked}\n{plan}");
        }
    }
}

/// Some words fill a page of the nearest rows, some stand only behind them, and some are rare everywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_the_newest_rows_wherever_they_stand() {
    let db = filled().await;
    for (word, expected, total) in [
        (
            "common",
            (0..51).map(|n| 60_000 - n).collect::<Vec<i64>>(),
            100,
        ),
        ("seventh", (0..51).map(|n| 39_998 - 7 * n).collect(), 100),
        ("needle", (0..6).map(|n| 54_000 - 9_000 * n).collect(), 6),
        (
            "word2999",
            (1..=20).rev().map(|n| 3_000 * n - 1).collect(),
            20,
        ),
    ] {
        let search = Search::parse(word);
        let filter = AuditFilter {
            search: search.clone(),
            ..AuditFilter::default()
        };
        let found = db
            .read(move |c| audit::list(c, &filter, Paging::first(51)))
            .await;
        let places: Vec<i64> = found
            .items
            .iter()
            .map(|it| i64::try_from(it.seq).unwrap())
            .collect();
        assert_eq!((places, found.total), (expected.clone(), total), "{word}");
        let filter = EventFilter {
            search,
            ..EventFilter::default()
        };
        let found = db
            .read(move |c| events::list(c, &filter, Paging::first(51)))
            .await;
        let places: Vec<i64> = found
            .items
            .iter()
            .map(|it| i64::try_from(it.id.as_uuid().as_u128() & 0xffff_ffff).unwrap())
            .collect();
        assert_eq!((places, found.total), (expected, total), "{word}");
    }
    assert_eq!(COUNTED_BY_FETCHING, 100);
}

/// A cursor near the end leaves fewer rows than are walked; the number is that of the whole list all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_pages_of_a_search_know_how_long_the_list_is() {
    let db = filled().await;
    for (below, expected) in [(9_001, vec![9_000]), (9_000, Vec::new())] {
        let filter = AuditFilter {
            search: Search::parse("needle"),
            ..AuditFilter::default()
        };
        let after = Some(Position {
            key: below,
            id: Uuid::nil(),
        });
        let found = db
            .read(move |c| audit::list(c, &filter, Paging { after, limit: 51 }))
            .await;
        let places: Vec<u64> = found.items.iter().map(|it| it.seq).collect();
        assert_eq!((places, found.total), (expected, 6));
    }
}
