//! Canaries: values that must not leave the process in clear, sent in by every door.
//!
//! Owns planting them and searching everything that leaves or rests. **Invariant:** a canary is searched
//! for in logs, spans, metrics, answers, the database file and the blob folder, byte by byte.

use coordinator::domain::roles::Role;
use coordinator::store::Paging;
use coordinator::store::alerts::{self, AlertFilter};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, header};
use serde_json::json;

use crate::support::collector::Collector;
use crate::support::db;
use crate::support::sealed::{assert_free_of, files_below};
use crate::support::server::{Answer, PASSWORD, Server, email_of};
use crate::support::slack::SIGNING_SECRET;

/// A card number that nobody has, a token that nobody was given, and words of no language.
const CARD: &str = "4539 5787 6362 1486";
const CARD_DIGITS: &str = "4539578763621486";
const SECRET: &str = "ghp_q7R2vX9sLm4TzYw8NbKc3HdJf6GpUe0a1B2C";
const TEXT_WORD: &str = "zanarkandtext";
const FIELD_WORD: &str = "zanarkandfield";
const FILE_WORD: &str = "zanarkandcontent";
const NAME_WORD: &str = "zanarkandname";
const PASSWORD_WORD: &str = "zanarkandpassword";
const HEADER_WORD: &str = "zanarkandheader";
const QUERY_WORD: &str = "zanarkandquery";

/// What may be found nowhere.
const NOWHERE: [&str; 8] = [
    CARD,
    CARD_DIGITS,
    SECRET,
    TEXT_WORD,
    FILE_WORD,
    PASSWORD_WORD,
    HEADER_WORD,
    QUERY_WORD,
];

fn text() -> String {
    format!("{TEXT_WORD} my card is {CARD}, and {CARD_DIGITS}, token {SECRET}")
}

/// Everything that was answered.
#[derive(Default)]
struct Answers(String);

impl Answers {
    fn keep(&mut self, answer: &Answer) {
        self.0.push_str(&String::from_utf8_lossy(&answer.body));
        for value in answer.headers.values() {
            self.0.push_str(&String::from_utf8_lossy(value.as_bytes()));
            self.0.push('\n');
        }
    }
}

async fn by_slack(server: &Server, answers: &mut Answers) {
    let event = json!({
        "token": HEADER_WORD, "team_id": "T0001", "type": "event_callback", "event_id": "Ev1",
        "event": { "type": "message", "channel": "C0001", "user": "U0001", "ts": "1700000000.000100",
            "text": text(), "username": FIELD_WORD,
            "attachments": [{ "title": text(), "fields": [{ "title": FIELD_WORD, "value": text() }] }],
            "blocks": [{ "type": "section", "text": { "type": "mrkdwn", "text": text() } }],
            "files": [{ "id": "F1", "name": text(), "title": text() }] },
    })
    .to_string();
    let accepted = server.slack(event.as_bytes()).await;
    assert_eq!(accepted.status, 200);
    answers.keep(&accepted);
    let odd = json!({"type": text(), "event_id": text(), "team_id": TEXT_WORD,
        "event": {"type": text(), "subtype": text()}});
    let broken = format!("{{\"text\": \"{}", text());
    let mut not_text = event.clone().into_bytes();
    not_text.extend(b"\xff\xfe");
    for body in [odd.to_string().as_bytes(), broken.as_bytes(), &not_text] {
        answers.keep(&server.slack(body).await);
    }
    answers.keep(&server.slack_at(0, SIGNING_SECRET, event.as_bytes()).await);
    answers.keep(&server.slack_at(1, HEADER_WORD, event.as_bytes()).await);
    let odd_headers = server
        .request(Method::POST, "/slack/events")
        .header("X-Slack-Signature", format!("v0={HEADER_WORD}"))
        .header("X-Slack-Request-Timestamp", CARD_DIGITS)
        .header("X-Slack-Retry-Reason", HEADER_WORD)
        .body(event);
    answers.keep(&Answer::to(odd_headers).await);
}

async fn by_text(server: &Server, token: &str, answers: &mut Answers) {
    let path = "/api/v1/scans?wait=60";
    let scanned = server
        .post_as(token, path, &json!({ "text": text() }))
        .await;
    let scan = scanned.json(200);
    assert!(scan["finding_count"].as_u64() >= Some(2), "{scan}");
    answers.keep(&scanned);
    let member = format!("{{\"{SECRET}\": 1}}");
    let number = format!("{{\"text\": {CARD_DIGITS}}}");
    let broken = format!("{{\"text\": \"{}\" {TEXT_WORD}", text());
    for (content_type, body) in [
        ("application/json", member.as_str()),
        ("application/json", &number),
        ("application/json", &broken),
        ("application/json", &text()),
        (&*format!("text/{HEADER_WORD}"), &text()),
        (
            &*format!("multipart/form-data; boundary={HEADER_WORD}"),
            &text(),
        ),
    ] {
        let request = server.request(Method::POST, path).bearer_auth(token);
        let request = request.header(header::CONTENT_TYPE, content_type);
        answers.keep(&Answer::to(request.body(body.to_owned())).await);
    }
}

async fn by_file(server: &Server, token: &str, answers: &mut Answers) {
    let table = format!("name,{FILE_WORD}\nBob,{}\n", text());
    let note = format!("{FILE_WORD} {}", text());
    let document = json!({ NAME_WORD: [text()], CARD: text(), "note": note }).to_string();
    let page = format!(
        "<html><body title='{}'><!-- {FILE_WORD} --><p>{}</p></body></html>",
        text(),
        text()
    );
    let binary = format!("\x7fELF\u{2}\u{1}\u{1}\0\0\0{}\0\0", text());
    let broken_json = format!("{{\"{NAME_WORD}\": \"{FILE_WORD} {}", text());
    for (name, media_type, file) in [
        ("a.csv", "text/csv", table),
        ("b.json", "application/json", document),
        ("c.html", "text/html", page),
        ("d.bin", "application/octet-stream", binary),
        ("e.json", "application/json", broken_json),
    ] {
        let part = Part::bytes(file.into_bytes())
            .file_name(format!("{NAME_WORD}-{name}"))
            .mime_str(media_type)
            .unwrap();
        let form = Form::new().part("file", part);
        let request = server.request(Method::POST, "/api/v1/scans?wait=60");
        let answer = Answer::to(request.bearer_auth(token).multipart(form)).await;
        assert_eq!(answer.json(200)["state"], "completed");
        answers.keep(&answer);
    }
}

async fn by_mistake(server: &Server, token: &str, answers: &mut Answers) {
    for body in [
        json!({"email": email_of(Role::Admin), "password": PASSWORD_WORD}),
        json!({"email": format!("{PASSWORD_WORD}@example.test"), "password": PASSWORD}),
        json!({"email": [PASSWORD_WORD], "password": PASSWORD_WORD}),
        json!({PASSWORD_WORD: CARD}),
    ] {
        answers.keep(&server.post("/api/v1/auth/login", &body).await);
    }
    let address = format!("{PASSWORD_WORD}@example.test");
    for (path, body) in [
        (
            "register",
            json!({"email": address, "password": PASSWORD_WORD}),
        ),
        ("password/forgot", json!({"email": address})),
        (
            "password/reset",
            json!({"token": format!("weir_rst_{PASSWORD_WORD}"), "new_password": PASSWORD_WORD}),
        ),
        (
            "password",
            json!({"current_password": PASSWORD_WORD, "new_password": PASSWORD_WORD}),
        ),
    ] {
        let path = format!("/api/v1/auth/{path}");
        answers.keep(&server.post_as(token, &path, &body).await);
    }
    let user = json!({"email": PASSWORD_WORD, "role": PASSWORD_WORD, "password": PASSWORD_WORD});
    answers.keep(&server.post_as(token, "/api/v1/users", &user).await);
    let machine = json!({"name": "n", "scopes": [QUERY_WORD], "expires_at": QUERY_WORD});
    answers.keep(&server.post_as(token, "/api/v1/tokens", &machine).await);
    for path in ["/api/v1/auth/refresh", "/api/v1/auth/logout"] {
        let body = json!({"refresh_token": format!("weir_rt_{PASSWORD_WORD}")});
        answers.keep(&server.post(path, &body).await);
    }
    for bad_token in [HEADER_WORD, SECRET, &format!("weir_pat_{HEADER_WORD}")] {
        answers.keep(&server.get_as(bad_token, "/api/v1/auth/me").await);
    }
    for path in [
        format!("/api/v1/scans?cursor={QUERY_WORD}"),
        format!("/api/v1/scans?limit={QUERY_WORD}"),
        format!("/api/v1/scans/{QUERY_WORD}"),
        format!("/api/v1/findings?scan={CARD_DIGITS}&min_likelihood={QUERY_WORD}"),
        format!("/api/v1/messages?user={QUERY_WORD}&{SECRET}=1"),
        format!("/api/v1/detectors/{QUERY_WORD}"),
        format!("/api/v1/users?search={QUERY_WORD}&role={QUERY_WORD}"),
        format!("/api/v1/tokens/{QUERY_WORD}"),
        format!("/{QUERY_WORD}/{CARD_DIGITS}?{QUERY_WORD}={SECRET}"),
        format!("/api/docs/{QUERY_WORD}"),
        format!("/internal/v1/blobs/{QUERY_WORD}"),
    ] {
        let request = server.request(Method::GET, &path).bearer_auth(token);
        let request = request
            .header("x-request-id", format!("{HEADER_WORD} {CARD}"))
            .header("user-agent", HEADER_WORD)
            .header("referer", HEADER_WORD)
            .header("cookie", format!("session={HEADER_WORD}"))
            .header("traceparent", HEADER_WORD)
            .header("tracestate", format!("k={HEADER_WORD}"))
            .header("x-forwarded-for", HEADER_WORD);
        answers.keep(&Answer::to(request).await);
    }
    let strange = server.request(Method::from_bytes(b"ZANARKANDQUERY").unwrap(), "/healthz");
    answers.keep(&Answer::to(strange).await);
}

/// What the API shows of all of it.
async fn read_back(server: &Server, token: &str, answers: &mut Answers) {
    server
        .eventually("caught message", async |server| {
            let page = server.get_as(token, "/api/v1/messages").await.json(200);
            (page["total"].as_u64() > Some(0)).then_some(())
        })
        .await;
    for path in ["scans", "messages", "findings", "queue", "nodes", "auth/me"] {
        let answer = server.get_as(token, &format!("/api/v1/{path}")).await;
        assert_eq!(answer.status, 200, "{path}");
        answers.keep(&answer);
    }
}

/// The one answer that says what a message said. It is kept apart from the others.
async fn revealed(server: &Server, token: &str) -> String {
    let alert = server
        .eventually("an alert", async |server| {
            let store = db::connect_reader(server.site.database_url()).await;
            let listing =
                store.read(|conn| alerts::list(conn, &AlertFilter::default(), Paging::first(1)));
            listing.await.unwrap().items.first().map(|alert| alert.id)
        })
        .await;
    let path = format!("/api/v1/alerts/{alert}/reveal");
    let body = json!({"reason": "a canary is to be seen here only"});
    let answer = server.post_as(token, &path, &body).await;
    assert_eq!(answer.status, 200);
    answer.text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_leaves_or_rests_in_clear() {
    let (collector, endpoint) = Collector::start().await;
    let mut server = Server::start_with(&[
        ("WEIR_TELEMETRY__OTLP_ENDPOINT", &endpoint),
        (
            "WEIR_TELEMETRY__LOG",
            "info,coordinator=debug,scanner_node=debug,shared=debug",
        ),
    ])
    .await;
    let token = server.token(Role::Admin).await;
    let mut answers = Answers::default();
    by_slack(&server, &mut answers).await;
    by_text(&server, &token, &mut answers).await;
    by_file(&server, &token, &mut answers).await;
    by_mistake(&server, &token, &mut answers).await;
    read_back(&server, &token, &mut answers).await;
    let original = revealed(&server, &token).await;
    for path in ["messages", "findings", "policies", "groups"] {
        let path = format!("/api/v1/{path}");
        answers.keep(&server.get_as(&token, &path).await);
    }
    let metrics = server.get("/metrics").await.text();
    assert!(server.stop().success());

    // What was revealed is there, in clear, so that its absence elsewhere says something.
    assert!(original.contains(TEXT_WORD) && original.contains(CARD) && original.contains(SECRET));
    // The search finds what is there: a masked preview, and the mark of a request.
    assert!(answers.0.contains("4539 **** **** 1486"));
    assert!(server.log().contains("request refused"));
    assert!(collector.everything().contains("/slack/events"));

    let everywhere: Vec<&str> = NOWHERE
        .iter()
        .copied()
        .chain([FIELD_WORD, NAME_WORD])
        .collect();
    assert_free_of("the log", server.log().as_bytes(), &everywhere);
    assert_free_of("the spans", collector.everything().as_bytes(), &everywhere);
    assert_free_of("the metrics", metrics.as_bytes(), &everywhere);
    // A file's name and a member's are shown as the place of a finding; nothing else comes back.
    assert_free_of("the answers", answers.0.as_bytes(), &NOWHERE);
    assert_free_of("the answers", answers.0.as_bytes(), &[FIELD_WORD]);
    for (name, bytes) in files_below(server.site.folder()) {
        assert_free_of(&name, &bytes, &NOWHERE);
        assert_free_of(&name, &bytes, &[FIELD_WORD]);
    }
}
