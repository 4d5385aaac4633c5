//! `[slack]`: the app whose events are taken in, and how it acts.

use std::time::Duration;

use scanner_node::fetch::HostList;
use shared::config::Source;
use shared::secret::SecretString;
use url::Url;

use crate::domain::storm::Brake;

shared::config_section! {
    /// The app whose events are taken in, and how it acts. Without a signing secret the events endpoint answers
    /// 503; without tokens messages are scanned, and nothing is done in Slack.
    pub struct SlackConfig in "slack" {
        /// "Signing Secret" of the app's basic information: proves that an event comes from Slack.
        signing_secret: Option<SecretString>,
        /// "Bot User OAuth Token", `xoxb-…`, of the one workspace that the app is installed in.
        bot_token: Option<SecretString>,
        /// "User OAuth Token", `xoxp-…`, of an owner or admin who installed the app: what deletes the messages
        /// of others. With `discovery:write`, what hides them.
        admin_token: Option<SecretString>,
        /// "App-Level Token", `xapp-…`, with `connections:write`: events then come over connections that Weir opens
        /// itself (Socket Mode), and no address of Weir has to be public.
        app_token: Option<SecretString>,
        /// Connections of Socket Mode; with two, one can fail.
        connections: u32 = "2",
        /// "Client ID" of the app: lets it be installed in many workspaces at `/slack/install`.
        client_id: Option<String>,
        /// "Client Secret" of the app.
        client_secret: Option<SecretString>,
        /// Where cards for reviewers are posted: a channel's id, such as C0123456789.
        review_channel: Option<String>,
        /// Whether the bot enters every public channel by itself, those that are new too: it hears only what is said
        /// where it is. Private channels it has to be invited to.
        join_channels: bool = "true",
        /// Silence that is a gap: what was said meanwhile is read again, as long after it, by a backfill. Shorter ones
        /// Slack's own retries close.
        gap_after: Duration = "1m",
        /// How soon after it was written a leak should be gone: what `weir_time_to_block_seconds` is held to.
        block_objective: Duration = "5s",
        /// Messages that one policy may block in one channel within `storm_within`; what comes after them is
        /// alerted to and left standing. 0 for no limit.
        storm_limit: u32 = "20",
        /// The time that `storm_limit` looks back over.
        storm_within: Duration = "5m",
        /// The pause after a first failure to do something in Slack; it doubles up to an hour, 24 times in all.
        retry_after: Duration = "1s",
        /// How often Slack is asked what the tokens allow.
        probe_every: Duration = "1h",
        /// Hosts that files are fetched from, and that are trusted with a token, if not Slack's own; only for tests.
        file_hosts: Option<HostList>,
        /// How long fetching one file may take.
        fetch_within: Duration = "5m",
        /// The Web API. Another one only for tests.
        api_base_url: Url = "https://slack.com/api/",
    }
    check = check;
}

impl SlackConfig {
    /// How many messages are too many.
    pub fn brake(&self) -> Brake {
        Brake {
            limit: (self.storm_limit > 0).then_some(self.storm_limit),
            within: self.storm_within,
        }
    }
}

fn check(slack: &SlackConfig, source: &mut Source) {
    for (key, time) in [
        ("retry_after", slack.retry_after),
        ("probe_every", slack.probe_every),
        ("storm_within", slack.storm_within),
        ("gap_after", slack.gap_after),
    ] {
        if time.is_zero() {
            source.refuse("slack", key, "must be more than zero");
        }
    }
    if !(1..=10).contains(&slack.connections) {
        source.refuse(
            "slack",
            "connections",
            "must be 1 to 10: Slack takes no more",
        );
    }
    if slack.client_id.is_some() != slack.client_secret.is_some() {
        source.refuse(
            "slack",
            "client_secret",
            "goes with `client_id`: give both or none",
        );
    }
    if slack.bot_token.is_none() && slack.admin_token.is_some() {
        source.refuse("slack", "admin_token", "needs `bot_token` beside it");
    }
}
