//! `POST /api/v1/policies`, and what follows from then on.

use coordinator::domain::roles::Role;
use reqwest::{Method, header};
use serde_json::{Value, json};

use super::{PATH, actions_of, cards, caught, policies_of, send};
use crate::support::server::{Answer, Server};

const TEXT: &str = "my card is 4111 1111 1111 1111";

#[tokio::test]
async fn a_new_policy_decides_over_the_very_next_message() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let made = server.post_as(&token, PATH, &cards()).await;
    assert_eq!(made.headers["etag"], "\"1\"");
    let location = made.headers["location"].to_str().unwrap().to_owned();
    let made = made.json(201);
    assert_eq!(location, format!("{PATH}/{}", made["id"].as_str().unwrap()));
    assert_eq!(
        (&made["version"], &made["warnings"]),
        (&json!(1), &json!([]))
    );
    for (field, value) in cards().as_object().unwrap() {
        assert_eq!(&made[field], value, "{field}");
    }
    let message = caught(&server, &token, "1", TEXT, json!({})).await;
    assert_eq!(policies_of(&message)[..2], ["Cards", "Payment cards"]);
    // Whoever takes it away tells the author what was done.
    assert_eq!(actions_of(&message), ["block"]);
    let elsewhere = caught(&server, &token, "2", TEXT, json!({"channel": "C123"})).await;
    assert!(!policies_of(&elsewhere).contains(&"Cards"), "{elsewhere}");
    assert_eq!(actions_of(&elsewhere), [""; 0]);
}

#[tokio::test]
async fn kinds_of_conversations_bots_and_groups_are_told_apart() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let group = json!({"name": "Finance", "members": ["U77"]});
    let group = server
        .post_as(&token, "/api/v1/groups", &group)
        .await
        .json(201)["id"]
        .clone();
    let places = [
        ("Direct", json!({"channel_types": ["dm", "group_dm"]})),
        ("Bots", json!({"bots": ["any"]})),
        ("Finance", json!({ "groups": [group] })),
        ("Private", json!({"channel_types": ["private"]})),
    ];
    for (name, include) in places {
        let policy = json!({"name": name, "rules": [{}], "scope": {"include": include}});
        server.post_as(&token, PATH, &policy).await.json(201);
    }
    for (at, place, expected) in [
        ("1", json!({"channel_type": "im"}), vec!["Direct"]),
        (
            "2",
            json!({"channel_type": "mpim", "user": "U77"}),
            vec!["Direct", "Finance"],
        ),
        (
            "3",
            json!({"channel_type": "group", "bot_id": "B1"}),
            vec!["Bots", "Private"],
        ),
        ("4", json!({"channel_type": "channel"}), vec![]),
    ] {
        let message = caught(&server, &token, at, TEXT, place).await;
        let mut met = policies_of(&message);
        met.retain(|name| ["Direct", "Bots", "Finance", "Private"].contains(name));
        met.sort_unstable();
        assert_eq!(met, expected, "{at}");
    }
}

#[tokio::test]
async fn a_fresh_installation_has_policies_that_touch_no_message() {
    let server = Server::start().await;
    let token = server.token(Role::Auditor).await;
    let text = format!("{TEXT} and ghp_q7R2vX9sLm4TzYw8NbKc3HdJf6GpUe0a1B2C");
    let message = caught(&server, &token, "1", &text, json!({})).await;
    assert_eq!(
        policies_of(&message),
        ["Secrets and keys", "Payment cards", "Everything likely"]
    );
    assert_eq!(actions_of(&message), [""; 0]);
    let mails: Vec<String> = (0..10)
        .map(|at| format!("anna.berg{at}@kessler-partner.de"))
        .collect();
    let bulk = caught(&server, &token, "2", &mails.join(", "), json!({})).await;
    assert!(
        policies_of(&bulk).contains(&"Personal contact details in bulk"),
        "{bulk}"
    );
    let same = [mails[0].as_str(); 12].join(", ");
    let few = caught(&server, &token, "3", &same, json!({})).await;
    assert!(
        !policies_of(&few).contains(&"Personal contact details in bulk"),
        "{few}"
    );
}

#[tokio::test]
async fn a_policy_that_cannot_work_is_refused_with_everything_that_is_wrong() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let before = server.get_as(&token, PATH).await.json(200)["total"].clone();
    let draft = json!({
        "name": "", "mode": "on", "rules": [{"info_types": ["IBAN_CODE", "CREDIT_CARD_NUMBERS"]}],
        "actions": [{"type": "webhook", "id": "01890000-0000-7000-8000-000000000000"}], "zanarkand": 1,
    });
    let refused = server
        .post_as(&token, PATH, &draft)
        .await
        .problem(422, "unusable");
    assert_eq!(
        refused["errors"],
        json!([
            "`name`: give a text of 1 to 200 characters on one line",
            "`mode`: give one of off, simulate, enforce",
            "`rules[0].info_types[1]`: no detector finds this; did you mean CREDIT_CARD_NUMBER?",
            "`actions[0].id`: there is no such webhook",
            "`actions`: a mail or webhook tells of the alert; add an `alert` beside it",
            "1 fields are not known here; there are name, mode, priority, scope, match, rules, \
             severity, actions",
        ])
    );
    assert_eq!(server.get_as(&token, PATH).await.json(200)["total"], before);
}

#[tokio::test]
async fn nothing_that_is_sent_makes_it_fail() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let post = async |body: &[u8]| {
        let request = server.request(Method::POST, PATH).bearer_auth(&token);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        Answer::to(request.body(body.to_vec())).await
    };
    let deep = format!("{{\"scope\": {}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    for (body, status) in [
        (b"".as_slice(), 400),
        (b"[]", 400),
        (b"null", 400),
        (b"{\"name\": \"a\", \"name\": \"b\", \"rules\": [{}]}", 400),
        (b"{\"name\": \"\xff\xfe\"}", 400),
        (b"{\"priority\": 1e999}", 400),
        (deep.as_bytes(), 400),
        (b"{\"name\": \"a\\u0000b\", \"rules\": [{}]}", 422),
        (
            b"{\"name\": \"a\", \"rules\": [{}], \"priority\": 99999999999999999999}",
            422,
        ),
        (b"{\"name\": \"a\", \"rules\": {}}", 422),
        (b"{\"name\": \"a\", \"rules\": [{\"min_count\": -1}]}", 422),
        (b"{}", 422),
    ] {
        let answer = post(body).await;
        let shown = String::from_utf8_lossy(body)
            .chars()
            .take(60)
            .collect::<String>();
        assert_eq!(answer.status, status, "{shown}: {}", answer.text());
    }
    let long = format!("{{\"name\": \"{}\"}}", "x".repeat(2_000_000));
    assert_eq!(post(long.as_bytes()).await.status, 413);
    let plain = server
        .request(Method::POST, PATH)
        .bearer_auth(&token)
        .body("x");
    assert_eq!(Answer::to(plain).await.status, 415);
}

#[tokio::test]
async fn only_an_admin_makes_policies() {
    let server = Server::start().await;
    for role in [Role::Analyst, Role::Auditor] {
        let token = server.token(role).await;
        server
            .post_as(&token, PATH, &cards())
            .await
            .problem(403, "forbidden");
        assert_eq!(server.get_as(&token, PATH).await.status, 200);
    }
}

#[tokio::test]
async fn what_can_have_no_effect_is_a_warning_and_no_mistake() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let off = json!({"enabled": false});
    let detector = "/api/v1/detectors/iban-code";
    send(&server, Method::PATCH, detector, &token, &off)
        .await
        .json(200);
    let draft: Value = json!({
        "name": "IBANs", "mode": "simulate", "rules": [{"detectors": ["iban-code"]}],
        "actions": [{"type": "alert"}, {"type": "block"}],
    });
    let made = server.post_as(&token, PATH, &draft).await.json(201);
    assert_eq!(
        made["warnings"],
        json!([
            "`rules[0]`: no detector that is switched on finds any of this",
            "`actions[1]`: nothing comes of it as long as `mode` is simulate",
        ])
    );
}
