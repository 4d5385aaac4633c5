//! People.

use crate::slack::client::Session;
use crate::slack::client::answer::Answer;
use crate::slack::client::error::SlackError;
use crate::slack::client::form::Form;
use crate::slack::client::method::Method;
use crate::slack::client::views::User;

impl Session<'_> {
    /// Who somebody is.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn user_info(&self, user: &str) -> Result<User, SlackError> {
        let form = Form::new().text("user", user);
        let answer = self.call(Method::UsersInfo, form).await?;
        let user = answer.root.get("user").and_then(User::read);
        user.ok_or_else(Answer::lacking)
    }
}
