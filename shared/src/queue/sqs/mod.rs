//! The queue on Amazon SQS: three standard queues, each with a dead-letter queue.
//!
//! Owns the mapping. Entries are base64 of the body, with `v`, `kind`, `job`, `ws`, `attempt`, `stream`,
//! `traceparent` and `tracestate` as message attributes; a dead letter has `reason` too. The workspace is
//! the `MessageGroupId`, so that fair queues keep a busy workspace from slowing down the others. Leases are
//! visibility timeouts in whole seconds, and waiting is in whole seconds too, rounded up.
//! **Invariant:** a batch that SQS took in part is never taken for taken whole.
//!
//! Every queue needs a redrive policy: without one, SQS would deliver an entry that kills its reader for
//! ever, and there would be nowhere to set entries aside. [`SqsQueue::connect`] refuses such queues.

mod batch;
mod consumer;
mod dead;
mod entry;
mod fault;
mod settle;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;

use self::entry::Outgoing;
use self::fault::{fault, unavailable};
use super::{Consumer, DeadLetter, Depth, Producer, Queue, QueueError, Stream};
use crate::job::Envelope;

/// The longest that SQS waits for entries.
const LONGEST_POLL: Duration = Duration::from_secs(20);

/// Where the queues are, how much of them to fill, and how long a delivery is held. Region and credentials
/// are found as the AWS SDK finds them.
#[derive(Clone, Debug)]
pub struct SqsOptions {
    /// The queue of messages.
    pub jobs_url: String,
    /// The queue of files.
    pub files_url: String,
    /// The queue of results.
    pub results_url: String,
    /// Where SQS is, if not where the region says.
    pub endpoint: Option<String>,
    /// Entries on the queue of messages before [`Producer::room`] says none.
    pub window_messages: usize,
    /// Entries on the queue of files before [`Producer::room`] says none.
    pub window_files: usize,
    /// How long a message may take before somebody else gets it.
    pub lease_messages: Duration,
    /// How long a file may take before somebody else gets it.
    pub lease_files: Duration,
    /// How long a result may take before somebody else gets it.
    pub lease_results: Duration,
    /// How soon an entry of a later version is offered to others again; the queue's redrive policy says
    /// how often.
    pub unread_version_delay: Duration,
}

impl SqsOptions {
    /// The defaults, for three queues.
    pub fn new(jobs_url: String, files_url: String, results_url: String) -> Self {
        Self {
            jobs_url,
            files_url,
            results_url,
            endpoint: None,
            window_messages: 5_000,
            window_files: 200,
            lease_messages: Duration::from_secs(10),
            lease_files: Duration::from_secs(30),
            lease_results: Duration::from_secs(30),
            unread_version_delay: Duration::from_secs(5),
        }
    }
}

/// A queue on Amazon SQS. Clones share their connections.
#[derive(Clone)]
pub struct SqsQueue(Arc<Backend>);

/// What all ends share.
struct Backend {
    client: Client,
    unread_version_delay: Duration,
    messages: Line,
    files: Line,
    results: Line,
}

/// One of the queues.
struct Line {
    url: String,
    dead_url: String,
    window: usize,
    lease: Duration,
}

impl SqsQueue {
    /// Connects, and checks that the queues keep what they are given.
    ///
    /// # Errors
    /// [`QueueError::Unfit`] (permanent) if a queue has no redrive policy or is a FIFO queue; permanent if
    /// SQS refuses us; transient if it cannot be reached.
    pub async fn connect(options: SqsOptions) -> Result<Self, QueueError> {
        let client = client(options.endpoint.as_deref()).await;
        let both = options.window_messages.saturating_add(options.window_files);
        let (messages, files, results) = tokio::try_join!(
            line(&client, Stream::Messages, options.jobs_url),
            line(&client, Stream::Files, options.files_url),
            line(&client, Stream::Results, options.results_url),
        )?;
        Ok(Self(Arc::new(Backend {
            client,
            unread_version_delay: options.unread_version_delay,
            messages: messages.with(options.window_messages, options.lease_messages),
            files: files.with(options.window_files, options.lease_files),
            results: results.with(both, options.lease_results),
        })))
    }
}

#[async_trait]
impl Queue for SqsQueue {
    fn system(&self) -> &'static str {
        "aws_sqs"
    }

    fn producer(&self) -> Arc<dyn Producer> {
        Arc::clone(&self.0) as Arc<dyn Producer>
    }

    async fn consumer(&self, stream: Stream, _name: &str) -> Result<Box<dyn Consumer>, QueueError> {
        let consumer = consumer::SqsConsumer::new(Arc::clone(&self.0), stream);
        Ok(Box::new(consumer))
    }

    async fn depth(&self, stream: Stream) -> Result<Depth, QueueError> {
        let (waiting, in_flight) = self.0.count(&self.0.line(stream).url).await?;
        let mut dead_letters = 0;
        for url in self.0.dead_urls() {
            let (waiting, in_flight) = self.0.count(url).await?;
            dead_letters += waiting + in_flight;
        }
        Ok(Depth {
            waiting,
            in_flight,
            oldest: None,
            dead_letters,
        })
    }

    /// SQS does not lose its memory: its name is that of the queues.
    async fn epoch(&self) -> Result<String, QueueError> {
        let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for stream in Stream::ALL {
            digest.update(self.0.line(stream).url.as_bytes());
            digest.update(b"\n");
        }
        Ok(hex::encode(digest.finish()))
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, QueueError> {
        dead::letters(&self.0, limit).await
    }

    async fn redrive(&self, limit: usize) -> Result<usize, QueueError> {
        dead::redrive(&self.0, limit).await
    }
}

#[async_trait]
impl Producer for Backend {
    async fn publish(&self, stream: Stream, envelopes: &[Envelope]) -> Result<(), QueueError> {
        let outgoing = envelopes.iter().map(|one| Outgoing::new(stream, one));
        batch::send(&self.client, &self.line(stream).url, outgoing.collect()).await
    }

    async fn room(&self, stream: Stream) -> Result<usize, QueueError> {
        // Nothing new is sent out while nobody collects what comes back.
        let (room, for_results) =
            tokio::try_join!(self.room_of(self.line(stream)), self.room_of(&self.results))?;
        Ok(room.min(for_results))
    }
}

impl Backend {
    fn line(&self, stream: Stream) -> &Line {
        match stream {
            Stream::Messages => &self.messages,
            Stream::Files => &self.files,
            Stream::Results => &self.results,
        }
    }

    /// The dead-letter queues, each once: several queues may share one.
    fn dead_urls(&self) -> Vec<&str> {
        let mut urls: Vec<&str> = Stream::ALL
            .into_iter()
            .map(|stream| self.line(stream).dead_url.as_str())
            .collect();
        urls.sort_unstable();
        urls.dedup();
        urls
    }

    async fn room_of(&self, line: &Line) -> Result<usize, QueueError> {
        let (waiting, in_flight) = self.count(&line.url).await?;
        let length = usize::try_from(waiting + in_flight).unwrap_or(usize::MAX);
        Ok(line.window.saturating_sub(length))
    }

    /// How many entries wait and are held, as SQS estimates it.
    async fn count(&self, url: &str) -> Result<(u64, u64), QueueError> {
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(Attribute::ApproximateNumberOfMessages)
            .attribute_names(Attribute::ApproximateNumberOfMessagesDelayed)
            .attribute_names(Attribute::ApproximateNumberOfMessagesNotVisible)
            .send()
            .await
            .map_err(|error| fault(&error))?;
        let number = |name| {
            let value = answer.attributes().and_then(|all| all.get(&name));
            value.and_then(|word| word.parse::<u64>().ok()).unwrap_or(0)
        };
        let delayed = number(Attribute::ApproximateNumberOfMessagesDelayed);
        Ok((
            number(Attribute::ApproximateNumberOfMessages) + delayed,
            number(Attribute::ApproximateNumberOfMessagesNotVisible),
        ))
    }
}

impl Line {
    fn with(self, window: usize, lease: Duration) -> Self {
        Self {
            window,
            lease,
            ..self
        }
    }
}

async fn client(endpoint: Option<&str>) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(LONGEST_POLL + Duration::from_secs(15))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts);
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    Client::new(&loader.load().await)
}

/// Looks up a queue and its dead-letter queue.
async fn line(client: &Client, stream: Stream, url: String) -> Result<Line, QueueError> {
    let answer = client
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(Attribute::All)
        .send()
        .await
        .map_err(|error| fault(&error))?;
    let attribute = |name| answer.attributes().and_then(|all| all.get(&name));
    if attribute(Attribute::FifoQueue).is_some_and(|fifo| fifo == "true") {
        return Err(QueueError::Unfit(format!(
            "the sqs queue for {} is a fifo queue: a standard queue is needed",
            stream.name()
        )));
    }
    let (account, name) = attribute(Attribute::RedrivePolicy)
        .and_then(|policy| dead_letter_queue(policy))
        .ok_or_else(|| {
            QueueError::Unfit(format!(
                "the sqs queue for {} has no redrive policy: give it a dead-letter queue and a \
                 maxReceiveCount of at least 10",
                stream.name()
            ))
        })?;
    let dead = client
        .get_queue_url()
        .queue_name(name)
        .queue_owner_aws_account_id(account)
        .send()
        .await
        .map_err(|error| fault(&error))?;
    let dead_url = dead
        .queue_url()
        .ok_or_else(|| unavailable("no url of the dead-letter queue"))?;
    Ok(Line {
        url,
        dead_url: dead_url.to_owned(),
        window: 0,
        lease: Duration::ZERO,
    })
}

/// Account and name of the queue that a redrive policy names.
fn dead_letter_queue(policy: &str) -> Option<(String, String)> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    let arn = policy.get("deadLetterTargetArn")?.as_str()?;
    let mut parts = arn.rsplit(':');
    let (name, account) = (parts.next()?, parts.next()?);
    Some((account.to_owned(), name.to_owned()))
}

/// Whole seconds, rounded up: SQS knows no others.
fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis().div_ceil(1_000)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_letter_queue_is_read_from_the_policy() {
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead","maxReceiveCount":"10"}"#;
        let expected = ("123456789012".to_owned(), "dead".to_owned());
        assert_eq!(dead_letter_queue(policy), Some(expected));
        for none in ["", "{}", "[]", r#"{"deadLetterTargetArn":7}"#] {
            assert_eq!(dead_letter_queue(none), None);
        }
    }

    #[test]
    fn seconds_are_rounded_up() {
        assert_eq!(seconds(Duration::ZERO), 0);
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_millis(2_001)), 3);
        assert_eq!(seconds(Duration::MAX), i32::MAX);
    }
}
