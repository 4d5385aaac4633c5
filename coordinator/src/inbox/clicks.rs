//! Buttons that somebody pressed.
//!
//! **Invariant:** a click is on disk once, however often it is sent; what is no button of ours leaves nothing.

use serde_json::Value;
use shared::ids::AlertId;

use super::{Inbox, InboxError};
use crate::slack::interaction::{self, Interaction};
use crate::store::outbox::NewAction;
use crate::store::slack_actions::{Click, Row, SlackDeed, WHY};
use crate::store::{StoreResult, clock, outbox};

impl Inbox {
    /// Takes in what somebody pressed, as a form.
    ///
    /// # Errors
    /// [`InboxError`].
    pub async fn interaction(&self, form: &[u8]) -> Result<(), InboxError> {
        self.press(interaction::parse_interactivity(form)).await
    }

    /// The same, as it comes over a socket.
    ///
    /// # Errors
    /// [`InboxError`].
    pub async fn interaction_payload(&self, payload: &Value) -> Result<(), InboxError> {
        self.press(interaction::parse_interactive(payload)).await
    }

    async fn press(&self, interaction: Interaction) -> Result<(), InboxError> {
        let click = match interaction {
            Interaction::Click(click) => click,
            Interaction::SslCheck | Interaction::Other(_) => return Ok(()),
            Interaction::Unreadable => return Err(InboxError::Unreadable),
        };
        let Some(row) = self.row_of(&click)? else {
            return Ok(());
        };
        let writing = move |conn: &mut _| {
            let now = clock::now(conn)?;
            outbox::enqueue(conn, &[row], now)
        };
        self.store.write(writing).await?;
        self.bell.ring();
        Ok(())
    }

    /// The row of a click; none for what is no button of ours, or of nobody whom we know.
    fn row_of(&self, click: &interaction::Click) -> StoreResult<Option<NewAction>> {
        if self.installations.of(&click.workspace).is_none() {
            return Ok(None);
        }
        let alert = click.value.as_deref();
        let alert = alert.and_then(|value| value.parse::<AlertId>().ok());
        let (Some(alert), Some(channel), Some(ts)) = (alert, &click.channel, &click.message_ts)
        else {
            return Ok(None);
        };
        let deed = SlackDeed::Click(Click {
            action: click.action_id.clone(),
            alert,
            user: click.user.clone(),
            channel: channel.clone(),
            message_ts: ts.clone(),
            words: click.written(WHY).map(str::to_owned),
        });
        let row = Row::new(format!("click/{}", click.id()), &click.workspace);
        self.actions.row(&deed, row.about(Some(alert))).map(Some)
    }
}
