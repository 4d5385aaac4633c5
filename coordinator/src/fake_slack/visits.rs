//! Bringing clicks, commands and modals to the app, and heeding what it answers.
//!
//! **Invariant:** what an app answers to a command is said only to whoever typed it, unless it says otherwise.

use serde_json::{Value, json};

use super::deeds::Visit;
use super::events::{Answered, Errand};
use super::model::{Outgoing, Ticket};
use super::refusal::{Outcome, Refusal};
use super::stage::Stage;

impl Stage {
    /// Clicks an element of a message. Gives what the app answered.
    ///
    /// # Errors
    /// There is no such element, or nobody to ask.
    pub(super) async fn click(
        &self,
        user: &str,
        place: (&str, &str),
        action_id: &str,
        state: Option<Value>,
    ) -> Outcome<Answered> {
        let visit = self.change(|world| world.click(user, place, action_id, state))?;
        self.ask(visit).await
    }

    /// Types a command. Gives what the app answered, which is said as well.
    ///
    /// # Errors
    /// There is no such conversation, or nobody to ask.
    pub(super) async fn slash(
        &self,
        user: &str,
        channel: &str,
        (command, text): (&str, &str),
    ) -> Outcome<Answered> {
        let visit = self.change(|world| world.slash(user, channel, (command, text)))?;
        let answered = self.ask(visit).await?;
        let body = answered.body.trim();
        if answered.status == Some(200) && !body.is_empty() {
            let said = serde_json::from_str(body).unwrap_or_else(|_| json!({ "text": body }));
            self.change(|world| {
                let ticket = Ticket {
                    channel: channel.to_owned(),
                    ts: None,
                    user: user.to_owned(),
                    made_at: world.now(),
                    uses: 0,
                };
                world.respond(&ticket, &said)
            })?;
        }
        Ok(answered)
    }

    /// Sends a modal, which closes unless the app finds something wrong. Gives what the app answered.
    ///
    /// # Errors
    /// There is no such modal, or nobody to ask.
    pub(super) async fn submit(&self, view: &str, state: &Value) -> Outcome<Answered> {
        let visit = self.change(|world| world.submit(view, state))?;
        let answered = self.ask(visit).await?;
        let said: Value = serde_json::from_str(&answered.body).unwrap_or_default();
        let wrong = said.get("response_action").and_then(Value::as_str) == Some("errors");
        if answered.status == Some(200) && !wrong {
            self.close(view);
        }
        Ok(answered)
    }

    /// Closes a modal.
    pub(super) fn close(&self, view: &str) {
        self.change(|world| {
            world.version += 1;
            world.views.retain(|opened| opened.id != view);
        });
    }

    async fn ask(&self, visit: Visit) -> Outcome<Answered> {
        let (errand, answer) = Errand::asking(Outgoing {
            kind: visit.kind,
            payload: visit.payload,
        });
        self.errand(errand);
        answer.await.or(Err(Refusal::of("dispatch_failed")))
    }
}
