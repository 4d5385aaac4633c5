//! `[slack]`: the app whose events are taken in.

use shared::secret::SecretString;
use url::Url;

shared::config_section! {
    /// The app whose events are taken in. Without a signing secret the events endpoint answers 503.
    pub struct SlackConfig in "slack" {
        /// "Signing Secret" of the app's basic information: proves that an event comes from Slack.
        signing_secret: Option<SecretString>,
        /// The Web API. Another one only for tests.
        api_base_url: Url = "https://slack.com/api/",
    }
}
