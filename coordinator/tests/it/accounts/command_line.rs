//! Claims about `weir user` and `weir token`: what the commands do is told like what is done over HTTP.

use coordinator::store::audit::{self, AuditFilter};
use coordinator::store::{Paging, users};
use serde_json::Value;

use crate::support::db;
use crate::support::site::Site;

const ADA: &str = "ada@example.org";

/// The entries that commands left: type, user and data, oldest first.
async fn trail(site: &Site) -> Vec<(String, Option<String>, Value)> {
    let store = db::connect(site.database_url()).await.unwrap();
    let page = store.read(|c| audit::list(c, &AuditFilter::default(), Paging::first(50)));
    let mut entries: Vec<_> = page
        .await
        .unwrap()
        .items
        .into_iter()
        .map(|entry| {
            let data = serde_json::from_str(&entry.variant_data).unwrap();
            (entry.event_type, entry.user_id, data)
        })
        .collect();
    entries.reverse();
    entries
}

#[tokio::test]
async fn what_commands_do_to_people_is_told_as_theirs() {
    let site = Site::embedded();
    let added = site.weir(&["user", "add", "Ada@Example.org", "--role", "admin"]);
    assert!(added.contains("password, shown once"), "{added}");
    site.weir(&["user", "add", "bob@example.org"]);
    assert!(
        site.weir(&["user", "set-role", "bob@example.org", "auditor"])
            .contains("auditor")
    );
    site.weir(&["user", "reset-password", ADA]);
    let trail = trail(&site).await;
    let types: Vec<&str> = trail.iter().map(|(of, _, _)| of.as_str()).collect();
    assert_eq!(
        types,
        [
            "user.created",
            "user.created",
            "user.changed",
            "password.changed"
        ]
    );
    assert!(
        trail
            .iter()
            .all(|(_, by, data)| by.is_none() && data["via"] == "cli")
    );
    assert!(!format!("{trail:?}").contains("example.org"));
}

#[tokio::test]
async fn a_token_made_by_a_command_is_listed_and_revoked_by_one() {
    let site = Site::embedded();
    site.weir(&["user", "add", ADA, "--role", "admin"]);
    let made = site.weir(&[
        "token",
        "create",
        "siem",
        "--user",
        ADA,
        "--scopes",
        "audit:read,scans:read",
    ]);
    assert!(made.starts_with("weir_pat_"));
    let listed = site.weir(&["token", "list"]);
    assert!(listed.contains("audit:read,scans:read") && !listed.contains(made.trim()));
    let id = listed.split_whitespace().next().unwrap();
    site.weir(&["token", "revoke", id]);
    assert!(site.weir(&["token", "list"]).contains("revoked"));
    let trail = trail(&site).await;
    let types: Vec<&str> = trail.iter().map(|(of, _, _)| of.as_str()).collect();
    assert_eq!(types, ["user.created", "token.created", "token.revoked"]);
    assert!(
        trail
            .iter()
            .all(|(_, by, data)| by.is_none() && data["via"] == "cli")
    );
}

#[tokio::test]
async fn the_last_admin_cannot_be_demoted_from_the_command_line_either() {
    let site = Site::embedded();
    site.weir(&["user", "add", ADA, "--role", "admin"]);
    let refused = site.refused(&["user", "set-role", ADA, "analyst"]);
    assert!(refused.contains("last admin"), "{refused}");
    assert!(
        site.refused(&["user", "add", "no address"])
            .contains("one address")
    );
    assert!(site.refused(&["user", "add", ADA]).contains("already"));
    let store = db::connect(site.database_url()).await.unwrap();
    let ada = store
        .read(|c| users::by_email(c, ADA))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ada.role, "admin");
}

#[tokio::test]
async fn the_first_admin_is_told_as_made_by_the_first_start() {
    let site = Site::embedded();
    drop(site.start());
    let trail = trail(&site).await;
    let made: Vec<_> = trail
        .iter()
        .filter(|entry| entry.0 == "user.created")
        .collect();
    assert_eq!(made.len(), 1, "{trail:?}");
    assert_eq!(
        (&made[0].1, made[0].2["via"].as_str()),
        (&None, Some("first_start"))
    );
}
