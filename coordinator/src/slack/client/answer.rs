//! What Slack answered.
//!
//! Owns telling an answer from a refusal, a fault and what is not Slack's at all. Leaves what an answer holds
//! to the calls.
//! **Invariant:** only a document that says `ok` is an answer.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use shared::content::Gap;

use super::codes::{self, Sense};
use super::error::{SlackError, WAIT_BY_DEFAULT};
use super::read;
use crate::slack::text::Document;

/// Values of an answer beyond these are left out: a page of a thousand messages has some hundred thousand.
const MAX_VALUES: usize = 400_000;
/// The header that names what a token may do.
const SCOPES_HEADER: &str = "x-oauth-scopes";

/// An answer that says `ok`.
pub(super) struct Answer {
    pub(super) root: Value,
    /// What of it was too much to read.
    pub(super) gaps: Vec<Gap>,
    pub(super) scopes: Vec<String>,
}

impl Answer {
    /// Reads an answer.
    pub(super) fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Result<Self, SlackError> {
        if status == 429 {
            return Err(SlackError::RateLimited {
                retry_after: retry_after(headers),
            });
        }
        if status >= 500 {
            return Err(SlackError::Failed { status });
        }
        let document = Document::parse_up_to(MAX_VALUES, body)
            .map_err(|_not_json| SlackError::Unreadable { status })?;
        let root = &document.root;
        match root.get("ok").and_then(Value::as_bool) {
            Some(true) if (200..300).contains(&status) => Ok(Self {
                gaps: document.gaps(),
                scopes: scopes(headers),
                root: document.root,
            }),
            Some(false) => Err(refusal(root, headers)),
            _ => Err(SlackError::Unreadable { status }),
        }
    }

    /// Where the list goes on, if it does. What was too much to read must not look like its end.
    pub(super) fn next_cursor(&self) -> Result<Option<String>, SlackError> {
        let told = self.root.get("response_metadata").is_some()
            || self.root.get("has_more").and_then(Value::as_bool) == Some(false);
        if told || self.gaps.is_empty() {
            Ok(read::next_cursor(&self.root))
        } else {
            Err(SlackError::TooLong)
        }
    }

    /// An answer that lacks what it was asked for.
    pub(super) fn lacking() -> SlackError {
        SlackError::Unreadable { status: 200 }
    }
}

fn refusal(root: &Value, headers: &HeaderMap) -> SlackError {
    let text = |key| root.get(key).and_then(Value::as_str);
    let code = text("error");
    if code.and_then(codes::sense) == Some(Sense::Wait) {
        return SlackError::RateLimited {
            retry_after: retry_after(headers),
        };
    }
    SlackError::refused(code, text("needed"))
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    seconds
        .and_then(|text| text.trim().parse().ok())
        .map_or(WAIT_BY_DEFAULT, Duration::from_secs)
}

fn scopes(headers: &HeaderMap) -> Vec<String> {
    let list = headers
        .get(SCOPES_HEADER)
        .and_then(|value| value.to_str().ok());
    split_scopes(list.unwrap_or_default())
}

/// The scopes of a list with commas between.
pub(super) fn split_scopes(list: &str) -> Vec<String> {
    let scopes = list.split(',').map(str::trim);
    scopes
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(
        status: u16,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Result<Answer, SlackError> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        Answer::read(status, &headers, body.as_bytes())
    }

    fn fault(status: u16, headers: &[(&'static str, &str)], body: &str) -> SlackError {
        read_with(status, headers, body).err().unwrap()
    }

    #[test]
    fn an_answer_says_ok_and_brings_the_scopes() {
        let answer = read_with(
            200,
            &[("x-oauth-scopes", "chat:write, im:write,,")],
            r#"{"ok":true,"ts":"1.2"}"#,
        );
        let answer = answer.ok().unwrap();
        assert_eq!(answer.scopes, ["chat:write", "im:write"]);
        assert_eq!(answer.root["ts"], "1.2");
    }

    #[test]
    fn a_limit_is_told_by_status_and_by_code() {
        let wait = |seconds| SlackError::RateLimited {
            retry_after: Duration::from_secs(seconds),
        };
        assert_eq!(fault(429, &[("retry-after", "7")], ""), wait(7));
        assert_eq!(fault(429, &[("retry-after", "soon")], "<html>"), wait(30));
        let said = r#"{"ok":false,"error":"ratelimited"}"#;
        assert_eq!(fault(200, &[("retry-after", "2")], said), wait(2));
        assert_eq!(fault(200, &[], said), wait(30));
    }

    #[test]
    fn what_is_not_slacks_answer_is_no_answer() {
        for (status, body) in [
            (200, "<!DOCTYPE html><title>Sign in</title>"),
            (200, r#"{"ok":tr"#),
            (200, ""),
            (200, "[]"),
            (200, r#"{"ok":"yes"}"#),
            (302, r#"{"ok":true}"#),
            (404, "not found"),
        ] {
            assert_eq!(
                fault(status, &[], body),
                SlackError::Unreadable { status },
                "{body}"
            );
        }
        assert_eq!(
            fault(503, &[], r#"{"ok":true}"#),
            SlackError::Failed { status: 503 }
        );
    }

    #[test]
    fn a_page_of_too_much_is_not_the_last_one() {
        let flood = "{},".repeat(MAX_VALUES);
        let page = format!(r#"{{"ok":true,"messages":[{flood}0],"has_more":true}}"#);
        let page = read_with(200, &[], &page).ok().unwrap();
        assert_eq!(page.next_cursor(), Err(SlackError::TooLong));
        let last = read_with(200, &[], r#"{"ok":true,"messages":[]}"#)
            .ok()
            .unwrap();
        assert_eq!(last.next_cursor(), Ok(None));
    }

    #[test]
    fn a_refusal_with_any_status_is_a_refusal() {
        let said = r#"{"ok":false,"error":"missing_scope","needed":"files:write"}"#;
        for status in [200, 403] {
            let expected = SlackError::refused(Some("missing_scope"), Some("files:write"));
            assert_eq!(fault(status, &[], said), expected);
        }
        assert_eq!(
            fault(200, &[], r#"{"ok":false,"error":7}"#).code(),
            "unknown_error"
        );
    }
}
