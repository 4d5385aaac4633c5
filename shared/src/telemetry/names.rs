//! Every name that dashboards, alerts and queries rely on.
//!
//! Owns the names of metrics, labels, spans and attributes. Attributes of messaging follow OpenTelemetry's
//! semantic conventions 1.44 (still in development there), metrics what other queues call the same thing.
//! **Invariant:** a name is written here once; counters stand without `_total`, which the encoder adds.

/// Metrics.
pub mod metric {
    /// Gauge: entries nobody holds, by `stream`.
    pub const QUEUE_DEPTH: &str = "weir_queue_depth";
    /// Gauge: entries somebody holds, by `stream`.
    pub const QUEUE_IN_FLIGHT: &str = "weir_queue_in_flight";
    /// Gauge, seconds: age of the oldest entry, by `stream`.
    pub const QUEUE_OLDEST_AGE_SECONDS: &str = "weir_queue_oldest_age_seconds";
    /// Gauge: entries set aside.
    pub const DLQ_SIZE: &str = "weir_dlq_size";
    /// Counter: changes of the queue's epoch, that is, how often it lost its memory.
    pub const QUEUE_EPOCH_CHANGES: &str = "weir_queue_epoch_changes";
    /// Gauge: jobs without a result, by `state`.
    pub const JOBS_OPEN: &str = "weir_jobs_open";
    /// Counter: jobs published for the first time, by `class`.
    pub const JOBS_ENQUEUED: &str = "weir_jobs_enqueued";
    /// Counter: jobs published again, by `reason`.
    pub const JOBS_REDISPATCHED: &str = "weir_jobs_redispatched";
    /// Counter: results for jobs that had one.
    pub const JOBS_DUPLICATE_RESULTS: &str = "weir_jobs_duplicate_results";
    /// Counter: jobs that ended without a scan, by `reason`.
    pub const JOBS_DEAD: &str = "weir_jobs_dead";
    /// Histogram, seconds: by `stage` and `class`.
    pub const JOB_DURATION_SECONDS: &str = "weir_job_duration_seconds";
    /// Histogram, rows: how many results or events one transaction took, by `lane`.
    pub const COMMIT_BATCH_ROWS: &str = "weir_commit_batch_rows";
    /// Gauge: slots of a scanner, by `state`.
    pub const SCANNER_SLOTS: &str = "weir_scanner_slots";
    /// Counter: bytes of text scanned.
    pub const SCANNED_BYTES: &str = "weir_scanned_bytes";
    /// Counter: values that a detector weighed, by `detector`.
    pub const DETECTOR_CANDIDATES: &str = "weir_detector_candidates";
    /// Counter, seconds: time in the patterns of an admin's detector, by `detector`.
    pub const DETECTOR_SECONDS: &str = "weir_detector_seconds";
    /// Counter: events taken in, by `outcome`.
    pub const INTAKE_EVENTS: &str = "weir_intake_events";
    /// Counter: events of a kind that is not known, scanned string by string.
    pub const INTAKE_UNKNOWN_EVENTS: &str = "weir_intake_unknown_events";
    /// Counter: events whose body held bytes that are no text, repaired and scanned.
    pub const INTAKE_REPAIRED_EVENTS: &str = "weir_intake_repaired_events";
    /// Counter: letters and calls of webhooks that were settled, by `kind` and `outcome`.
    pub const DELIVERIES: &str = "weir_deliveries";
    /// Histogram, seconds: how long a letter or a call took to be handed over or refused, by `kind`.
    pub const DELIVERY_SECONDS: &str = "weir_delivery_seconds";
    /// Counter: webhooks that Weir itself stopped calling, by `reason`.
    pub const WEBHOOKS_DISABLED: &str = "weir_webhooks_disabled";
    /// Counter: deeds in Slack that were settled, by `kind` and `outcome`.
    pub const SLACK_DEEDS: &str = "weir_slack_deeds";
    /// Counter: messages that a policy wanted blocked, by `outcome`.
    pub const BLOCKS: &str = "weir_blocks";
    /// Histogram, seconds: from when a leak was written until it was gone, by `strategy`.
    pub const TIME_TO_BLOCK_SECONDS: &str = "weir_time_to_block_seconds";
    /// Counter: leaks that were gone, by `in_time`: within the objective or not.
    pub const BLOCKS_IN_TIME: &str = "weir_blocks_in_time";
    /// Gauge, seconds: how soon a leak should be gone.
    pub const TIME_TO_BLOCK_OBJECTIVE_SECONDS: &str = "weir_time_to_block_objective_seconds";
    /// Counter: actors built again, by `actor`.
    pub const ACTOR_RESTARTS: &str = "weir_actor_restarts";
    /// Counter: messages that a full mailbox refused, by `actor`.
    pub const ACTOR_MAILBOX_REFUSED: &str = "weir_actor_mailbox_refused";
}

/// Labels of metrics.
pub mod label {
    /// A stream's name.
    pub const STREAM: &str = "stream";
    /// `message` or `file`.
    pub const CLASS: &str = "class";
    /// Why.
    pub const REASON: &str = "reason";
    /// In which state.
    pub const STATE: &str = "state";
    /// `wait`, `scan` or `commit`.
    pub const STAGE: &str = "stage";
    /// `intake` or `results`.
    pub const LANE: &str = "lane";
    /// `mail` or `webhook`.
    pub const KIND: &str = "kind";
    /// How it went.
    pub const OUTCOME: &str = "outcome";
    /// How a message was taken away.
    pub const STRATEGY: &str = "strategy";
    /// `yes` or `no`.
    pub const IN_TIME: &str = "in_time";
    /// Which actor.
    pub const ACTOR: &str = "actor";
    /// A detector's id. Built-in ones are a fixed set, those of admins are capped in number.
    pub const DETECTOR: &str = "detector";
}

/// Spans: `{operation} {destination}` in the conventions; the destination is an attribute here, because
/// `tracing` wants constant names. `otel.name` carries the whole name.
pub mod span {
    /// Taking in one request of Slack's.
    pub const INTAKE: &str = "intake";
    /// Making one job: kind producer.
    pub const CREATE: &str = "create";
    /// Publishing a batch: kind client.
    pub const SEND: &str = "send";
    /// Pulling a batch: kind client.
    pub const RECEIVE: &str = "receive";
    /// Scanning one job: kind consumer.
    pub const PROCESS: &str = "process";
    /// Acknowledging a batch: kind client.
    pub const SETTLE: &str = "settle";
    /// Counting one result.
    pub const COMMIT: &str = "commit";
    /// Carrying out one action.
    pub const ACT: &str = "act";
}

/// Attributes of spans.
pub mod attribute {
    /// Overrides a span's name.
    pub const OTEL_NAME: &str = "otel.name";
    /// `producer`, `client`, `consumer`.
    pub const OTEL_KIND: &str = "otel.kind";
    /// `redis`, `aws_sqs` or `memory`.
    pub const MESSAGING_SYSTEM: &str = "messaging.system";
    /// The stream.
    pub const MESSAGING_DESTINATION_NAME: &str = "messaging.destination.name";
    /// What the backend calls the operation.
    pub const MESSAGING_OPERATION_NAME: &str = "messaging.operation.name";
    /// `create`, `send`, `receive`, `process` or `settle`.
    pub const MESSAGING_OPERATION_TYPE: &str = "messaging.operation.type";
    /// The receipt.
    pub const MESSAGING_MESSAGE_ID: &str = "messaging.message.id";
    /// The job's id.
    pub const MESSAGING_CONVERSATION_ID: &str = "messaging.message.conversation_id";
    /// Entries in the batch; on batch spans only.
    pub const MESSAGING_BATCH_MESSAGE_COUNT: &str = "messaging.batch.message_count";
    /// The consumer's name.
    pub const MESSAGING_CLIENT_ID: &str = "messaging.client.id";
    /// The group's name.
    pub const MESSAGING_CONSUMER_GROUP_NAME: &str = "messaging.consumer.group.name";
    /// What went wrong, in one word.
    pub const ERROR_TYPE: &str = "error.type";
    /// How often the job was handed out, from 1.
    pub const WEIR_DELIVERY_ATTEMPT: &str = "weir.delivery_attempt";
    /// Whose content it is.
    pub const WEIR_WORKSPACE: &str = "weir.workspace";
}
