//! What an app says to a click or a command: at once, or later through a response address.
//!
//! **Invariant:** a response address works five times, and for half an hour.

use chrono::TimeDelta;
use serde_json::Value;

use super::messages::Change;
use crate::fake_slack::blocks;
use crate::fake_slack::model::{Message, Ticket, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

const MOST_USES: u32 = 5;
const LASTS: TimeDelta = TimeDelta::minutes(30);

impl World {
    /// Takes what was sent to a response address.
    ///
    /// # Errors
    /// `expired_url`, `used_url`, and what is wrong with the message.
    pub(in crate::fake_slack) fn respond_later(&mut self, id: &str, said: &Value) -> Outcome<()> {
        let now = self.now();
        let known = self.response_urls.get_mut(id);
        let known = known.ok_or_else(|| Refusal::of("expired_url"))?;
        if now - known.made_at > LASTS {
            return Err(Refusal::of("expired_url"));
        }
        if known.uses >= MOST_USES {
            return Err(Refusal::of("used_url"));
        }
        known.uses += 1;
        let ticket = known.clone();
        self.respond(&ticket, said)
    }

    /// Says, replaces or removes what an app asks for.
    ///
    /// # Errors
    /// What is wrong with the message.
    pub(in crate::fake_slack) fn respond(&mut self, ticket: &Ticket, said: &Value) -> Outcome<()> {
        let flag = |name: &str| said.get(name).and_then(Value::as_bool) == Some(true);
        let list = |name: &str| said.get(name).and_then(Value::as_array).cloned();
        let word = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        let blocks = list("blocks");
        blocks::check(blocks.as_deref().unwrap_or_default(), blocks::MESSAGE)?;
        if flag("delete_original") {
            return self.remove_original(ticket);
        }
        if flag("replace_original") {
            return self.replace_original(ticket, word("text"), blocks);
        }
        let bot = self.author(&self.bot_in(&ticket.channel));
        let mut message = Message::new(bot, &word("text").unwrap_or_default());
        message.blocks = blocks.unwrap_or_default();
        message.attachments = list("attachments").unwrap_or_default();
        if message.text.is_empty() && message.blocks.is_empty() && message.attachments.is_empty() {
            return Err(Refusal::of("no_text"));
        }
        message.thread_ts = word("thread_ts");
        if word("response_type").as_deref() == Some("in_channel") {
            self.post(&ticket.channel, message)?;
        } else {
            self.whisper(&ticket.channel, &ticket.user, message)?;
        }
        Ok(())
    }

    fn bot_in(&self, channel: &str) -> String {
        let team = self.conversations.get(channel).map(|c| c.team.as_str());
        let mut installs = self.app.installs.iter();
        let install = installs.find(|install| team.is_some_and(|team| install.covers(team)));
        install
            .map(|install| install.bot_user.clone())
            .unwrap_or_default()
    }

    fn remove_original(&mut self, ticket: &Ticket) -> Outcome<()> {
        let Some(ts) = &ticket.ts else {
            return Ok(());
        };
        if let Some(conversation) = self.conversations.get_mut(&ticket.channel) {
            let before = conversation.ephemerals.len();
            conversation.ephemerals.retain(|e| e.message.ts != *ts);
            if conversation.ephemerals.len() < before {
                return Ok(());
            }
        }
        self.take_away(&ticket.channel, ts)
    }

    fn replace_original(
        &mut self,
        ticket: &Ticket,
        text: Option<String>,
        blocks: Option<Vec<Value>>,
    ) -> Outcome<()> {
        let Some(ts) = &ticket.ts else {
            return Ok(());
        };
        let conversation = self.conversations.get_mut(&ticket.channel);
        let mut whispers = conversation
            .into_iter()
            .flat_map(|c| c.ephemerals.iter_mut());
        if let Some(ephemeral) = whispers.find(|e| e.message.ts == *ts) {
            ephemeral.message.text = text.unwrap_or_default();
            ephemeral.message.blocks = blocks.unwrap_or_default();
            return Ok(());
        }
        let editor = Some(self.bot_in(&ticket.channel));
        let text = text.or_else(|| blocks.is_some().then(String::new));
        let change = Change {
            text,
            blocks,
            editor,
            ..Change::default()
        };
        self.change(&ticket.channel, ts, change)
    }
}
