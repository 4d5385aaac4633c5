//! The queue on Redis Streams.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use shared::ids::EpochId;
use shared::job::{Envelope, RetryClass, WIRE_VERSION};
use shared::queue::conformance::{
    Broken, Promises, Subject, Terms, Wipe, collect, collect_one, envelope, envelopes, eventually,
    nothing_comes,
};
use shared::queue::{Consumer, Queue, QueueError, RedisOptions, RedisQueue, Stream};
use shared::secret::SecretString;

use super::redis_server::RedisServer;
use super::server;

const LONG: Duration = Duration::from_mins(10);

/// A part of a Redis: the shared one, or one of its own.
struct Prefix {
    url: String,
    keys: String,
    own: Option<RedisServer>,
}

impl Prefix {
    fn of_shared_server() -> Self {
        Self {
            url: server("WEIR_TEST_REDIS_URL"),
            keys: format!("test:{}:", EpochId::fresh()),
            own: None,
        }
    }

    async fn of_own_server() -> Self {
        let own = RedisServer::start(&[]).await;
        Self {
            url: own.url.clone(),
            keys: "test:".to_owned(),
            own: Some(own),
        }
    }

    fn options(&self, lease: Duration) -> RedisOptions {
        RedisOptions {
            key_prefix: self.keys.clone(),
            lease_messages: lease,
            lease_files: lease,
            lease_results: lease,
            // A busy machine is not a lost connection.
            connect_timeout: Duration::from_secs(20),
            response_timeout: Duration::from_secs(20),
            ..RedisOptions::new(SecretString::from(self.url.clone()))
        }
    }

    async fn connection(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let config = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(20)))
            .set_response_timeout(Some(Duration::from_secs(20)));
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .unwrap()
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.keys)
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> T {
        command
            .query_async(&mut self.connection().await)
            .await
            .unwrap()
    }
}

#[async_trait]
impl Subject for Prefix {
    async fn open(&self, terms: Terms) -> Result<Arc<dyn Queue>, Broken> {
        let options = RedisOptions {
            window_messages: terms.window_messages,
            ..self.options(terms.lease)
        };
        Ok(Arc::new(RedisQueue::connect(options).await?))
    }

    fn promises(&self) -> Promises {
        Promises {
            ordered: true,
            exclusive: true,
            short_lease: Duration::from_millis(400),
            backlog: 10_000,
        }
    }

    async fn spoil(&self, stream: Stream) -> Result<(), Broken> {
        let mut add = redis::cmd("XADD");
        add.arg(self.key(stream.name())).arg("*");
        add.arg("v")
            .arg(&b"\xff\xfe"[..])
            .arg("body")
            .arg("not sealed");
        let _id: String = self.ask(&add).await;
        Ok(())
    }

    async fn wipe(&self, what: Wipe) -> Result<(), Broken> {
        let mut command = match what {
            Wipe::Everything => redis::cmd("FLUSHALL"),
            Wipe::Stream(_) => redis::cmd("DEL"),
            Wipe::Group(_) => redis::cmd("XGROUP"),
        };
        match what {
            Wipe::Everything => assert!(self.own.is_some(), "others use this server"),
            Wipe::Stream(stream) => {
                command.arg(self.key(stream.name()));
            }
            Wipe::Group(stream) => {
                command.arg("DESTROY").arg(self.key(stream.name()));
                command.arg(stream.group());
            }
        }
        let _answer: redis::Value = self.ask(&command).await;
        Ok(())
    }
}

shared::queue_conformance!(Prefix::of_shared_server());

shared::queue_claims! { Prefix::of_shared_server() =>
    a_former_owner_cannot_take_it_from_the_new_one,
    malformed_entries_do_not_hold_up_their_neighbours,
    a_reader_outlives_the_loss_of_its_stream,
    a_reader_outlives_the_loss_of_its_group,
    a_loss_that_no_reader_meets_changes_the_epoch,
}

shared::queue_claims! { Prefix::of_own_server().await => a_reader_outlives_the_loss_of_everything }

#[tokio::test]
async fn a_redis_that_evicts_is_refused() {
    let own = RedisServer::start(&["--maxmemory-policy", "allkeys-lru"]).await;
    let options = RedisOptions::new(SecretString::from(own.url.clone()));
    let Err(error) = RedisQueue::connect(options).await else {
        panic!("it was accepted");
    };
    assert!(matches!(error, QueueError::Unfit(_)), "{error}");
    assert!(error.to_string().contains("noeviction"), "{error}");
}

#[tokio::test]
async fn a_redis_that_keeps_its_settings_to_itself_is_accepted() {
    let own = RedisServer::start(&["--rename-command", "CONFIG", ""]).await;
    let options = RedisOptions::new(SecretString::from(own.url.clone()));
    assert!(RedisQueue::connect(options).await.is_ok());
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_worth_another_try() {
    let own = RedisServer::start(&[]).await;
    let options = RedisOptions::new(SecretString::from(own.url.clone()));
    drop(own);
    let queue = RedisQueue::connect(options).await.unwrap();
    let Err(error) = queue.epoch().await else {
        panic!("it answered");
    };
    assert_eq!(error.class(), RetryClass::Transient, "{error}");
}

#[tokio::test]
async fn a_full_redis_says_so_and_still_settles() {
    let own = RedisServer::start(&["--maxmemory", "6mb", "--maxmemory-policy", "noeviction"]).await;
    let options = RedisOptions::new(SecretString::from(own.url.clone()));
    let queue = RedisQueue::connect(options).await.unwrap();
    let large = Envelope {
        body: vec![7; 200_000].into(),
        ..envelope(1)
    };
    let mut refused = None;
    for _ in 0..100 {
        let one = std::slice::from_ref(&large);
        refused = queue.producer().publish(Stream::Messages, one).await.err();
        if refused.is_some() {
            break;
        }
    }
    assert!(matches!(refused, Some(QueueError::Full)), "{refused:?}");
    let mut consumer = queue.consumer(Stream::Messages, "one").await.unwrap();
    for _ in 0..10 {
        collect_one(&mut *consumer)
            .await
            .unwrap()
            .ack()
            .await
            .unwrap();
    }
    queue
        .producer()
        .publish(Stream::Messages, &[envelope(2)])
        .await
        .unwrap();
}

/// Redis is busy when we ask, and answers after we hung up: what it delivers then must not be lost to us
/// for a lease.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_delivered_to_a_call_that_gave_up_comes_with_the_next() {
    let own = Prefix::of_own_server().await;
    let options = RedisOptions {
        response_timeout: Duration::from_millis(300),
        block: Duration::from_millis(200),
        ..own.options(LONG)
    };
    let queue = RedisQueue::connect(options).await.unwrap();
    let mut consumer = queue.consumer(Stream::Messages, "one").await.unwrap();
    nothing_comes(&mut *consumer, Duration::from_millis(50))
        .await
        .unwrap();
    let published = envelope(1);
    let one = std::slice::from_ref(&published);
    queue
        .producer()
        .publish(Stream::Messages, one)
        .await
        .unwrap();

    let mut other = own.connection().await;
    let busy = tokio::spawn(async move {
        let mut sleep = redis::cmd("DEBUG");
        sleep.arg("SLEEP").arg("2");
        let _done: String = sleep.query_async(&mut other).await.unwrap();
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let gave_up = consumer.receive(1, Duration::from_millis(100)).await;
    assert!(matches!(gave_up, Err(QueueError::Unavailable(_))));
    busy.await.unwrap();

    let delivery = collect_after_errors(&mut *consumer).await;
    assert_eq!(delivery.envelope, published);
    delivery.ack().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dropped_call_took_comes_with_the_next() {
    let prefix = Prefix::of_shared_server();
    let queue = RedisQueue::connect(prefix.options(LONG)).await.unwrap();
    let mut consumer = queue.consumer(Stream::Messages, "one").await.unwrap();
    nothing_comes(&mut *consumer, Duration::from_millis(50))
        .await
        .unwrap();
    let late = consumer.receive(4, Duration::from_secs(5));
    assert!(
        tokio::time::timeout(Duration::from_millis(200), late)
            .await
            .is_err()
    );
    let published = envelopes(3);
    queue
        .producer()
        .publish(Stream::Messages, &published)
        .await
        .unwrap();
    let came = collect(&mut *consumer, 3).await.unwrap();
    assert!(
        came.iter()
            .all(|delivery| published.contains(&delivery.envelope))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_worked_on_is_not_taken_for_lost() {
    let own = Prefix::of_own_server().await;
    let queue = RedisQueue::connect(own.options(LONG)).await.unwrap();
    queue
        .producer()
        .publish(Stream::Messages, &envelopes(2))
        .await
        .unwrap();
    let mut consumer = queue.consumer(Stream::Messages, "one").await.unwrap();
    let held = collect(&mut *consumer, 2).await.unwrap();
    kill_all_connections(&own).await;
    let later = envelope(9);
    queue_publishes(&queue, &later).await;
    let delivery = collect_after_errors(&mut *consumer).await;
    assert_eq!(delivery.envelope, later);
    nothing_comes(&mut *consumer, Duration::from_millis(300))
        .await
        .unwrap();
    for delivery in held {
        delivery.ack().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_connection_that_is_killed_mends_itself() {
    let own = Prefix::of_own_server().await;
    let queue = RedisQueue::connect(own.options(LONG)).await.unwrap();
    let mut consumer = queue.consumer(Stream::Messages, "one").await.unwrap();
    let reading = tokio::spawn(async move {
        let cut = consumer.receive(1, Duration::from_secs(30)).await;
        (consumer, cut.is_err())
    });
    let blocked = redis::cmd("CLIENT").arg("LIST").clone();
    let begin = std::time::Instant::now();
    loop {
        let clients: String = own.ask(&blocked).await;
        if clients.contains("cmd=xreadgroup") {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "nobody reads");
    }
    kill_all_connections(&own).await;
    let (mut consumer, cut) = reading.await.unwrap();
    assert!(cut, "the reader did not notice");
    let published = envelope(1);
    queue_publishes(&queue, &published).await;
    let delivery = collect_after_errors(&mut *consumer).await;
    assert_eq!(delivery.envelope, published);
}

#[tokio::test]
async fn a_consumer_that_comes_again_under_its_name_gets_what_it_held() {
    let prefix = Prefix::of_shared_server();
    let queue = RedisQueue::connect(prefix.options(LONG)).await.unwrap();
    queue
        .producer()
        .publish(Stream::Messages, &envelopes(3))
        .await
        .unwrap();
    let mut before = queue.consumer(Stream::Messages, "node").await.unwrap();
    drop(collect(&mut *before, 3).await.unwrap());
    drop(before);
    let mut after = queue.consumer(Stream::Messages, "node").await.unwrap();
    for delivery in collect(&mut *after, 3).await.unwrap() {
        assert_eq!(delivery.deliveries, 2);
    }
}

#[tokio::test]
async fn a_consumer_that_leaves_is_forgotten_only_if_it_holds_nothing() {
    let prefix = Prefix::of_shared_server();
    let queue = RedisQueue::connect(prefix.options(LONG)).await.unwrap();
    let mut idle = queue.consumer(Stream::Messages, "idle").await.unwrap();
    let mut busy = queue.consumer(Stream::Messages, "busy").await.unwrap();
    takes_one(&queue, &mut *idle).await.ack().await.unwrap();
    let held = takes_one(&queue, &mut *busy).await;
    assert_eq!(consumer_names(&prefix).await, ["busy", "idle"]);
    idle.close().await.unwrap();
    busy.close().await.unwrap();
    assert_eq!(consumer_names(&prefix).await, ["busy"]);
    held.ack().await.unwrap();
    let depth = queue.depth(Stream::Messages).await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight), (0, 0));
}

#[tokio::test]
async fn silent_consumers_are_forgotten_unless_they_hold_something() {
    let prefix = Prefix::of_shared_server();
    let options = RedisOptions {
        forget_consumers_after: Duration::from_millis(20),
        ..prefix.options(LONG)
    };
    let queue = RedisQueue::connect(options).await.unwrap();
    let mut holds = queue.consumer(Stream::Messages, "holds").await.unwrap();
    let mut silent = queue.consumer(Stream::Messages, "silent").await.unwrap();
    // Before 7.2, Redis learns of a consumer with its first entry.
    let held = takes_one(&queue, &mut *holds).await;
    takes_one(&queue, &mut *silent).await.ack().await.unwrap();
    drop((holds, silent));
    assert_eq!(consumer_names(&prefix).await, ["holds", "silent"]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut fresh = queue.consumer(Stream::Messages, "fresh").await.unwrap();
    takes_one(&queue, &mut *fresh).await.ack().await.unwrap();
    assert_eq!(consumer_names(&prefix).await, ["fresh", "holds"]);
    held.ack().await.unwrap();
}

#[tokio::test]
async fn an_entry_of_a_later_version_is_left_to_those_who_read_it_for_a_while() {
    let prefix = Prefix::of_shared_server();
    let options = RedisOptions {
        unread_version_delay: Duration::from_millis(300),
        unread_version_deliveries: 4,
        ..prefix.options(LONG)
    };
    let queue = RedisQueue::connect(options).await.unwrap();
    let later = Envelope {
        version: WIRE_VERSION + 1,
        ..envelope(1)
    };
    let now = envelope(2);
    queue
        .producer()
        .publish(Stream::Messages, &[later, now.clone()])
        .await
        .unwrap();
    let mut consumer = queue.consumer(Stream::Messages, "one").await.unwrap();
    let delivery = collect_one(&mut *consumer).await.unwrap();
    assert_eq!(delivery.envelope, now);
    delivery.ack().await.unwrap();
    let depth = queue.depth(Stream::Messages).await.unwrap();
    assert_eq!((depth.in_flight, depth.dead_letters), (1, 0));
    let begin = std::time::Instant::now();
    while queue.depth(Stream::Messages).await.unwrap().dead_letters == 0 {
        let came = consumer
            .receive(4, Duration::from_millis(100))
            .await
            .unwrap();
        assert!(came.is_empty());
        assert!(
            begin.elapsed() < Duration::from_mins(1),
            "it is never set aside"
        );
    }
    let depth = queue.depth(Stream::Messages).await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight), (0, 0));
}

#[tokio::test]
async fn a_malformed_entry_keeps_its_bytes() {
    let prefix = Prefix::of_shared_server();
    let queue = RedisQueue::connect(prefix.options(LONG)).await.unwrap();
    prefix.spoil(Stream::Messages).await.unwrap();
    let mut consumer = queue.consumer(Stream::Messages, "one").await.unwrap();
    nothing_comes(&mut *consumer, Duration::from_millis(50))
        .await
        .unwrap();
    eventually(|| queue.dead_letters(1), |letters| letters.len() == 1)
        .await
        .unwrap();
    let mut range = redis::cmd("XRANGE");
    range.arg(prefix.key("dead")).arg("-").arg("+");
    let entries: Vec<(String, Vec<Vec<u8>>)> = prefix.ask(&range).await;
    let fields = &entries[0].1;
    assert_eq!(
        fields[6..],
        [
            b"v".to_vec(),
            b"\xff\xfe".to_vec(),
            b"body".to_vec(),
            b"not sealed".to_vec()
        ]
    );
}

async fn takes_one(queue: &RedisQueue, consumer: &mut dyn Consumer) -> shared::queue::Delivery {
    let one = [envelope(1)];
    queue
        .producer()
        .publish(Stream::Messages, &one)
        .await
        .unwrap();
    collect_one(consumer).await.unwrap()
}

async fn consumer_names(prefix: &Prefix) -> Vec<String> {
    let mut command = redis::cmd("XINFO");
    command
        .arg("CONSUMERS")
        .arg(prefix.key("jobs:messages"))
        .arg("scanners");
    let consumers: redis::streams::StreamInfoConsumersReply = prefix.ask(&command).await;
    consumers
        .consumers
        .into_iter()
        .map(|consumer| consumer.name)
        .collect()
}

async fn kill_all_connections(own: &Prefix) {
    let mut kill = redis::cmd("CLIENT");
    kill.arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .arg("SKIPME")
        .arg("yes");
    let killed: u64 = own.ask(&kill).await;
    assert!(killed > 0);
}

async fn queue_publishes(queue: &RedisQueue, envelope: &Envelope) {
    let one = std::slice::from_ref(envelope);
    eventually(
        || async {
            Ok(queue
                .producer()
                .publish(Stream::Messages, one)
                .await
                .is_ok())
        },
        |published| *published,
    )
    .await
    .unwrap();
}

async fn collect_after_errors(consumer: &mut dyn Consumer) -> shared::queue::Delivery {
    let begin = std::time::Instant::now();
    while begin.elapsed() < Duration::from_mins(1) {
        if let Ok(mut came) = consumer.receive(1, Duration::from_millis(200)).await
            && let Some(delivery) = came.pop()
        {
            return delivery;
        }
    }
    panic!("nothing came");
}
