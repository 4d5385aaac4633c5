//! One message, one trace, over both processes.

use std::collections::BTreeSet;

use crate::support::cluster::Cluster;
use crate::support::collector::Collector;
use crate::support::slack::message;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_one_trace_from_the_request_to_the_commit() {
    let (collector, address) = Collector::start().await;
    let endpoint = format!("http://{address}");
    let mut cluster = Cluster::start_with(1, &[("WEIR_TELEMETRY__OTLP_ENDPOINT", &endpoint)]).await;
    cluster
        .slack()
        .deliver(&message("EvTrace", "card 4111 1111 1111 1111"))
        .await;
    cluster.balances("EvTrace", 1).await;
    assert!(cluster.scanners[0].terminate().success());
    assert!(cluster.coordinator.terminate().success());

    let spans = collector.spans();
    let created = spans
        .iter()
        .find(|exported| exported.span.name == "create jobs:messages");
    let trace = &created.expect("the job's making is a span").span.trace_id;
    let of_trace: BTreeSet<(&str, &str)> = spans
        .iter()
        .filter(|exported| exported.span.trace_id == *trace)
        .map(|exported| {
            let scanner = exported.service.contains("weir-scanner");
            (
                if scanner { "weir-scanner" } else { "weir" },
                exported.span.name.as_str(),
            )
        })
        .collect();
    for expected in [
        ("weir", "POST /slack/events"),
        ("weir", "create jobs:messages"),
        ("weir-scanner", "process jobs:messages"),
        ("weir", "commit results"),
    ] {
        assert!(
            of_trace.contains(&expected),
            "{expected:?} is not in {of_trace:?}"
        );
    }
}
