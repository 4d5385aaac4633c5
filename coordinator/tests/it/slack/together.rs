//! Leaks that come together.

use coordinator::fake_slack::seed::{BO, GENERAL};

use super::stories::CARD;
use crate::support::company::{Company, cards_are_blocked};
use crate::support::patience::until;
use crate::support::site::Site;

/// Fewer than the brake lets pass.
const LEAKS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaks_that_come_together_keep_nobody_from_the_database() {
    let mut site = Site::embedded().patiently();
    let company = Company::acme(&mut site);
    let weir = site.start();
    let admin = site.admin().await;
    company.is_known_to(&admin).await;
    admin.post("policies", cards_are_blocked()).await;
    let said: Vec<String> = (0..LEAKS)
        .map(|_| company.slack.say(BO, GENERAL, CARD).unwrap())
        .collect();
    for ts in &said {
        until("the leak is gone", async || !company.stands(GENERAL, ts)).await;
    }
    let log = weir.log();
    assert!(!log.contains("the database lane is full"), "{log}");
}
