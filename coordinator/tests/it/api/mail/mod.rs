//! `/api/v1/mail/test`.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::server::{Answer, Server, email_of};
use crate::support::smtp::MailServer;

const PATH: &str = "/api/v1/mail/test";

async fn mailing(more: &[(&str, &str)]) -> (Server, MailServer) {
    let (mail, address) = MailServer::start().await;
    let url = format!("smtp://{address}?tls=none");
    let usual = [
        ("WEIR_MAIL__SMTP_URL", url.as_str()),
        ("WEIR_MAIL__RETRY_AFTER", "100ms"),
    ];
    let settings: Vec<(&str, &str)> = usual.iter().chain(more).copied().collect();
    (Server::start_with(&settings).await, mail)
}

fn place(asked: &Answer) -> String {
    asked.headers["location"].to_str().unwrap().to_owned()
}

async fn settled(server: &Server, token: &str, path: &str) -> Value {
    server
        .eventually("the letter is settled", async |server| {
            let letter = server.get_as(token, path).await.json(200);
            (letter["state"] != "pending").then_some(letter)
        })
        .await
}

#[tokio::test]
async fn a_letter_goes_to_the_callers_own_address_and_what_became_of_it_is_told() {
    let (server, mail) = mailing(&[("WEIR_MAIL__TO", "others@example.test")]).await;
    let token = server.token(Role::Admin).await;
    let asked = server.post_as(&token, PATH, &json!({})).await;
    let letter = asked.json(202);
    assert_eq!(
        place(&asked),
        format!("{PATH}/{}", letter["id"].as_str().unwrap())
    );
    let sent = settled(&server, &token, &place(&asked)).await;
    assert_eq!(
        (&sent["state"], &sent["attempts"]),
        (&json!("done"), &json!(1))
    );
    assert_eq!(sent["error_code"], json!(null));
    let received = mail.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].to, [format!("<{}>", email_of(Role::Admin))]);
    let id = format!("<{}@", letter["id"].as_str().unwrap());
    assert!(received[0].header("Message-ID").starts_with(&id));
    let path = format!(
        "/api/v1/audit/events?event_type=mail.tested&subject={}",
        letter["id"].as_str().unwrap()
    );
    let trail = server.get_as(&token, &path).await.json(200);
    assert_eq!(trail["total"], 1);
    assert_eq!(trail["items"][0]["variant_data"], json!({}));
    let address = email_of(Role::Admin);
    assert!(!server.log().contains(&address) && !sent.to_string().contains(&address));
}

#[tokio::test]
async fn why_a_letter_was_refused_is_told() {
    let (server, mail) = mailing(&[]).await;
    mail.refuse_next("451 zanarkand later");
    mail.refuse_next("554 zanarkand never");
    let token = server.token(Role::Admin).await;
    let asked = server.post_as(&token, PATH, &json!({})).await;
    let refused = settled(&server, &token, &place(&asked)).await;
    assert_eq!(
        (&refused["state"], &refused["attempts"]),
        (&json!("failed"), &json!(2))
    );
    assert_eq!(refused["error_code"], "smtp_554");
    assert!(mail.received().is_empty());
}

#[tokio::test]
async fn without_a_server_there_is_nothing_to_test() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let refused = server.post_as(&token, PATH, &json!({})).await;
    assert_eq!(
        refused.problem(409, "conflict")["detail"],
        "mail is off: an operator sets `WEIR_MAIL__SMTP_URL`"
    );
}

#[tokio::test]
async fn one_letter_a_minute_is_sent_to_one_person() {
    let (server, mail) = mailing(&[]).await;
    let token = server.token(Role::Admin).await;
    let (mut sent, mut refused) = (Vec::new(), 0);
    // A minute may end among three, not twice.
    for _ in 0..3 {
        let asked = server.post_as(&token, PATH, &json!({})).await;
        if asked.status == 202 {
            sent.push(place(&asked));
        } else {
            asked.problem(429, "too_many_requests");
            let wait: u64 = asked.headers["retry-after"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
            refused += 1;
        }
    }
    assert!(refused >= 1);
    for letter in &sent {
        settled(&server, &token, letter).await;
    }
    assert_eq!(mail.received().len(), sent.len());
}

#[tokio::test]
async fn only_letters_that_were_tests_are_shown_here() {
    let (server, mail) = mailing(&[("WEIR_MAIL__TO", "others@example.test")]).await;
    let token = server.token(Role::Admin).await;
    let event = json!({
        "source": "ids", "event_type": "x", "severity": "CRITICAL", "description": "x",
    });
    server
        .post_as(&token, "/api/v1/events", &event)
        .await
        .json(201);
    let letter = mail.has(1).await.remove(0);
    let id = letter.header("Message-ID");
    let id = id.trim_start_matches('<').split('@').next().unwrap();
    for unknown in [id, "018f0000-0000-7000-8000-000000000000", "x"] {
        server
            .get_as(&token, &format!("{PATH}/{unknown}"))
            .await
            .problem(404, "not_found");
    }
}
