//! From a message to its release: what each of those concerned sees.

use coordinator::fake_slack::seed::{ADA, BO, GENERAL, SECURITY};
use serde_json::Value;

use crate::support::api::Api;
use crate::support::company::{Company, cards_are_blocked, shown};
use crate::support::patience::until;
use crate::support::process::Process;
use crate::support::site::Site;

/// A message that leaks.
pub(super) const CARD: &str = "my card is 4111 1111 1111 1111, exp 12/29";

/// A company whose Slack Weir watches, and an admin of Weir.
pub(super) struct Watched {
    pub(super) company: Company,
    pub(super) admin: Api,
    pub(super) weir: Process,
    pub(super) site: Site,
}

/// Acme, watched.
pub(super) async fn watched(mut site: Site) -> Watched {
    let company = Company::acme(&mut site);
    Watched::begin(site, company).await
}

impl Watched {
    /// Starts Weir, and lets it block card numbers.
    pub(super) async fn begin(site: Site, company: Company) -> Self {
        let weir = site.start();
        let admin = site.admin().await;
        company.is_known_to(&admin).await;
        admin.post("policies", cards_are_blocked()).await;
        Self {
            company,
            admin,
            weir,
            site,
        }
    }

    /// A company that is watched already.
    pub(super) fn of((site, weir): (Site, Process), company: Company, admin: Api) -> Self {
        Self {
            company,
            admin,
            weir,
            site,
        }
    }

    /// Waits until there is an alert with an activity of this kind.
    pub(super) async fn alert_with(&self, kind: &str) -> Value {
        until(&format!("an alert tells of {kind}"), async || {
            self.find(kind).await.is_some()
        })
        .await;
        self.find(kind).await.unwrap()
    }

    async fn find(&self, kind: &str) -> Option<Value> {
        let alerts = self.admin.get("alerts").await;
        for alert in alerts["items"].as_array().unwrap() {
            let id = alert["id"].as_str().unwrap();
            let activity = self.admin.get(&format!("alerts/{id}/activity")).await;
            let items = activity["items"].as_array().unwrap();
            if items.iter().any(|one| one["kind"] == kind) {
                return Some(alert.clone());
            }
        }
        None
    }

    pub(super) async fn audit(&self) -> Vec<String> {
        let events = self.admin.get("audit/events?limit=100").await;
        let items = events["items"].as_array().unwrap().iter();
        items
            .map(|event| event["event_type"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leak_is_removed_explained_and_released() {
    let watched = watched(Site::embedded().patiently()).await;
    let slack = &watched.company.slack;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();

    let notice = watched.company.says(GENERAL, "data-loss prevention").await;
    assert!(!watched.company.stands(GENERAL, &ts), "the leak is gone");
    assert!(!shown(&notice).contains("4111"));
    let told = watched
        .company
        .says(&watched.company.dm(BO), "was removed")
        .await;
    assert!(
        shown(&told).contains("4111 **** **** 1111"),
        "{}",
        shown(&told)
    );
    let card = watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    assert!(shown(&card).contains("Payment cards"));
    let alert = watched.alert_with("blocked").await;
    assert_eq!(alert["status"], "OPEN");
    let detail = watched
        .admin
        .get(&format!("alerts/{}", alert["id"].as_str().unwrap()))
        .await;
    let blocked = &detail["blocked"][0];
    assert_eq!(
        (&blocked["state"], &blocked["strategy"]),
        (&Value::from("held"), &Value::from("admin_delete"))
    );
    assert!(blocked["exposed_ms"].is_u64(), "{blocked}");
    let messages = watched.admin.get("messages").await;
    assert_eq!(&messages["items"][0]["blocked"], blocked);

    slack
        .click(ADA, SECURITY, &card.ts, "weir_release", None)
        .await
        .unwrap();
    let back = watched.company.says(GENERAL, "Originally posted by").await;
    assert!(shown(&back).contains("4111 1111 1111 1111"));
    watched
        .company
        .says(GENERAL, "released after a review")
        .await;
    watched.company.says(SECURITY, "Resolved").await;
    watched
        .company
        .says(&watched.company.dm(BO), "reviewed and released")
        .await;
    let alert = watched.alert_with("released").await;
    assert_eq!(
        (&alert["status"], &alert["resolution"]),
        (&Value::from("RESOLVED"), &Value::from("LEGITIMATE_USE"))
    );
    let audit = watched.audit().await;
    for deed in [
        "policy.violated",
        "message.blocked",
        "alert.decided",
        "alert.status_changed",
        "message.released",
    ] {
        assert!(audit.iter().any(|one| one == deed), "{deed} in {audit:?}");
    }
}
