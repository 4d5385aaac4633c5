//! Claims about reading again what was said.
//!
//! **Invariant:** a page counts once, whoever read it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use coordinator::domain::backfill::{Span, Tally};
use coordinator::store::backfills::{
    self, BackfillMode, BackfillReason, BackfillState, NewBackfill, NewPart, PartState, Step,
};
use coordinator::store::{Conn, StoreResult, jobs};
use shared::ids::{BackfillId, WorkspaceId};

use crate::support::db::on_both;
use crate::support::rows;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn new(reason: BackfillReason, (from, until): (i64, i64)) -> NewBackfill {
    NewBackfill {
        id: BackfillId::fresh(),
        workspace: WorkspaceId::new("T1"),
        reason,
        mode: BackfillMode::Enforce,
        again: false,
        span: Span {
            from: at(from),
            until: at(until),
        },
        look_back: Duration::from_secs(100),
        channels: None,
        requested_by: None,
        due_in: Duration::ZERO,
    }
}

fn part(channel: &str, thread: Option<&str>) -> NewPart {
    NewPart {
        channel_id: channel.to_owned(),
        thread_ts: thread.map(str::to_owned),
        kind: Some("channel".to_owned()),
        external: false,
        code: None,
    }
}

fn step(state: PartState, position: &str, covered: i16) -> Step {
    Step {
        state,
        code: None,
        position: Some(position.to_owned()),
        covered,
        messages: 10,
        jobs: 3,
    }
}

/// A backfill whose channels are known.
fn begun(conn: &mut Conn, parts: &[NewPart]) -> StoreResult<BackfillId> {
    let new = new(BackfillReason::Asked, (1_000, 2_000));
    backfills::insert(conn, &new)?;
    let stored = backfills::get(conn, new.id)?.unwrap();
    assert!(backfills::begin(conn, &stored, parts)?);
    assert!(!backfills::begin(conn, &stored, parts)?, "it begins once");
    Ok(new.id)
}

on_both! {
    async fn gaps_that_wait_become_one_and_what_was_asked_for_stays_apart(db: TestDb) {
        let (asked, first, second) = db.write(|c| {
            let asked = new(BackfillReason::Asked, (1_000, 2_000));
            backfills::insert(c, &asked)?;
            let first = backfills::note_gap(c, &new(BackfillReason::NotListened, (3_000, 4_000)))?;
            let second = backfills::note_gap(c, &new(BackfillReason::EventsDropped, (3_500, 5_000)))?;
            Ok((asked.id, first, second))
        }).await;
        assert_eq!(first, second);
        let due = db.read(backfills::due).await;
        assert_eq!(due.iter().map(|one| one.id).collect::<Vec<_>>(), [first, asked], "gaps come first");
        assert_eq!(due[0].span(), Span { from: at(3_000), until: at(5_000) });
        assert_eq!(due[0].look_back_to, at(2_900));
    }

    async fn a_gap_reaches_up_to_when_it_is_read_and_then_another_one_begins(db: TestDb) {
        let (first, second) = db.write(|c| {
            let first = backfills::note_gap(c, &new(BackfillReason::NotListened, (3_000, 4_000)))?;
            let stored = backfills::get(c, first)?.unwrap();
            backfills::begin(c, &stored, &[])?;
            let second = backfills::note_gap(c, &new(BackfillReason::NotListened, (6_000, 7_000)))?;
            Ok((first, second))
        }).await;
        assert_ne!(first, second);
        let read = db.read(move |c| backfills::get(c, first)).await.unwrap();
        assert_eq!((read.state, Some(read.until_at)), (BackfillState::Reading, read.began_at));
    }

    async fn what_is_put_off_is_not_due(db: TestDb) {
        db.write(|c| {
            let new = new(BackfillReason::Asked, (1_000, 2_000));
            backfills::insert(c, &new)?;
            backfills::put_off(c, new.id, "ratelimited", Duration::from_secs(1_000))
        }).await;
        assert_eq!(db.read(backfills::due).await, []);
    }

    async fn a_page_counts_once_whoever_read_it(db: TestDb) {
        let id = db.write(|c| begun(c, &[part("C1", None)])).await;
        let part = db.read(move |c| backfills::next_part(c, id)).await.unwrap();
        let (first, second) = (part.clone(), part);
        let page = || step(PartState::Open, "1500.000000", 500);
        assert!(db.write(move |c| backfills::advance(c, &first, &page())).await);
        assert!(!db.write(move |c| backfills::advance(c, &second, &page())).await);
        let next = db.read(move |c| backfills::next_part(c, id)).await.unwrap();
        assert_eq!((next.messages, next.position.as_deref()), (10, Some("1500.000000")));
        let last = step(PartState::Done, "1000.000000", 1_000);
        assert!(db.write(move |c| backfills::advance(c, &next, &last)).await);
        assert_eq!(db.read(move |c| backfills::next_part(c, id)).await, None);
    }

    async fn channels_and_threads_are_tallied_apart(db: TestDb) {
        let id = db.write(|c| {
            let unreadable = NewPart { code: Some("not_in_channel".to_owned()), ..part("C3", None) };
            let id = begun(c, &[part("C1", None), part("C2", None), unreadable])?;
            backfills::add_parts(c, id, &[part("C1", Some("1100.000000")), part("C1", Some("1200.000000"))])?;
            backfills::add_parts(c, id, &[part("C1", Some("1100.000000"))])?;
            let first = backfills::next_part(c, id)?.unwrap();
            assert_eq!((first.channel_id.as_str(), first.thread()), ("C1", None));
            backfills::advance(c, &first, &step(PartState::Done, "1000.000000", 1_000))?;
            let thread = backfills::next_part(c, id)?.unwrap();
            assert_eq!(thread.thread(), Some("1100.000000"));
            backfills::advance(c, &thread, &step(PartState::Done, "1150.000000", 1_000))?;
            Ok(id)
        }).await;
        let tally = db.read(move |c| backfills::tallies(c, &[id])).await[&id];
        assert_eq!(tally, Tally {
            channels: 3, channels_done: 1, channels_skipped: 1, threads: 2, threads_done: 1, covered: 2_000,
            messages: 20, jobs: 6,
        });
        let skipped = db.read(move |c| backfills::skipped(c, id)).await;
        assert_eq!(skipped[0].code.as_deref(), Some("not_in_channel"));
    }

    async fn a_backfill_ends_once(db: TestDb) {
        let id = db.write(|c| begun(c, &[])).await;
        let cancelled = (BackfillState::Cancelled, None);
        assert!(db.write(move |c| backfills::end(c, id, cancelled, None)).await);
        assert!(!db.write(move |c| backfills::end(c, id, (BackfillState::Done, None), None)).await);
        assert_eq!(db.read(move |c| backfills::get(c, id)).await.unwrap().state, BackfillState::Cancelled);
        assert_eq!(db.read(backfills::due).await, []);
    }

    async fn what_ended_long_ago_is_forgotten_with_its_parts(db: TestDb) {
        let (ended, open) = db.write(|c| {
            let ended = begun(c, &[part("C1", None)])?;
            backfills::end(c, ended, (BackfillState::Done, None), None)?;
            Ok((ended, begun(c, &[part("C1", None)])?))
        }).await;
        let day = Duration::from_hours(24);
        assert_eq!(db.write(move |c| backfills::forget_ended(c, day)).await, 0);
        assert_eq!(db.write(|c| backfills::forget_ended(c, Duration::ZERO)).await, 1);
        assert_eq!(db.read(move |c| backfills::next_part(c, ended)).await, None);
        assert!(db.read(move |c| backfills::next_part(c, open)).await.is_some());
    }

    async fn a_message_is_known_by_when_it_was_scanned_last(db: TestDb) {
        let workspace = WorkspaceId::new("T1");
        let of = |ts: &str, said_at: i64| {
            let mut job = rows::job(&WorkspaceId::new("T1"));
            job.place.channel_id = Some("C1".to_owned());
            job.place.message_ts = Some(ts.to_owned());
            job.place.said_at = Some(at(said_at));
            job
        };
        let made = vec![of("1.000001", 10), of("1.000001", 20), of("2.000001", 30)];
        db.write(move |c| jobs::insert(c, &made)).await;
        let asked = ["1.000001", "2.000001", "3.000001"].map(str::to_owned);
        let scanned = db.read(move |c| jobs::scanned(c, &workspace, "C1", &asked)).await;
        assert_eq!(scanned.len(), 2);
        assert_eq!((scanned["1.000001"], scanned["2.000001"]), (at(20), at(30)));
    }
}
