//! Files: looking at them, taking them away.

use crate::slack::client::Session;
use crate::slack::client::answer::Answer;
use crate::slack::client::error::SlackError;
use crate::slack::client::form::Form;
use crate::slack::client::method::Method;
use crate::slack::client::views::File;

impl Session<'_> {
    /// What a file is.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn file_info(&self, file: &str) -> Result<File, SlackError> {
        let form = Form::new().text("file", file);
        let answer = self.call(Method::FilesInfo, form).await?;
        let file = answer.root.get("file").and_then(File::read);
        file.ok_or_else(Answer::lacking)
    }

    /// Deletes a file: a bot its own, a person what they may delete in Slack.
    ///
    /// # Errors
    /// [`SlackError`]; that it is gone already is one whose meaning is so.
    pub async fn delete_file(&self, file: &str) -> Result<(), SlackError> {
        let form = Form::new().text("file", file);
        self.call(Method::FilesDelete, form).await.map(drop)
    }

    /// Ends a file's public address.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn revoke_public_url(&self, file: &str) -> Result<(), SlackError> {
        let form = Form::new().text("file", file);
        self.call(Method::FilesRevokePublicUrl, form)
            .await
            .map(drop)
    }
}
