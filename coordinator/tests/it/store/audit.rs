//! Claims about the audit trail: one chain, whoever writes, and every change of it shows.
//!
//! **Invariant:** tampering goes around the store, as whoever tampers would.

use coordinator::domain::chain::{Break, BreakKind, ChainHash, Walk};
use coordinator::store::audit::{self, AuditEvent, AuditFilter, NewAuditEvent};
use coordinator::store::words::Search;
use coordinator::store::{Conn, Paging, Position, StoreError, StoreResult};
use serde_json::json;
use shared::ids::{AuditEventId, UserId};

use super::schema::execute;
use crate::support::db::{TestDb, on_both};

fn note(n: usize) -> NewAuditEvent {
    let data = json!({"n": n, "z": {"b": 1.50, "a": [null, "\u{0}"]}});
    NewAuditEvent::deed("note", None, format!("s{n}"), data)
}

async fn notes(db: &TestDb, count: usize) {
    db.write(move |c| {
        audit::append(c, (0..count).map(note));
        Ok(())
    })
    .await;
}

fn all(conn: &mut Conn) -> StoreResult<Vec<AuditEvent>> {
    let mut entries = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry: &AuditEvent| entry.seq);
        let segment = audit::segment(conn, after, 7)?;
        if segment.is_empty() {
            return Ok(entries);
        }
        entries.extend(segment);
    }
}

fn judge(entries: &[AuditEvent]) -> Option<Break> {
    let mut walk = Walk::behind(0, ChainHash::GENESIS);
    for entry in entries {
        walk.step(&entry.link(), &entry.hash);
    }
    walk.broken()
}

async fn verdict(db: &TestDb) -> Option<Break> {
    judge(&db.read(all).await)
}

on_both! {
    async fn entries_that_are_chained_at_once_tell_their_places_and_go_with_their_transaction(db: TestDb) {
        let places = db.write(|c| {
            let new = [note(0), note(1)];
            let ids = new.clone().map(|entry| entry.id);
            audit::append_now(c, new)?;
            let place = |id| audit::get(c, id).map(|entry| entry.map(|entry| entry.seq));
            ids.into_iter().map(place).collect::<StoreResult<Vec<_>>>()
        }).await;
        assert_eq!(places, [Some(1), Some(2)]);
        let failed = db.store.write(|c| {
            audit::append_now(c, [note(2)])?;
            Err::<(), _>(StoreError::Busy)
        });
        assert_eq!(failed.await, Err(StoreError::Busy));
        notes(&db, 1).await;
        assert_eq!(db.read(all).await.len(), 3);
        assert_eq!(verdict(&db).await, None);
    }

    async fn entries_form_a_chain_that_ends_at_the_head(db: TestDb) {
        for _ in 0..3 {
            notes(&db, 10).await;
        }
        let entries = db.read(all).await;
        assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());
        assert!(entries.is_sorted_by_key(|entry| entry.at));
        assert_eq!(judge(&entries), None);
        let head = db.read(audit::head).await;
        assert_eq!((head.seq, head.hash), (30, entries[29].hash));
        assert_eq!(entries[0].variant_data, "{\"n\":0,\"z\":{\"a\":[null,\"\u{fffd}\"],\"b\":1.5}}");
    }

    async fn however_many_write_at_once_there_is_one_chain(db: TestDb) {
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let store = db.store.clone();
            writers.spawn(async move {
                for n in 0..20 {
                    let done = store.write(move |c| {
                        audit::append(c, (0..n % 4).map(note));
                        Ok(())
                    });
                    done.await.unwrap();
                }
            });
        }
        writers.join_all().await;
        let entries = db.read(all).await;
        assert_eq!(entries.len(), 6 * 30);
        assert_eq!(judge(&entries), None);
    }

    async fn a_deed_that_fails_is_not_in_the_chain(db: TestDb) {
        notes(&db, 1).await;
        let failed: StoreResult<()> = db.store.write(|c| {
            audit::append(c, [note(1)]);
            Err(StoreError::Conflict)
        }).await;
        assert_eq!(failed, Err(StoreError::Conflict));
        notes(&db, 1).await;
        assert_eq!(db.read(audit::head).await.seq, 2);
        assert_eq!(verdict(&db).await, None);
    }

    async fn an_entry_outside_of_a_transaction_is_refused(db: TestDb) {
        let refused = db.store.read(|c| {
            audit::append(c, [note(1)]);
            Ok(())
        }).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
        notes(&db, 1).await;
        assert_eq!(db.read(audit::head).await.seq, 1);
    }

    async fn whatever_is_changed_of_an_entry_shows(db: TestDb) {
        notes(&db, 6).await;
        for (column, value) in [
            ("event_type", "'x'"),
            ("user_id", "'x'"),
            ("subject", "NULL"),
            ("recorded_by", "''"),
            ("variant_data", "variant_data || ' '"),
        ] {
            assert_eq!(verdict(&db).await, None);
            execute(&db, "CREATE TABLE kept AS SELECT * FROM audit_events WHERE seq = 4");
            execute(&db, &format!("UPDATE audit_events SET {column} = {value} WHERE seq = 4"));
            assert_eq!(verdict(&db).await, Some(Break { seq: 4, kind: BreakKind::Altered }), "{column}");
            execute(&db, &format!("UPDATE audit_events SET {column} = (SELECT {column} FROM kept) WHERE seq = 4"));
            execute(&db, "DROP TABLE kept");
        }
    }

    async fn an_entry_that_is_taken_away_shows(db: TestDb) {
        notes(&db, 6).await;
        execute(&db, "DELETE FROM audit_events WHERE seq = 3");
        assert_eq!(verdict(&db).await, Some(Break { seq: 3, kind: BreakKind::Missing }));
    }

    async fn entries_that_changed_places_show(db: TestDb) {
        notes(&db, 9).await;
        for (from, to) in [(2, 100), (7, 2), (100, 7)] {
            execute(&db, &format!("UPDATE audit_events SET seq = {to} WHERE seq = {from}"));
        }
        let kind = BreakKind::Reordered { found_at: 7 };
        assert_eq!(verdict(&db).await, Some(Break { seq: 2, kind }));
    }

    async fn the_trail_is_listed_by_type_person_time_and_words(db: TestDb) {
        let by = UserId::fresh();
        let entry = |event_type: &str, user: Option<UserId>, text: &str| {
            NewAuditEvent::deed(event_type, user, "s".to_owned(), json!({"text": text}))
        };
        let entries = [
            entry("a", Some(by), "Port-Scan of db-1"),
            entry("b", Some(by), "portal opened"),
            entry("a", None, "nothing' OR 1=1 --"),
        ];
        let newest: AuditEventId = entries[2].id;
        db.write(move |c| { audit::append(c, entries); Ok(()) }).await;
        let list = async |filter: AuditFilter| {
            db.read(move |c| audit::list(c, &filter, Paging::first(9))).await
        };
        let of_type = AuditFilter { event_type: Some("a".to_owned()), ..AuditFilter::default() };
        let page = list(of_type.clone()).await;
        assert_eq!((page.total, page.items[0].id), (2, newest));
        let of_user = AuditFilter { user_id: Some(by.to_string()), ..AuditFilter::default() };
        assert_eq!(list(of_user).await.total, 2);
        let at = page.items[0].at;
        assert_eq!(list(AuditFilter { from: Some(at), ..AuditFilter::default() }).await.total, 3);
        assert_eq!(list(AuditFilter { until: Some(at), ..AuditFilter::default() }).await.total, 0);
        for (text, expected) in [
            ("port", 2), ("PORT scan", 1), ("db-1", 1), ("ort", 0), ("' OR 1=1 --", 1), ("%", 3), (&by.to_string(), 2),
        ] {
            let filter = AuditFilter { search: Search::parse(text), ..AuditFilter::default() };
            assert_eq!(list(filter).await.total, expected, "{text}");
        }
        let second = Paging { after: Some(Position { key: 3, id: newest.as_uuid() }), limit: 1 };
        let page = db.read(move |c| audit::list(c, &AuditFilter::default(), second)).await;
        assert_eq!((page.total, page.items[0].seq), (3, 2));
    }
}
