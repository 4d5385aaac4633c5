//! One message, one trace, over two processes and a queue.

use coordinator::domain::roles::Role;

use crate::support::collector::{Collector, Seen};
use crate::support::server::Server;
use crate::support::site::Site;
use crate::support::slack::leak;

fn only<'a>(spans: &'a [Seen], service: &str, name: &str) -> &'a Seen {
    let found: Vec<&Seen> = spans
        .iter()
        .filter(|seen| seen.service == service && seen.span.name == name)
        .collect();
    assert_eq!(
        found.len(),
        1,
        "{name} of {service} among {:?}",
        names(spans)
    );
    found[0]
}

fn names(spans: &[Seen]) -> Vec<(&str, &str)> {
    spans
        .iter()
        .map(|seen| (seen.service.as_str(), seen.span.name.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_one_trace_from_the_request_to_the_commit() {
    let (collector, endpoint) = Collector::start().await;
    let mut site = Site::on_redis().await;
    site.tell_all("WEIR_TELEMETRY__OTLP_ENDPOINT", &endpoint);
    let mut server = Server::start_at(site).await;
    let mut scanner = server.site.start_scanner("north");
    let token = server.token(Role::Auditor).await;
    server.site.slack().deliver(&leak("Ev1")).await;
    let caught = server
        .eventually("caught message", async |server| {
            let page = server.get_as(&token, "/api/v1/messages").await.json(200);
            page["items"][0]["id"].as_str().map(str::to_owned)
        })
        .await;
    assert!(scanner.terminate().success());
    assert!(server.stop().success());

    let spans = collector.spans();
    let request = only(&spans, "weir", "POST /slack/events");
    let create = only(&spans, "weir", "create jobs:messages");
    let process = only(&spans, "weir-scanner", "process jobs:messages");
    let commit = only(&spans, "weir", "commit results");
    for (child, parent) in [(create, request), (process, create), (commit, process)] {
        assert_eq!(
            child.span.trace_id, parent.span.trace_id,
            "{}",
            child.span.name
        );
        assert_eq!(
            child.span.parent_span_id, parent.span.span_id,
            "{}",
            child.span.name
        );
    }
    assert!(request.span.parent_span_id.is_empty());
    assert_eq!(request.attribute("http.route").unwrap(), "/slack/events");
    assert_eq!(
        request.attribute("http.response.status_code").unwrap(),
        "200"
    );
    for (seen, destination, operation) in [
        (create, "jobs:messages", "create"),
        (process, "jobs:messages", "process"),
        (commit, "results", "process"),
    ] {
        let attribute = |key: &str| seen.attribute(key).unwrap_or_default();
        assert_eq!(attribute("messaging.system"), "redis");
        assert_eq!(attribute("messaging.destination.name"), destination);
        assert_eq!(attribute("messaging.operation.type"), operation);
        assert_eq!(attribute("messaging.message.conversation_id"), caught);
    }
    assert_eq!(process.attribute("weir.delivery_attempt").unwrap(), "1");
}
