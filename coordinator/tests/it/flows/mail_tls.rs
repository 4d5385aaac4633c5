//! Mail over encrypted ways: nothing goes where others can read along, unless an operator wants it so.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::site::Site;
use crate::support::smtp::{MailServer, Way};
use crate::support::tls::Authority;

/// A user and a password that must not be in clear.
const LOGIN: &str = "zanarkanduser:zanarkandpass";

/// A server that sends mail to `url` and trusts `authority`.
async fn sending_to(url: &str, authority: Option<&Authority>) -> Server {
    let mut site = Site::embedded();
    site.set("WEIR_MAIL__SMTP_URL", url);
    if let Some(authority) = authority {
        let path = site.folder().join("ca.pem");
        authority.write(&path);
        site.set("WEIR_MAIL__CA_FILE", path.to_str().unwrap());
    }
    Server::start_at(site).await
}

/// Asks for a letter; gives what became of it as soon as it was tried.
async fn tried(server: &Server) -> Value {
    let token = server.token(Role::Admin).await;
    let asked = server
        .post_as(&token, "/api/v1/mail/test", &json!({}))
        .await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let path = asked.headers["location"].to_str().unwrap().to_owned();
    server
        .eventually("the letter was tried", async |server| {
            let letter = server.get_as(&token, &path).await.json(200);
            let is_tried = letter["state"] != "pending" || !letter["error_code"].is_null();
            is_tried.then_some(letter)
        })
        .await
}

fn assert_sent_encrypted(mail: &MailServer, letter: &Value, in_clear: &[&str]) {
    assert_eq!(letter["state"], "done", "{letter}");
    let received = mail.received();
    assert_eq!(received.len(), 1);
    assert_eq!(
        received[0].login.as_deref(),
        Some("\0zanarkanduser\0zanarkandpass")
    );
    assert_eq!(mail.in_clear(), in_clear);
}

#[tokio::test]
async fn with_starttls_password_and_letter_go_out_encrypted() {
    let authority = Authority::fresh();
    let (mail, address) = MailServer::start_on(Way::StartTls(authority.acceptor())).await;
    let server = sending_to(&format!("smtp://{LOGIN}@{address}"), Some(&authority)).await;
    let letter = tried(&server).await;
    assert_sent_encrypted(&mail, &letter, &["EHLO", "STARTTLS"]);
}

#[tokio::test]
async fn with_smtps_everything_is_encrypted_from_the_first_byte() {
    let authority = Authority::fresh();
    let (mail, address) = MailServer::start_on(Way::Tls(authority.acceptor())).await;
    let server = sending_to(&format!("smtps://{LOGIN}@{address}"), Some(&authority)).await;
    let letter = tried(&server).await;
    assert_sent_encrypted(&mail, &letter, &[]);
}

#[tokio::test]
async fn a_server_that_offers_no_starttls_gets_neither_password_nor_letter() {
    let (mail, address) = MailServer::start().await;
    let server = sending_to(&format!("smtp://{LOGIN}@{address}"), None).await;
    let letter = tried(&server).await;
    assert_eq!(
        (&letter["state"], &letter["error_code"]),
        (&json!("pending"), &json!("smtp_not_supported"))
    );
    assert!(mail.received().is_empty());
    let mut asked = mail.in_clear();
    asked.dedup();
    asked.retain(|word| word != "QUIT");
    assert_eq!(asked, ["EHLO"]);
    assert!(!server.log().contains("zanarkand"));
}

#[tokio::test]
async fn a_server_whose_certificate_nobody_vouches_for_gets_neither_password_nor_letter() {
    let (strange, known) = (Authority::fresh(), Authority::fresh());
    for (scheme, way) in [
        ("smtp", Way::StartTls(strange.acceptor())),
        ("smtps", Way::Tls(strange.acceptor())),
    ] {
        let (mail, address) = MailServer::start_on(way).await;
        for trusted in [None, Some(&known)] {
            let url = format!("{scheme}://{LOGIN}@{address}");
            let letter = tried(&sending_to(&url, trusted).await).await;
            let outcome = (&letter["state"], &letter["error_code"]);
            assert_eq!(
                outcome,
                (&json!("pending"), &json!("tls_failed")),
                "{scheme}"
            );
        }
        assert!(mail.received().is_empty());
        assert!(!mail.in_clear().contains(&"AUTH".to_owned()));
    }
}
