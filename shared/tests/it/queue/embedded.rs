//! The queue in memory.

use std::sync::Arc;

use async_trait::async_trait;
use shared::queue::conformance::{Broken, Promises, Subject, Terms, Wipe};
use shared::queue::{EmbeddedOptions, EmbeddedQueue, Queue, Stream};

use std::time::Duration;

struct Memory;

#[async_trait]
impl Subject for Memory {
    async fn open(&self, terms: Terms) -> Result<Arc<dyn Queue>, Broken> {
        Ok(Arc::new(EmbeddedQueue::new(&EmbeddedOptions {
            window_messages: terms.window_messages,
            lease_messages: terms.lease,
            lease_files: terms.lease,
            lease_results: terms.lease,
            ..EmbeddedOptions::default()
        })))
    }

    fn promises(&self) -> Promises {
        Promises {
            ordered: true,
            exclusive: true,
            short_lease: Duration::from_millis(300),
            backlog: 10_000,
        }
    }

    async fn spoil(&self, _stream: Stream) -> Result<(), Broken> {
        Err(Broken("nobody else can write to it".to_owned()))
    }

    async fn wipe(&self, _what: Wipe) -> Result<(), Broken> {
        Err(Broken("nobody else can wipe it".to_owned()))
    }
}

shared::queue_conformance!(Memory);

shared::queue_claims! { Memory => a_former_owner_cannot_take_it_from_the_new_one }

#[tokio::test]
async fn another_instance_is_another_memory() {
    let one = EmbeddedQueue::new(&EmbeddedOptions::default());
    let other = EmbeddedQueue::new(&EmbeddedOptions::default());
    assert_ne!(one.epoch().await.unwrap(), other.epoch().await.unwrap());
}
