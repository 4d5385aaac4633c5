//! Claims about groups of people, and the policies that name them.
//!
//! **Invariant:** no stored policy names a group that is gone, whoever is quicker.

use coordinator::domain::policy::{Policy, catch_all};
use coordinator::policies::Policies;
use coordinator::policy_changes::{self, Change, ChangeError};
use coordinator::store::groups::{self, GroupContent};
use coordinator::store::{Paging, Store, policies};
use shared::ids::{PeopleGroupId, PolicyId, UserId};

use super::schema::count;
use crate::support::db::{TestDb, on_both};

fn of(name: &str, members: &[&str]) -> GroupContent {
    GroupContent {
        name: name.to_owned(),
        members: members.iter().map(|&member| member.to_owned()).collect(),
    }
}

async fn add(db: &TestDb, content: GroupContent) -> PeopleGroupId {
    let id = PeopleGroupId::fresh();
    db.write(move |c| groups::insert(c, id, &content, UserId::fresh()))
        .await;
    id
}

fn naming(group: PeopleGroupId) -> Policy {
    let mut policy = catch_all();
    policy.scope.exclude.groups = vec![group];
    policy
}

/// Deletes a group unless a policy names it.
async fn delete_unless_named(store: &Store, group: PeopleGroupId) -> bool {
    let deleting = store
        .write(move |c| Ok(groups::named_by(c, group)?.is_empty() && groups::delete(c, group, 1)?));
    deleting.await.unwrap()
}

on_both! {
    async fn members_are_kept_in_order_and_once_each(db: TestDb) {
        let id = add(&db, of("Finance", &["U2", "U1", "U2"])).await;
        let group = db.read(move |c| groups::get(c, id)).await.unwrap();
        assert_eq!((group.name.as_str(), group.version), ("Finance", 1));
        assert_eq!(group.members.0, ["U1", "U2"]);
    }

    async fn a_name_is_taken_once(db: TestDb) {
        add(&db, of("Finance", &[])).await;
        let again = db.store.write(|c| {
            groups::insert(c, PeopleGroupId::fresh(), &of("Finance", &[]), UserId::fresh())
        });
        assert!(again.await.unwrap_err().is_duplicate());
    }

    async fn a_group_changed_since_is_neither_overwritten_nor_deleted(db: TestDb) {
        let id = add(&db, of("Finance", &["U1"])).await;
        let change = |version| move |c: &mut _| groups::update(c, id, &of("F", &["U9"]), version, UserId::fresh());
        assert!(db.write(change(1)).await);
        assert!(!db.write(change(1)).await);
        assert!(!db.write(move |c| groups::delete(c, id, 1)).await);
        let group = db.read(move |c| groups::get(c, id)).await.unwrap();
        assert_eq!((group.name.as_str(), group.version), ("F", 2));
        assert!(db.write(move |c| groups::delete(c, id, 2)).await);
    }

    async fn groups_are_listed_newest_first(db: TestDb) {
        let mut made = Vec::new();
        for name in ["a", "b", "c"] {
            made.push(add(&db, of(name, &[])).await);
        }
        made.reverse();
        let first = db.read(|c| groups::page(c, Paging::first(2))).await;
        assert_eq!(first.total, 3);
        let after = first.items.last().map(|group| group.id.as_uuid().into());
        let rest = db.read(move |c| groups::page(c, Paging { after, limit: 2 })).await;
        let walked: Vec<_> = first.items.iter().chain(&rest.items).map(|group| group.id).collect();
        assert_eq!(walked, made);
    }

    async fn the_policies_that_name_a_group_are_known(db: TestDb) {
        let (group, other) = (add(&db, of("a", &[])).await, add(&db, of("b", &[])).await);
        let mut including = catch_all();
        including.scope.include.groups = vec![group];
        for policy in [naming(group), including, catch_all()] {
            db.write(move |c| policies::insert(c, PolicyId::fresh(), &policy, None)).await;
        }
        assert_eq!(db.write(move |c| groups::named_by(c, group)).await.len(), 2);
        assert_eq!(db.write(move |c| groups::named_by(c, other)).await, []);
    }

    async fn a_policy_cannot_be_stored_that_names_a_group_that_is_gone(db: TestDb) {
        let change = Change::Create(Box::new(naming(PeopleGroupId::fresh())));
        let refused = policy_changes::store(&db.store, PolicyId::fresh(), change, UserId::fresh()).await;
        assert!(matches!(refused, Err(ChangeError::NoSuchGroup)));
        assert_eq!(count(&db, "policies"), 0);
        assert_eq!(count(&db, "audit_events"), 0);
    }

    async fn whoever_is_quicker_no_policy_names_a_group_that_is_gone(db: TestDb) {
        let (mut stored, mut deleted) = (0, 0);
        for round in 0..12 {
            let group = add(&db, of(&format!("g{round}"), &[])).await;
            let (one, two) = (db.store.clone(), db.store.clone());
            let change = Change::Create(Box::new(naming(group)));
            let storing = tokio::spawn(async move {
                policy_changes::store(&one, PolicyId::fresh(), change, UserId::fresh()).await
            });
            let deleting = tokio::spawn(async move { delete_unless_named(&two, group).await });
            let (is_stored, is_deleted) = (storing.await.unwrap().is_ok(), deleting.await.unwrap());
            assert!(is_stored != is_deleted, "{is_stored} {is_deleted}");
            stored += i64::from(is_stored);
            deleted += i64::from(is_deleted);
        }
        assert_eq!((count(&db, "policies"), count(&db, "people_groups")), (stored, 12 - deleted));
    }

    async fn a_snapshot_follows_policies_and_groups(db: TestDb) {
        let policies_in_force = Policies::default();
        let group = add(&db, of("a", &["U1"])).await;
        let id = PolicyId::fresh();
        db.write(move |c| policies::insert(c, id, &naming(group), None)).await;
        policies_in_force.refresh(&db.store).await.unwrap();
        let before = policies_in_force.current();
        assert_eq!(before.policies, [(id, naming(group))]);
        assert!(before.members[&group].contains("U1"));
        policies_in_force.refresh(&db.store).await.unwrap();
        assert!(std::sync::Arc::ptr_eq(&before, &policies_in_force.current()), "nothing was changed");
        db.write(move |c| groups::update(c, group, &of("a", &["U2"]), 1, UserId::fresh())).await;
        db.write(move |c| policies::delete(c, id, 1)).await;
        policies_in_force.refresh(&db.store).await.unwrap();
        let after = policies_in_force.current();
        assert_eq!(after.policies, []);
        assert!(after.members[&group].contains("U2") && !after.members[&group].contains("U1"));
    }

    async fn a_change_is_noted_by_the_names_of_its_fields(db: TestDb) {
        let (id, by) = (PolicyId::fresh(), UserId::fresh());
        let mut after = catch_all();
        after.name = "zanarkand".to_owned();
        let update = Change::Update { before: Box::new(catch_all()), after: Box::new(after), version: 1 };
        for change in [Change::Create(Box::new(catch_all())), update, Change::Delete { version: 2 }] {
            policy_changes::store(&db.store, id, change, by).await.unwrap();
        }
        let told = |what: &str| count(&db, &format!("audit_events WHERE {what}"));
        assert_eq!(told("event_type IN ('policy.created', 'policy.updated', 'policy.deleted')"), 3);
        assert_eq!(told("variant_data LIKE '%\"changed\":[\"name\"]%'"), 1);
        assert_eq!(told("variant_data LIKE '%zanarkand%'"), 0);
    }

    async fn a_change_that_comes_too_late_leaves_no_entry(db: TestDb) {
        let late = Change::Delete { version: 1 };
        let refused = policy_changes::store(&db.store, PolicyId::fresh(), late, UserId::fresh()).await;
        assert!(matches!(refused, Err(ChangeError::Stale)));
        assert_eq!(count(&db, "audit_events"), 0);
    }
}
