//! The sections both binaries have.
//!
//! Owns the keys of the queue, the secrets, the blob store and telemetry. Sections of one binary are
//! declared there.
//! **Invariant:** what is needed only together is checked together.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::Source;
use super::value::Ratio;
use crate::secret::SecretString;
use crate::telemetry::{LogFormat, OtlpOptions, OtlpProtocol, TelemetryOptions};

/// What carries jobs and results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueBackend {
    /// This process's memory: for one process.
    Embedded,
    /// Redis Streams.
    Redis,
    /// Amazon SQS.
    Sqs,
}

crate::config_words! { QueueBackend { Embedded = "embedded", Redis = "redis", Sqs = "sqs" } }

crate::config_section! {
    /// The queue that carries jobs to scanner nodes and results back.
    pub struct QueueConfig in "queue" {
        /// What carries. `embedded` is for a single process.
        backend: QueueBackend = "embedded",
        /// Where Redis is; `rediss://` for TLS. A secret, because it may hold a password.
        redis_url: Option<SecretString>,
        /// What the names of all Redis keys begin with.
        key_prefix: String = "weir:",
        /// The SQS queue of messages to scan.
        sqs_jobs_url: Option<Url>,
        /// The SQS queue of files to scan.
        sqs_files_url: Option<Url>,
        /// The SQS queue of results.
        sqs_results_url: Option<Url>,
        /// An SQS queue by which others hand in texts, if there is one.
        sqs_ingest_url: Option<Url>,
        /// Where SQS is, if not at AWS. Region and credentials are found as the AWS SDK finds them.
        sqs_endpoint: Option<Url>,
        /// How many messages wait in the queue at most; the rest waits in the database.
        message_window: u32 = "5000",
        /// How many files wait in the queue at most.
        file_window: u32 = "200",
        /// How long a node may hold a message without a sign of life before another gets it.
        message_lease: Duration = "10s",
        /// How long a node may hold a file without a sign of life before another gets it.
        file_lease: Duration = "30s",
        /// How long a coordinator may hold a result before another gets it.
        result_lease: Duration = "30s",
    }
    check = check_queue;
}

crate::config_section! {
    /// The keys that message text is sealed with. Without any, the first embedded start makes a key ring.
    pub struct SecretsConfig in "secrets" {
        /// The file of the key ring, as `weir keys generate` writes it.
        keyring_file: Option<PathBuf>,
        /// One key instead of a ring: 32 bytes in base64.
        master_key: Option<SecretString>,
    }
    check = check_secrets;
}

crate::config_section! {
    /// Logs and traces.
    pub struct TelemetryConfig in "telemetry" {
        /// Where traces go. Off if not set. Headers and timeouts come from the standard
        /// `OTEL_EXPORTER_OTLP_*` variables.
        [env "OTEL_EXPORTER_OTLP_ENDPOINT"]
        otlp_endpoint: Option<Url>,
        /// How the collector is spoken to.
        [env "OTEL_EXPORTER_OTLP_PROTOCOL"]
        otlp_protocol: OtlpProtocol = "grpc",
        /// What is logged: a level, and exceptions by module, such as `info,scanner_node=debug`.
        log: String = "info",
        /// How it is written: `text` for people, `json` for collectors.
        log_format: LogFormat = "text",
        /// Which part of the traces is kept.
        sample_ratio: Ratio = "1",
    }
}

crate::config_section! {
    /// Sealed blobs: uploads, and originals that were held back.
    pub struct StorageConfig in "storage" {
        /// Where they rest: `file://folder`, or `s3://bucket/prefix`.
        url: String = "file://weir-data/blobs",
    }
}

impl TelemetryConfig {
    /// The options it stands for. `instance_id` is new at each start.
    pub fn options(
        &self,
        service_name: &'static str,
        service_version: &'static str,
        instance_id: String,
    ) -> TelemetryOptions {
        let otlp = self.otlp_endpoint.clone().map(|endpoint| OtlpOptions {
            endpoint,
            protocol: self.otlp_protocol,
            sample_ratio: self.sample_ratio.get(),
        });
        TelemetryOptions {
            service_name,
            service_version,
            instance_id,
            log: self.log.clone(),
            log_format: self.log_format,
            otlp,
        }
    }
}

fn check_queue(queue: &QueueConfig, source: &mut Source) {
    let needed = match queue.backend {
        QueueBackend::Embedded => vec![],
        QueueBackend::Redis => vec![("redis_url", queue.redis_url.is_some())],
        QueueBackend::Sqs => vec![
            ("sqs_jobs_url", queue.sqs_jobs_url.is_some()),
            ("sqs_files_url", queue.sqs_files_url.is_some()),
            ("sqs_results_url", queue.sqs_results_url.is_some()),
        ],
    };
    for (key, _) in needed.into_iter().filter(|(_, given)| !given) {
        source.refuse(
            "queue",
            key,
            "must be given, because queue.backend needs it",
        );
    }
    let positive = [
        ("message_window", queue.message_window > 0),
        ("file_window", queue.file_window > 0),
        ("message_lease", !queue.message_lease.is_zero()),
        ("file_lease", !queue.file_lease.is_zero()),
        ("result_lease", !queue.result_lease.is_zero()),
    ];
    for (key, _) in positive.into_iter().filter(|(_, positive)| !positive) {
        source.refuse("queue", key, "must be more than zero");
    }
}

fn check_secrets(secrets: &SecretsConfig, source: &mut Source) {
    if secrets.keyring_file.is_some() && secrets.master_key.is_some() {
        source.refuse(
            "secrets",
            "master_key",
            "a key ring is given too; keep one of the two",
        );
    }
}
