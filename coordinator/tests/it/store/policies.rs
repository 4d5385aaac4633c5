//! Claims about policies: their list, the default ones, and what follows from a decision.
//!
//! **Invariant:** the order of the list is the order in which policies decide.

use std::time::Duration;

use chrono::{DateTime, Utc};
use coordinator::domain::policy::replay::Replay;
use coordinator::domain::policy::{
    Action, Audience, ChannelType, InForce, Policy, PolicyMode, Recipients, catch_all, defaults,
};
use coordinator::replays::Replays;
use coordinator::store::jobs::{NewJob, Place};
use coordinator::store::outbox::{self, NewAction, Notice, StoredAction};
use coordinator::store::policies::{self, PolicyFilter};
use coordinator::store::words::Search;
use coordinator::store::{Paging, Position, clock, jobs, replay, results, violations};
use shared::finding::Severity;
use shared::ids::{ActionId, AlertId, JobId, PolicyId, UserId, WorkspaceId};
use shared::seal::{KeyRing, Purpose, Sealer};

use super::schema::{count, execute};
use crate::support::db::{TestDb, on_both};
use crate::support::rows::{alert, api_job, clean, job, leak, workspace};

fn named(name: &str, priority: i32, mode: PolicyMode) -> Policy {
    Policy {
        name: name.to_owned(),
        priority,
        mode,
        ..catch_all()
    }
}

async fn add(db: &TestDb, policy: Policy) -> PolicyId {
    let id = PolicyId::fresh();
    db.write(move |c| policies::insert(c, id, &policy, None))
        .await;
    id
}

async fn names(db: &TestDb, filter: PolicyFilter) -> Vec<String> {
    let page = db
        .read(move |c| policies::page(c, &filter, Paging::first(100)))
        .await;
    assert_eq!(page.total, page.items.len() as u64);
    page.items
        .into_iter()
        .map(|policy| policy.spec.0.name)
        .collect()
}

/// A leak with a mail to be told of its alert.
fn told(id: JobId, key: &str, sealer: &Sealer) -> results::NewResult {
    let mut new = clean(id);
    let raised = alert(key, id, Severity::High);
    new.notices = vec![Notice {
        action: NewAction {
            id: ActionId::fresh(),
            action_key: format!("mail/{id}"),
            kind: "mail".to_owned(),
            target: None,
            alert: Some(raised.id),
            workspace: workspace(),
            lane: None,
            payload: Vec::new(),
            due_in: Duration::ZERO,
        },
        to: Recipients(vec!["security@example.test".to_owned()]),
        sealer: sealer.clone(),
    }];
    new.alerts = vec![raised];
    new
}

async fn commit(db: &TestDb, made: Vec<NewJob>, batch: Vec<results::NewResult>) {
    db.write(move |c| {
        jobs::insert(c, &made)?;
        results::commit(c, &batch)
    })
    .await;
}

async fn mails(db: &TestDb) -> Vec<(StoredAction, Option<Vec<u8>>)> {
    db.write(|c| outbox::claim(c, &["mail"], 100, Duration::from_hours(9)))
        .await
}

fn long_ago() -> DateTime<Utc> {
    DateTime::from_timestamp(1_600_000_000, 0).unwrap()
}

on_both! {
    async fn the_default_policies_are_made_once_and_not_again_after_deletion(db: TestDb) {
        assert!(db.write(policies::make_defaults).await);
        let stored = db.read(policies::list).await;
        let specs: Vec<Policy> = stored.iter().map(|policy| policy.spec.0.clone()).collect();
        assert_eq!(specs, defaults());
        for policy in stored {
            assert!(db.write(move |c| policies::delete(c, policy.id, 1)).await);
        }
        assert!(!db.write(policies::make_defaults).await);
        assert_eq!(db.read(policies::list).await, []);
        assert_eq!(count(&db, "audit_events WHERE event_type = 'policy.created'"), 5);
    }

    async fn coordinators_that_start_together_make_them_once(db: TestDb) {
        let mut starts = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let store = db.store.clone();
            starts.spawn(async move { store.write(policies::make_defaults).await.unwrap() });
        }
        let made = starts.join_all().await.into_iter().filter(|made| *made).count();
        assert_eq!((made, count(&db, "policies")), (1, 5));
    }

    async fn a_policy_changed_since_is_neither_overwritten_nor_deleted(db: TestDb) {
        let id = add(&db, catch_all()).await;
        let by = UserId::fresh();
        let changed = named("changed", 5, PolicyMode::Enforce);
        let (expected, late) = (changed.clone(), catch_all());
        assert!(db.write(move |c| policies::update(c, id, &changed, 1, Some(by))).await);
        assert!(!db.write(move |c| policies::update(c, id, &late, 1, None)).await);
        assert!(!db.write(move |c| policies::delete(c, id, 1)).await);
        let stored = db.read(move |c| policies::get(c, id)).await.unwrap();
        assert_eq!((stored.spec.0, stored.version, stored.updated_by), (expected, 2, Some(by)));
        assert!(db.write(move |c| policies::delete(c, id, 2)).await);
        assert_eq!(db.read(move |c| policies::get(c, id)).await, None);
    }

    async fn of_changes_at_once_one_is_made(db: TestDb) {
        let id = add(&db, catch_all()).await;
        let mut changes = tokio::task::JoinSet::new();
        for at in 0..6 {
            let (store, policy) = (db.store.clone(), named("x", at, PolicyMode::Off));
            changes.spawn(async move {
                store.write(move |c| policies::update(c, id, &policy, 1, None)).await.unwrap()
            });
        }
        let made = changes.join_all().await.into_iter().filter(|made| *made).count();
        let stored = db.read(move |c| policies::get(c, id)).await.unwrap();
        assert_eq!((made, stored.version), (1, 2));
    }

    async fn the_list_is_walked_by_priority_without_a_gap_or_a_repeat(db: TestDb) {
        let mut expected = Vec::new();
        for at in 0..23 {
            let priority = [3, -7, 3, 0, 1_000_000][at % 5];
            let id = add(&db, named("x", priority, PolicyMode::Simulate)).await;
            expected.push((std::cmp::Reverse(priority), id));
        }
        expected.sort_unstable();
        let mut walked = Vec::new();
        let mut after = None;
        loop {
            let paging = Paging { after, limit: 4 };
            let filter = PolicyFilter::default();
            let page = db.read(move |c| policies::page(c, &filter, paging)).await;
            assert_eq!(page.total, 23);
            let Some(last) = page.items.last() else { break };
            after = Some(Position { key: last.spec.0.priority.into(), id: last.id.as_uuid() });
            walked.extend(page.items.iter().map(|policy| policy.id));
        }
        assert_eq!(walked, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
    }

    async fn policies_are_found_by_mode_and_by_the_beginnings_of_words(db: TestDb) {
        add(&db, named("Payment cards", 2, PolicyMode::Enforce)).await;
        add(&db, named("Cards in support", 1, PolicyMode::Off)).await;
        add(&db, named("Ärger", 0, PolicyMode::Off)).await;
        let search = |text: &str| PolicyFilter { search: Search::parse(text), mode: None };
        assert_eq!(names(&db, search("car")).await, ["Payment cards", "Cards in support"]);
        assert_eq!(names(&db, search("SUPP car")).await, ["Cards in support"]);
        assert_eq!(names(&db, search("ärg")).await, ["Ärger"]);
        assert_eq!(names(&db, search("ards")).await, [""; 0]);
        let off = PolicyFilter { mode: Some(PolicyMode::Off), search: Search::parse("cards") };
        assert_eq!(names(&db, off).await, ["Cards in support"]);
    }

    async fn a_search_is_never_part_of_the_statement(db: TestDb) {
        add(&db, named("Cards", 0, PolicyMode::Off)).await;
        for attempt in [
            "' OR 1=1 --", "%", "_", "cards'); DROP TABLE policies; --", "a:* | cards", "!zzz", "\u{0}x",
            "\"]) OR 1=1", "cards & zzz",
        ] {
            let filter = PolicyFilter { search: Search::parse(attempt), mode: None };
            let expected = usize::from(filter.search.is_none());
            assert_eq!(names(&db, filter).await.len(), expected, "{attempt:?}");
        }
        assert_eq!(count(&db, "policies"), 1);
    }

    async fn a_change_of_the_name_is_found_under_the_new_one(db: TestDb) {
        let id = add(&db, named("Former", 0, PolicyMode::Off)).await;
        let renamed = named("Latter", 0, PolicyMode::Off);
        db.write(move |c| policies::update(c, id, &renamed, 1, None)).await;
        let search = |text: &str| PolicyFilter { search: Search::parse(text), mode: None };
        assert_eq!(names(&db, search("former")).await, [""; 0]);
        assert_eq!(names(&db, search("latter")).await, ["Latter"]);
    }

    async fn who_is_told_of_an_alert_is_told_of_the_one_that_stands_for_the_leak(db: TestDb) {
        let ring = KeyRing::generate().unwrap();
        let sealer = Sealer::new(&ring, Purpose::Database).unwrap();
        let made: Vec<NewJob> = (0..3).map(|_| job(&workspace())).collect();
        let [first, again, other] = [made[0].id, made[1].id, made[2].id];
        let batch = vec![told(first, "g", &sealer), told(other, "h", &sealer)];
        let ids: Vec<AlertId> = batch.iter().map(|new| new.alerts[0].id).collect();
        let later = told(again, "g", &sealer);
        commit(&db, made, batch).await;
        commit(&db, Vec::new(), vec![later]).await;
        let mails = mails(&db).await;
        let mut about: Vec<AlertId> = mails.iter().filter_map(|(mail, _)| mail.alert_id).collect();
        about.sort_unstable();
        assert_eq!(about, ids, "a leak that is seen again is no news");
        for (mail, payload) in mails {
            let opened = sealer.open(mail.action_key.as_bytes(), &payload.unwrap()).unwrap();
            let payload: serde_json::Value = serde_json::from_slice(&opened).unwrap();
            let expected = serde_json::json!({
                "template": "alert", "alert": mail.alert_id.unwrap(), "to": ["security@example.test"],
                "event": "alert.opened",
            });
            assert_eq!(payload, expected);
        }
    }

    async fn an_action_that_is_put_off_is_due_that_much_later(db: TestDb) {
        let one = job(&workspace());
        let mut new = leak(one.id, "g");
        new.actions[0].due_in = Duration::from_hours(5);
        commit(&db, vec![one], vec![new]).await;
        let at_once = db.write(|c| outbox::claim(c, &["block"], 9, Duration::ZERO)).await;
        assert_eq!(at_once, []);
        let all = db.read(|c| outbox::list(c, None, Paging::first(9))).await;
        let waits = all.items[0].due_at - all.items[0].created_at;
        assert_eq!(waits.num_hours(), 5);
    }

    async fn of_the_same_action_asked_for_twice_the_one_that_is_due_first_stays(db: TestDb) {
        let one = job(&workspace());
        let mut new = leak(one.id, "g");
        let again = NewAction { id: ActionId::fresh(), ..new.actions[0].clone() };
        new.actions[0].due_in = Duration::from_hours(5);
        new.actions.push(again);
        commit(&db, vec![one], vec![new]).await;
        let due = db.write(|c| outbox::claim(c, &["block"], 9, Duration::ZERO)).await;
        assert_eq!(due.len(), 1);
    }

    async fn what_is_noted_of_a_violation_has_no_address(db: TestDb) {
        let one = job(&workspace());
        let id = one.id;
        let mut new = leak(id, "g");
        let to = Recipients(vec!["canary@example.test".to_owned()]);
        new.violations[0].decision.actions = vec![Action::Mail { to }];
        commit(&db, vec![one], vec![new]).await;
        let noted = db.read(move |c| violations::of_jobs(c, &[id])).await;
        assert_eq!(noted[0].actions.0, [Action::Mail { to: Recipients::default() }]);
    }

    async fn the_past_is_walked_newest_first_as_policies_saw_it(db: TestDb) {
        let mut made: Vec<NewJob> = (0..7).map(|_| job(&workspace())).collect();
        made[6].place = Place {
            channel_type: Some("mpim".to_owned()), bot_id: Some("B1".to_owned()), external: true,
            ..Place::default()
        };
        let mut expected: Vec<JobId> = made.iter().map(|job| job.id).collect();
        expected.reverse();
        let mut batch: Vec<_> = made.iter().map(|job| leak(job.id, "g")).collect();
        let (quiet, api) = (job(&WorkspaceId::new("T2")), api_job());
        batch.extend([clean(quiet.id), leak(api.id, "g")]);
        made.extend([quiet, api]);
        commit(&db, made, batch).await;
        let (mut walked, mut last) = (Vec::new(), None);
        loop {
            let before = last;
            let seen = db.read(move |c| replay::batch(c, long_ago(), before, 3)).await;
            let Some(oldest) = seen.last() else { break };
            last = Some(oldest.job);
            walked.extend(seen);
        }
        assert_eq!(walked.iter().map(|seen| seen.job).collect::<Vec<_>>(), expected);
        assert!(walked.iter().all(|seen| seen.findings.len() == 1));
        let newest = &walked[0].context;
        assert_eq!((newest.channel_type, newest.audience), (Some(ChannelType::GroupDm), Audience::External));
        assert_eq!((newest.bot.as_deref(), newest.user.as_deref()), (Some("B1"), None));
    }

    async fn what_was_suppressed_or_is_too_old_is_left_out(db: TestDb) {
        let made: Vec<NewJob> = (0..2).map(|_| job(&workspace())).collect();
        let ids: Vec<JobId> = made.iter().map(|job| job.id).collect();
        let batch = ids.iter().map(|id| leak(*id, "g")).collect();
        commit(&db, made, batch).await;
        execute(&db, &format!("UPDATE findings SET suppressed_by = id WHERE job_id = '{}'", ids[0]));
        let seen = db.read(|c| replay::batch(c, long_ago(), None, 9)).await;
        let counts: Vec<usize> = seen.iter().map(|seen| seen.findings.len()).collect();
        assert_eq!(counts, [1, 0]);
        let now = db.read(clock::now).await;
        let none = db.read(move |c| replay::batch(c, now, None, 9)).await;
        assert_eq!(none.len(), 0);
    }

    async fn a_replay_says_how_far_it_got(db: TestDb) {
        let made: Vec<NewJob> = (0..5).map(|_| job(&workspace())).collect();
        let ids: Vec<JobId> = made.iter().map(|job| job.id).collect();
        let batch = ids.iter().map(|id| leak(*id, "g")).collect();
        commit(&db, made, batch).await;
        let in_force = || InForce {
            policies: vec![(PolicyId::fresh(), catch_all())],
            ..InForce::default()
        };
        let counts = || Replay::new(in_force(), InForce::default());
        let some = Replays::of_at_most(3).run(&db.store, counts(), 1).await.unwrap();
        assert_eq!(some.counts.newly_caught.examples, [ids[4], ids[3], ids[2]]);
        assert!(some.reached.is_some_and(|reached| reached > some.from && reached < some.until));
        let all = Replays::default().run(&db.store, counts(), 1).await.unwrap();
        assert_eq!((all.counts.messages, all.reached), (5, None));
        assert_eq!(all.counts.draft.violations, 5);
    }
}
