//! What may differ between a text and a view of it.
//!
//! Owns the kinds of change and the words for each. Leaves making them to `sweep` and `decode`.
//! **Invariant:** the words are fixed: nothing of a text enters them.

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::detect) enum Change {
    /// Another character that looks the same, or one that is not seen.
    Unicode,
    /// Slack's links and style marks.
    Markup,
    /// `&amp;`, `&#52;`.
    Entity,
    /// `%34`.
    Percent,
    /// `\u0034`, `\"`, `\n`.
    Escape,
    /// A run of base64, either alphabet.
    Base64,
    /// A run of hex digits.
    Hex,
}

/// How an encoding writes bytes: `plain` of them as `coded`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) plain: usize,
    pub(super) coded: usize,
}

/// Some kinds of change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::detect) struct Changes(u8);

impl Change {
    const ALL: [Self; 7] = [
        Self::Unicode,
        Self::Markup,
        Self::Entity,
        Self::Percent,
        Self::Escape,
        Self::Base64,
        Self::Hex,
    ];

    /// How it is told in the evidence.
    pub(in crate::detect) const fn reason(self) -> &'static str {
        match self {
            Self::Unicode => "found after Unicode normalisation",
            Self::Markup => "found with Slack formatting taken out",
            Self::Entity => "decoded from HTML entities",
            Self::Percent => "decoded from percent-encoding",
            Self::Escape => "decoded from backslash escapes",
            Self::Base64 => "decoded from base64",
            Self::Hex => "decoded from hex",
        }
    }

    /// How it writes bytes, if it is an encoding of whole runs.
    pub(super) const fn group(self) -> Option<Group> {
        match self {
            Self::Base64 => Some(Group { plain: 3, coded: 4 }),
            Self::Hex => Some(Group { plain: 1, coded: 2 }),
            _ => None,
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Changes {
    /// Both.
    #[must_use]
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds, in a fixed order.
    pub(in crate::detect) fn iter(self) -> impl Iterator<Item = Change> {
        Change::ALL
            .into_iter()
            .filter(move |change| self.0 & change.bit() != 0)
    }

    /// Whether the view holds what its writer meant, beyond doubt: the same characters in another spelling.
    pub(in crate::detect) fn is_a_spelling(self) -> bool {
        let spellings = Change::Unicode.bit() | Change::Entity.bit();
        self.0 != 0 && self.0 & !spellings == 0
    }
}

impl FromIterator<Change> for Changes {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> Self {
        changes
            .into_iter()
            .fold(Self::default(), |all, change| Self(all.0 | change.bit()))
    }
}
