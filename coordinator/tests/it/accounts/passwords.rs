//! Claims about changing passwords and setting those that were forgotten.
//!
//! **Invariant:** a token to set a password stands in the sealed mail and nowhere else.

use coordinator::accounts::AccountError;
use coordinator::domain::lockout::TOLERATED;
use coordinator::domain::roles::Role;
use coordinator::store::resets;
use serde_json::{Value, json};
use shared::ids::{TokenId, UserId};
use std::time::Duration;
use tokio::task::JoinSet;

use super::office::{ADA, Office, PASSWORD, identity, refresh_of, secret};
use crate::support::db::on_both;

const NEW: &str = "a new password of mine";

/// The token of the one mail that waits.
async fn mailed_token(office: &Office) -> String {
    let mails = office.mails().await;
    assert_eq!(mails.len(), 1);
    mails[0]["token"].as_str().unwrap().to_owned()
}

async fn outcomes(office: &Office) -> Vec<Value> {
    let trail = office.trail().await.into_iter();
    trail
        .filter(|(of, _)| of == "password.reset_requested")
        .map(|(_, data)| data["outcome"].clone())
        .collect()
}

on_both! {
    async fn a_changed_password_ends_every_session_but_this_one(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let this = office.sign_in(ADA, PASSWORD).await.unwrap();
        let other = office.sign_in(ADA, PASSWORD).await.unwrap();
        let whose = (this.user.id, this.session);
        office.accounts.change_password(whose, secret(PASSWORD), secret(NEW)).await.unwrap();
        let ended = &office.accounts.ended;
        assert!(!ended.has_ended(&identity(&this)) && ended.has_ended(&identity(&other)));
        office.accounts.refresh(&refresh_of(&this)).await.unwrap();
        assert!(office.accounts.refresh(&refresh_of(&other)).await.is_err());
        assert!(office.sign_in(ADA, PASSWORD).await.is_err());
        office.sign_in(ADA, NEW).await.unwrap();
        assert_eq!(office.told("password.changed").await, 1);
    }

    async fn a_session_that_was_spared_ends_with_the_next_change_elsewhere(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let first = office.sign_in(ADA, PASSWORD).await.unwrap();
        let whose = (first.user.id, first.session);
        office.accounts.change_password(whose, secret(PASSWORD), secret(NEW)).await.unwrap();
        let second = office.sign_in(ADA, NEW).await.unwrap();
        let whose = (second.user.id, second.session);
        office.accounts.change_password(whose, secret(NEW), secret(PASSWORD)).await.unwrap();
        let ended = &office.accounts.ended;
        assert!(ended.has_ended(&identity(&first)) && !ended.has_ended(&identity(&second)));
    }

    async fn wrong_current_passwords_count_like_wrong_ones_at_the_door(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let session = office.sign_in(ADA, PASSWORD).await.unwrap();
        let change = async |current: &str| {
            let whose = (session.user.id, session.session);
            office.accounts.change_password(whose, secret(current), secret(NEW)).await
        };
        for _ in 0..TOLERATED {
            assert!(matches!(change("wrong").await, Err(AccountError::WrongCredentials)));
        }
        assert!(matches!(change(PASSWORD).await, Err(AccountError::Locked { .. })));
        assert!(office.sign_in(ADA, PASSWORD).await.is_err());
        assert_eq!(office.told("password.refused").await, 5);
    }

    async fn a_forgotten_password_is_set_by_the_token_in_the_mail(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let session = office.sign_in(ADA, PASSWORD).await.unwrap();
        for _ in 0..TOLERATED {
            office.sign_in(ADA, "wrong").await.unwrap_err();
        }
        office.accounts.forgot("Ada@Example.org".to_owned()).await.unwrap();
        let mails = office.mails().await;
        assert_eq!((&mails[0]["template"], &mails[0]["to"]), (&json!("password_reset"), &json!(ADA)));
        let token = secret(mails[0]["token"].as_str().unwrap());
        office.accounts.reset_password(&token, secret(NEW)).await.unwrap();
        // The lock is open, the old sessions are not good any more.
        office.sign_in(ADA, NEW).await.unwrap();
        assert!(office.accounts.ended.has_ended(&identity(&session)));
        assert!(office.accounts.refresh(&refresh_of(&session)).await.is_err());
        let reset = office.trail().await.into_iter().find(|(of, _)| of == "password.reset").unwrap();
        assert_eq!(reset.1, json!({"tokens": 1, "unlocked": true}));
    }

    async fn a_token_is_good_once(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        office.accounts.forgot(ADA.to_owned()).await.unwrap();
        let token = secret(&mailed_token(&office).await);
        office.accounts.reset_password(&token, secret(NEW)).await.unwrap();
        let again = office.accounts.reset_password(&token, secret(PASSWORD)).await;
        assert!(matches!(again, Err(AccountError::InvalidToken)));
        office.sign_in(ADA, NEW).await.unwrap();
    }

    async fn of_many_who_show_the_same_token_at_once_one_sets_the_password(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        office.accounts.forgot(ADA.to_owned()).await.unwrap();
        let token = mailed_token(&office).await;
        let mut resets = JoinSet::new();
        for at in 0..6 {
            let (accounts, token) = (office.accounts.clone(), secret(&token));
            resets.spawn(async move {
                let password = format!("the password of number {at}");
                accounts.reset_password(&token, secret(&password)).await.is_ok().then_some(password)
            });
        }
        let set: Vec<String> = resets.join_all().await.into_iter().flatten().collect();
        assert_eq!(set.len(), 1, "{set:?}");
        office.sign_in(ADA, &set[0]).await.unwrap();
        assert_eq!(office.told("password.reset").await, 1);
    }

    async fn a_password_that_cannot_be_taken_does_not_use_the_token_up(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        office.accounts.forgot(ADA.to_owned()).await.unwrap();
        let token = secret(&mailed_token(&office).await);
        for bad in ["short", "passwordpassword", ADA] {
            let refused = office.accounts.reset_password(&token, secret(bad)).await;
            assert!(matches!(refused, Err(AccountError::Fault(_))), "{bad}");
        }
        office.accounts.reset_password(&token, secret(NEW)).await.unwrap();
    }

    async fn three_mails_an_hour_are_sent_and_nobody_else_gets_one(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        for _ in 0..5 {
            office.accounts.forgot(ADA.to_owned()).await.unwrap();
        }
        for address in ["nobody@example.org", "", "a\0b", "' OR 1=1 --"] {
            office.accounts.forgot(address.to_owned()).await.unwrap();
        }
        assert_eq!(office.mails().await.len(), 3);
        let outcomes = outcomes(&office).await;
        assert_eq!(outcomes, ["unknown", "unknown", "unknown", "unknown", "too_many", "too_many", "sent", "sent", "sent"]);
    }

    async fn of_many_who_ask_at_once_no_more_than_three_get_a_mail(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let mut asked = JoinSet::new();
        for _ in 0..6 {
            let accounts = office.accounts.clone();
            asked.spawn(async move { accounts.forgot(ADA.to_owned()).await.unwrap() });
        }
        asked.join_all().await;
        assert_eq!(office.mails().await.len(), 3);
    }

    async fn a_new_password_makes_all_other_tokens_worthless(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        for _ in 0..2 {
            office.accounts.forgot(ADA.to_owned()).await.unwrap();
        }
        let mails = office.mails().await;
        let token = |at: usize| secret(mails[at]["token"].as_str().unwrap());
        office.accounts.reset_password(&token(0), secret(NEW)).await.unwrap();
        let late = office.accounts.reset_password(&token(1), secret(PASSWORD)).await;
        assert!(matches!(late, Err(AccountError::InvalidToken)));
    }

    async fn tokens_of_another_kind_or_nobody_reset_nothing(db: TestDb) {
        let office = Office::over(&db);
        office.add(ADA, Role::Analyst).await;
        let session = office.sign_in(ADA, PASSWORD).await.unwrap();
        let unknown = secret(&format!("weir_rst_{}", "A".repeat(43)));
        for token in [refresh_of(&session), unknown, secret(""), secret("weir_rst_\0")] {
            let refused = office.accounts.reset_password(&token, secret(NEW)).await;
            assert!(matches!(refused, Err(AccountError::InvalidToken)));
        }
    }

    async fn a_token_that_is_too_old_is_refused_and_in_the_end_deleted(db: TestDb) {
        let office = Office::over(&db);
        let user: UserId = office.add(ADA, Role::Analyst).await.id;
        db.write(move |c| {
            resets::insert(c, TokenId::fresh(), b"old", user, Duration::ZERO)?;
            resets::insert(c, TokenId::fresh(), b"good", user, Duration::from_mins(1))
        }).await;
        assert_eq!(db.read(|c| resets::owner_of(c, b"old")).await, None);
        assert!(!db.write(|c| resets::consume(c, b"old")).await);
        assert_eq!(db.read(|c| resets::owner_of(c, b"good")).await, Some(user));
        // Deleted a day later: until then an auditor's question can be answered.
        assert_eq!(db.write(resets::forget_old).await, 0);
        assert_eq!(db.read(move |c| resets::made_within(c, user, Duration::from_mins(1))).await, 2);
    }
}
