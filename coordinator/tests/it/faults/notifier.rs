//! A coordinator that dies while it tells.

use coordinator::domain::roles::Role;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use serde_json::json;

use crate::support::receiver::Receiver;
use crate::support::server::Server;
use crate::support::site::Site;
use crate::support::smtp::MailServer;

/// A site that mails and calls this machine, and dies at `failpoint`.
async fn site_dying_at(failpoint: &str) -> (Site, MailServer, Receiver, String) {
    let (mail, smtp) = MailServer::start().await;
    let (receiver, address) = Receiver::start().await;
    let mut site = Site::embedded();
    for (name, value) in [
        ("WEIR_MAIL__SMTP_URL", format!("smtp://{smtp}?tls=none")),
        ("WEIR_MAIL__TO", "ops@example.com".to_owned()),
        ("WEIR_WEBHOOKS__ALLOW_HTTP", "true".to_owned()),
        ("WEIR_WEBHOOKS__ALLOW_NETWORKS", "127.0.0.0/8".to_owned()),
        ("WEIR_FAILPOINT", failpoint.to_owned()),
    ] {
        site.set(name, &value);
    }
    (site, mail, receiver, format!("http://{address}/"))
}

async fn raise(server: &Server, url: &str) {
    let admin = server.token(Role::Admin).await;
    let hook = json!({"name": "n", "url": url});
    server
        .post_as(&admin, "/api/v1/webhooks", &hook)
        .await
        .json(201);
    let event = json!({"source": "s", "event_type": "t", "severity": "HIGH", "description": "d"});
    let request = server.request(reqwest::Method::POST, "/api/v1/events");
    // The process may die before its answer is out.
    drop(request.bearer_auth(admin).json(&event).send().await);
}

/// Starts again what died, without its fault, and as if its claims had run out.
fn start_again(server: Server) -> Server {
    let mut site = server.left_by_its_death();
    site.unset("WEIR_FAILPOINT");
    let path = site.database_url().strip_prefix("sqlite://").unwrap();
    let mut database = SqliteConnection::establish(path).unwrap();
    let held = diesel::sql_query("UPDATE action_outbox SET due_at = 0 WHERE state = 1");
    assert!(
        held.execute(&mut database).unwrap() > 0,
        "it died with something in hand"
    );
    drop(database);
    Server::start_again_at(site)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_sent_by_who_died_before_recording_it_is_sent_again_under_the_same_id() {
    let (site, mail, receiver, url) = site_dying_at("mail_sent:1:abort").await;
    let server = Server::start_at(site).await;
    raise(&server, &url).await;
    let _server = start_again(server);
    let letters = mail.has(2).await;
    assert_eq!(
        letters[0].header("Message-ID"),
        letters[1].header("Message-ID")
    );
    receiver.has(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_claimed_by_who_died_before_sending_it_is_sent_once() {
    let (site, mail, receiver, url) = site_dying_at("mail_claimed:1:abort").await;
    let server = Server::start_at(site).await;
    raise(&server, &url).await;
    let mut server = start_again(server);
    mail.has(1).await;
    receiver.has(1).await;
    assert!(server.stop().success());
    assert_eq!(mail.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_made_by_who_died_before_recording_it_is_made_again_under_the_same_id() {
    let (site, mail, receiver, url) = site_dying_at("webhook_sent:1:abort").await;
    let server = Server::start_at(site).await;
    raise(&server, &url).await;
    let _server = start_again(server);
    let calls = receiver.has(2).await;
    assert_eq!(
        calls[0].headers["webhook-id"],
        calls[1].headers["webhook-id"]
    );
    mail.has(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_claimed_by_who_died_before_making_it_is_made_once() {
    let (site, mail, receiver, url) = site_dying_at("webhook_claimed:1:abort").await;
    let server = Server::start_at(site).await;
    raise(&server, &url).await;
    let mut server = start_again(server);
    receiver.has(1).await;
    mail.has(1).await;
    assert!(server.stop().success());
    assert_eq!(receiver.arrived().len(), 1);
}
