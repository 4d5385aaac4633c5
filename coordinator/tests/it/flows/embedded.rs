//! The README's first steps.

use reqwest::StatusCode;

use crate::support::embedded::Embedded;
use crate::support::slack::message;

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_scanned_and_its_card_number_masked() {
    let weir = Embedded::start(&[]).await;
    let scan = weir
        .scan_text("my card is 4111 1111 1111 1111, exp 12/29")
        .await;
    assert_eq!(scan["state"], "completed");
    assert_eq!(scan["coverage"]["state"], "complete");
    let finding = &scan["findings"][0];
    assert_eq!(finding["info_type"], "CREDIT_CARD_NUMBER");
    assert_eq!(finding["preview"], "4111 **** **** 1111");
    assert_eq!(
        (finding["start"].as_u64(), finding["end"].as_u64()),
        (Some(11), Some(30))
    );
    assert_eq!(weir.scan_text("").await["finding_count"], 0);
    assert_eq!(
        weir.scan_text(&"word ".repeat(8_000)).await["state"],
        "completed"
    );
    assert_eq!(
        weir.scan_text("\u{1}\u{7}\u{0} 4111 1111 1111 1111").await["finding_count"],
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_scanned_and_then_gone() {
    let weir = Embedded::start(&[("WEIR_HTTP__MAX_UPLOAD", "1 MB")]).await;
    let (status, scan) = weir
        .scan_file("c.csv", b"name,card\nbob,4111 1111 1111 1111\n")
        .await;
    assert_eq!(status, StatusCode::OK);
    let place = &scan["findings"][0]["location"];
    assert_eq!(
        (place["row"].as_u64(), place["column"].as_u64()),
        (Some(2), Some(2))
    );
    let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
    let (_, unknown) = weir.scan_file("x.png", picture).await;
    assert_eq!(unknown["coverage"]["gaps"][0]["reason"], "unsupported_type");
    let (status, problem) = weir.scan_file("big.txt", &vec![b'x'; 2_000_000]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(problem["code"], "payload_too_large");
    let blobs = weir.folder.path().join("weir-data/blobs");
    for _ in 0..200 {
        if std::fs::read_dir(&blobs).unwrap().next().is_none() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("an upload is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slack_message_is_caught_and_survives_a_restart() {
    let mut weir = Embedded::start(&[]).await;
    weir.slack()
        .deliver(&message("EvCaught", "card 4111 1111 1111 1111"))
        .await;
    let caught = weir.first_of("/api/v1/messages").await;
    assert_eq!(caught["channel"], "C0001");
    assert_eq!(caught["excerpt"], "4111 **** **** 1111");
    assert_eq!(caught["policies"][0]["mode"], "simulate");
    weir.restart().await;
    assert_eq!(weir.first_of("/api/v1/messages").await["id"], caught["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_said() {
    let weir = Embedded::start(&[]).await;
    let post = || weir.http.post(weir.url("/api/v1/scans"));
    for (request, status, code) in [
        (
            post().header("Content-Type", "application/json").body("{"),
            400,
            "malformed",
        ),
        (
            post()
                .header("Content-Type", "application/json")
                .body(vec![b'"', 0xff]),
            400,
            "malformed",
        ),
        (
            post().json(&serde_json::json!({ "txet": "x" })),
            400,
            "invalid",
        ),
        (
            post().header("Content-Type", "text/plain").body("x"),
            415,
            "unsupported_media_type",
        ),
        (
            post().json(&serde_json::json!({ "text": "x".repeat(1_100_000) })),
            413,
            "payload_too_large",
        ),
        (
            weir.http.get(weir.url("/api/v1/findings?cursor=AAAA")),
            400,
            "invalid_cursor",
        ),
        (
            weir.http.get(weir.url("/api/v1/findings?limit=101")),
            400,
            "invalid",
        ),
        (
            weir.http.get(weir.url("/api/v1/scans/nothing")),
            404,
            "not_found",
        ),
        (weir.http.get(weir.url("/nowhere")), 404, "not_found"),
        (
            weir.http.delete(weir.url("/api/v1/scans")),
            405,
            "method_not_allowed",
        ),
    ] {
        let (answer, problem) = weir.send(request).await;
        assert_eq!(
            (answer.as_u16(), problem["code"].as_str()),
            (status, Some(code))
        );
        assert!(problem["request_id"].is_string());
    }
    let stranger = weir
        .http
        .get(weir.url("/api/v1/findings"))
        .send()
        .await
        .unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_not_from_slack_is_refused() {
    let weir = Embedded::start(&[]).await;
    let url = weir.url("/slack/events");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (time, signature) in [
        (None, None),
        (Some(now), Some("v0=00")),
        (Some(now - 400), Some("v0=00")),
    ] {
        let mut request = weir.http.post(&url).body("{}");
        if let Some(time) = time {
            request = request.header("X-Slack-Request-Timestamp", time.to_string());
        }
        if let Some(signature) = signature {
            request = request.header("X-Slack-Signature", signature);
        }
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::UNAUTHORIZED
        );
    }
    let slack = weir.slack();
    assert_eq!(
        slack.send_raw(b"not json").await,
        Some(StatusCode::BAD_REQUEST)
    );
    let huge = vec![b' '; 1_100_000];
    assert_eq!(
        slack.send_raw(&huge).await,
        Some(StatusCode::PAYLOAD_TOO_LARGE)
    );
    let unknown = br#"{"type":"event_callback","event_id":"Ev9","team_id":"T1","event":{"type":"solar_flare"}}"#;
    assert_eq!(slack.send_raw(unknown).await, Some(StatusCode::OK));
    let metrics = weir
        .http
        .get(weir.url("/metrics"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        metrics.contains("weir_intake_unknown_events_total 1\n"),
        "{metrics}"
    );
}
