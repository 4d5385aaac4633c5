//! SQS queues of one test's own, on the stand-in named by `WEIR_TEST_SQS_ENDPOINT`.
//!
//! Owns making them, over the JSON protocol: the SDK is not among this crate's dependencies.
//! **Invariant:** every queue has a redrive policy, as the backend demands.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::ids::RequestId;

/// The settings that lead a process to queues made for it.
pub(crate) async fn settings() -> BTreeMap<String, String> {
    let endpoint = endpoint();
    let run = RequestId::fresh().as_uuid().simple().to_string();
    let dead = create(&endpoint, &format!("{run}-dead"), json!({})).await;
    let arn = ask(
        &endpoint,
        "GetQueueAttributes",
        &json!({ "QueueUrl": dead, "AttributeNames": ["QueueArn"] }),
    )
    .await;
    let arn = arn["Attributes"]["QueueArn"].as_str().unwrap();
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": "10" }).to_string();
    let mut settings = BTreeMap::from([
        ("WEIR_QUEUE__BACKEND".to_owned(), "sqs".to_owned()),
        ("WEIR_QUEUE__SQS_ENDPOINT".to_owned(), endpoint.clone()),
        ("AWS_REGION".to_owned(), "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID".to_owned(), "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "test".to_owned()),
    ]);
    for line in ["JOBS", "FILES", "RESULTS"] {
        let name = format!("{run}-{}", line.to_lowercase());
        let url = create(&endpoint, &name, json!({ "RedrivePolicy": policy })).await;
        settings.insert(format!("WEIR_QUEUE__SQS_{line}_URL"), url);
    }
    settings
}

async fn create(endpoint: &str, name: &str, attributes: Value) -> String {
    let request = json!({ "QueueName": name, "Attributes": attributes });
    let answer = ask(endpoint, "CreateQueue", &request).await;
    answer["QueueUrl"].as_str().unwrap().to_owned()
}

async fn ask(endpoint: &str, operation: &str, request: &Value) -> Value {
    let response = reqwest::Client::new()
        .post(endpoint)
        .header("Content-Type", "application/x-amz-json-1.0")
        .header("X-Amz-Target", format!("AmazonSQS.{operation}"))
        // The stand-in reads the region out of it, and checks nothing.
        .header(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, \
             SignedHeaders=host, Signature=0",
        )
        .body(request.to_string())
        .send()
        .await
        .unwrap();
    let (status, body) = (response.status(), response.text().await.unwrap());
    assert!(status.is_success(), "{operation}: {status}: {body}");
    serde_json::from_str(&body).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests get their servers by environment"
)]
fn endpoint() -> String {
    std::env::var("WEIR_TEST_SQS_ENDPOINT")
        .expect("no SQS stand-in: run `make test`, or set WEIR_TEST_SQS_ENDPOINT")
}
