//! The audit trail as a chain: each entry's hash covers the entry and the hash before it.
//!
//! Owns how an entry is hashed and how a chain is walked and judged. Leaves reading entries, and the keys that
//! sign checkpoints, to others.
//! **Invariant:** two different entries, or one entry at two places, never hash alike: every field is written
//! with its length.
//!
//! # Source
//! The construction of RFC 6962 and of hash-chained logs (Schneier and Kelsey 1999): SHA-256, FIPS 180-4.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use shared::ids::AuditEventId;

/// The hash of an entry and of all before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash(pub [u8; 32]);

/// An entry, as it is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// Its place: 1 is the first.
    pub seq: u64,
    /// Its id.
    pub id: AuditEventId,
    /// When, to the microsecond.
    pub at: DateTime<Utc>,
    /// What was done.
    pub event_type: &'a str,
    /// By whom.
    pub user_id: Option<&'a str>,
    /// To what.
    pub subject: Option<&'a str>,
    /// Who handed it in from outside.
    pub recorded_by: Option<&'a str>,
    /// The rest, byte for byte as it is stored.
    pub variant_data: &'a str,
}

/// What is wrong with a chain, at the first place where something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// The first place at which the chain does not hold.
    pub seq: u64,
    /// What is wrong there.
    pub kind: BreakKind,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreakKind {
    /// It is there, and is not what was hashed.
    Altered,
    /// It is not there.
    Missing,
    /// It is intact and stands at this other place.
    Reordered {
        /// Where it stands.
        found_at: u64,
    },
    /// The entries hold together, and are not those that a signed checkpoint speaks of.
    Forged,
    /// The checkpoint for this place is not signed by a key of this installation.
    BadSignature,
}

impl BreakKind {
    /// The word, as written in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Missing => "missing",
            Self::Reordered { .. } => "reordered",
            Self::Forged => "forged",
            Self::BadSignature => "bad_signature",
        }
    }
}

impl ChainHash {
    /// What stands before the first entry.
    pub const GENESIS: Self = Self([0; 32]);

    /// The hash of bytes of that length; none of another.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The hash of `link` behind this one.
    #[must_use]
    pub fn then(&self, link: &Link<'_>) -> Self {
        let mut bytes = Vec::with_capacity(link.len() + 128);
        bytes.extend_from_slice(&self.0);
        bytes.extend_from_slice(&link.seq.to_be_bytes());
        bytes.extend_from_slice(link.id.as_uuid().as_bytes());
        bytes.extend_from_slice(&link.at.timestamp_micros().to_be_bytes());
        for text in link.texts() {
            // An absent field is told from an empty one by a length that no text has.
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
        }
        // In one piece: a walk hashes hundreds of thousands of entries a second, and each call into the library costs.
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        Self(hash)
    }
}

impl<'a> Link<'a> {
    /// In the order in which they are hashed.
    const fn texts(&self) -> [Option<&'a str>; 5] {
        [
            Some(self.event_type),
            self.user_id,
            self.subject,
            self.recorded_by,
            Some(self.variant_data),
        ]
    }

    fn len(&self) -> usize {
        self.texts().into_iter().flatten().map(str::len).sum()
    }
}

impl std::fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for ChainHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Walks a chain from its beginning, entry by entry in order of place.
///
/// After the first entry that does not fit, it goes on looking for the one that does: an entry that stands
/// elsewhere was moved, one that stands nowhere was altered or taken away.
#[derive(Clone, Debug)]
pub struct Walk {
    next: u64,
    hash: ChainHash,
    found: Option<Break>,
}

impl Walk {
    /// From behind the entry at `seq`, whose hash is known: 0 and [`ChainHash::GENESIS`] for a whole chain.
    pub const fn behind(seq: u64, hash: ChainHash) -> Self {
        Self {
            next: seq + 1,
            hash,
            found: None,
        }
    }

    /// The next entry, and the hash that is stored with it.
    pub fn step(&mut self, link: &Link<'_>, stored: &ChainHash) {
        match &mut self.found {
            None if link.seq == self.next && self.hash.then(link) == *stored => {
                self.next += 1;
                self.hash = *stored;
            }
            None => {
                let kind = if link.seq == self.next {
                    BreakKind::Altered
                } else {
                    BreakKind::Missing
                };
                self.found = Some(Break {
                    seq: self.next,
                    kind,
                });
                self.recognise(link, stored);
            }
            Some(Break {
                kind: BreakKind::Reordered { .. },
                ..
            }) => {}
            Some(_) => self.recognise(link, stored),
        }
    }

    /// Whether this entry, wherever it stands, is the one that should have come.
    fn recognise(&mut self, link: &Link<'_>, stored: &ChainHash) {
        let in_place = Link {
            seq: self.next,
            ..*link
        };
        if link.seq != self.next && self.hash.then(&in_place) == *stored {
            self.found = Some(Break {
                seq: self.next,
                kind: BreakKind::Reordered { found_at: link.seq },
            });
        }
    }

    /// The last place up to which the chain holds, and its hash.
    pub const fn end(&self) -> (u64, ChainHash) {
        (self.next - 1, self.hash)
    }

    /// What is wrong, if anything is.
    pub const fn broken(&self) -> Option<Break> {
        self.found
    }

    /// Whether nothing more can be learnt by going on.
    pub const fn is_settled(&self) -> bool {
        matches!(
            self.found,
            Some(Break {
                kind: BreakKind::Reordered { .. },
                ..
            })
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    struct Entry {
        seq: u64,
        id: AuditEventId,
        text: String,
        hash: ChainHash,
    }

    impl Entry {
        fn link(&self) -> Link<'_> {
            Link {
                seq: self.seq,
                id: self.id,
                at: DateTime::UNIX_EPOCH,
                event_type: "note",
                user_id: None,
                subject: None,
                recorded_by: None,
                variant_data: &self.text,
            }
        }
    }

    fn chain(length: u64) -> Vec<Entry> {
        let mut hash = ChainHash::GENESIS;
        let mut entries = Vec::new();
        for seq in 1..=length {
            let mut entry = Entry {
                seq,
                id: AuditEventId::from(uuid::Uuid::from_u128(u128::from(seq))),
                text: format!("{{\"n\":{seq}}}"),
                hash,
            };
            hash = hash.then(&entry.link());
            entry.hash = hash;
            entries.push(entry);
        }
        entries
    }

    fn judge(entries: &[Entry]) -> Option<Break> {
        let mut walk = Walk::behind(0, ChainHash::GENESIS);
        for entry in entries {
            walk.step(&entry.link(), &entry.hash);
        }
        walk.broken()
    }

    #[test]
    fn a_chain_that_nobody_touched_holds() {
        let entries = chain(20);
        assert_eq!(judge(&entries), None);
        let mut walk = Walk::behind(5, entries[4].hash);
        for entry in &entries[5..] {
            walk.step(&entry.link(), &entry.hash);
        }
        assert_eq!((walk.broken(), walk.end().0), (None, 20));
    }

    #[test]
    fn the_hash_of_an_entry_is_this_one_for_ever() {
        let first = &chain(1)[0];
        assert_eq!(
            first.hash.to_string(),
            "07647ba27d14812a75016c39bb5e8746c005ac8f3db823016496b0aeb6855be9"
        );
    }

    proptest! {
        #[test]
        fn the_first_entry_that_was_altered_is_named(length in 1..30_u64, at in any::<prop::sample::Index>()) {
            let mut entries = chain(length);
            let at = at.index(entries.len());
            entries[at].text.push('!');
            prop_assert_eq!(judge(&entries), Some(Break { seq: at as u64 + 1, kind: BreakKind::Altered }));
        }

        #[test]
        fn the_first_entry_that_is_missing_is_named(length in 2..30_u64, at in any::<prop::sample::Index>()) {
            let mut entries = chain(length);
            // The last one's absence shows by the head of the chain, not by the entries.
            let at = at.index(entries.len() - 1);
            entries.remove(at);
            prop_assert_eq!(judge(&entries), Some(Break { seq: at as u64 + 1, kind: BreakKind::Missing }));
        }

        #[test]
        fn two_entries_that_changed_places_are_named(
            length in 2..30_u64, one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
        ) {
            let mut entries = chain(length);
            let (one, other) = (one.index(entries.len()), other.index(entries.len()));
            let (first, second) = (one.min(other), one.max(other));
            prop_assume!(first != second);
            entries.swap(first, second);
            let (low, high) = (first as u64 + 1, second as u64 + 1);
            entries[first].seq = low;
            entries[second].seq = high;
            let kind = BreakKind::Reordered { found_at: high };
            prop_assert_eq!(judge(&entries), Some(Break { seq: low, kind }));
        }

        #[test]
        fn no_two_entries_hash_alike(a in "\\PC{0,8}", b in "\\PC{0,8}", c in "\\PC{0,8}", d in "\\PC{0,8}") {
            let entry = &chain(1)[0];
            let link = |event_type, subject| Link { event_type, subject, ..entry.link() };
            let alike = ChainHash::GENESIS.then(&link(&a, Some(&b))) == ChainHash::GENESIS.then(&link(&c, Some(&d)));
            prop_assert_eq!(alike, a == c && b == d);
            prop_assert_ne!(ChainHash::GENESIS.then(&link("", None)), ChainHash::GENESIS.then(&link("", Some(""))));
        }
    }
}
