//! The way spans leave the process.
//!
//! Owns the exporter, the runtime it works on, and which spans it gets. What stands on a span is for the
//! code that makes it.
//! **Invariant:** the exporter needs nothing of the process's other runtimes: it works when they are busy,
//! and sends its last spans when they have ended.

use std::fmt;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Runtime;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;

use super::logs::BoxedLayer;
use super::{TelemetryError, TelemetryOptions};

/// How long the last spans may take.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// What the exporter itself is made of: traced, it would never end.
const EXPORTER_TARGETS: [&str; 8] = [
    "h2",
    "hyper",
    "hyper_util",
    "tonic",
    "tower",
    "reqwest",
    "rustls",
    "opentelemetry",
];

/// Where spans go. Headers, timeouts and compression come from the standard `OTEL_EXPORTER_OTLP_*`.
#[derive(Clone, Debug)]
pub struct OtlpOptions {
    /// The collector: `http://localhost:4317`. Over HTTP, `/v1/traces` is added.
    pub endpoint: url::Url,
    /// How it is spoken to.
    pub protocol: OtlpProtocol,
    /// Which part of the traces that begin here is kept, 0 to 1. A trace that began elsewhere is kept if it
    /// was kept there.
    pub sample_ratio: f64,
}

/// The transports of OTLP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtlpProtocol {
    /// gRPC, usually port 4317.
    #[default]
    Grpc,
    /// Protobuf over HTTP, usually port 4318.
    HttpProtobuf,
}

pub(super) struct Exporter {
    provider: SdkTracerProvider,
    /// Taken when dropped.
    runtime: Option<Runtime>,
    service_name: &'static str,
}

impl Exporter {
    pub(super) fn start(
        otlp: &OtlpOptions,
        options: &TelemetryOptions,
    ) -> Result<Self, TelemetryError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("otlp")
            .enable_all()
            .build()
            .map_err(TelemetryError::Runtime)?;
        let exporter = {
            // The gRPC channel lives on the runtime it is made in.
            let _entered = runtime.enter();
            span_exporter(otlp)?
        };
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(otlp.sample_ratio)));
        let provider = SdkTracerProvider::builder()
            .with_sampler(sampler)
            .with_resource(resource(options))
            .with_batch_exporter(exporter)
            .build();
        Ok(Self {
            provider,
            runtime: Some(runtime),
            service_name: options.service_name,
        })
    }

    pub(super) fn layer(&self) -> BoxedLayer {
        let quiet = EXPORTER_TARGETS.map(|target| (target, LevelFilter::OFF));
        let filter = Targets::new()
            .with_default(LevelFilter::INFO)
            .with_targets(quiet);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(self.service_name))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter)
            .boxed()
    }

    pub(super) fn shutdown(self) -> Result<(), TelemetryError> {
        self.provider
            .shutdown_with_timeout(SHUTDOWN_TIMEOUT)
            .or(Err(TelemetryError::Flush))
    }
}

impl Drop for Exporter {
    /// Dropping a runtime inside another one panics; this does not.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exporter({})", self.service_name)
    }
}

fn span_exporter(otlp: &OtlpOptions) -> Result<SpanExporter, TelemetryError> {
    let endpoint = otlp.endpoint.as_str();
    match otlp.protocol {
        OtlpProtocol::Grpc => SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build(),
        OtlpProtocol::HttpProtobuf => SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(traces_url(endpoint))
            .build(),
    }
    // Its error quotes the endpoint, which may hold a password.
    .or(Err(TelemetryError::Exporter))
}

/// The specification has the path added to a general endpoint.
fn traces_url(endpoint: &str) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    if endpoint.ends_with("/v1/traces") {
        endpoint.to_owned()
    } else {
        format!("{endpoint}/v1/traces")
    }
}

fn resource(options: &TelemetryOptions) -> Resource {
    let ours = Resource::builder_empty()
        .with_service_name(options.service_name)
        .with_attribute(KeyValue::new("service.version", options.service_version))
        .with_attribute(KeyValue::new(
            "service.instance.id",
            options.instance_id.clone(),
        ))
        .build();
    // What the environment says of the resource goes before what we say.
    let from_environment = opentelemetry_sdk::resource::EnvResourceDetector::new();
    Resource::builder_empty()
        .with_attributes(
            ours.iter()
                .map(|(key, value)| KeyValue::new(key.clone(), value.clone())),
        )
        .with_detector(Box::new(from_environment))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_added_once() {
        assert_eq!(traces_url("http://c:4318"), "http://c:4318/v1/traces");
        assert_eq!(traces_url("http://c:4318/"), "http://c:4318/v1/traces");
        assert_eq!(
            traces_url("http://c:4318/v1/traces"),
            "http://c:4318/v1/traces"
        );
    }
}
