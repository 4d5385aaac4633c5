//! Texts that are safe to post.
//!
//! Owns escaping, and the markup that Weir itself uses. Leaves lengths to the blocks.
//! **Invariant:** no text of anybody else becomes one of these without being escaped or defused: only words
//! of this program's own go in as they are.

use std::fmt;

use chrono::{DateTime, Utc};
use url::Url;

use super::defuse::defuse;

/// Text with Slack's markup.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Mrkdwn(String);

/// Text without markup.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Plain(String);

/// Writes the three characters that could begin markup as entities.
///
/// # Source
/// <https://docs.slack.dev/messaging/formatting-message-text#escaping>
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

impl Plain {
    /// Anybody's words.
    pub fn said(text: &str) -> Self {
        Self(escape(text))
    }

    /// The text, as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Mrkdwn {
    /// This program's own words, markup and all.
    pub fn own(words: &'static str) -> Self {
        Self(words.to_owned())
    }

    /// Anybody's words.
    pub fn said(text: &str) -> Self {
        Self(escape(text))
    }

    /// A message's text as Slack gave it, to be posted again: links and mentions of people stay, and nobody
    /// is called together.
    pub fn reposted(text: &str) -> Self {
        Self(defuse(text))
    }

    /// Anybody's words in a typewriter's letters.
    pub fn code(text: &str) -> Self {
        // A back quote would end it, and cannot be escaped.
        let quoted = escape(text)
            .replace('`', "\u{2cb}")
            .replace(['\n', '\r'], " ");
        Self(if quoted.trim().is_empty() {
            quoted
        } else {
            format!("`{quoted}`")
        })
    }

    /// Somebody, by id. It shows their name and pings nobody who is not in the channel.
    pub fn user(id: &str) -> Self {
        Self::mention('@', id)
    }

    /// A channel, by id.
    pub fn channel(id: &str) -> Self {
        Self::mention('#', id)
    }

    /// A time, shown in each reader's own time zone; `fallback` where that cannot be done.
    pub fn date(time: DateTime<Utc>, fallback: &str) -> Self {
        let seconds = time.timestamp();
        let fallback = label(fallback);
        Self(format!(
            "<!date^{seconds}^{{date_short_pretty}} {{time}}|{fallback}>"
        ))
    }

    /// A link. Of an address that is none of the web only the label is left.
    pub fn link(url: &Url, text: &str) -> Self {
        if !matches!(url.scheme(), "http" | "https") {
            return Self::said(text);
        }
        // A bar would begin the label; the url crate leaves it as it is.
        let address = escape(&url.as_str().replace('|', "%7C"));
        Self(format!("<{address}|{}>", label(text)))
    }

    /// The same in bold.
    #[must_use]
    pub fn bold(self) -> Self {
        Self(format!("*{}*", self.0))
    }

    /// This, and then that.
    #[must_use]
    pub fn then(mut self, next: &Self) -> Self {
        self.0.push_str(&next.0);
        self
    }

    /// The text, as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is no id is somebody's words.
    fn mention(sign: char, id: &str) -> Self {
        if !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Self(format!("<{sign}{id}>"))
        } else {
            Self::said(id)
        }
    }
}

/// Words inside angle brackets: on one line, and some, since what has none is shown as the address.
fn label(text: &str) -> String {
    let label = escape(text).replace(['\n', '\r'], " ");
    if label.trim().is_empty() {
        "–".to_owned()
    } else {
        label
    }
}

macro_rules! shown_by_length {
    ($($text:ident)+) => {$(
        impl fmt::Debug for $text {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($text), "({} bytes)"), self.0.len())
            }
        }
    )+};
}

// They may quote what somebody wrote.
shown_by_length! { Mrkdwn Plain }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_ping_anybody() {
        assert_eq!(
            Mrkdwn::said("<!channel> & co").as_str(),
            "&lt;!channel&gt; &amp; co"
        );
        assert_eq!(Mrkdwn::user("U1> <!here").as_str(), "U1&gt; &lt;!here");
        assert_eq!(Mrkdwn::user("U0AB").as_str(), "<@U0AB>");
        assert_eq!(Mrkdwn::channel("C1").as_str(), "<#C1>");
    }

    #[test]
    fn a_link_cannot_be_left_by_its_address_or_label() {
        let url = "https://weir.example.test/a?b=1&c=2|3".parse().unwrap();
        assert_eq!(
            Mrkdwn::link(&url, "open|>\nit").as_str(),
            "<https://weir.example.test/a?b=1&amp;c=2%7C3|open|&gt; it>"
        );
        let odd = "javascript:alert(1)".parse().unwrap();
        assert_eq!(Mrkdwn::link(&odd, "open").as_str(), "open");
    }

    #[test]
    fn code_cannot_be_ended_from_within() {
        assert_eq!(Mrkdwn::code("a`b\nc<").as_str(), "`a\u{2cb}b c&lt;`");
        assert_eq!(Mrkdwn::code("").as_str(), "");
    }

    #[test]
    fn a_time_is_for_each_reader() {
        let time = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        assert_eq!(
            Mrkdwn::date(time, "then").as_str(),
            "<!date^1700000000^{date_short_pretty} {time}|then>"
        );
    }

    #[test]
    fn a_text_is_not_shown() {
        let text = Mrkdwn::own("by ").then(&Mrkdwn::said("Ada")).bold();
        assert_eq!(text.as_str(), "*by Ada*");
        assert_eq!(format!("{text:?}"), "Mrkdwn(8 bytes)");
    }
}
