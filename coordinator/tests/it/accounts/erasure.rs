//! Claims about forgetting somebody who signs in.
//!
//! **Invariant:** whoever is quicker, nothing open is left to somebody who is gone, and an admin is left.

use std::sync::Arc;

use coordinator::accounts::{AccountError, By, Erased, NewMachine, add_token};
use coordinator::alert_work::{self, Change, WorkError, Worker};
use coordinator::domain::accounts::Refusal;
use coordinator::domain::due_times::DueTimes;
use coordinator::domain::roles::{Permission, Role};
use coordinator::ended_sessions::EndedSessions;
use coordinator::store::alerts::{self, NewAlert};
use coordinator::store::tokens::TokenEnd;
use coordinator::store::{clock, users};
use shared::finding::Severity;
use shared::ids::{AlertId, JobId, UserId};
use tokio::task::JoinSet;

use super::office::{ADA, Office, PASSWORD, identity};
use crate::store::schema::{count, execute};
use crate::support::db::{TestDb, on_both};
use crate::support::rows::alert;

fn worker(user: UserId) -> Worker {
    let times = DueTimes::default();
    Worker { user, times }
}

async fn raised(db: &TestDb, key: String) -> AlertId {
    let new = NewAlert {
        keys: vec![key],
        ..alert("", JobId::fresh(), Severity::High)
    };
    let id = new.id;
    db.write(move |c| {
        let now = clock::now(c)?;
        alerts::raise(c, &[&new], now)
    })
    .await;
    id
}

fn to(assignee: UserId) -> Change {
    Change {
        assignee: Some(Some(assignee)),
        ..Change::default()
    }
}

on_both! {
    async fn an_erased_user_is_found_by_nobody_and_every_process_ends_their_sessions(db: TestDb) {
        let office = Office::over(&db);
        let admin = office.add("one@example.org", Role::Admin).await.id;
        office.add(ADA, Role::Analyst).await;
        let session = office.sign_in(ADA, PASSWORD).await.unwrap();
        let ada = session.user.id;
        office.accounts.forgot(ADA.to_owned()).await.unwrap();
        let machine = NewMachine {
            name: ADA.to_owned(), scopes: vec![Permission::AlertsRead], end: TokenEnd::Never, owner: ada,
        };
        add_token(&db.store, &office.accounts.tokens, machine, By::User(ada)).await.unwrap();
        let erased = office.accounts.erase(ada, "they asked".to_owned(), worker(admin)).await.unwrap();
        assert_eq!(erased, Erased { sessions: 1, tokens: 1, alerts: 0, comments: 0 });
        let elsewhere = Arc::new(EndedSessions::default());
        elsewhere.refresh(&db.store).await.unwrap();
        assert!(elsewhere.has_ended(&identity(&session)));
        assert!(db.read(move |c| users::get(c, ada)).await.is_none());
        assert!(db.read(|c| users::by_email(c, ADA)).await.is_none());
        assert!(db.write(move |c| users::hold(c, ada)).await.is_none());
        assert_eq!(db.read(users::list).await.len(), 1);
        assert_eq!(db.read(users::count).await, 1);
        for left in ["refresh_tokens", "api_tokens", "password_resets", "login_failures"] {
            assert_eq!(count(&db, left), 0, "{left}");
        }
        assert_eq!(count(&db, &format!("users WHERE email LIKE '%{ADA}%'")), 0);
        let again = office.accounts.erase(ada, "they asked".to_owned(), worker(admin)).await;
        assert!(matches!(again, Err(AccountError::Missing)));
    }

    async fn no_entry_of_the_trail_ever_holds_an_address(db: TestDb) {
        let office = Office::over(&db);
        let admin = office.add("one@example.org", Role::Admin).await.id;
        let ada = office.add(ADA, Role::Analyst).await.id;
        office.sign_in(ADA, "zanarkand wrong").await.unwrap_err();
        office.sign_in("stranger@example.org", PASSWORD).await.unwrap_err();
        office.sign_in(ADA, PASSWORD).await.unwrap();
        office.accounts.forgot(ADA.to_owned()).await.unwrap();
        office.accounts.issue_reset(ada, By::User(admin)).await.unwrap();
        office.accounts.erase(ada, "they asked".to_owned(), worker(admin)).await.unwrap();
        assert!(count(&db, "audit_events") >= 6);
        for column in ["variant_data", "subject", "user_id", "event_type", "recorded_by"] {
            assert_eq!(count(&db, &format!("audit_events WHERE {column} LIKE '%@%'")), 0, "{column}");
        }
    }

    async fn whoever_is_quicker_nobody_who_is_gone_works_on_an_open_alert(db: TestDb) {
        let office = Office::over(&db);
        let admin = office.add("one@example.org", Role::Admin).await.id;
        for round in 0..10 {
            let them = office.add(&format!("a{round}@example.org"), Role::Analyst).await.id;
            let (before, after) = (raised(&db, format!("b{round}")).await, raised(&db, format!("a{round}")).await);
            alert_work::change(&db.store, before, |_| true, to(them), worker(admin)).await.unwrap();
            let (store, accounts) = (db.store.clone(), office.accounts.clone());
            let assigning = tokio::spawn(async move {
                alert_work::change(&store, after, |_| true, to(them), worker(admin)).await
            });
            let erasing = tokio::spawn(async move { accounts.erase(them, "they asked".to_owned(), worker(admin)).await });
            let assigned = assigning.await.unwrap();
            assert!(matches!(assigned, Ok(_) | Err(WorkError::Assignee)), "{assigned:?}");
            let erased = erasing.await.unwrap().unwrap();
            assert_eq!(erased.alerts, 1 + usize::from(assigned.is_ok()));
            for id in [before, after] {
                assert_eq!(db.read(move |c| alerts::get(c, id)).await.unwrap().assignee, None);
            }
        }
    }

    async fn a_closed_alert_keeps_the_id_of_who_closed_it(db: TestDb) {
        let office = Office::over(&db);
        let admin = office.add("one@example.org", Role::Admin).await.id;
        let ada = office.add(ADA, Role::Analyst).await.id;
        let id = raised(&db, "k".to_owned()).await;
        alert_work::change(&db.store, id, |_| true, to(ada), worker(admin)).await.unwrap();
        execute(&db, "UPDATE alerts SET status = 3");
        let erased = office.accounts.erase(ada, "they asked".to_owned(), worker(admin)).await.unwrap();
        assert_eq!(erased.alerts, 0);
        assert_eq!(db.read(move |c| alerts::get(c, id)).await.unwrap().assignee, Some(ada));
    }

    async fn two_admins_who_erase_each_other_at_once_leave_one(db: TestDb) {
        let office = Office::over(&db);
        let one = office.add("one@example.org", Role::Admin).await.id;
        let two = office.add("two@example.org", Role::Admin).await.id;
        let mut erasures = JoinSet::new();
        for (target, by) in [(one, two), (two, one)] {
            let accounts = office.accounts.clone();
            erasures.spawn(async move { accounts.erase(target, "they asked".to_owned(), worker(by)).await });
        }
        let done = erasures.join_all().await;
        assert_eq!(done.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{done:?}");
        assert!(done.iter().any(|outcome| matches!(outcome, Err(AccountError::Refused(Refusal::LastAdmin)))));
        assert_eq!(db.write(|c| users::hold_admins(c, "admin")).await.len(), 1);
    }
}
