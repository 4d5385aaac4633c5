//! Claims about users and their tokens.
//!
//! **Invariant:** one person is one row; a refresh token is good for one exchange.

use std::time::Duration;

use coordinator::store::tokens::{self, NewApiToken, Rotation, TokenEnd};
use coordinator::store::users::{self, NewUser, User, UserChange, UserFilter};
use coordinator::store::words::Search;
use coordinator::store::{Page, Paging};
use shared::ids::{TokenId, UserId};

use crate::support::db::{TestDb, on_both};

const LONG: Duration = Duration::from_secs(100_000);

async fn somebody(db: &TestDb) -> UserId {
    let new = NewUser {
        id: UserId::fresh(),
        email: "Ada@Example.org ".to_owned(),
        password_hash: "$argon2id$x".to_owned(),
        role: "admin".to_owned(),
    };
    let id = new.id;
    db.write(move |c| users::insert(c, &new)).await;
    id
}

async fn rotate(db: &TestDb, shown: &'static [u8], new: &'static [u8]) -> Rotation {
    db.write(move |c| tokens::rotate(c, shown, TokenId::fresh(), new, LONG))
        .await
}

on_both! {
    async fn an_address_is_one_person_in_any_case(db: TestDb) {
        let id = somebody(&db).await;
        let found = db.read(|c| users::by_email(c, "ADA@example.ORG")).await.unwrap();
        assert_eq!((found.id, found.email.as_str()), (id, "ada@example.org"));
        let twin = NewUser {
            id: UserId::fresh(),
            email: "ada@EXAMPLE.org".to_owned(),
            password_hash: String::new(),
            role: "analyst".to_owned(),
        };
        let refused = db.store.write(move |c| users::insert(c, &twin)).await.unwrap_err();
        assert!(refused.is_duplicate(), "{refused}");
        assert_eq!(db.read(users::count).await, 1);
    }

    async fn a_change_touches_only_what_it_names(db: TestDb) {
        let id = somebody(&db).await;
        let change = UserChange { disabled: Some(true), ..UserChange::default() };
        assert!(db.write(move |c| users::update(c, id, &change)).await);
        assert!(db.write(move |c| users::update(c, id, &UserChange::default())).await);
        db.write(move |c| users::note_login(c, id)).await;
        let now = db.read(move |c| users::get(c, id)).await.unwrap();
        assert!(now.disabled && now.last_login_at.is_some());
        assert_eq!((now.role.as_str(), now.password_hash.as_str()), ("admin", "$argon2id$x"));
        let nobody = UserId::fresh();
        assert!(!db.write(move |c| users::update(c, nobody, &UserChange::default())).await);
        assert!(!format!("{now:?}").contains("ada@"));
    }

    async fn a_refresh_token_shown_twice_ends_its_family(db: TestDb) {
        let user = somebody(&db).await;
        let family = TokenId::fresh();
        db.write(move |c| tokens::begin_family(c, family, b"r1", user, LONG)).await;
        assert_eq!(rotate(&db, b"r1", b"r2").await, Rotation::Rotated { user, family });
        assert_eq!(rotate(&db, b"r2", b"r3").await, Rotation::Rotated { user, family });
        assert_eq!(rotate(&db, b"r1", b"r4").await, Rotation::Reused { user, family, ended: 3 });
        assert_eq!(rotate(&db, b"r1", b"r4").await, Rotation::Reused { user, family, ended: 0 });
        assert_eq!(rotate(&db, b"r3", b"r5").await, Rotation::Refused);
        assert_eq!(rotate(&db, b"never", b"r6").await, Rotation::Refused);
    }

    async fn of_many_who_show_the_same_refresh_token_one_gets_a_new_one(db: TestDb) {
        let user = somebody(&db).await;
        db.write(move |c| tokens::begin_family(c, TokenId::fresh(), b"r", user, LONG)).await;
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..6_u8 {
            let store = db.store.clone();
            tasks.spawn(async move {
                store.write(move |c| tokens::rotate(c, b"r", TokenId::fresh(), &[at], LONG)).await.unwrap()
            });
        }
        let rotations = tasks.join_all().await;
        let good = rotations.iter().filter(|r| matches!(r, Rotation::Rotated { .. })).count();
        assert_eq!(good, 1, "{rotations:?}");
    }

    async fn an_expired_or_ended_refresh_token_is_refused(db: TestDb) {
        let user = somebody(&db).await;
        db.write(move |c| {
            tokens::begin_family(c, TokenId::fresh(), b"old", user, Duration::ZERO)?;
            tokens::begin_family(c, TokenId::fresh(), b"out", user, LONG)?;
            tokens::begin_family(c, TokenId::fresh(), b"all", user, LONG)
        }).await;
        assert_eq!(rotate(&db, b"old", b"x1").await, Rotation::Refused);
        let (owner, _) = db.write(|c| tokens::end_family(c, b"out")).await.unwrap();
        assert_eq!(owner, user);
        assert_eq!(db.write(|c| tokens::end_family(c, b"out")).await, None);
        assert_eq!(rotate(&db, b"out", b"x2").await, Rotation::Refused);
        assert_eq!(db.write(move |c| tokens::end_all_of(c, user, None)).await, 2);
        assert_eq!(rotate(&db, b"all", b"x3").await, Rotation::Refused);
    }

    async fn an_api_token_is_good_until_it_is_revoked_or_expires(db: TestDb) {
        let new = |hash: &[u8], end| NewApiToken {
            id: TokenId::fresh(),
            token_hash: hash.to_vec(),
            name: "ci".to_owned(),
            scopes: vec!["audit:write".to_owned()],
            role: None,
            created_by: None,
            end,
        };
        let (good, expired) = (new(b"good", TokenEnd::Never), new(b"expired", TokenEnd::After(Duration::ZERO)));
        let id = good.id;
        db.write(move |c| {
            tokens::insert_api(c, &good)?;
            tokens::insert_api(c, &expired)?;
            tokens::note_api_use(c, good.id)
        }).await;
        let found = db.read(|c| tokens::api_by_hash(c, b"good")).await.unwrap();
        assert_eq!((found.id, found.scopes.0), (id, vec!["audit:write".to_owned()]));
        assert!(found.last_used_at.is_some());
        assert_eq!(db.read(|c| tokens::api_by_hash(c, b"expired")).await, None);
        assert!(db.write(move |c| tokens::revoke_api(c, id)).await);
        assert!(!db.write(move |c| tokens::revoke_api(c, id)).await);
        assert_eq!(db.read(|c| tokens::api_by_hash(c, b"good")).await, None);
        assert_eq!(db.read(tokens::list_api).await.len(), 2);
    }

    async fn the_end_of_all_sign_ins_spares_the_one_it_is_told_to(db: TestDb) {
        let user = somebody(&db).await;
        let (kept, other) = (TokenId::fresh(), TokenId::fresh());
        db.write(move |c| {
            tokens::begin_family(c, kept, b"kept", user, LONG)?;
            tokens::begin_family(c, other, b"other", user, LONG)
        }).await;
        assert_eq!(db.write(move |c| tokens::end_all_of(c, user, Some(kept))).await, 1);
        assert_eq!(rotate(&db, b"other", b"x1").await, Rotation::Refused);
        assert_eq!(rotate(&db, b"kept", b"x2").await, Rotation::Rotated { user, family: kept });
    }

    async fn the_time_since_when_sessions_are_good_only_moves_on(db: TestDb) {
        let id = somebody(&db).await;
        let spared = TokenId::fresh();
        let mut before = db.read(move |c| users::get(c, id)).await.unwrap();
        for _ in 0..3 {
            let held = before.clone();
            db.write(move |c| users::end_sessions(c, &held, Some(spared))).await;
            let after = db.read(move |c| users::get(c, id)).await.unwrap();
            assert!(after.sessions_since > before.sessions_since);
            before = after;
        }
        let ended = db.read(|c| users::sessions_ended_within(c, LONG)).await;
        assert_eq!(ended.len(), 1);
        assert_eq!((ended[0].user, ended[0].since, ended[0].spared), (id, before.sessions_since, Some(spared)));
        assert_eq!(db.read(|c| users::sessions_ended_within(c, Duration::ZERO)).await, []);
    }

    async fn a_list_of_users_is_filtered_and_goes_on_where_it_ended(db: TestDb) {
        for (email, role) in [("ada@a.example", "admin"), ("bob@b.example", "analyst"), ("al_b%@c.example", "analyst")] {
            let new = NewUser { id: UserId::fresh(), email: email.to_owned(), password_hash: String::new(), role: role.to_owned() };
            db.write(move |c| users::insert(c, &new)).await;
        }
        let list = async |filter: UserFilter, paging: Paging| db.read(move |c| users::page(c, &filter, paging)).await;
        let emails = |page: &Page<User>| page.items.iter().map(|user| user.email.clone()).collect::<Vec<_>>();
        let all = list(UserFilter::default(), Paging::first(2)).await;
        assert_eq!((emails(&all), all.total), (vec!["al_b%@c.example".to_owned(), "bob@b.example".to_owned()], 3));
        let after = Some(all.items[1].id.as_uuid().into());
        let rest = list(UserFilter::default(), Paging { after, limit: 2 }).await;
        assert_eq!((emails(&rest), rest.total), (vec!["ada@a.example".to_owned()], 3));
        let analysts = UserFilter { role: Some("analyst".to_owned()), ..UserFilter::default() };
        assert_eq!(list(analysts, Paging::first(9)).await.total, 2);
        let kept_out = UserFilter { disabled: Some(true), ..UserFilter::default() };
        assert_eq!(list(kept_out, Paging::first(9)).await.total, 0);
        for (text, found) in [("ada", 1), ("example", 3), ("b", 2), ("%", 3), ("' OR 1=1 --", 0), ("a\0da", 0), ("zz", 0)] {
            let filter = UserFilter { search: Search::parse(text), ..UserFilter::default() };
            assert_eq!(list(filter, Paging::first(9)).await.total, found, "{text}");
        }
        let strange = UserFilter { role: Some("' OR '1'='1\0".to_owned()), ..UserFilter::default() };
        assert_eq!(list(strange, Paging::first(9)).await.total, 0);
    }

    async fn a_use_of_a_token_is_noted_once_a_minute(db: TestDb) {
        let new = NewApiToken {
            id: TokenId::fresh(),
            token_hash: b"t".to_vec(),
            name: "ci".to_owned(),
            scopes: vec![],
            role: None,
            created_by: None,
            end: TokenEnd::Never,
        };
        let id = new.id;
        db.write(move |c| tokens::insert_api(c, &new)).await;
        let read = async || db.read(move |c| tokens::get_api(c, id)).await.unwrap();
        let fresh = read().await;
        assert!(fresh.is_use_old(fresh.created_at));
        db.write(move |c| tokens::note_api_use(c, id)).await;
        let used = read().await.last_used_at.unwrap();
        db.write(move |c| tokens::note_api_use(c, id)).await;
        let again = read().await;
        assert_eq!(again.last_used_at, Some(used));
        assert!(!again.is_use_old(used) && again.is_use_old(used + chrono::TimeDelta::minutes(1)));
    }
}
