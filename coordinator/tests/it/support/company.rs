//! A company on the stand-in for Slack, whose app leads to a site.
//!
//! Owns who is there and what tests look at in Slack. **Invariant:** what is looked at is what people would see.

use coordinator::fake_slack::model::{Message, Transport};
use coordinator::fake_slack::seed::{ADA, SECURITY, TEAM};
use coordinator::fake_slack::{self, FakeSlack, Options, Tokens};
use serde_json::{Value, json};

use super::api::{ADMIN, Api};
use super::patience::until;
use super::site::Site;
use super::slack::SIGNING_SECRET;

/// A company: Ada runs it, Bo and Cy work there.
pub(crate) struct Company {
    pub(crate) slack: FakeSlack,
    pub(crate) tokens: Tokens,
}

impl Company {
    /// Acme, with the app installed by Ada, whose address is the Weir admin's.
    pub(crate) fn acme(site: &mut Site) -> Self {
        Self::with(site, Options::default())
    }

    /// The same under other options.
    pub(crate) fn with(site: &mut Site, options: Options) -> Self {
        let slack = FakeSlack::start(options).unwrap();
        let tokens = fake_slack::seed::acme(&slack);
        Self::of(slack, tokens, site)
    }

    /// A company that is founded, and whose Ada has the address of the Weir admin from now on.
    pub(crate) fn of(slack: FakeSlack, tokens: Tokens, site: &mut Site) -> Self {
        Self::connect(&slack, site);
        site.set("WEIR_SLACK__BOT_TOKEN", &tokens.bot);
        if let Some(admin) = &tokens.user {
            site.set("WEIR_SLACK__ADMIN_TOKEN", admin);
        }
        Self { slack, tokens }
    }

    /// Leads a founded company to a site, and the site to it; tokens are for whoever calls.
    pub(crate) fn connect(slack: &FakeSlack, site: &mut Site) {
        slack.change(|world| {
            if let Some(ada) = world.users.get_mut(ADA) {
                ADMIN.clone_into(&mut ada.email);
            }
        });
        connect(slack, site);
        let base = slack.base_url();
        site.tell_all("WEIR_NODE__FILE_HOSTS", host_of(&base));
        site.set("WEIR_SLACK__FILE_HOSTS", host_of(&base));
        site.set("WEIR_SLACK__API_BASE_URL", &base);
        site.set("WEIR_SLACK__REVIEW_CHANNEL", SECURITY);
    }

    /// A company that installed the app by itself.
    pub(crate) fn installed(slack: FakeSlack) -> Self {
        let install = slack.look(|world| world.app.installs.first().cloned());
        let install = install.unwrap();
        let tokens = Tokens {
            bot: String::new(),
            user: None,
            bot_user: install.bot_user,
            bot_id: install.bot_id,
            bot_refresh: None,
            user_refresh: None,
        };
        Self { slack, tokens }
    }

    /// Lets nobody be told any more of what happens.
    pub(crate) fn silence(&self) {
        let nowhere = Transport::Nowhere;
        self.slack.change(|world| world.app.transport = nowhere);
    }

    /// Lets a site be told of what happens from now on.
    pub(crate) fn call(slack: &FakeSlack, site: &Site) {
        connect(slack, site);
    }

    /// Waits until Weir knows where it is installed.
    pub(crate) async fn is_known_to(&self, admin: &Api) {
        until("the installation is known", async || {
            let workspaces = admin.get("workspaces").await;
            let items = workspaces["items"].as_array().unwrap();
            items.iter().any(|one| one["state"] == "active")
        })
        .await;
    }

    /// Waits until a message of a channel says something.
    pub(crate) async fn says(&self, channel: &str, words: &str) -> Message {
        let found = || {
            let mut messages = self.slack.messages(channel).into_iter();
            messages.find(|message| shown(message).contains(words))
        };
        until(&format!("{channel} says {words:?}"), async || {
            found().is_some()
        })
        .await;
        found().unwrap()
    }

    /// Waits until a file of that name hangs on a message of a channel; gives its id.
    pub(crate) async fn file_in(&self, channel: &str, name: &str) -> String {
        let found = || {
            let messages = self.slack.messages(channel);
            let mut files = messages.into_iter().flat_map(|message| message.files);
            files.find(|id| self.slack.file(id).is_some_and(|file| file.name == name))
        };
        until(&format!("{name} is in {channel}"), async || {
            found().is_some()
        })
        .await;
        found().unwrap()
    }

    /// Waits until Weir listens over sockets.
    pub(crate) async fn hears(&self) {
        until("a socket is open", async || self.slack.sockets() > 0).await;
    }

    /// Whether people still see a message.
    pub(crate) fn stands(&self, channel: &str, ts: &str) -> bool {
        let messages = self.slack.messages(channel);
        messages.iter().any(|message| message.ts == ts)
    }

    /// The conversation of the app with somebody.
    pub(crate) fn dm(&self, user: &str) -> String {
        self.slack.open_direct(TEAM, &[&self.tokens.bot_user, user])
    }
}

/// `http://127.0.0.1:1234` of the API's address.
fn host_of(base: &str) -> &str {
    base.strip_suffix("/api/").unwrap()
}

fn connect(slack: &FakeSlack, site: &Site) {
    let at = |path: &str| format!("http://{}/slack/{path}", site.address());
    slack
        .connect_to(
            &at("events"),
            &at("interactivity"),
            &at("commands"),
            SIGNING_SECRET,
        )
        .unwrap();
}

/// Everything that people see of a message.
pub(crate) fn shown(message: &Message) -> String {
    let blocks = Value::Array(message.blocks.clone());
    format!("{} {blocks}", message.text)
}

/// A policy that blocks card numbers, tells the author and raises an alert.
pub(crate) fn cards_are_blocked() -> Value {
    json!({
        "name": "Payment cards", "mode": "enforce", "priority": 100,
        "rules": [{"info_types": ["CREDIT_CARD_NUMBER"], "min_likelihood": "LIKELY"}],
        "actions": [{"type": "block"}, {"type": "notify_author"}, {"type": "alert", "severity": "HIGH"}],
    })
}
