//! Spans on their way to a collector.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use shared::job::TraceContext;
use shared::telemetry::{
    LogFormat, OtlpOptions, OtlpProtocol, TelemetryGuard, TelemetryOptions, build, inject,
    set_parent,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing::Subscriber;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

/// A collector that keeps what it gets.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

impl Collector {
    fn spans(&self) -> Vec<Span> {
        let requests = self.0.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        let scopes = resources.flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    fn span(&self, name: &str) -> Span {
        let spans = self.spans();
        let found = spans.iter().find(|span| span.name == name);
        found
            .unwrap_or_else(|| panic!("no span {name} among {}", spans.len()))
            .clone()
    }

    fn resource(&self, key: &str) -> String {
        let requests = self.0.lock().unwrap();
        let resource = requests[0].resource_spans[0].resource.clone().unwrap();
        let attribute = resource
            .attributes
            .into_iter()
            .find(|attribute| attribute.key == key);
        match attribute.unwrap().value.unwrap().value.unwrap() {
            Value::StringValue(text) => text,
            other => panic!("{key} is {other:?}"),
        }
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(tonic::Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn collect_grpc() -> (Collector, url::Url) {
    let collector = Collector::default();
    let address = free_address().await;
    let server =
        tonic::transport::Server::builder().add_service(TraceServiceServer::new(collector.clone()));
    tokio::spawn(server.serve(address));
    // The port is listened on once a connection succeeds.
    while TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    (collector, format!("http://{address}").parse().unwrap())
}

async fn free_address() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

async fn collect_http() -> (Collector, url::Url) {
    let collector = Collector::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let kept = collector.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_http(stream, kept.clone()));
        }
    });
    (collector, endpoint)
}

/// Just enough HTTP/1.1: one request with a `Content-Length` after another.
async fn answer_http(mut stream: TcpStream, collector: Collector) {
    let mut received = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut received).await.unwrap() == 0 {
                return;
            }
        };
        let text = String::from_utf8(received[..head].to_vec())
            .unwrap()
            .to_ascii_lowercase();
        assert!(text.starts_with("post /v1/traces "), "{text}");
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let end = head + length.unwrap().parse::<usize>().unwrap();
        while received.len() < end {
            assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
        }
        let request = ExportTraceServiceRequest::decode(&received[head..end]).unwrap();
        collector.0.lock().unwrap().push(request);
        received.drain(..end);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
    }
}

fn telemetry(
    endpoint: url::Url,
    protocol: OtlpProtocol,
) -> (impl Subscriber + Send + Sync, TelemetryGuard) {
    let options = TelemetryOptions {
        service_name: "weir-test",
        service_version: "1.2.3",
        instance_id: "instance-1".to_owned(),
        log: "off".to_owned(),
        log_format: LogFormat::Text,
        otlp: Some(OtlpOptions {
            endpoint,
            protocol,
            sample_ratio: 1.0,
        }),
    };
    build(&options, BoxMakeWriter::new(std::io::sink)).unwrap()
}

/// A parent here and a child that knows of it by the headers only, as on the far side of the queue.
fn send_a_job() -> TraceContext {
    let create = tracing::info_span!("create");
    let trace = create.in_scope(|| inject(&tracing::Span::current()));
    drop(create);
    let process = tracing::info_span!(parent: None, "process");
    assert!(set_parent(&process, &trace));
    process.in_scope(|| tracing::info!("scanned"));
    trace
}

fn check(collector: &Collector, trace: &TraceContext) {
    let (create, process) = (collector.span("create"), collector.span("process"));
    assert_eq!(process.trace_id, create.trace_id);
    assert_eq!(process.parent_span_id, create.span_id);
    let traceparent = trace.traceparent.clone().unwrap();
    assert!(
        traceparent.contains(&hex::encode(create.trace_id)),
        "{traceparent}"
    );
    assert_eq!(collector.resource("service.name"), "weir-test");
    assert_eq!(collector.resource("service.version"), "1.2.3");
    assert_eq!(collector.resource("service.instance.id"), "instance-1");
}

async fn shut_down(guard: TelemetryGuard) {
    tokio::task::spawn_blocking(|| guard.shutdown())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn parent_and_child_arrive_joined_over_grpc() {
    let (collector, endpoint) = collect_grpc().await;
    let (subscriber, guard) = telemetry(endpoint, OtlpProtocol::Grpc);
    let trace = tracing::subscriber::with_default(subscriber, send_a_job);
    shut_down(guard).await;
    check(&collector, &trace);
}

#[tokio::test]
async fn parent_and_child_arrive_joined_over_http() {
    let (collector, endpoint) = collect_http().await;
    let (subscriber, guard) = telemetry(endpoint, OtlpProtocol::HttpProtobuf);
    let trace = tracing::subscriber::with_default(subscriber, send_a_job);
    shut_down(guard).await;
    check(&collector, &trace);
}

#[test]
fn the_last_spans_arrive_although_the_actix_system_has_ended() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (collector, endpoint) = runtime.block_on(collect_grpc());
    let (subscriber, guard) = telemetry(endpoint, OtlpProtocol::Grpc);
    tracing::subscriber::with_default(subscriber, || {
        actix::System::new().block_on(async {
            for _ in 0..1_000 {
                tracing::info_span!("process").in_scope(|| ());
            }
        });
    });
    guard.shutdown().unwrap();
    assert_eq!(collector.spans().len(), 1_000);
}

#[test]
fn what_the_exporter_is_made_of_is_not_traced() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (collector, endpoint) = runtime.block_on(collect_grpc());
    let (subscriber, guard) = telemetry(endpoint, OtlpProtocol::Grpc);
    tracing::subscriber::with_default(subscriber, || {
        tracing::info_span!(target: "h2::client", "poll").in_scope(|| ());
        tracing::info_span!(target: "hyper_util::client", "connect").in_scope(|| ());
        tracing::info_span!("process").in_scope(|| ());
    });
    guard.shutdown().unwrap();
    let names: Vec<String> = collector
        .spans()
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert_eq!(names, ["process"]);
}

#[test]
fn a_trace_that_began_unsampled_elsewhere_stays_unsampled() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (collector, endpoint) = runtime.block_on(collect_grpc());
    let (subscriber, guard) = telemetry(endpoint, OtlpProtocol::Grpc);
    let unsampled = TraceContext {
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00".to_owned()),
        tracestate: None,
    };
    tracing::subscriber::with_default(subscriber, || {
        let process = tracing::info_span!("process");
        assert!(set_parent(&process, &unsampled));
        process.in_scope(|| ());
        tracing::info_span!("other").in_scope(|| ());
    });
    guard.shutdown().unwrap();
    let names: Vec<String> = collector
        .spans()
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert_eq!(names, ["other"]);
}

#[tokio::test]
async fn a_guard_dropped_inside_a_runtime_does_not_panic() {
    let (_collector, endpoint) = collect_grpc().await;
    let (_subscriber, guard) = telemetry(endpoint, OtlpProtocol::Grpc);
    drop(guard);
}
