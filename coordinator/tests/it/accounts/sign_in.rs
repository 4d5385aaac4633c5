//! Claims about signing in and staying signed in.
//!
//! **Invariant:** no entry of the trail holds an address.

use coordinator::accounts::AccountError;
use coordinator::domain::lockout::{FIRST, TOLERATED};
use coordinator::domain::roles::Role;
use coordinator::store::{lockouts, users};
use serde_json::json;
use tokio::task::JoinSet;

use super::office::{ADA, Office, PASSWORD, identity, refresh_of, secret};
use crate::support::db::on_both;

const WRONG: &str = "address or password is wrong";
const LOCKED: &str = "too many failures in a row";

async fn fail(office: &Office, email: &str, times: u32) {
    for _ in 0..times {
        assert_eq!(office.sign_in(email, "wrong").await.unwrap_err(), WRONG);
    }
}

on_both! {
    async fn after_five_failures_not_even_the_right_password_is_tried(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        fail(&office, ADA, TOLERATED).await;
        assert_eq!(office.sign_in(ADA, PASSWORD).await.unwrap_err(), LOCKED);
        assert_eq!(office.sign_in("ADA@example.org ", "wrong").await.unwrap_err(), LOCKED);
        let refusals: Vec<_> = office.trail().await.into_iter().filter(|(of, _)| of == "session.refused").collect();
        assert_eq!(refusals.len(), 5);
        assert_eq!(refusals[0].1, json!({"reason": "wrong_password", "locked_seconds": FIRST.as_secs()}));
        assert_eq!(refusals[1].1, json!({"reason": "wrong_password", "locked_seconds": null}));
        // Somebody else is not locked.
        office.add("bob@example.org", Role::Analyst).await;
        office.sign_in("bob@example.org", PASSWORD).await.unwrap();
    }

    async fn an_unknown_address_is_locked_like_a_known_one(db: TestDb) {
        let office = Office::over(&db);
        fail(&office, "nobody@example.org", TOLERATED).await;
        assert_eq!(office.sign_in("nobody@example.org", PASSWORD).await.unwrap_err(), LOCKED);
        let trail = office.trail().await;
        assert_eq!(trail[0].1["reason"], "unknown");
        assert!(!format!("{trail:?}").contains("nobody@"));
    }

    async fn a_success_forgets_the_failures_before_it(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        for _ in 0..2 {
            fail(&office, ADA, TOLERATED - 1).await;
            office.sign_in(ADA, PASSWORD).await.unwrap();
        }
        assert_eq!(office.told("session.started").await, 2);
    }

    async fn of_many_guesses_at_once_no_more_are_answered_than_of_as_many_in_turn(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let mut guesses = JoinSet::new();
        for _ in 0..12 {
            let accounts = office.accounts.clone();
            guesses.spawn(async move { accounts.sign_in(ADA.to_owned(), secret("wrong")).await.unwrap_err() });
        }
        let answers = guesses.join_all().await;
        let answered = answers.iter().filter(|error| matches!(error, AccountError::WrongCredentials)).count();
        assert_eq!(answered, TOLERATED as usize, "{answers:?}");
        let hash = office.accounts.addresses.of(ADA);
        let failures = db.read(move |c| lockouts::get(c, &hash)).await;
        assert_eq!(failures.count, TOLERATED);
    }

    async fn many_who_sign_in_rightly_at_once_all_do(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let mut sessions = JoinSet::new();
        for _ in 0..8 {
            let accounts = office.accounts.clone();
            sessions.spawn(async move { accounts.sign_in(ADA.to_owned(), secret(PASSWORD)).await.unwrap().session });
        }
        let sessions: std::collections::HashSet<_> = sessions.join_all().await.into_iter().collect();
        assert_eq!(sessions.len(), 8);
    }

    async fn failures_of_long_ago_are_forgotten_and_those_of_today_are_not(db: TestDb) {
        let office = Office::over(&db);
        fail(&office, ADA, 1).await;
        assert_eq!(db.write(lockouts::forget_old).await, 0);
        let hash = office.accounts.addresses.of(ADA);
        assert!(db.write(move |c| lockouts::clear(c, &hash)).await);
        let hash = office.accounts.addresses.of(ADA);
        assert!(!db.write(move |c| lockouts::clear(c, &hash)).await);
    }

    async fn somebody_who_is_kept_out_is_told_what_a_stranger_is(db: TestDb) {
        let office = Office::over(&db);
        let user = office.add(ADA, Role::Analyst).await;
        let change = users::UserChange { disabled: Some(true), ..users::UserChange::default() };
        db.write(move |c| users::update(c, user.id, &change)).await;
        assert_eq!(office.sign_in(ADA, PASSWORD).await.unwrap_err(), WRONG);
        assert_eq!(office.trail().await[0].1["reason"], "disabled");
    }

    async fn a_refresh_token_shown_twice_is_told_once_and_ends_the_session(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let first = office.sign_in(ADA, PASSWORD).await.unwrap();
        let second = office.accounts.refresh(&refresh_of(&first)).await.unwrap();
        assert_eq!(second.session, first.session);
        for _ in 0..2 {
            assert!(office.accounts.refresh(&refresh_of(&first)).await.is_err());
        }
        assert!(office.accounts.refresh(&refresh_of(&second)).await.is_err());
        assert_eq!(office.told("session.reused").await, 1);
        assert_eq!(office.told("session.refused").await, 2);
    }

    async fn signing_out_is_told_once(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let session = office.sign_in(ADA, PASSWORD).await.unwrap();
        for _ in 0..2 {
            office.accounts.sign_out(&refresh_of(&session)).await.unwrap();
        }
        office.accounts.sign_out(&secret("weir_rt_none")).await.unwrap();
        assert_eq!(office.told("session.ended").await, 1);
    }

    async fn signing_out_everywhere_ends_what_was_issued_and_nothing_after(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let before = office.sign_in(ADA, PASSWORD).await.unwrap();
        assert!(!office.accounts.ended.has_ended(&identity(&before)));
        office.accounts.sign_out_everywhere(before.user.id).await.unwrap();
        assert!(office.accounts.ended.has_ended(&identity(&before)));
        assert!(office.accounts.refresh(&refresh_of(&before)).await.is_err());
        let after = office.sign_in(ADA, PASSWORD).await.unwrap();
        assert!(!office.accounts.ended.has_ended(&identity(&after)));
        let gone_on = office.accounts.refresh(&refresh_of(&after)).await.unwrap();
        assert!(!office.accounts.ended.has_ended(&identity(&gone_on)));
    }

    async fn no_session_survives_that_was_begun_while_all_were_ended(db: TestDb) {
        let office = Office::over(&db);
        let user = office.add(ADA, Role::Analyst).await;
        let session = office.sign_in(ADA, PASSWORD).await.unwrap();
        let accounts = office.accounts.clone();
        let gone_on = tokio::spawn(async move {
            let mut session = session;
            let mut last = None;
            while let Ok(next) = accounts.refresh(&refresh_of(&session)).await {
                last = Some(identity(&next));
                session = next;
            }
            last
        });
        // The chain of refreshes ends by itself only if none slips through.
        tokio::task::yield_now().await;
        office.accounts.sign_out_everywhere(user.id).await.unwrap();
        if let Some(last) = gone_on.await.unwrap() {
            assert!(office.accounts.ended.has_ended(&last));
        }
    }
}
