//! Mail: who gets it, when, and what it says.

use coordinator::domain::roles::Role;
use coordinator::keys;
use coordinator::store::outbox::{self, NewAction};
use coordinator::store::{clock, notices};
use serde_json::{Value, json};
use shared::config::SecretsConfig;
use shared::ids::{ActionId, WorkspaceId};
use shared::seal::{Purpose, Sealer};

use crate::support::db;
use crate::support::server::Server;
use crate::support::site::Site;
use crate::support::slack::leak;
use crate::support::smtp::MailServer;

/// An address, a user and a password that must not be in any log.
const RECEIVER: &str = "zanarkandops@example.com";
const LOGIN: &str = "zanarkanduser:zanarkandpass";

async fn mailing(more: &[(&str, &str)]) -> (Server, MailServer) {
    let (mail, address) = MailServer::start().await;
    let url = format!("smtp://{LOGIN}@{address}?tls=none");
    let usual = [
        ("WEIR_MAIL__SMTP_URL", url.as_str()),
        ("WEIR_MAIL__FROM", "Weir <weir@example.org>"),
        ("WEIR_MAIL__TO", RECEIVER),
        ("WEIR_MAIL__RETRY_AFTER", "100ms"),
        ("WEIR_HTTP__PUBLIC_URL", "https://weir.example.org/"),
        ("WEIR_TELEMETRY__LOG", "debug"),
    ];
    let settings: Vec<(&str, &str)> = usual.iter().chain(more).copied().collect();
    (Server::start_with(&settings).await, mail)
}

async fn raise(server: &Server, severity: &str, description: &str) -> Value {
    let token = server.token(Role::Analyst).await;
    let event = json!({
        "source": "ids", "event_type": "Ключ утёк", "severity": severity, "description": description,
    });
    server
        .post_as(&token, "/api/v1/events", &event)
        .await
        .json(201)
}

#[tokio::test]
async fn a_leak_is_mailed_in_both_forms_and_no_secret_is_logged() {
    let (mut server, mail) = mailing(&[]).await;
    assert_eq!(
        server
            .slack(leak("Ev1").to_string().as_bytes())
            .await
            .status,
        200
    );
    let letter = mail.has(1).await.remove(0);
    assert_eq!(letter.to, [format!("<{RECEIVER}>")]);
    assert_eq!(
        letter.login.as_deref(),
        Some("\0zanarkanduser\0zanarkandpass")
    );
    assert_eq!(
        letter.header("Subject"),
        "[HIGH] CREDIT_CARD_NUMBER in a message"
    );
    assert_eq!(letter.header("From"), "Weir <weir@example.org>");
    assert!(letter.header("Message-ID").ends_with("@example.org>"));
    let text = letter.readable();
    assert_eq!(text.matches("4111 **** **** 1111").count(), 2, "{text}");
    assert!(text.contains("text/html") && text.contains("text/plain"));
    assert!(text.contains("https://weir.example.org/alerts/"));
    assert!(!text.contains("1111 1111"));
    assert!(server.stop().success());
    assert!(server.log().contains("outbox rows carried out"));
    for canary in ["zanarkand", "CREDIT_CARD_NUMBER in a message"] {
        assert!(!server.log().contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn a_letter_that_was_refused_for_now_comes_again_and_one_refused_for_good_does_not() {
    let (server, mail) = mailing(&[]).await;
    mail.refuse_next("451 zanarkand later");
    mail.refuse_next("452 zanarkand later");
    raise(&server, "HIGH", "first").await;
    let first = mail.has(1).await.remove(0);
    assert!(
        first.header("Subject").starts_with("=?utf-8?")
            || first.header("Subject").contains("=?utf-8?")
    );
    mail.refuse_next("554 zanarkand never");
    raise(&server, "HIGH", "second").await;
    raise(&server, "HIGH", "third").await;
    mail.has(2).await;
    server
        .eventually("the letter is given up", async |server| {
            server.log().contains("smtp_554").then_some(())
        })
        .await;
    assert_eq!(mail.received().len(), 2);
    assert!(!server.log().contains("zanarkand"));
    for (outcome, letters) in [("sent", 2), ("retried", 2), ("failed", 1)] {
        let series = format!("weir_deliveries_total{{kind=\"mail\",outcome=\"{outcome}\"}}");
        server
            .eventually("the letters are counted", async |server| {
                (server.metric(&series).await == letters).then_some(())
            })
            .await;
    }
    let attempts = "weir_delivery_seconds_count{kind=\"mail\"}";
    assert_eq!(server.metric(attempts).await, 5);
}

#[tokio::test]
async fn a_digest_gathers_what_comes_within_its_time() {
    let (server, mail) = mailing(&[
        ("WEIR_MAIL__DIGEST", "8s"),
        ("WEIR_MAIL__MIN_SEVERITY", "HIGH"),
    ])
    .await;
    for n in 0..5 {
        raise(&server, "HIGH", &format!("number {n}")).await;
    }
    raise(&server, "CRITICAL", "worst").await;
    let told = async || {
        let letters = mail.received();
        let counts = letters
            .iter()
            .map(|letter| letter.readable().matches("/alerts/").count() / 2);
        counts.sum::<usize>()
    };
    crate::support::patience::until("all six are told", async || told().await == 6).await;
    assert!(
        mail.received().len() <= 3,
        "at most two boundaries lie between six alerts"
    );
}

#[tokio::test]
async fn what_is_not_grave_enough_is_not_mailed() {
    let (server, mail) = mailing(&[("WEIR_MAIL__MIN_SEVERITY", "CRITICAL")]).await;
    raise(&server, "HIGH", "not so bad").await;
    let grave = raise(&server, "CRITICAL", "bad").await;
    let letter = mail.has(1).await.remove(0);
    assert!(
        letter
            .readable()
            .contains(grave["alert_id"].as_str().unwrap())
    );
    assert_eq!(mail.received().len(), 1);
}

/// Puts a row there as another part of Weir does.
async fn put(site: &Site, key: &str, payload: &Value) {
    let secrets = SecretsConfig {
        keyring_file: Some(site.folder().join("keyring.json")),
        master_key: None,
    };
    let ring = keys::ring(&secrets).unwrap();
    let sealer = Sealer::new(&ring, Purpose::Database).unwrap();
    let action = NewAction {
        id: ActionId::fresh(),
        action_key: key.to_owned(),
        kind: notices::MAIL.to_owned(),
        target: None,
        alert: None,
        workspace: WorkspaceId::api(),
        lane: None,
        due_in: std::time::Duration::ZERO,
        payload: sealer
            .seal(key.as_bytes(), payload.to_string().as_bytes())
            .unwrap(),
    };
    let store = db::connect(site.database_url()).await.unwrap();
    store.migrate().await.unwrap();
    let putting = store.write(move |conn| {
        let now = clock::now(conn)?;
        outbox::enqueue(conn, &[action], now)
    });
    putting.await.unwrap();
}

#[tokio::test]
async fn a_new_password_is_mailed_at_once_even_with_digests() {
    let (mail, address) = MailServer::start().await;
    let mut site = Site::embedded();
    site.set("WEIR_MAIL__SMTP_URL", &format!("smtp://{address}?tls=none"));
    site.set("WEIR_MAIL__DIGEST", "1d");
    site.set("WEIR_HTTP__PUBLIC_URL", "https://weir.example.org");
    let reset = json!({"template": "password_reset", "to": "zanarkand@example.com", "token": "zanarkandtoken"});
    put(&site, "mail/reset/1", &reset).await;
    put(
        &site,
        "mail/test/1",
        &json!({"template": "test", "to": ["a@example.com", "b@example.com"]}),
    )
    .await;
    put(&site, "mail/broken/1", &json!({"template": "unknown"})).await;
    let server = Server::start_at(site).await;
    let letters = mail.has(2).await;
    let reset = letters
        .iter()
        .find(|letter| letter.to == ["<zanarkand@example.com>"])
        .unwrap();
    assert!(
        reset
            .readable()
            .contains("https://weir.example.org/reset-password#token=zanarkandtoken")
    );
    assert!(letters.iter().any(|letter| letter.to.len() == 2));
    server
        .eventually("the broken row is given up", async |server| {
            server.log().contains("payload_unreadable").then_some(())
        })
        .await;
    assert!(!server.log().contains("zanarkand"));
}

#[tokio::test]
async fn without_a_server_mail_is_off_and_says_so_once() {
    let server = Server::start().await;
    raise(&server, "CRITICAL", "x").await;
    assert_eq!(server.log().matches("mail is off").count(), 1);
}
