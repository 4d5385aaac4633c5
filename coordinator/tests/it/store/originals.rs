//! Claims about originals, and who looks at them.
//!
//! **Invariant:** nothing is given out without a row that says to whom and why.

use std::time::Duration;

use coordinator::store::jobs::NewJob;
use coordinator::store::originals::{
    self, MAX_SEALED_BYTES, NewOriginal, NewReveal, REVEALS_AN_HOUR, Revealed, Unseen,
};
use coordinator::store::users::{self, NewUser};
use coordinator::store::{jobs, results};
use shared::ids::{AlertId, JobId, UserId};
use shared::job::JobClass;

use super::schema::{count, execute};
use crate::support::db::{TestDb, on_both};
use crate::support::rows::{job, leak, workspace};

const KEPT: &[u8] = b"sealed anew";

/// Commits a leak whose message is kept; gives its alert.
async fn kept_for(db: &TestDb, made: NewJob, keep: Duration) -> AlertId {
    let mut new = leak(made.id, &format!("g{}", made.id));
    new.original = Some(NewOriginal {
        sealed: KEPT.to_vec(),
        keep,
    });
    let alert = new.alerts[0].id;
    db.write(move |c| {
        jobs::insert(c, &[made])?;
        results::commit(c, &[new])
    })
    .await;
    alert
}

async fn kept(db: &TestDb) -> (AlertId, JobId) {
    let made = job(&workspace());
    let id = made.id;
    (kept_for(db, made, Duration::from_hours(1)).await, id)
}

async fn somebody(db: &TestDb) -> UserId {
    let id = UserId::fresh();
    let user = NewUser {
        id,
        email: format!("{id}@example.test"),
        password_hash: "x".to_owned(),
        role: "admin".to_owned(),
    };
    db.write(move |c| users::insert(c, &user)).await;
    id
}

fn wish(alert: AlertId, user: UserId) -> NewReveal {
    NewReveal {
        alert,
        message: None,
        user,
        reason: "the customer asks".to_owned(),
    }
}

async fn reveal(db: &TestDb, wish: NewReveal) -> Result<(JobId, Vec<u8>), Unseen> {
    let revealed = db.write(move |c| originals::reveal(c, &wish)).await;
    revealed.map(
        |Revealed {
             message, sealed, ..
         }| (message, sealed),
    )
}

on_both! {
    async fn what_is_given_out_is_noted_with_its_reason(db: TestDb) {
        let (alert, message) = kept(&db).await;
        let user = somebody(&db).await;
        assert_eq!(reveal(&db, wish(alert, user)).await, Ok((message, KEPT.to_vec())));
        let row = format!("reveals WHERE user_id = '{user}' AND job_id = '{message}' AND reason = 'the customer asks'");
        assert_eq!(count(&db, &row), 1);
        let entry = format!(
            "audit_events WHERE event_type = 'original.revealed' AND user_id = '{user}' AND subject = '{alert}' \
             AND variant_data LIKE '%the customer asks%'"
        );
        assert_eq!(count(&db, &entry), 1);
    }

    async fn only_messages_of_the_alert_are_given_out(db: TestDb) {
        let ((alert, message), (_, other)) = (kept(&db).await, kept(&db).await);
        let user = somebody(&db).await;
        let of = |alert, message| NewReveal { message: Some(message), ..wish(alert, user) };
        assert_eq!(reveal(&db, of(alert, other)).await, Err(Unseen::NotOfAlert));
        assert_eq!(reveal(&db, of(alert, JobId::fresh())).await, Err(Unseen::NotOfAlert));
        assert_eq!(reveal(&db, of(AlertId::fresh(), message)).await, Err(Unseen::NoAlert));
        assert!(reveal(&db, of(alert, message)).await.is_ok());
        assert_eq!(count(&db, "reveals"), 1);
    }

    async fn what_has_expired_is_not_given_out_even_before_it_is_deleted(db: TestDb) {
        let made = job(&workspace());
        let alert = kept_for(&db, made, Duration::ZERO).await;
        let user = somebody(&db).await;
        assert_eq!(reveal(&db, wish(alert, user)).await, Err(Unseen::NotKept));
        assert_eq!((count(&db, "originals"), count(&db, "reveals")), (1, 0));
    }

    async fn expired_originals_are_deleted_batch_by_batch_and_others_stay(db: TestDb) {
        for _ in 0..5 {
            kept_for(&db, job(&workspace()), Duration::ZERO).await;
        }
        kept(&db).await;
        let mut deleted = Vec::new();
        for _ in 0..4 {
            deleted.push(db.write(|c| originals::delete_expired(c, 2)).await);
        }
        assert_eq!((deleted, count(&db, "originals")), (vec![2, 2, 1, 0], 1));
    }

    async fn however_many_ask_at_once_nobody_gets_more_than_the_limit(db: TestDb) {
        let (alert, _) = kept(&db).await;
        let (user, other) = (somebody(&db).await, somebody(&db).await);
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..REVEALS_AN_HOUR + 6 {
            let (store, wish) = (db.store.clone(), wish(alert, user));
            asking.spawn(async move { store.write(move |c| originals::reveal(c, &wish)).await.unwrap() });
        }
        let answers = asking.join_all().await;
        let given = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(given, REVEALS_AN_HOUR);
        for refused in answers.into_iter().filter_map(Result::err) {
            let Unseen::TooOften(wait) = refused else { panic!("{refused:?}") };
            assert!(wait <= Duration::from_hours(1) && wait > Duration::from_mins(58), "{wait:?}");
        }
        assert_eq!(count(&db, "reveals"), i64::try_from(given).unwrap());
        assert!(reveal(&db, wish(alert, other)).await.is_ok(), "another person is not concerned");
    }

    async fn looks_of_more_than_an_hour_ago_do_not_count(db: TestDb) {
        let (alert, _) = kept(&db).await;
        let user = somebody(&db).await;
        for _ in 0..REVEALS_AN_HOUR {
            reveal(&db, wish(alert, user)).await.unwrap();
        }
        assert!(matches!(reveal(&db, wish(alert, user)).await, Err(Unseen::TooOften(_))));
        let older = match db.kind {
            crate::support::db::Kind::Sqlite => "at - 3600000000",
            crate::support::db::Kind::Postgres => "at - INTERVAL '1 hour'",
        };
        execute(&db, &format!("UPDATE reveals SET at = {older}"));
        assert!(reveal(&db, wish(alert, user)).await.is_ok());
    }

    async fn only_texts_that_are_at_hand_and_not_too_long_are_taken(db: TestDb) {
        let mut made: Vec<NewJob> = (0..4).map(|_| job(&workspace())).collect();
        made[1].class = JobClass::File;
        made[2].payload = vec![0; MAX_SEALED_BYTES + 1];
        let ids: Vec<JobId> = made.iter().map(|job| job.id).collect();
        let done = leak(ids[3], "g");
        db.write(move |c| {
            jobs::insert(c, &made)?;
            results::commit(c, &[done])
        }).await;
        let wanted = ids.clone();
        let found = db.read(move |c| originals::sealed_jobs(c, &wanted)).await;
        assert_eq!(found.iter().map(|job| job.id).collect::<Vec<_>>(), [ids[0]]);
        assert_eq!((found[0].wire_version, found[0].payload.as_slice()), (1, b"sealed".as_slice()));
    }

    async fn a_result_that_is_counted_twice_keeps_its_original_once(db: TestDb) {
        let made = job(&workspace());
        let again = leak(made.id, "again");
        kept_for(&db, made, Duration::from_hours(1)).await;
        let again = results::NewResult {
            original: Some(NewOriginal { sealed: b"other".to_vec(), keep: Duration::ZERO }),
            ..again
        };
        db.write(move |c| results::commit(c, &[again])).await;
        assert_eq!(count(&db, "originals WHERE expires_at > created_at"), 1);
        assert_eq!(count(&db, "originals"), 1);
    }
}
