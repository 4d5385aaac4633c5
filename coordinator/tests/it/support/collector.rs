//! An OTLP collector: everything that is exported, kept for the test to look at.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::{Request, Response, Status};

/// What was exported so far. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

/// A span, and the service that made it.
pub(crate) struct Exported {
    pub(crate) service: String,
    pub(crate) span: Span,
}

impl Collector {
    /// Listens on a free port for as long as the test runs.
    pub(crate) async fn start() -> (Self, SocketAddr) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let collector = Self::default();
        let service = TraceServiceServer::new(collector.clone());
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(service)
                .serve(address),
        );
        (collector, address)
    }

    /// Every span so far.
    pub(crate) fn spans(&self) -> Vec<Exported> {
        let requests = self.0.lock().unwrap();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        resources
            .flat_map(|resource| {
                let attributes = resource.resource.iter().flat_map(|found| &found.attributes);
                let service = attributes
                    .filter(|attribute| attribute.key == "service.name")
                    .map(|attribute| format!("{:?}", attribute.value))
                    .collect::<Vec<_>>()
                    .concat();
                let spans = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
                spans
                    .map(|span| Exported {
                        service: service.clone(),
                        span: span.clone(),
                    })
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Everything so far, as text to search.
    pub(crate) fn text(&self) -> String {
        format!("{:?}", self.0.lock().unwrap())
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
