//! What Slack says of people, channels, files and workspaces.
//!
//! Owns the tolerant views of its objects. Leaves fetching them to the calls.
//! **Invariant:** an object is one if it has an id; all else may be absent.

use std::fmt;

use serde_json::Value;
use shared::secret::SecretString;

use super::read::{flag, number, text, texts};

/// Somebody, or some program.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "as many as Slack has")]
pub struct User {
    /// `U…` or `W…`.
    pub id: String,
    /// Where they belong.
    pub team_id: Option<String>,
    /// What they are called for short.
    pub name: Option<String>,
    /// What they are called.
    pub real_name: Option<String>,
    /// Their address, if the token may see it.
    pub email: Option<SecretString>,
    /// An admin of the workspace.
    pub is_admin: bool,
    /// An owner of the workspace.
    pub is_owner: bool,
    /// The owner who comes first.
    pub is_primary_owner: bool,
    /// A program.
    pub is_bot: bool,
    /// Of another organisation (Slack Connect).
    pub is_stranger: bool,
    /// A guest of some channels.
    pub is_restricted: bool,
    /// A guest of one channel.
    pub is_ultra_restricted: bool,
    /// Not active any more.
    pub deleted: bool,
}

/// A conversation of any kind.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "as many as Slack has")]
pub struct Channel {
    /// `C…`, `G…` or `D…`.
    pub id: String,
    /// What it is called; direct messages are not.
    pub name: Option<String>,
    /// The other one in a direct message.
    pub user: Option<String>,
    /// Only its members see it.
    pub is_private: bool,
    /// A direct message.
    pub is_im: bool,
    /// A direct message of several.
    pub is_mpim: bool,
    /// Whoever asks is in it.
    pub is_member: bool,
    /// Nobody can write any more.
    pub is_archived: bool,
    /// People of other organisations are in it (Slack Connect).
    pub is_ext_shared: bool,
    /// Several workspaces of one organisation are in it.
    pub is_org_shared: bool,
    /// How many are in it, if Slack says.
    pub num_members: Option<u64>,
    /// The workspace in whose context it was asked for.
    pub context_team_id: Option<String>,
}

/// A file.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "as many as Slack has")]
pub struct File {
    /// `F…`.
    pub id: String,
    /// What the file is called.
    pub name: Option<String>,
    /// The title somebody gave it.
    pub title: Option<String>,
    /// The media type, as Slack sees it.
    pub mimetype: Option<String>,
    /// Slack's own word for the type.
    pub filetype: Option<String>,
    /// `hosted`, `external`, `snippet`, `post`, `space`, `email`, `tombstone`…
    pub mode: Option<String>,
    /// `check_file_info` where more has to be asked for, in Slack Connect.
    pub file_access: Option<String>,
    /// Its length in bytes.
    pub size: Option<u64>,
    /// When it was put there, in Unix seconds.
    pub created: Option<u64>,
    /// When it was changed, in Unix seconds.
    pub updated: Option<u64>,
    /// Who put it there.
    pub user: Option<String>,
    /// The workspace of who put it there.
    pub user_team: Option<String>,
    /// Where to fetch it, with a token.
    pub url_private: Option<String>,
    /// The same, as it was sent up.
    pub url_private_download: Option<String>,
    /// Where people look at it.
    pub permalink: Option<String>,
    /// It rests with somebody else, where no token of ours may be sent.
    pub is_external: bool,
    /// It was shared in a public channel.
    pub is_public: bool,
    /// Anybody with its public address sees it.
    pub public_url_shared: bool,
    /// It can be changed in Slack.
    pub editable: bool,
    /// Its channels of any kind.
    pub channels: Vec<String>,
    /// The messages that share it, as far as Slack tells.
    pub shares: Vec<Share>,
    /// All that Slack said of it, for who looks for text.
    pub raw: Value,
}

/// A message that shares a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Where.
    pub channel: String,
    /// Which message.
    pub ts: String,
    /// The thread it belongs to.
    pub thread_ts: Option<String>,
    /// The workspace it is in.
    pub team: Option<String>,
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// `T…`.
    pub id: String,
    /// What it is called.
    pub name: Option<String>,
    /// The first label of its address.
    pub domain: Option<String>,
    /// The organisation it belongs to.
    pub enterprise_id: Option<String>,
    /// What that is called.
    pub enterprise_name: Option<String>,
}

impl User {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let profile = value.get("profile").unwrap_or(&Value::Null);
        Some(Self {
            id: text(value, "id")?,
            team_id: text(value, "team_id"),
            name: text(value, "name"),
            real_name: text(value, "real_name").or_else(|| text(profile, "real_name")),
            email: text(profile, "email").map(SecretString::from),
            is_admin: flag(value, "is_admin"),
            is_owner: flag(value, "is_owner"),
            is_primary_owner: flag(value, "is_primary_owner"),
            is_bot: flag(value, "is_bot"),
            is_stranger: flag(value, "is_stranger"),
            is_restricted: flag(value, "is_restricted"),
            is_ultra_restricted: flag(value, "is_ultra_restricted"),
            deleted: flag(value, "deleted"),
        })
    }
}

impl Channel {
    pub(super) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: text(value, "id")?,
            name: text(value, "name"),
            user: text(value, "user"),
            is_private: flag(value, "is_private"),
            is_im: flag(value, "is_im"),
            is_mpim: flag(value, "is_mpim"),
            is_member: flag(value, "is_member"),
            is_archived: flag(value, "is_archived"),
            is_ext_shared: flag(value, "is_ext_shared"),
            is_org_shared: flag(value, "is_org_shared"),
            num_members: number(value, "num_members"),
            context_team_id: text(value, "context_team_id"),
        })
    }
}

impl File {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let channels = ["channels", "groups", "ims"];
        Some(Self {
            id: text(value, "id")?,
            name: text(value, "name"),
            title: text(value, "title"),
            mimetype: text(value, "mimetype"),
            filetype: text(value, "filetype"),
            mode: text(value, "mode"),
            file_access: text(value, "file_access"),
            size: number(value, "size"),
            created: number(value, "created"),
            updated: number(value, "updated"),
            user: text(value, "user"),
            user_team: text(value, "user_team"),
            url_private: text(value, "url_private"),
            url_private_download: text(value, "url_private_download"),
            permalink: text(value, "permalink"),
            is_external: flag(value, "is_external"),
            is_public: flag(value, "is_public"),
            public_url_shared: flag(value, "public_url_shared"),
            editable: flag(value, "editable"),
            channels: channels
                .iter()
                .flat_map(|kind| texts(value, kind))
                .collect(),
            shares: shares(value),
            raw: value.clone(),
        })
    }
}

fn shares(file: &Value) -> Vec<Share> {
    let kinds = ["public", "private"].into_iter();
    let shares = kinds.filter_map(|kind| file.get("shares")?.get(kind)?.as_object());
    let by_channel = shares.flat_map(|channels| channels.iter());
    by_channel
        .flat_map(|(channel, said)| {
            let said = said.as_array().map(Vec::as_slice).unwrap_or_default();
            said.iter().filter_map(|share| Share::read(channel, share))
        })
        .collect()
}

impl Share {
    fn read(channel: &str, value: &Value) -> Option<Self> {
        Some(Self {
            channel: channel.to_owned(),
            ts: text(value, "ts")?,
            thread_ts: text(value, "thread_ts"),
            team: text(value, "team_id"),
        })
    }
}

impl Team {
    pub(super) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: text(value, "id")?,
            name: text(value, "name"),
            domain: text(value, "domain"),
            enterprise_id: text(value, "enterprise_id"),
            enterprise_name: text(value, "enterprise_name"),
        })
    }

    pub(super) fn read_all(values: &[Value]) -> Vec<Self> {
        values.iter().filter_map(Self::read).collect()
    }
}

macro_rules! shown_by_id {
    ($($view:ident)+) => {$(
        impl fmt::Debug for $view {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($view)).field(&self.id).finish()
            }
        }
    )+};
}

// Names are people's own words, or people's own.
shown_by_id! { User Channel File }

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::secret::ExposeSecret;

    use super::*;

    #[test]
    fn somebodys_name_and_address_are_not_shown() {
        let user = User::read(&json!({
            "id": "U1", "name": "ada", "is_owner": true, "deleted": null,
            "profile": {"email": "ada@example.test", "real_name": "Ada Example"},
        }));
        let user = user.unwrap();
        assert!(user.is_owner && !user.deleted);
        assert_eq!(user.real_name.as_deref(), Some("Ada Example"));
        assert_eq!(
            user.email.as_ref().unwrap().expose_secret(),
            "ada@example.test"
        );
        assert_eq!(format!("{user:?}"), r#"User("U1")"#);
    }

    #[test]
    fn what_has_no_id_is_nothing() {
        for value in [json!({}), json!(null), json!({"id": 7}), json!({"id": ""})] {
            assert!(User::read(&value).is_none());
            assert!(Channel::read(&value).is_none());
            assert!(File::read(&value).is_none());
            assert!(Team::read(&value).is_none());
        }
    }

    #[test]
    fn a_files_shares_are_found_whatever_else_is_broken() {
        let file = File::read(&json!({
            "id": "F1", "name": null, "size": 12, "is_external": false,
            "channels": ["C1"], "groups": null, "ims": ["D1", 7],
            "shares": {
                "public": {"C1": [{"ts": "1.2", "thread_ts": "1.1", "team_id": "T1"}, {"ts": null}]},
                "private": {"D1": "soon"},
            },
        }));
        let file = file.unwrap();
        assert_eq!(file.channels, ["C1", "D1"]);
        let share = Share {
            channel: "C1".to_owned(),
            ts: "1.2".to_owned(),
            thread_ts: Some("1.1".to_owned()),
            team: Some("T1".to_owned()),
        };
        assert_eq!(file.shares, [share]);
        assert_eq!((file.size, file.name), (Some(12), None));
    }
}
