//! Which strings are structure and not text.
//!
//! Owns the list of Slack's structural keys and the shape a value must have under each.
//! **Invariant:** no key excuses a value by itself: a card number under `user` is scanned.

use url::Url;

/// The longest id Slack gives out is 11 long; the shortest IBAN is 15, an AWS key id 20.
const MAX_ID: usize = 12;
/// Numbers with fewer digits cannot be anything that is looked for.
const MIN_DIGITS: usize = 9;

/// Whether `text` under `key` is one of Slack's identifiers, times, words or addresses.
pub(super) fn is_structural(key: &str, text: &str) -> bool {
    match key {
        "ts" | "thread_ts" | "event_ts" | "deleted_ts" | "message_ts" | "action_ts"
        | "latest_reply" | "last_read" | "cache_ts" => is_ts(text),
        "user"
        | "channel"
        | "team"
        | "bot_id"
        | "app_id"
        | "id"
        | "user_id"
        | "team_id"
        | "channel_id"
        | "usergroup_id"
        | "parent_user_id"
        | "source_team"
        | "user_team"
        | "inviter"
        | "enterprise_id"
        | "author_id"
        | "channel_team"
        | "api_app_id"
        | "file_id"
        | "reply_users"
        | "channels"
        | "groups"
        | "ims"
        | "users"
        | "context_team_id"
        | "context_enterprise_id"
        | "event_id" => is_id(text),
        "type" | "subtype" | "style" | "mode" | "filetype" | "mimetype" | "channel_type"
        | "file_access" | "event_type" | "range" => is_word(text),
        "client_msg_id" => is_uuid(text),
        "block_id" | "action_id" => text.len() <= 5,
        "token" => text.len() == 24 && text.bytes().all(|b| b.is_ascii_alphanumeric()),
        "url_private"
        | "url_private_download"
        | "permalink"
        | "permalink_public"
        | "edit_link"
        | "converted_pdf" => is_slack_url(text),
        _ if is_numbered(key, "thumb_") || is_numbered(key, "image_") => is_slack_url(text),
        _ => false,
    }
}

/// Whether a bare number under `key` is long enough to be something, and not a time or a size.
pub(super) fn is_number_worth_scanning(key: &str, digits: &str) -> bool {
    let structural = matches!(
        key,
        "created"
            | "updated"
            | "timestamp"
            | "size"
            | "event_time"
            | "date_delete"
            | "ts"
            | "edit_timestamp"
            | "update_time"
            | "expires"
            | "minute_rate_limited"
    );
    !structural && digits.bytes().filter(u8::is_ascii_digit).count() >= MIN_DIGITS
}

/// Whether a key may be written into a location: one of a schema, not of somebody's data.
pub(super) fn is_schema_key(key: &str) -> bool {
    is_id(key)
        || (!key.is_empty()
            && key.len() <= 40
            && key
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && key.bytes().filter(u8::is_ascii_digit).count() <= 4)
}

fn is_id(text: &str) -> bool {
    (2..=MAX_ID).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn is_ts(text: &str) -> bool {
    text.split_once('.').is_some_and(|(seconds, micros)| {
        seconds.len() == 10
            && micros.len() == 6
            && seconds
                .bytes()
                .chain(micros.bytes())
                .all(|b| b.is_ascii_digit())
    })
}

/// `rich_text_section`, `application/pdf`: at most four digits, so no number hides in it.
fn is_word(text: &str) -> bool {
    text.len() <= 80
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-./+".contains(&b))
        && text.bytes().filter(u8::is_ascii_digit).count() <= 4
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

fn is_numbered(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix)
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// An address on Slack's own hosts without anything appended to it.
fn is_slack_url(text: &str) -> bool {
    const HOSTS: [&str; 3] = ["slack.com", "slack-edge.com", "slack-files.com"];
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let of_slack = HOSTS.iter().any(|known| {
        host.strip_suffix(known)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    of_slack
        && url.scheme() == "https"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_under_their_keys_are_structure() {
        for (key, text) in [
            ("user", "U0123456789"),
            ("user", "USLACKBOT"),
            ("ts", "1701735043.989889"),
            ("type", "rich_text_section"),
            ("mimetype", "application/pdf"),
            ("client_msg_id", "0190b3a0-7c57-7000-8000-000000000000"),
            ("block_id", "wcwS3"),
            ("token", "XXYYZZXXYYZZXXYYZZXXYYZZ"),
            (
                "url_private",
                "https://files.slack.com/files-pri/T1-F1/a.txt",
            ),
            (
                "thumb_360",
                "https://files.slack.com/files-tmb/T1-F1-a/a_360.png",
            ),
        ] {
            assert!(is_structural(key, text), "{key} {text}");
        }
    }

    #[test]
    fn a_value_of_another_shape_is_text_under_any_key() {
        for (key, text) in [
            ("user", "4111111111111111"),
            ("user", "AKIAIOSFODNN7EXAMPLE"),
            ("ts", "4111111111111111"),
            ("type", "411111111111"),
            ("block_id", "078-05-1120"),
            ("client_msg_id", "078-05-1120"),
            ("url_private", "https://evil.example/?card=4111111111111111"),
            (
                "url_private",
                "https://files.slack.com/a?k=AKIAIOSFODNN7EXAMPLE",
            ),
            ("url_private", "https://notslack.com/a"),
            ("thumb_360", "4111 1111 1111 1111"),
            ("text", "U0123456789"),
            ("url", "https://files.slack.com/files-pri/T1-F1/a.txt"),
        ] {
            assert!(!is_structural(key, text), "{key} {text}");
        }
    }

    #[test]
    fn long_numbers_are_scanned_unless_they_are_times_or_sizes() {
        assert!(is_number_worth_scanning("card", "4111111111111111"));
        assert!(is_number_worth_scanning("value", "078051120"));
        assert!(!is_number_worth_scanning("created", "1701735043"));
        assert!(!is_number_worth_scanning("indent", "1"));
    }

    #[test]
    fn keys_that_are_data_do_not_enter_a_location() {
        assert!(is_schema_key("thumb_1024_gif"));
        assert!(is_schema_key("C0123456789"));
        for data in [
            "",
            "4111111111111111",
            "jane@example.com",
            "AKIAIOSFODNN7EXAMPLE",
            "a/b",
        ] {
            assert!(!is_schema_key(data), "{data}");
        }
    }
}
