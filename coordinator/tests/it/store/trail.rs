//! Claims about proving the trail, signing it, and giving up its beginning.

use std::sync::Arc;

use coordinator::domain::chain::{Break, BreakKind};
use coordinator::store::audit::{self, Checkpoint, NewAuditEvent};
use coordinator::store::clock;
use coordinator::trail::{self, Scope, Verdict};
use serde_json::json;
use shared::clock::{SharedClock, SystemClock};
use shared::seal::{KeyRing, Signer};

use super::schema::{count, execute};
use crate::support::db::{TestDb, on_both};

fn signer() -> Signer {
    Signer::new(&KeyRing::generate().unwrap()).unwrap()
}

async fn notes(db: &TestDb, count: usize) {
    db.write(move |c| {
        let note = |n| NewAuditEvent::deed("note", None, "s".to_owned(), json!({ "n": n }));
        audit::append(c, (0..count).map(note));
        Ok(())
    })
    .await;
}

async fn sign(db: &TestDb, signer: &Signer) -> Checkpoint {
    let signer = signer.clone();
    db.write(move |c| {
        let checkpoint = trail::checkpoint_of(&audit::head(c)?, &signer, clock::now(c)?);
        assert!(audit::add_checkpoint(c, &checkpoint)?);
        Ok(checkpoint)
    })
    .await
}

async fn verdict_after(db: &TestDb, signer: &Signer, after: Option<u64>) -> Verdict {
    let clock: SharedClock = Arc::new(SystemClock);
    let scope = Scope {
        after,
        at_most: None,
    };
    trail::verify(&db.store, signer.verifier(), scope, &clock)
        .await
        .unwrap()
}

async fn broken(db: &TestDb, signer: &Signer) -> Option<(u64, &'static str)> {
    let found = verdict_after(db, signer, None).await.broken;
    found.map(|Break { seq, kind }| (seq, kind.as_str()))
}

/// Cuts the end off, from an entry on, and makes the head fit: as who has the database can.
fn cut_off(db: &TestDb, seq: u64) {
    execute(db, &format!("DELETE FROM audit_events WHERE seq >= {seq}"));
    let last = seq - 1;
    let hash = format!("(SELECT hash FROM audit_events WHERE seq = {last})");
    execute(
        db,
        &format!("UPDATE audit_head SET seq = {last}, hash = {hash}"),
    );
}

on_both! {
    async fn a_trail_that_nobody_touched_is_proved_to_its_end(db: TestDb) {
        let signer = signer();
        notes(&db, 5).await;
        sign(&db, &signer).await;
        notes(&db, 3).await;
        let expected = Verdict {
            from: 1, to: 8, checkpoints: 1, signed_to: 5, complete: true, broken: None,
        };
        assert_eq!(verdict_after(&db, &signer, None).await, expected);
        assert_eq!(verdict_after(&db, &signer, Some(7)).await, Verdict { from: 6, ..expected });
        assert_eq!(verdict_after(&db, &signer, Some(4)).await, expected);
    }

    async fn an_empty_trail_holds(db: TestDb) {
        let verdict = verdict_after(&db, &signer(), None).await;
        assert_eq!((verdict.to, verdict.complete, verdict.broken), (0, true, None));
    }

    async fn an_end_that_was_cut_off_shows_by_the_head_or_by_a_checkpoint(db: TestDb) {
        let signer = signer();
        notes(&db, 5).await;
        execute(&db, "DELETE FROM audit_events WHERE seq = 5");
        assert_eq!(broken(&db, &signer).await, Some((5, "missing")));
        cut_off(&db, 5);
        assert_eq!(broken(&db, &signer).await, None);
        notes(&db, 1).await;
        sign(&db, &signer).await;
        cut_off(&db, 4);
        assert_eq!(broken(&db, &signer).await, Some((4, "missing")));
    }

    async fn entries_written_anew_do_not_fit_what_was_signed(db: TestDb) {
        let signer = signer();
        notes(&db, 5).await;
        sign(&db, &signer).await;
        cut_off(&db, 3);
        notes(&db, 3).await;
        assert_eq!(broken(&db, &signer).await, Some((5, "forged")));
    }

    async fn who_has_the_database_cannot_sign(db: TestDb) {
        let (ours, theirs) = (signer(), signer());
        notes(&db, 5).await;
        sign(&db, &theirs).await;
        assert_eq!(broken(&db, &ours).await, Some((5, "bad_signature")));
    }

    async fn a_head_that_was_altered_shows(db: TestDb) {
        let signer = signer();
        notes(&db, 5).await;
        execute(&db, "UPDATE audit_head SET hash = (SELECT hash FROM audit_events WHERE seq = 2)");
        assert_eq!(broken(&db, &signer).await, Some((5, "forged")));
    }

    async fn a_beginning_that_was_given_up_leaves_a_trail_that_holds(db: TestDb) {
        let signer = signer();
        notes(&db, 6).await;
        let first = sign(&db, &signer).await;
        notes(&db, 6).await;
        sign(&db, &signer).await;
        let just_after = first.at + chrono::TimeDelta::microseconds(1);
        assert_eq!(trail::prune(&db.store, &signer, first.at).await.unwrap(), None);
        assert_eq!(trail::prune(&db.store, &signer, just_after).await.unwrap(), Some(6));
        assert_eq!(trail::prune(&db.store, &signer, just_after).await.unwrap(), None);
        // Before they are deleted, and after.
        for _ in 0..2 {
            let verdict = verdict_after(&db, &signer, None).await;
            assert_eq!((verdict.from, verdict.to, verdict.broken), (7, 13, None));
            while trail::drop_pruned(&db.store).await.unwrap() {}
        }
        assert_eq!(count(&db, "audit_events"), 7);
        assert_eq!(count(&db, "audit_checkpoints"), 2);
        let page = db.read(|c| audit::list(c, &audit::AuditFilter::default(), coordinator::store::Paging::first(9)));
        assert_eq!(page.await.total, 7);
    }

    async fn a_beginning_that_somebody_took_away_is_told_from_one_that_was_given_up(db: TestDb) {
        let signer = signer();
        notes(&db, 6).await;
        sign(&db, &signer).await;
        notes(&db, 2).await;
        execute(&db, "DELETE FROM audit_events WHERE seq <= 6");
        assert_eq!(broken(&db, &signer).await, Some((1, "missing")));
        execute(&db, "UPDATE audit_head SET pruned = 6");
        assert_eq!(broken(&db, &signer).await, Some((1, "missing")));
    }

    async fn nothing_is_given_up_to_a_checkpoint_that_was_forged(db: TestDb) {
        let (ours, theirs) = (signer(), signer());
        notes(&db, 6).await;
        let forged = sign(&db, &theirs).await;
        let later = forged.at + chrono::TimeDelta::days(1);
        assert_eq!(trail::prune(&db.store, &ours, later).await.unwrap(), None);
        assert_eq!(count(&db, "audit_events"), 6);
    }
}

#[test]
fn every_kind_of_break_has_a_word_of_its_own() {
    let kinds = [
        BreakKind::Altered,
        BreakKind::Missing,
        BreakKind::Reordered { found_at: 1 },
        BreakKind::Forged,
        BreakKind::BadSignature,
    ];
    let words: std::collections::HashSet<_> = kinds.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(words.len(), kinds.len());
}
