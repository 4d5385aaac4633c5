//! What is scanned: pieces of text, where each stands, and how much of the whole was seen.
//!
//! Owns the types that extractors produce and the engine consumes.
//! **Invariant:** content that was not examined is a [`Gap`], never silence.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A piece of text to scan.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextUnit {
    /// The text as it was sent, before any normalisation.
    pub text: String,
    /// Where `text` begins in the whole it was taken from, in bytes of the decoded whole; findings
    /// report `base` plus their offset in `text`.
    #[serde(default)]
    pub base: u64,
    /// Where the text stands.
    #[serde(default)]
    pub location: Location,
}

impl TextUnit {
    /// A text of its own, that stands nowhere in particular.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            base: 0,
            location: Location::default(),
        }
    }
}

/// Shows the length only: a text unit is message text.
impl fmt::Debug for TextUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextUnit")
            .field("bytes", &self.text.len())
            .field("base", &self.base)
            .field("location", &self.location)
            .finish()
    }
}

/// Where a text stands. Empty for a text that is its own whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// JSON pointer (RFC 6901) into the event or document, for example `/event/text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// File name; members of containers are joined by `!`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Row of a table, from 1; the header is row 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// Column of a table: its position from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// Part of a document: `body`, `attribute`, `comment`, `script`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl Location {
    /// A value inside a JSON document.
    pub fn pointer(pointer: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            ..Self::default()
        }
    }
}

/// How much of the content was examined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Coverage {
    /// All of it.
    Complete,
    /// Not all of it, and why.
    Partial {
        /// What was left out.
        gaps: Vec<Gap>,
    },
}

impl Coverage {
    /// Complete if there are no gaps.
    pub fn from_gaps(gaps: Vec<Gap>) -> Self {
        if gaps.is_empty() {
            Self::Complete
        } else {
            Self::Partial { gaps }
        }
    }
}

/// Something that was not examined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// Which part, if not the whole: a JSON pointer or a member's name. Never content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl Gap {
    /// A gap that concerns the whole content.
    pub fn whole(reason: GapReason) -> Self {
        Self { reason, part: None }
    }
}

/// Why something was not examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// No reader for this type of file.
    UnsupportedType,
    /// Longer than the limit; the rest was not read.
    TooLarge,
    /// Deeper, wider or more numerous than the limit.
    TooComplex,
    /// The reader could not make sense of it.
    Malformed,
    /// More findings than are reported for one piece of content.
    TooManyFindings,
    /// A file that Slack holds and Weir did not fetch.
    NotFetched,
}
