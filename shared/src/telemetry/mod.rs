//! Telemetry: logs, traces and metrics of a process.
//!
//! Owns how logs look, where spans go, how a trace crosses the queue, and the name of every metric, span and
//! attribute. What is worth a log line, a span or a metric is for the code it is about.
//! **Invariant:** a panic is logged by its place, never by its message, which may hold content.

mod logs;
mod metrics;
pub mod names;
mod otlp;
mod propagate;

pub use logs::LogFormat;
pub use metrics::{
    ActorMetrics, IntakeMetrics, IntakeOutcome, JobMetrics, JobStage, Metrics, QueueMetrics,
    RedispatchReason, ScannerMetrics,
};
pub use otlp::{OtlpOptions, OtlpProtocol};
pub use propagate::{extract, inject, set_parent};

use tracing::Subscriber;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::job::RetryClass;

/// How a process reports on itself.
#[derive(Clone, Debug)]
pub struct TelemetryOptions {
    /// `service.name`: `weir` or `weir-scanner`. `OTEL_SERVICE_NAME` goes before it.
    pub service_name: &'static str,
    /// `service.version`.
    pub service_version: &'static str,
    /// `service.instance.id`: new at each start.
    pub instance_id: String,
    /// What is logged, in the syntax of `tracing-subscriber`: `info,weir=debug`.
    pub log: String,
    /// How it is written.
    pub log_format: LogFormat,
    /// Where spans go, if anywhere.
    pub otlp: Option<OtlpOptions>,
}

/// Keeps the exporter alive. [`Self::shutdown`] it when everything else has ended: after the actix system.
#[derive(Debug)]
#[must_use = "spans are lost when it is dropped early"]
pub struct TelemetryGuard {
    exporter: Option<otlp::Exporter>,
}

/// Why a process cannot report on itself. All permanent.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Not a filter.
    #[error("the log filter is not well-formed; expected something like info,weir=debug")]
    LogFilter,
    /// The exporter could not be made.
    #[error(
        "the OTLP exporter could not be made; look at the endpoint and at OTEL_EXPORTER_OTLP_*"
    )]
    Exporter,
    /// The exporter's runtime could not be started.
    #[error("the exporter's thread could not be started: {0}")]
    Runtime(#[source] std::io::Error),
    /// There is one already.
    #[error("telemetry was started before")]
    Started(#[from] SetGlobalDefaultError),
    /// Spans were lost at the end.
    #[error("the last spans could not be exported")]
    Flush,
}

impl TelemetryError {
    /// Whether trying again can help.
    pub const fn class(&self) -> RetryClass {
        RetryClass::Permanent
    }
}

/// Starts telemetry for this process: logs to standard error, spans by OTLP, and the panic hook.
///
/// # Errors
/// As [`TelemetryError`]; permanent.
pub fn init(options: &TelemetryOptions) -> Result<TelemetryGuard, TelemetryError> {
    let (subscriber, guard) = build(options, BoxMakeWriter::new(std::io::stderr))?;
    tracing::subscriber::set_global_default(subscriber)?;
    logs::hook_panics();
    Ok(guard)
}

/// As [`init`], for this caller only: the subscriber is not installed, logs go to `writer`.
///
/// # Errors
/// As [`TelemetryError`]; permanent.
pub fn build(
    options: &TelemetryOptions,
    writer: BoxMakeWriter,
) -> Result<(impl Subscriber + Send + Sync + use<>, TelemetryGuard), TelemetryError> {
    let mut layers = vec![logs::layer(&options.log, options.log_format, writer)?];
    let exporter = options
        .otlp
        .as_ref()
        .map(|otlp| otlp::Exporter::start(otlp, options))
        .transpose()?;
    if let Some(exporter) = &exporter {
        layers.push(exporter.layer());
    }
    Ok((
        tracing_subscriber::registry().with(layers),
        TelemetryGuard { exporter },
    ))
}

impl TelemetryGuard {
    /// Sends what is left and ends the exporter. Blocks for at most five seconds.
    ///
    /// # Errors
    /// [`TelemetryError::Flush`] if the collector did not take it.
    pub fn shutdown(self) -> Result<(), TelemetryError> {
        self.exporter.map_or(Ok(()), otlp::Exporter::shutdown)
    }
}
