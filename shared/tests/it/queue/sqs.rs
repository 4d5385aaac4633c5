//! The queue on Amazon SQS, against a stand-in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use shared::ids::EpochId;
use shared::job::{Envelope, RetryClass, WIRE_VERSION};
use shared::queue::conformance::{
    Broken, Promises, Subject, Terms, Wipe, collect_one, envelope, eventually, nothing_comes,
};
use shared::queue::{Queue, QueueError, SqsOptions, SqsQueue, Stream};

use super::server;

/// Three queues of one test's own, which share a dead-letter queue.
struct Queues {
    client: Client,
    endpoint: String,
    urls: HashMap<Stream, String>,
}

impl Queues {
    async fn create(max_receives: u32) -> Self {
        let endpoint = server("WEIR_TEST_SQS_ENDPOINT");
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .endpoint_url(&endpoint)
            .load()
            .await;
        let client = Client::new(&config);
        let id = EpochId::fresh();
        let dead = create(&client, &format!("{id}-dead"), None).await;
        let attributes = client
            .get_queue_attributes()
            .queue_url(dead)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .unwrap();
        let arn = &attributes.attributes().unwrap()[&QueueAttributeName::QueueArn];
        let policy =
            format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"{max_receives}"}}"#);
        let mut urls = HashMap::new();
        for stream in Stream::ALL {
            let name = format!("{id}-{}", stream.name().replace(':', "-"));
            urls.insert(stream, create(&client, &name, Some(&policy)).await);
        }
        Self {
            client,
            endpoint,
            urls,
        }
    }

    fn options(&self, lease: Duration) -> SqsOptions {
        let url = |stream| self.urls[&stream].clone();
        SqsOptions {
            endpoint: Some(self.endpoint.clone()),
            lease_messages: lease,
            lease_files: lease,
            lease_results: lease,
            ..SqsOptions::new(
                url(Stream::Messages),
                url(Stream::Files),
                url(Stream::Results),
            )
        }
    }
}

async fn create(client: &Client, name: &str, policy: Option<&str>) -> String {
    let mut request = client.create_queue().queue_name(name);
    if let Some(policy) = policy {
        request = request.attributes(QueueAttributeName::RedrivePolicy, policy);
    }
    request.send().await.unwrap().queue_url.unwrap()
}

#[async_trait]
impl Subject for Queues {
    async fn open(&self, terms: Terms) -> Result<Arc<dyn Queue>, Broken> {
        let options = SqsOptions {
            window_messages: terms.window_messages,
            ..self.options(terms.lease)
        };
        Ok(Arc::new(SqsQueue::connect(options).await?))
    }

    fn promises(&self) -> Promises {
        Promises {
            ordered: false,
            exclusive: false,
            short_lease: Duration::from_secs(2),
            backlog: 300,
        }
    }

    async fn spoil(&self, stream: Stream) -> Result<(), Broken> {
        let message = self.client.send_message().queue_url(&self.urls[&stream]);
        message
            .message_body("*** not base64 ***")
            .send()
            .await
            .unwrap();
        Ok(())
    }

    async fn wipe(&self, _what: Wipe) -> Result<(), Broken> {
        Err(Broken("SQS does not lose its memory".to_owned()))
    }
}

shared::queue_conformance!(Queues::create(1_000).await);

shared::queue_claims! { Queues::create(1_000).await =>
    malformed_entries_do_not_hold_up_their_neighbours,
}

#[tokio::test]
async fn a_queue_without_a_redrive_policy_is_refused() {
    let queues = Queues::create(10).await;
    let bare = create(&queues.client, &EpochId::fresh().to_string(), None).await;
    let options = SqsOptions {
        files_url: bare,
        ..queues.options(Duration::from_secs(10))
    };
    let Err(error) = SqsQueue::connect(options).await else {
        panic!("it was accepted");
    };
    assert!(matches!(error, QueueError::Unfit(_)), "{error}");
    assert!(error.to_string().contains("jobs:files"), "{error}");
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_not_worth_another_try() {
    let queues = Queues::create(10).await;
    let options = SqsOptions {
        files_url: format!("{}/123456789012/nowhere", queues.endpoint),
        ..queues.options(Duration::from_secs(10))
    };
    let Err(error) = SqsQueue::connect(options).await else {
        panic!("it was accepted");
    };
    assert_eq!(error.class(), RetryClass::Permanent, "{error}");
    assert!(!error.to_string().contains("nowhere"), "{error}");
}

#[tokio::test]
async fn an_envelope_longer_than_a_message_may_be_is_refused_for_good() {
    let queues = Queues::create(10).await;
    let options = queues.options(Duration::from_secs(10));
    let queue = SqsQueue::connect(options).await.unwrap();
    let large = Envelope {
        body: vec![0; 1 << 20].into(),
        ..envelope(1)
    };
    let sent = queue.producer().publish(Stream::Files, &[large]).await;
    assert_eq!(sent.unwrap_err().class(), RetryClass::Permanent);
}

#[tokio::test]
async fn an_entry_of_a_later_version_is_set_aside_by_the_redrive_policy() {
    let queues = Queues::create(2).await;
    let options = SqsOptions {
        unread_version_delay: Duration::ZERO,
        ..queues.options(Duration::from_mins(5))
    };
    let queue = SqsQueue::connect(options).await.unwrap();
    let later = Envelope {
        version: WIRE_VERSION + 1,
        ..envelope(1)
    };
    let now = envelope(2);
    let both = [later, now.clone()];
    queue
        .producer()
        .publish(Stream::Messages, &both)
        .await
        .unwrap();
    let mut consumer = queue.consumer(Stream::Messages, "one").await.unwrap();
    let delivery = collect_one(&mut *consumer).await.unwrap();
    assert_eq!(delivery.envelope, now);
    delivery.ack().await.unwrap();
    nothing_comes(&mut *consumer, Duration::from_secs(4))
        .await
        .unwrap();
    eventually(
        || queue.dead_letters(10),
        |letters| letters.len() == 1 && letters[0].envelope.is_none(),
    )
    .await
    .unwrap();
}
