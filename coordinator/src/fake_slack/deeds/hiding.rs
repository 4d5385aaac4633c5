//! Hiding messages and files behind a notice, and bringing them back: what the Discovery API is for.
//!
//! **Invariant:** what is hidden can be brought back as it was.

use crate::fake_slack::model::{FileState, Visibility, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// What stands in the place of a message, unless something else is told.
const NOTICE: &str = "This message is being scanned to make sure it complies with your team's data \
                      security policies.";

impl World {
    /// Hides a message behind a notice.
    ///
    /// # Errors
    /// `message_not_found`, `already_tombstoned`.
    pub(in crate::fake_slack) fn hide(
        &mut self,
        channel: &str,
        ts: &str,
        notice: Option<&str>,
    ) -> Outcome<()> {
        let before = self.message(channel, ts)?.clone();
        match before.visibility {
            Visibility::Shown => {}
            Visibility::Hidden => return Err(Refusal::of("already_tombstoned")),
            _ => return Err(Refusal::of("message_not_found")),
        }
        let hidden = before.replaced(Visibility::Hidden, notice.unwrap_or(NOTICE));
        if let Some(message) = self.message_mut(channel, ts) {
            *message = hidden;
        }
        self.tell_changed(channel, ts, &before);
        Ok(())
    }

    /// Brings a hidden message back.
    ///
    /// # Errors
    /// `message_not_found`, `message_not_tombstoned`.
    pub(in crate::fake_slack) fn bring_back(&mut self, channel: &str, ts: &str) -> Outcome<()> {
        let before = self.message(channel, ts)?.clone();
        let original = match (&before.original, before.visibility) {
            (Some(original), Visibility::Hidden) => original.as_ref().clone(),
            _ => return Err(Refusal::of("message_not_tombstoned")),
        };
        if let Some(message) = self.message_mut(channel, ts) {
            *message = original;
        }
        self.tell_changed(channel, ts, &before);
        Ok(())
    }

    /// Hides a file, or brings it back.
    ///
    /// # Errors
    /// `file_not_found`.
    pub(in crate::fake_slack) fn hide_file(
        &mut self,
        id: &str,
        state: FileState,
        notice: Option<&str>,
    ) -> Outcome<()> {
        let now = self.now().timestamp();
        let found = self.files.get_mut(id);
        let file = found
            .filter(|file| file.state != FileState::Deleted)
            .ok_or_else(|| Refusal::of("file_not_found"))?;
        file.state = state;
        file.notice = notice.map(str::to_owned);
        file.updated = now;
        self.tell_file(id, "file_change");
        Ok(())
    }
}
