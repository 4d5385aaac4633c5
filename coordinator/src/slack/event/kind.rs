//! The event types and message subtypes that are known by name.
//!
//! Owns which of them carry no text of a person, and the closed sets of metric labels. Leaves the decision
//! to `message`.
//! **Invariant:** a label never holds what Slack sent, only a word of these lists.

use serde_json::Value;

/// Every value of [`Event::kind`](super::Event::kind).
pub const EVENT_KINDS: [&str; 5] = [MESSAGE, FILE, LIFECYCLE, UNKNOWN, UNREADABLE];

pub(super) const MESSAGE: &str = "message";
pub(super) const FILE: &str = "file";
pub(super) const LIFECYCLE: &str = "lifecycle";
pub(super) const UNKNOWN: &str = "unknown";
pub(super) const UNREADABLE: &str = "unreadable";

/// Every value of [`Event::subtype`](super::Event::subtype).
pub const MESSAGE_SUBTYPES: [&str; 19] = [
    "none",
    "other",
    "bot_message",
    "channel_join",
    "channel_leave",
    "channel_name",
    "channel_purpose",
    "channel_topic",
    "ekm_access_denied",
    "file_share",
    "group_join",
    "group_leave",
    "group_topic",
    "me_message",
    "message_changed",
    "message_deleted",
    "message_replied",
    "thread_broadcast",
    "tombstone",
];

/// What is left of a deleted message. Holds no text of anybody.
pub(super) fn is_tombstone(subtype: &str) -> bool {
    matches!(subtype, "tombstone" | "dlp_tombstone")
}

/// Messages whose text Slack wrote. Not here, though Slack writes them: topics, purposes, names, reminders
/// and pins, which quote a person; and whatever Slack invents next.
pub(super) fn is_system(subtype: &str) -> bool {
    matches!(
        subtype,
        "channel_join"
            | "channel_leave"
            | "channel_archive"
            | "channel_unarchive"
            | "channel_convert_to_private"
            | "channel_convert_to_public"
            | "channel_posting_permissions"
            | "group_join"
            | "group_leave"
            | "group_archive"
            | "group_unarchive"
            | "bot_add"
            | "bot_remove"
            | "ekm_access_denied"
            | "huddle_thread"
            | "message_replied"
            | "sh_room_created"
    )
}

/// Events that say only that a file exists; its content has to be fetched.
pub(super) fn is_file(event_type: &str) -> bool {
    matches!(
        event_type,
        "file_shared" | "file_created" | "file_public" | "file_change"
    )
}

/// Events known by name to hold no content, or content that came as a message.
pub(super) fn is_lifecycle(event_type: &str) -> bool {
    matches!(
        event_type,
        "app_home_opened"
            | "dnd_updated"
            | "dnd_updated_user"
            | "email_domain_changed"
            | "file_deleted"
            | "file_unshared"
            | "invite_requested"
            | "link_shared"
            | "subteam_created"
            | "subteam_members_changed"
            | "subteam_self_added"
            | "subteam_self_removed"
            | "subteam_updated"
            | "team_access_granted"
            | "team_access_revoked"
            | "team_domain_change"
            | "team_join"
            | "team_rename"
            | "tokens_revoked"
            | "user_change"
            | "user_huddle_changed"
            | "user_profile_changed"
            | "user_status_changed"
    )
}

/// Families of events about channels, users, emoji, the installation. A new member of one may still bring
/// content, so its fields are looked at first.
pub(super) fn is_of_lifecycle_family(event_type: &str) -> bool {
    const FAMILIES: [&str; 10] = [
        "app_",
        "channel_",
        "emoji_",
        "grid_migration_",
        "group_",
        "im_",
        "member_",
        "pin_",
        "reaction_",
        "star_",
    ];
    FAMILIES.iter().any(|family| event_type.starts_with(family))
}

pub(super) fn subtype_label(subtype: Option<&Value>) -> &'static str {
    match subtype.and_then(Value::as_str) {
        None | Some("") => "none",
        Some(name) => MESSAGE_SUBTYPES
            .into_iter()
            .find(|&known| known == name)
            .unwrap_or("other"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_label_is_always_one_of_the_list() {
        assert_eq!(subtype_label(None), "none");
        assert_eq!(subtype_label(Some(&json!(7))), "none");
        assert_eq!(subtype_label(Some(&json!("bot_message"))), "bot_message");
        assert_eq!(subtype_label(Some(&json!("4111 1111"))), "other");
    }

    #[test]
    fn what_a_person_wrote_is_never_a_system_message() {
        for subtype in [
            "channel_topic",
            "group_topic",
            "channel_purpose",
            "channel_name",
            "me_message",
            "bot_message",
            "file_share",
            "thread_broadcast",
            "reminder_add",
            "pinned_item",
            "invented_tomorrow",
        ] {
            assert!(!is_system(subtype) && !is_tombstone(subtype), "{subtype}");
        }
    }

    #[test]
    fn messages_and_mentions_are_not_lifecycle() {
        for event_type in ["message", "message_metadata_posted", "canvas_written"] {
            assert!(!is_lifecycle(event_type), "{event_type}");
            assert!(!is_of_lifecycle_family(event_type), "{event_type}");
        }
    }
}
