//! Looking at what there is, what was called, and what was told.

use serde_json::Value;

use crate::fake_slack::events::Delivery;
use crate::fake_slack::model::{Message, Opened, StoredFile, World};
use crate::fake_slack::stage::Call;
use crate::fake_slack::start::FakeSlack;

impl FakeSlack {
    /// Looks at anything.
    pub fn look<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        self.stage.look(look)
    }

    /// Changes anything; what it tells is sent.
    pub fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        self.stage.change(|world| {
            world.version += 1;
            change(world)
        })
    }

    /// What is to be seen in a conversation, oldest first, threads included.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        self.look(|world| {
            let conversation = world.conversations.get(channel);
            let messages = conversation.into_iter().flat_map(|c| c.messages.values());
            messages
                .filter(|message| message.is_there())
                .cloned()
                .collect()
        })
    }

    /// A message, deleted or not.
    pub fn message(&self, channel: &str, ts: &str) -> Option<Message> {
        self.look(|world| world.conversations.get(channel)?.messages.get(ts).cloned())
    }

    /// What somebody was told that nobody else sees, oldest first.
    pub fn whispers(&self, channel: &str, user: &str) -> Vec<Message> {
        self.look(|world| {
            let conversation = world.conversations.get(channel);
            let whispers = conversation.into_iter().flat_map(|c| c.ephemerals.iter());
            whispers
                .filter(|e| e.user == user)
                .map(|e| e.message.clone())
                .collect()
        })
    }

    /// A file, deleted or not.
    pub fn file(&self, id: &str) -> Option<StoredFile> {
        self.look(|world| world.files.get(id).cloned())
    }

    /// The modals that somebody sees.
    pub fn views(&self, user: &str) -> Vec<Opened> {
        self.look(|world| {
            world
                .views
                .iter()
                .filter(|view| view.user == user)
                .cloned()
                .collect()
        })
    }

    /// Every call of the Web API, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.stage.calls()
    }

    /// The calls of one method, oldest first.
    pub fn calls_of(&self, method: &str) -> Vec<Call> {
        self.calls()
            .into_iter()
            .filter(|call| call.method == method)
            .collect()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.stage.forget_calls();
    }

    /// Every envelope that was told, oldest first.
    pub fn told(&self) -> Vec<Value> {
        self.look(|world| world.told.iter().cloned().collect())
    }

    /// Every delivery that ended, in that order.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.stage.deliveries.list()
    }

    /// Waits until everything told was taken or given up. Cancel safe.
    pub async fn settled(&self) {
        self.stage.deliveries.settled().await;
    }
}
