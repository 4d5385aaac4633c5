//! What an event tells beside content: a message is gone, a file is there, the app was removed.
//!
//! Owns reading it, each field for itself. Leaves what follows to `inbox`.
//! **Invariant:** news hold ids only.

use serde_json::Value;

use super::envelope;

/// Ids in one event that are looked at.
const MAX_IDS: usize = 1_000;

/// What an event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A message is gone: somebody deleted it, or Slack shows that it was deleted.
    MessageGone {
        /// Where it stood.
        channel: String,
        /// Which.
        ts: String,
    },
    /// A file is there, or is another one now.
    File {
        /// Which.
        id: String,
        /// What happened to it.
        news: FileNews,
        /// The event's own time, by which one change is told from the next.
        at: String,
    },
    /// The app was removed.
    Uninstalled,
    /// Tokens are dead.
    TokensRevoked {
        /// Of these people.
        users: Vec<String>,
        /// Of these bots.
        bots: Vec<String>,
    },
    /// An organisation's installation reaches these workspaces from now on, or no longer.
    AccessChanged {
        /// Which.
        teams: Vec<String>,
    },
    /// There is a new public channel.
    ChannelCreated {
        /// Which.
        channel: String,
    },
    /// A channel has another id.
    ChannelRenumbered {
        /// The one it had.
        old: String,
        /// The one it has.
        new: String,
    },
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileNews {
    /// It was put there, or shared.
    There,
    /// Its content may be another.
    Changed,
    /// Everybody who knows its address can read it.
    Public,
}

impl FileNews {
    /// The word, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Changed => "changed",
            Self::Public => "public",
        }
    }
}

/// What the event in an envelope tells.
pub(super) fn of(root: &Value) -> Option<News> {
    let event = root.get("event")?;
    let word = |key: &str| event.get(key).and_then(Value::as_str);
    match word("type")? {
        "message" => of_message(event),
        "file_shared" | "file_created" => of_file(event, FileNews::There),
        "file_change" => of_file(event, FileNews::Changed),
        "file_public" => of_file(event, FileNews::Public),
        "app_uninstalled" => Some(News::Uninstalled),
        "tokens_revoked" => Some(News::TokensRevoked {
            users: ids(event.pointer("/tokens/oauth")),
            bots: ids(event.pointer("/tokens/bot")),
        }),
        "team_access_granted" | "team_access_revoked" => Some(News::AccessChanged {
            teams: ids(event.get("team_ids")),
        }),
        "channel_id_changed" => Some(News::ChannelRenumbered {
            old: envelope::id(event.get("old_channel_id"))?.to_owned(),
            new: envelope::id(event.get("new_channel_id"))?.to_owned(),
        }),
        "channel_created" => Some(News::ChannelCreated {
            channel: envelope::id(event.pointer("/channel/id"))?.to_owned(),
        }),
        _ => None,
    }
}

fn of_message(event: &Value) -> Option<News> {
    let channel = envelope::id(event.get("channel"))?.to_owned();
    let inner = event.pointer("/message/subtype").and_then(Value::as_str);
    let gone = match event.get("subtype").and_then(Value::as_str)? {
        "message_deleted" => event.get("deleted_ts"),
        "message_changed" if inner == Some("tombstone") => event.pointer("/message/ts"),
        _ => None,
    };
    let ts = envelope::id(gone)?.to_owned();
    Some(News::MessageGone { channel, ts })
}

fn of_file(event: &Value, news: FileNews) -> Option<News> {
    let id =
        envelope::id(event.get("file_id")).or_else(|| envelope::id(event.pointer("/file/id")))?;
    Some(News::File {
        id: id.to_owned(),
        news,
        at: envelope::id(event.get("event_ts"))
            .unwrap_or_default()
            .to_owned(),
    })
}

fn ids(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let ids = list.filter_map(|one| envelope::id(Some(one)));
    ids.take(MAX_IDS).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(event: &Value) -> Option<News> {
        of(&json!({ "event": event }))
    }

    #[test]
    fn a_deleted_message_and_its_tombstone_are_told_by_the_message_s_own_ts() {
        let gone = Some(News::MessageGone {
            channel: "C1".to_owned(),
            ts: "1.2".to_owned(),
        });
        let deleted = json!({"type": "message", "subtype": "message_deleted", "channel": "C1", "ts": "9.9", "deleted_ts": "1.2"});
        assert_eq!(told(&deleted), gone);
        let tombstone = json!({"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "9.9",
            "message": {"subtype": "tombstone", "ts": "1.2"}});
        assert_eq!(told(&tombstone), gone);
        let edited = json!({"type": "message", "subtype": "message_changed", "channel": "C1", "message": {"ts": "1.2"}});
        assert_eq!(told(&edited), None);
    }

    #[test]
    fn a_file_is_told_by_either_of_its_ids() {
        let shared = told(&json!({"type": "file_shared", "file_id": "F1", "event_ts": "1.2"}));
        let Some(News::File { id, news, at }) = shared else {
            panic!("a file is there");
        };
        assert_eq!(
            (id.as_str(), news, at.as_str()),
            ("F1", FileNews::There, "1.2")
        );
        let public = told(&json!({"type": "file_public", "file": {"id": "F2"}}));
        assert!(
            matches!(public, Some(News::File { id, news: FileNews::Public, .. }) if id == "F2")
        );
        assert_eq!(told(&json!({"type": "file_change", "file": "F3"})), None);
    }

    #[test]
    fn the_end_of_an_installation_is_told_with_and_without_ids() {
        assert_eq!(
            told(&json!({"type": "app_uninstalled"})),
            Some(News::Uninstalled)
        );
        let revoked =
            told(&json!({"type": "tokens_revoked", "tokens": {"oauth": ["U1", 7], "bot": null}}));
        assert_eq!(
            revoked,
            Some(News::TokensRevoked {
                users: vec!["U1".to_owned()],
                bots: Vec::new()
            })
        );
        let teams = told(&json!({"type": "team_access_revoked", "team_ids": ["T1"]}));
        assert_eq!(
            teams,
            Some(News::AccessChanged {
                teams: vec!["T1".to_owned()]
            })
        );
    }

    #[test]
    fn what_is_no_object_tells_nothing() {
        for event in [
            json!(null),
            json!([]),
            json!("message"),
            json!({}),
            json!({"type": 7}),
        ] {
            assert_eq!(told(&event), None);
        }
    }
}
