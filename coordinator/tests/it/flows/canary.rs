//! Nothing that leaves the process, and nothing that rests, holds what was found.

use std::path::Path;

use serde_json::json;

use crate::support::collector::Collector;
use crate::support::embedded::Embedded;
use crate::support::slack::message;

/// A valid card number that no other test uses, a secret's shape, and a word.
const CARD: &str = "4539 5787 6362 1486";
const WORD: &str = "canaryzwpqx";
const PASSWORD: &str = "canary-password-zwpqx";

fn canaries() -> Vec<String> {
    vec![
        CARD.to_owned(),
        CARD.replace(' ', ""),
        WORD.to_owned(),
        PASSWORD.to_owned(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn message_text_and_values_stay_inside() {
    let (collector, address) = Collector::start().await;
    let endpoint = format!("http://{address}");
    let mut weir = Embedded::start(&[
        ("WEIR_TELEMETRY__OTLP_ENDPOINT", &endpoint),
        (
            "WEIR_TELEMETRY__LOG",
            "info,coordinator=debug,scanner_node=debug,shared=debug",
        ),
    ])
    .await;
    let answers = every_way_in(&weir).await;
    let metrics = weir
        .http
        .get(weir.url("/metrics"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(weir.process.terminate().success());

    let spans = collector.text();
    assert!(
        spans.contains("create jobs:messages"),
        "spans were exported"
    );
    let rest = everything_in(weir.folder.path());
    for canary in canaries() {
        for (place, held) in [
            ("a span", &spans),
            ("a metric", &metrics),
            ("a log", &weir.process.log()),
        ] {
            assert!(!held.contains(&canary), "{canary} is in {place}");
        }
        for answer in &answers {
            assert!(!answer.contains(&canary), "{canary} is in {answer}");
        }
        let bytes = canary.as_bytes();
        for (file, content) in &rest {
            let found = content.windows(bytes.len()).any(|window| window == bytes);
            assert!(!found, "{canary} rests in {file}");
        }
    }
}

/// Sends the canaries in by every door, and gives what was answered.
async fn every_way_in(weir: &Embedded) -> Vec<String> {
    let text = format!("{WORD} my card is {CARD} password: {PASSWORD}");
    let mut answers = Vec::new();

    weir.slack().deliver(&message("EvCanary", &text)).await;
    answers.push(weir.first_of("/api/v1/messages").await.to_string());
    weir.slack().send_raw(text.as_bytes()).await;
    answers.push(weir.scan_text(&text).await.to_string());
    let document = json!({ CARD: text, "note": WORD }).to_string();
    answers.push(
        weir.scan_file(
            &format!("{}.json", CARD.replace(' ', "")),
            document.as_bytes(),
        )
        .await
        .1
        .to_string(),
    );
    for (path, body) in [
        ("/api/v1/scans", format!("{{\"text\": {text}")),
        ("/api/v1/scans", json!({ WORD: CARD }).to_string()),
        (
            "/api/v1/auth/login",
            json!({ "email": WORD, "password": PASSWORD }).to_string(),
        ),
        (
            "/api/v1/auth/refresh",
            json!({ "refresh_token": PASSWORD }).to_string(),
        ),
    ] {
        let request = weir
            .http
            .post(weir.url(path))
            .header("Content-Type", "application/json");
        answers.push(weir.send(request.body(body)).await.1.to_string());
    }
    for path in [
        format!("/api/v1/findings?cursor={WORD}"),
        format!("/{WORD}"),
    ] {
        answers.push(weir.get(&path).await.to_string());
    }
    for path in [
        "/api/v1/findings",
        "/api/v1/scans",
        "/api/v1/queue",
        "/api/v1/nodes",
    ] {
        answers.push(weir.get(path).await.to_string());
    }
    answers
}

fn everything_in(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything_in(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}
