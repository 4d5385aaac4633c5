//! Claims about requests that name themselves.

use coordinator::store::StoreError;
use coordinator::store::idempotency::{self, Known, NamedRequest};
use serde_json::json;
use shared::ids::UserId;

use super::schema::{count, execute};
use crate::support::db::{Kind, TestDb, on_both};

fn request(caller: UserId, hash: &[u8]) -> NamedRequest {
    NamedRequest {
        caller,
        route: "POST /x",
        key: "k".to_owned(),
        request_hash: hash.to_vec(),
    }
}

async fn done(db: &TestDb, request: NamedRequest, answer: u32) -> Known {
    db.write(move |c| {
        let known = idempotency::claim(c, &request)?;
        if known == Known::New {
            idempotency::record(c, &request, json!(answer))?;
        }
        Ok(known)
    })
    .await
}

/// Lets a day and a bit pass.
fn age(db: &TestDb) {
    let earlier = match db.kind {
        Kind::Sqlite => "created_at - 90000000000",
        Kind::Postgres => "created_at - interval '25 hours'",
    };
    execute(
        db,
        &format!("UPDATE idempotency_keys SET created_at = {earlier}"),
    );
}

on_both! {
    async fn the_first_is_done_and_the_others_hear_of_it(db: TestDb) {
        let caller = UserId::fresh();
        assert_eq!(done(&db, request(caller, b"a"), 1).await, Known::New);
        assert_eq!(done(&db, request(caller, b"a"), 2).await, Known::Answered(json!(1)));
        assert_eq!(done(&db, request(caller, b"b"), 3).await, Known::Other);
        assert_eq!(done(&db, request(UserId::fresh(), b"b"), 4).await, Known::New);
        let elsewhere = NamedRequest { route: "POST /y", ..request(caller, b"b") };
        assert_eq!(done(&db, elsewhere, 5).await, Known::New);
    }

    async fn a_deed_that_was_rolled_back_leaves_no_name(db: TestDb) {
        let caller = UserId::fresh();
        let named = request(caller, b"a");
        let failed = db.store.write(move |c| {
            idempotency::claim(c, &named)?;
            Err::<(), _>(StoreError::Busy)
        });
        assert_eq!(failed.await, Err(StoreError::Busy));
        assert_eq!(done(&db, request(caller, b"b"), 1).await, Known::New);
    }

    async fn after_a_day_a_name_is_free_again(db: TestDb) {
        let caller = UserId::fresh();
        done(&db, request(caller, b"a"), 1).await;
        age(&db);
        assert_eq!(done(&db, request(caller, b"b"), 2).await, Known::New);
        assert_eq!(done(&db, request(caller, b"b"), 3).await, Known::Answered(json!(2)));
    }

    async fn only_what_is_old_is_deleted_and_in_batches(db: TestDb) {
        for _ in 0..5 {
            done(&db, request(UserId::fresh(), b"a"), 1).await;
        }
        age(&db);
        done(&db, request(UserId::fresh(), b"a"), 1).await;
        assert_eq!(db.write(|c| idempotency::delete_expired(c, 3)).await, 3);
        assert_eq!(db.write(|c| idempotency::delete_expired(c, 3)).await, 2);
        assert_eq!(db.write(|c| idempotency::delete_expired(c, 3)).await, 0);
        assert_eq!(count(&db, "idempotency_keys"), 1);
    }

    async fn of_many_at_once_one_does_it(db: TestDb) {
        let caller = UserId::fresh();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..16_u32 {
            let store = db.store.clone();
            tasks.spawn(async move {
                let named = request(caller, b"a");
                let doing = store.write(move |c| {
                    let known = idempotency::claim(c, &named)?;
                    if known == Known::New {
                        idempotency::record(c, &named, json!(n))?;
                        return Ok((true, json!(n)));
                    }
                    match known {
                        Known::Answered(answer) => Ok((false, answer)),
                        other => panic!("{other:?}"),
                    }
                });
                doing.await.unwrap()
            });
        }
        let answers = tasks.join_all().await;
        let did: Vec<_> = answers.iter().filter(|(did, _)| *did).collect();
        assert_eq!(did.len(), 1);
        assert!(answers.iter().all(|(_, answer)| *answer == did[0].1));
    }
}
