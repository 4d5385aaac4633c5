//! What Slack's error codes mean.
//!
//! Owns the table from a code to what can be done about it. Leaves errors that are no codes to `error`.
//! **Invariant:** a code is written down only if it has the form of one: whatever else stands in the field
//! could be anybody's text.

/// What a code calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    AlreadyDone,
    Wait,
    Again,
    /// Slack stopped in the middle: it may have been done.
    Halfway,
    Forbidden,
    NotAMember,
    Misconfigured,
    AuthDead,
    TokenExpired,
}

/// Stands for a code that is unknown, absent or of another form.
pub(super) const UNKNOWN: &str = "unknown_error";
const MAX_CODE: usize = 64;

/// Codes by sense.
///
/// # Source
/// The error tables of the methods' pages under <https://docs.slack.dev/reference/methods>.
const CODES: [(Sense, &[&str]); 9] = [
    (
        Sense::AlreadyDone,
        &[
            "already_open",
            "file_deleted",
            "file_not_found",
            "message_not_found",
            "no_op",
        ],
    ),
    (
        Sense::Wait,
        &["message_limit_exceeded", "rate_limited", "ratelimited"],
    ),
    (
        Sense::Again,
        &[
            "external_channel_migrating",
            "org_login_required",
            "streaming_state_conflict",
            "team_added_to_org",
            "update_failed",
        ],
    ),
    (
        Sense::Halfway,
        &[
            "fatal_error",
            "internal_error",
            "request_timeout",
            "service_unavailable",
        ],
    ),
    (
        Sense::Forbidden,
        &[
            "access_denied",
            "accesslimited",
            "cant_delete_file",
            "cant_delete_message",
            "cant_update_message",
            "channel_is_limited_access",
            "compliance_exports_prevent_deletion",
            "delete_not_allowed",
            "edit_window_closed",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "file_deleting_disabled",
            "is_inactive",
            "no_permission",
            "not_visible",
        ],
    ),
    (
        Sense::NotAMember,
        &[
            "channel_not_found",
            "is_archived",
            "messages_tab_disabled",
            "not_in_channel",
            "user_disabled",
            "user_not_found",
            "user_not_in_channel",
            "user_not_visible",
        ],
    ),
    (
        Sense::Misconfigured,
        &[
            "bad_client_secret",
            "bad_redirect_uri",
            "invalid_arguments",
            "invalid_blocks",
            "invalid_client_id",
            "method_deprecated",
            "missing_argument",
            "missing_scope",
            "msg_too_long",
            "no_scopes",
            "no_text",
            "not_allowed_token_type",
            "team_access_not_granted",
        ],
    ),
    (
        Sense::AuthDead,
        &[
            "account_inactive",
            "invalid_auth",
            "invalid_code",
            "invalid_refresh_token",
            "not_authed",
            "token_revoked",
            "two_factor_setup_required",
        ],
    ),
    (Sense::TokenExpired, &["token_expired"]),
];

/// Whether a code says that a token is over or dead.
pub fn is_about_a_token(code: &str) -> bool {
    matches!(sense(code), Some(Sense::AuthDead | Sense::TokenExpired))
}

/// What a code calls for, if that is known. Restrictions by an admin come with endings of their own.
pub(super) fn sense(code: &str) -> Option<Sense> {
    let listed = CODES.iter().find(|(_, codes)| codes.contains(&code));
    listed.map(|(sense, _)| *sense).or_else(|| {
        code.starts_with("restricted_action")
            .then_some(Sense::Forbidden)
    })
}

/// The code, if it has the form of one.
pub(super) fn sanitised(text: Option<&str>) -> &str {
    text.filter(|code| is_word(code, MAX_CODE))
        .unwrap_or(UNKNOWN)
}

/// Scopes that Slack says are needed, if they look like a list of scopes.
pub(super) fn scopes(text: Option<&str>) -> Option<String> {
    const MAX_LIST: usize = 256;
    let looks_right = |list: &&str| {
        (1..=MAX_LIST).contains(&list.len())
            && list
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b",:._- ".contains(&b))
    };
    text.filter(looks_right).map(str::to_owned)
}

fn is_word(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_sense() {
        let mut all: Vec<&str> = CODES
            .iter()
            .flat_map(|(_, codes)| *codes)
            .copied()
            .collect();
        assert!(all.iter().all(|code| sanitised(Some(code)) == *code));
        let known = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), known);
    }

    #[test]
    fn what_is_no_code_is_not_repeated() {
        for text in [
            "",
            "Hello",
            "4111 1111",
            "a\nb",
            "xoxb-1-2",
            &"a".repeat(65),
        ] {
            assert_eq!(sanitised(Some(text)), UNKNOWN, "{text}");
        }
        assert_eq!(sanitised(None), UNKNOWN);
        assert_eq!(sanitised(Some("missing_scope")), "missing_scope");
    }

    #[test]
    fn needed_scopes_are_repeated_and_nothing_else() {
        assert_eq!(
            scopes(Some("chat:write,im:write")).as_deref(),
            Some("chat:write,im:write")
        );
        for text in ["", "A secret!", &"a".repeat(257)] {
            assert_eq!(scopes(Some(text)), None);
        }
    }

    #[test]
    fn an_admins_restriction_is_known_by_its_beginning() {
        assert_eq!(
            sense("restricted_action_thread_locked"),
            Some(Sense::Forbidden)
        );
        assert_eq!(sense("invented_tomorrow"), None);
    }
}
