//! A collector of spans inside the test.
//!
//! Owns receiving OTLP over gRPC and reading what came.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::{TcpListener, TcpStream};

/// A collector that keeps what it gets.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

/// A span and the service it came from.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) service: String,
    pub(crate) span: Span,
}

impl Collector {
    /// Starts one; gives its endpoint too.
    pub(crate) async fn start() -> (Self, String) {
        let collector = Self::default();
        let address = free_address().await;
        let service = TraceServiceServer::new(collector.clone());
        let server = tonic::transport::Server::builder().add_service(service);
        tokio::spawn(server.serve(address));
        // The port is listened on once a connection succeeds.
        while TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
        (collector, format!("http://{address}"))
    }

    /// Everything that came, as text: names, attributes, events, resources.
    pub(crate) fn everything(&self) -> String {
        format!("{:?}", self.0.lock().unwrap())
    }

    /// Every span.
    pub(crate) fn spans(&self) -> Vec<Seen> {
        let requests = self.0.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        resources
            .flat_map(|resource| {
                let attributes = &resource.resource.as_ref().unwrap().attributes;
                let service = text_of(attributes, "service.name").unwrap();
                let spans = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
                spans.map(move |span| Seen {
                    service: service.clone(),
                    span: span.clone(),
                })
            })
            .collect()
    }
}

impl Seen {
    /// An attribute, numbers as text.
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        text_of(&self.span.attributes, key)
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

fn text_of(attributes: &[KeyValue], key: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{key} is {other:?}"),
    }
}

async fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}
