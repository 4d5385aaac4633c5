//! Somebody clicked a button.
//!
//! **Invariant:** a click has an id that is the same whenever it is told again, so that it counts once.

use std::fmt;

use aws_lc_rs::digest;
use serde_json::Value;
use shared::ids::WorkspaceId;
use shared::secret::SecretString;

use super::part::{flag, id, id_at, secret, text};
use crate::slack::event::envelope;

/// Characters of a button's value.
const MAX_VALUE: usize = 2_000;
/// Characters of the ids of blocks and actions.
const MAX_NAME: usize = 255;
/// Characters of what is written into one field.
const MAX_WRITTEN: usize = 3_000;
/// Fields of one message that are read.
const MAX_FIELDS: usize = 20;

/// A click on a button of ours.
#[derive(Clone, Debug)]
pub struct Click {
    /// The installation it belongs to.
    pub workspace: WorkspaceId,
    /// The workspace it was clicked in; none for some clicks of an org-wide install.
    pub team: Option<String>,
    /// The organisation, if there is one.
    pub enterprise: Option<String>,
    /// Whether the app is installed for the whole organisation.
    pub is_enterprise_install: bool,
    /// Who clicked.
    pub user: String,
    /// The workspace of who clicked.
    pub user_team: Option<String>,
    /// Where the message is.
    pub channel: Option<String>,
    /// Which message.
    pub message_ts: Option<String>,
    /// The thread it belongs to.
    pub thread_ts: Option<String>,
    /// What the button does.
    pub action_id: String,
    /// The block it is in.
    pub block_id: Option<String>,
    /// What the button is about.
    pub value: Option<String>,
    /// What was written into the message's fields.
    pub state: Vec<Written>,
    /// Where to answer within half an hour, five times at most.
    pub response_url: Option<SecretString>,
    /// What opens a dialog within three seconds.
    pub trigger_id: Option<SecretString>,
    /// When it was clicked, as Slack tells it.
    pub action_ts: Option<String>,
    /// Our app.
    pub app_id: Option<String>,
}

/// What somebody wrote into a field or chose in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// The field's block.
    pub block_id: String,
    /// The field.
    pub action_id: String,
    /// The text.
    pub text: String,
}

impl Click {
    /// A click is one if somebody clicked something.
    pub(super) fn read(root: &Value) -> Option<Self> {
        let places = ["/team/id", "/enterprise/id", "/user/team_id"];
        Some(Self {
            workspace: envelope::workspace_at(root, &places),
            team: id(root, "/team/id"),
            enterprise: id_at(root, &["/enterprise/id", "/team/enterprise_id"]),
            is_enterprise_install: flag(root, "/is_enterprise_install"),
            user: id(root, "/user/id")?,
            user_team: id(root, "/user/team_id"),
            channel: id_at(root, &["/channel/id", "/container/channel_id"]),
            message_ts: id_at(root, &["/container/message_ts", "/message/ts"]),
            thread_ts: id_at(root, &["/container/thread_ts", "/message/thread_ts"]),
            action_id: text(root, "/actions/0/action_id", MAX_NAME).filter(|id| !id.is_empty())?,
            block_id: text(root, "/actions/0/block_id", MAX_NAME),
            value: text(root, "/actions/0/value", MAX_VALUE),
            state: state(root),
            response_url: secret(root, "/response_url"),
            trigger_id: secret(root, "/trigger_id"),
            action_ts: id(root, "/actions/0/action_ts"),
            app_id: id(root, "/api_app_id"),
        })
    }

    /// The same for each telling of the same click, and another for each other click: a digest of who clicked
    /// what, where and when.
    pub fn id(&self) -> String {
        let optional = |part: &Option<String>| part.clone().unwrap_or_default();
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in [
            self.workspace.as_str(),
            &self.user,
            &optional(&self.channel),
            &optional(&self.message_ts),
            &self.action_id,
            &optional(&self.action_ts),
        ] {
            // With its length in front no part can lend characters to its neighbour.
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(hash.finish())
    }

    /// What was written into a field.
    pub fn written(&self, action_id: &str) -> Option<&str> {
        let mut fields = self.state.iter();
        let field = fields.find(|field| field.action_id == action_id);
        field.map(|field| field.text.as_str())
    }
}

fn state(root: &Value) -> Vec<Written> {
    let blocks = root.pointer("/state/values").and_then(Value::as_object);
    let fields = blocks.into_iter().flatten().flat_map(|(block, fields)| {
        let fields = fields.as_object().into_iter().flatten();
        fields.filter_map(move |(action, field)| Written::read((block, action), field))
    });
    fields.take(MAX_FIELDS).collect()
}

impl Written {
    fn read((block, action): (&str, &str), field: &Value) -> Option<Self> {
        let written = text(field, "/value", MAX_WRITTEN);
        let chosen = || text(field, "/selected_option/value", MAX_WRITTEN);
        let short = |name: &str| name.chars().take(MAX_NAME).collect();
        Some(Self {
            block_id: short(block),
            action_id: short(action),
            text: written.or_else(chosen)?,
        })
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Written");
        shown
            .field("action_id", &self.action_id)
            .finish_non_exhaustive()
    }
}
