//! People at the app's buttons, commands and modals.

use serde_json::Value;

use crate::fake_slack::events::Answered;
use crate::fake_slack::refusal::Outcome;
use crate::fake_slack::start::FakeSlack;

impl FakeSlack {
    /// Clicks a button. `state` is what inputs of the message hold. Gives what the app answered.
    ///
    /// # Errors
    /// What Slack would say, were there no such button.
    pub async fn click(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        action_id: &str,
        state: Option<Value>,
    ) -> Outcome<Answered> {
        self.stage
            .click(user, (channel, ts), action_id, state)
            .await
    }

    /// Types a slash command. Gives what the app answered.
    ///
    /// # Errors
    /// What Slack would say.
    pub async fn slash(
        &self,
        user: &str,
        channel: &str,
        command: &str,
        text: &str,
    ) -> Outcome<Answered> {
        self.stage.slash(user, channel, (command, text)).await
    }

    /// Sends a modal. Gives what the app answered.
    ///
    /// # Errors
    /// What Slack would say.
    pub async fn submit(&self, view: &str, state: &Value) -> Outcome<Answered> {
        self.stage.submit(view, state).await
    }
}
