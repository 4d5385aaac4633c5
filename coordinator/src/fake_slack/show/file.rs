//! Files, as answers and events show them.
//!
//! **Invariant:** in conversations with others a file is told by its id only: who wants more asks for it.

use serde_json::{Map, Value, json};

use crate::fake_slack::model::{FileMode, FileState, Kind, Share, StoredFile, World};

/// Characters of a text file that are shown beside its name.
const PREVIEW: usize = 500;

impl World {
    /// A file, as a message shows it.
    pub(in crate::fake_slack) fn show_file_in(&self, channel: &str, id: &str) -> Value {
        match self.files.get(id) {
            Some(file) if file.state == FileState::Deleted => {
                json!({ "id": id, "mode": "tombstone" })
            }
            Some(_) if self.is_shared(channel) => json!({
                "id": id, "mode": "file_access", "file_access": "check_file_info",
                "created": 0, "timestamp": 0, "user": "",
            }),
            Some(file) => self.show_file(file),
            None => json!({ "id": id, "mode": "tombstone" }),
        }
    }

    /// A file, as answers show it.
    pub(in crate::fake_slack) fn show_file(&self, file: &StoredFile) -> Value {
        if file.state == FileState::Hidden {
            return hidden(file);
        }
        let mut shown = json!({
            "id": file.id, "created": file.created, "timestamp": file.created, "updated": file.updated,
            "name": file.name, "title": file.title, "mimetype": file.mimetype,
            "filetype": file.filetype(), "pretty_type": file.filetype().to_uppercase(),
            "user": file.user, "user_team": file.team, "source_team": file.team,
            "editable": file.mode != FileMode::Hosted && file.mode != FileMode::External,
            "size": file.bytes.len(), "mode": mode(file.mode), "file_access": "visible",
            "is_external": file.mode == FileMode::External,
            "external_type": if file.mode == FileMode::External { "gdrive" } else { "" },
            "is_public": self.is_public(file), "public_url_shared": file.public_secret.is_some(),
            "display_as_bot": false, "username": "", "has_rich_preview": false,
            "has_more_shares": false,
            "permalink": format!("{}/files/{}/{}", self.home_of(&file.team), file.user, file.id),
            "channels": self.places(file, Kind::Public), "groups": self.places(file, Kind::Private),
            "ims": self.places(file, Kind::Im), "shares": self.shares(file),
        });
        if let Some(shown) = shown.as_object_mut() {
            self.addresses(file, shown);
            preview(file, shown);
        }
        shown
    }

    /// Where a workspace's pages would be.
    pub(in crate::fake_slack) fn home_of(&self, team: &str) -> String {
        let workspace = self.workspaces.get(team);
        let domain = workspace.map_or("nowhere", |workspace| &workspace.domain);
        format!("https://{domain}.slack.com")
    }

    fn addresses(&self, file: &StoredFile, shown: &mut Map<String, Value>) {
        let at = format!("{}/files/{}-{}", self.origin, file.team, file.id);
        if let Some(url) = &file.external_url {
            shown.insert("external_url".to_owned(), json!(url));
            shown.insert("url_private".to_owned(), json!(url));
        } else {
            let (plain, download) = (
                format!("{at}/{}", file.name),
                format!("{at}/download/{}", file.name),
            );
            shown.insert("url_private".to_owned(), json!(plain));
            shown.insert("url_private_download".to_owned(), json!(download));
        }
        let secret = file.public_secret.as_deref().unwrap_or("none");
        let public = format!("{}/pub/{}-{secret}", self.origin, file.id);
        shown.insert("permalink_public".to_owned(), json!(public));
    }

    fn is_public(&self, file: &StoredFile) -> bool {
        let mut kinds = file
            .shares
            .iter()
            .filter_map(|share| self.kind_of(&share.channel));
        kinds.any(|kind| kind == Kind::Public)
    }

    fn kind_of(&self, channel: &str) -> Option<Kind> {
        self.conversations
            .get(channel)
            .map(|conversation| conversation.kind)
    }

    fn places(&self, file: &StoredFile, kind: Kind) -> Vec<String> {
        let here = |share: &&Share| {
            self.kind_of(&share.channel)
                .is_some_and(|found| found == kind || kind == Kind::Private && found == Kind::Mpim)
        };
        let mut places: Vec<String> = file
            .shares
            .iter()
            .filter(here)
            .map(|share| share.channel.clone())
            .collect();
        places.dedup();
        places
    }

    fn shares(&self, file: &StoredFile) -> Value {
        let (mut public, mut private) = (Map::new(), Map::new());
        for share in &file.shares {
            let Some(conversation) = self.conversations.get(&share.channel) else {
                continue;
            };
            let side = match conversation.kind {
                Kind::Public => &mut public,
                _ => &mut private,
            };
            let entry = json!({
                "ts": share.ts, "channel_name": conversation.name, "team_id": conversation.team,
                "share_user_id": file.user, "reply_users": [], "reply_users_count": 0,
                "reply_count": 0,
            });
            let entries = side
                .entry(share.channel.clone())
                .or_insert_with(|| json!([]));
            if let Some(entries) = entries.as_array_mut() {
                entries.push(entry);
            }
        }
        let mut shares = Map::new();
        for (name, side) in [("public", public), ("private", private)] {
            if !side.is_empty() {
                shares.insert(name.to_owned(), Value::Object(side));
            }
        }
        Value::Object(shares)
    }
}

fn hidden(file: &StoredFile) -> Value {
    json!({
        "id": file.id, "created": file.created, "timestamp": file.created, "user": file.user,
        "mode": "tombstone", "is_tombstoned": true, "title": file.notice, "name": null,
    })
}

const fn mode(mode: FileMode) -> &'static str {
    match mode {
        FileMode::Hosted => "hosted",
        FileMode::Snippet => "snippet",
        FileMode::External => "external",
        FileMode::Canvas => "space",
    }
}

fn preview(file: &StoredFile, shown: &mut Map<String, Value>) {
    if file.mode != FileMode::Snippet {
        return;
    }
    let text = String::from_utf8_lossy(&file.bytes);
    let lines = text.lines().count();
    let preview: String = text.chars().take(PREVIEW).collect();
    let seen = preview.lines().count();
    shown.insert("preview".to_owned(), json!(preview));
    shown.insert("lines".to_owned(), json!(lines));
    shown.insert("lines_more".to_owned(), json!(lines.saturating_sub(seen)));
    let cut = text.chars().count() > PREVIEW;
    shown.insert("preview_is_truncated".to_owned(), json!(cut));
}
