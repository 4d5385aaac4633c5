//! People and workspaces, as answers show them.

use serde_json::{Value, json};

use crate::fake_slack::deeds::Caller;
use crate::fake_slack::model::{User, Workspace, World};

impl World {
    /// Somebody, as a caller sees them: strangers show no address.
    pub(in crate::fake_slack) fn show_user(&self, user: &User, caller: &Caller) -> Value {
        let stranger = !self.is_colleague(user, caller);
        let icon = format!("{}/icon.png", self.origin);
        let is_bot = user.bot_id.is_some();
        let mut shown = json!({
            "id": user.id, "team_id": user.team, "name": user.name, "deleted": user.deactivated,
            "color": "9f69e7", "real_name": user.real_name, "tz": "Europe/Berlin",
            "tz_label": "Central European Time", "tz_offset": 3_600,
            "profile": {
                "title": "", "phone": "", "skype": "", "real_name": user.real_name,
                "real_name_normalized": user.real_name, "display_name": user.name,
                "display_name_normalized": user.name, "status_text": "", "status_emoji": "",
                "status_expiration": 0, "avatar_hash": "g0000", "image_24": icon, "image_48": icon,
                "image_72": icon, "team": user.team,
            },
            "is_admin": user.rank.is_admin(), "is_owner": user.rank.is_owner(),
            "is_primary_owner": user.rank == crate::fake_slack::model::Rank::PrimaryOwner,
            "is_restricted": false, "is_ultra_restricted": false, "is_bot": is_bot,
            "is_app_user": false, "updated": 1_700_000_000, "is_email_confirmed": !is_bot,
            "has_2fa": false, "is_stranger": stranger,
        });
        if let Some(profile) = shown.pointer_mut("/profile").and_then(Value::as_object_mut) {
            if !stranger && !is_bot && caller.scopes.contains("users:read.email") {
                profile.insert("email".to_owned(), json!(user.email));
            }
            if let (Some(bot), Some(app)) = (&user.bot_id, &user.app_id) {
                profile.insert("bot_id".to_owned(), json!(bot));
                profile.insert("api_app_id".to_owned(), json!(app));
            }
        }
        if stranger && let Some(shown) = shown.as_object_mut() {
            for key in ["is_admin", "is_owner", "is_primary_owner", "has_2fa"] {
                shown.remove(key);
            }
        }
        shown
    }

    fn is_colleague(&self, user: &User, caller: &Caller) -> bool {
        match (&caller.team, &caller.organisation) {
            (Some(team), _) => self.same_company(team, &user.team),
            (None, organisation) => self.organisation_of(&user.team) == organisation.as_deref(),
        }
    }
}

/// A workspace, as `team.info` shows it.
pub(in crate::fake_slack) fn workspace(workspace: &Workspace, organisation: Option<&str>) -> Value {
    let mut shown = json!({
        "id": workspace.id, "name": workspace.name, "domain": workspace.domain,
        "url": format!("https://{}.slack.com/", workspace.domain),
        "email_domain": "example.com", "icon": { "image_default": true }, "is_verified": false,
        "discoverable": "unlisted", "avatar_base_url": "https://ca.slack-edge.com/",
    });
    if let (Some(id), Some(name), Some(shown)) =
        (&workspace.organisation, organisation, shown.as_object_mut())
    {
        shown.insert("enterprise_id".to_owned(), json!(id));
        shown.insert("enterprise_name".to_owned(), json!(name));
    }
    shown
}
