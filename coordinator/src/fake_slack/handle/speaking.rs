//! Speaking for people: saying, changing, uploading, coming and going.

use bytes::Bytes;
use serde_json::Value;

use crate::fake_slack::deeds::{Change, Draft, NewFile};
use crate::fake_slack::model::FileMode;
use crate::fake_slack::refusal::Outcome;
use crate::fake_slack::start::FakeSlack;

impl FakeSlack {
    /// Says something, as a person types it. Gives its timestamp.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn say(&self, user: &str, channel: &str, text: &str) -> Outcome<String> {
        self.post(Draft::typed(user, channel, text))
    }

    /// Answers in a thread.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn reply(&self, user: &str, channel: &str, root: &str, text: &str) -> Outcome<String> {
        self.post(Draft::typed(user, channel, text).in_thread(root))
    }

    /// Answers in a thread and in the channel.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn broadcast(&self, user: &str, channel: &str, root: &str, text: &str) -> Outcome<String> {
        let draft = Draft::typed(user, channel, text).in_thread(root);
        self.post(draft.of_subtype("thread_broadcast"))
    }

    /// Posts a message of any shape.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn post(&self, draft: Draft) -> Outcome<String> {
        self.change(|world| world.speak(draft))
    }

    /// Uploads a file and shares it with a text. Gives the timestamp of the message and the file's id.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn upload(
        &self,
        user: &str,
        channel: &str,
        name: &str,
        bytes: impl Into<Bytes>,
        text: &str,
    ) -> Outcome<(String, String)> {
        let file = self.keep(user, name, bytes);
        let draft = Draft::typed(user, channel, text).with_file(&file);
        let ts = self.post(draft.of_subtype("file_share"))?;
        Ok((ts, file))
    }

    /// Uploads a file without sharing it. Gives its id.
    pub fn keep(&self, user: &str, name: &str, bytes: impl Into<Bytes>) -> String {
        let bytes = bytes.into();
        self.change(|world| {
            let file = world.fresh_file(NewFile { user, name, bytes });
            world.keep(file)
        })
    }

    /// Adds a file that others keep. Gives its id.
    pub fn keep_external(&self, user: &str, name: &str, url: &str) -> String {
        self.change(|world| {
            let mut file = world.fresh_file(NewFile {
                user,
                name,
                bytes: Bytes::new(),
            });
            file.mode = FileMode::External;
            file.external_url = Some(url.to_owned());
            world.keep(file)
        })
    }

    /// Gives a file other content.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn rewrite(&self, file: &str, bytes: impl Into<Bytes>) -> Outcome<()> {
        self.change(|world| world.rewrite(file, bytes.into()))
    }

    /// Gives a file a public address.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn publish(&self, file: &str) -> Outcome<()> {
        self.change(|world| world.publish(file))
    }

    /// Deletes a file, as its owner.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn delete_file(&self, file: &str) -> Outcome<()> {
        self.change(|world| world.delete_file(file))
    }

    /// Changes what a message says, as its author types it.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn edit(&self, channel: &str, ts: &str, text: &str) -> Outcome<()> {
        self.change(|world| world.retype(channel, ts, text))
    }

    /// Adds the preview of a link to a message, as Slack itself does: a change that nobody made.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn unfurl(&self, channel: &str, ts: &str, preview: Value) -> Outcome<()> {
        self.change(|world| {
            let mut attachments = world.message(channel, ts)?.attachments.clone();
            attachments.push(preview);
            let attachments = Some(attachments);
            world.change(
                channel,
                ts,
                Change {
                    attachments,
                    ..Change::default()
                },
            )
        })
    }

    /// Tells of a change that changed nothing, as Slack does when a thread grows.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn touch(&self, channel: &str, ts: &str) -> Outcome<()> {
        self.change(|world| world.change(channel, ts, Change::default()))
    }

    /// Takes a message away, as its author.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn delete_by_author(&self, channel: &str, ts: &str) -> Outcome<()> {
        self.change(|world| world.take_away(channel, ts))
    }

    /// Lets somebody into a conversation.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn invite(&self, inviter: &str, channel: &str, user: &str) -> Outcome<()> {
        self.change(|world| world.join(channel, user, Some(inviter)))
    }

    /// Lets somebody out of a conversation.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn remove(&self, channel: &str, user: &str) -> Outcome<()> {
        self.change(|world| world.leave(channel, user))
    }

    /// Archives a channel.
    ///
    /// # Errors
    /// What Slack would say.
    pub fn archive(&self, channel: &str) -> Outcome<()> {
        self.change(|world| world.archive(channel))
    }

    /// The direct conversation of these, opened if need be. Gives its id.
    pub fn open_direct(&self, team: &str, users: &[&str]) -> String {
        let users = users.iter().map(ToString::to_string).collect();
        self.change(|world| world.open_direct(team, users).0)
    }
}
