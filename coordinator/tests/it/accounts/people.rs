//! Claims about adding people, changing what they may, and their tokens.
//!
//! **Invariant:** an admin who can sign in is always left.

use coordinator::accounts::{
    AccountError, By, MAX_TOKENS, NewMachine, NewPerson, add_token, change_person, revoke_token,
};
use coordinator::domain::accounts::{Refusal, StandingChange};
use coordinator::domain::roles::{Permission, Role};
use coordinator::store::tokens::{self, TokenEnd};
use coordinator::store::users;
use serde_json::json;
use shared::ids::{TokenId, UserId};
use tokio::task::JoinSet;

use super::office::{ADA, Office, PASSWORD, identity, refresh_of, secret};
use crate::support::db::on_both;

fn to(role: Role) -> StandingChange {
    StandingChange {
        role: Some(role),
        disabled: None,
    }
}

fn disabled(disabled: bool) -> StandingChange {
    StandingChange {
        role: None,
        disabled: Some(disabled),
    }
}

fn machine(owner: UserId) -> NewMachine {
    NewMachine {
        name: "siem".to_owned(),
        scopes: vec![Permission::AuditRead],
        end: TokenEnd::Never,
        owner,
    }
}

on_both! {
    async fn two_admins_who_demote_each_other_at_once_leave_one(db: TestDb) {
        let office = Office::over(&db);
        let one = office.add("one@example.org", Role::Admin).await.id;
        let two = office.add("two@example.org", Role::Admin).await.id;
        let mut changes = JoinSet::new();
        for (target, by) in [(one, two), (two, one)] {
            let store = db.store.clone();
            changes.spawn(async move { change_person(&store, target, to(Role::Analyst), None, By::User(by)).await });
        }
        let done = changes.join_all().await;
        assert_eq!(done.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{done:?}");
        assert!(done.iter().any(|outcome| matches!(outcome, Err(AccountError::Refused(Refusal::LastAdmin)))));
        let left = db.write(|c| users::hold_admins(c, "admin")).await;
        assert_eq!(left.len(), 1);
    }

    async fn a_crowd_of_admins_who_disable_one_another_leaves_one(db: TestDb) {
        let office = Office::over(&db);
        let mut admins = Vec::new();
        for at in 0..5 {
            admins.push(office.add(&format!("a{at}@example.org"), Role::Admin).await.id);
        }
        let mut changes = JoinSet::new();
        for (at, target) in admins.iter().copied().enumerate() {
            let (store, by) = (db.store.clone(), admins[(at + 1) % admins.len()]);
            changes.spawn(async move { change_person(&store, target, disabled(true), None, By::User(by)).await.is_ok() });
        }
        let done = changes.join_all().await;
        assert_eq!(done.iter().filter(|done| **done).count(), 4);
        assert_eq!(db.write(|c| users::hold_admins(c, "admin")).await.len(), 1);
    }

    async fn a_new_role_counts_from_now_on_and_the_session_goes_on_with_it(db: TestDb) {
        let office = Office::over(&db);
        let admin = office.add("one@example.org", Role::Admin).await.id;
        office.add(ADA, Role::Analyst).await;
        let session = office.sign_in(ADA, PASSWORD).await.unwrap();
        let changed = office.accounts.change(session.user.id, to(Role::Auditor), None, By::User(admin)).await.unwrap();
        assert_eq!((changed.role.as_str(), changed.version), ("auditor", 2));
        assert!(office.accounts.ended.has_ended(&identity(&session)));
        let gone_on = office.accounts.refresh(&refresh_of(&session)).await.unwrap();
        assert_eq!(identity(&gone_on).role, Role::Auditor);
        assert!(!office.accounts.ended.has_ended(&identity(&gone_on)));
        let (of, data) = office.trail().await.remove(0);
        let expected = json!({"role": "auditor", "role_before": "analyst", "disabled": false, "disabled_before": false});
        assert_eq!((of.as_str(), data), ("user.changed", expected));
    }

    async fn who_is_kept_out_is_out_and_comes_back_by_signing_in_only(db: TestDb) {
        let office = Office::over(&db);
        let admin = office.add("one@example.org", Role::Admin).await.id;
        office.add(ADA, Role::Analyst).await;
        let session = office.sign_in(ADA, PASSWORD).await.unwrap();
        let (user, by) = (session.user.id, By::User(admin));
        office.accounts.change(user, disabled(true), None, by).await.unwrap();
        assert!(office.accounts.ended.has_ended(&identity(&session)));
        assert!(office.accounts.refresh(&refresh_of(&session)).await.is_err());
        office.accounts.change(user, disabled(false), None, by).await.unwrap();
        assert!(office.accounts.refresh(&refresh_of(&session)).await.is_err());
        office.sign_in(ADA, PASSWORD).await.unwrap();
    }

    async fn a_change_made_from_an_old_version_is_refused(db: TestDb) {
        let office = Office::over(&db);
        let user = office.add(ADA, Role::Analyst).await.id;
        let change = async |role, version| change_person(&db.store, user, to(role), Some(version), By::CommandLine).await;
        change(Role::Auditor, 1).await.unwrap();
        assert!(matches!(change(Role::Analyst, 1).await, Err(AccountError::Stale)));
        // What changes nothing is no change, and no entry.
        assert_eq!(change(Role::Auditor, 2).await.unwrap().version, 2);
        assert_eq!(office.told("user.changed").await, 1);
        let nobody = change_person(&db.store, UserId::fresh(), to(Role::Admin), None, By::CommandLine).await;
        assert!(matches!(nobody, Err(AccountError::Missing)));
    }

    async fn of_two_who_take_the_same_address_at_once_one_gets_it(db: TestDb) {
        let office = Office::over(&db);
        let mut registering = JoinSet::new();
        for _ in 0..3 {
            let accounts = office.accounts.clone();
            let person = NewPerson { email: ADA.to_owned(), password: secret(PASSWORD), role: Role::Analyst };
            registering.spawn(async move { accounts.register(person).await });
        }
        let done = registering.join_all().await;
        assert_eq!(done.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert!(done.iter().all(|outcome| matches!(outcome, Ok(_) | Err(AccountError::Taken))));
        assert_eq!((office.told("user.created").await, office.told("session.started").await), (1, 1));
    }

    async fn who_is_invited_sets_a_password_by_the_token(db: TestDb) {
        let office = Office::over(&db);
        let person = NewPerson { email: ADA.to_owned(), password: secret("nobody knows this one"), role: Role::Analyst };
        let (user, token) = office.accounts.invite(person, By::CommandLine).await.unwrap();
        office.accounts.reset_password(&token.token, secret(PASSWORD)).await.unwrap();
        assert_eq!(office.sign_in(ADA, PASSWORD).await.unwrap().user.id, user.id);
        assert_eq!(office.told("password.reset_issued").await, 1);
    }

    async fn a_token_for_somebody_who_is_kept_out_sets_nothing(db: TestDb) {
        let office = Office::over(&db);
        let user = office.add(ADA, Role::Analyst).await.id;
        let (_, token) = office.accounts.issue_reset(user, By::CommandLine).await.unwrap();
        office.accounts.change(user, disabled(true), None, By::CommandLine).await.unwrap();
        let refused = office.accounts.reset_password(&token.token, secret(PASSWORD)).await;
        assert!(matches!(refused, Err(AccountError::InvalidToken)));
        office.accounts.change(user, disabled(false), None, By::CommandLine).await.unwrap();
        let refused = office.accounts.reset_password(&token.token, secret(PASSWORD)).await;
        assert!(matches!(refused, Err(AccountError::InvalidToken)));
        let nobody = office.accounts.issue_reset(UserId::fresh(), By::CommandLine).await;
        assert!(matches!(nobody, Err(AccountError::Missing)));
    }

    async fn nobody_has_more_tokens_than_they_may_however_many_ask_at_once(db: TestDb) {
        let office = Office::over(&db);
        let owner = office.add(ADA, Role::Admin).await.id;
        let made = async || add_token(&db.store, &office.accounts.tokens, machine(owner), By::User(owner)).await;
        for _ in 0..MAX_TOKENS - 1 {
            made().await.unwrap();
        }
        let mut last = JoinSet::new();
        for _ in 0..4 {
            let (store, tokens) = (db.store.clone(), office.accounts.tokens.clone());
            last.spawn(async move { add_token(&store, &tokens, machine(owner), By::User(owner)).await.map(|(token, _)| token.id) });
        }
        let done = last.join_all().await;
        let id = *done.iter().flatten().next().unwrap();
        assert_eq!(done.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{done:?}");
        revoke_token(&db.store, id, By::User(owner)).await.unwrap();
        made().await.unwrap();
        assert_eq!(db.read(move |c| tokens::count_live_api(c, owner)).await, MAX_TOKENS);
    }

    async fn a_token_is_revoked_once_and_both_are_told(db: TestDb) {
        let office = Office::over(&db);
        let owner = office.add(ADA, Role::Admin).await.id;
        let (token, minted) = add_token(&db.store, &office.accounts.tokens, machine(owner), By::CommandLine).await.unwrap();
        let hash = *minted.hash.as_bytes();
        assert!(db.read(move |c| tokens::api_by_hash(c, &hash)).await.is_some());
        assert!(revoke_token(&db.store, token.id, By::CommandLine).await.unwrap());
        assert!(!revoke_token(&db.store, token.id, By::CommandLine).await.unwrap());
        assert!(db.read(move |c| tokens::api_by_hash(c, &hash)).await.is_none());
        let unknown = revoke_token(&db.store, TokenId::fresh(), By::CommandLine).await;
        assert!(matches!(unknown, Err(AccountError::Missing)));
        assert_eq!(office.told("token.revoked").await, 1);
        let (_, data) = office.trail().await.into_iter().find(|(of, _)| of == "token.created").unwrap();
        assert_eq!(data, json!({"owner": owner, "scopes": ["audit:read"], "via": "cli"}));
    }
}
