//! Judging a trail, entry by entry: the chain, its checkpoints, and the claim that a beginning was dropped.
//!
//! **Invariant:** what is told first is what is wrong first.

use std::collections::VecDeque;

use shared::seal::SignatureVerifier;

use super::checkpoint::{PRUNED, is_genuine, pruned_up_to};
use crate::domain::chain::{Break, BreakKind, ChainHash, Walk};
use crate::store::audit::{AuditEvent, Checkpoint};

/// Judges a trail.
#[derive(Debug)]
pub struct Examiner<'k> {
    keys: &'k SignatureVerifier,
    walk: Walk,
    expected: VecDeque<Checkpoint>,
    flaw: Option<Break>,
    verdict: Verdict,
    dropped: u64,
    opening: Option<Checkpoint>,
}

/// What was found of a trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The place of the first entry that was looked at.
    pub from: u64,
    /// The place up to which the trail holds; one before `from` if nothing does.
    pub to: u64,
    /// Signed checkpoints on the way that hold.
    pub checkpoints: u64,
    /// The place of the last of them: what comes after it is chained and not yet signed. 0 if there is none.
    pub signed_to: u64,
    /// Whether the trail was looked at to its end.
    pub complete: bool,
    /// What is wrong first, if anything is.
    pub broken: Option<Break>,
}

impl<'k> Examiner<'k> {
    /// Of a trail from its first entry on.
    pub fn whole(keys: &'k SignatureVerifier) -> Self {
        Self::at(keys, 0, ChainHash::GENESIS)
    }

    /// Of a trail from behind a checkpoint on.
    pub fn behind(keys: &'k SignatureVerifier, checkpoint: &Checkpoint) -> Self {
        let mut examiner = Self::at(keys, checkpoint.seq, checkpoint.hash);
        examiner.see_checkpoint(checkpoint);
        examiner
    }

    /// Of an exported trail that opens with this checkpoint: of an entry that follows, or of the one before
    /// the first that does.
    pub fn before_any(keys: &'k SignatureVerifier, checkpoint: Checkpoint) -> Self {
        let mut examiner = Self::at(keys, 0, ChainHash::GENESIS);
        examiner.opening = Some(checkpoint);
        examiner
    }

    fn at(keys: &'k SignatureVerifier, seq: u64, hash: ChainHash) -> Self {
        Self {
            keys,
            walk: Walk::behind(seq, hash),
            expected: VecDeque::new(),
            flaw: None,
            verdict: Verdict {
                from: seq + 1,
                ..Verdict::default()
            },
            dropped: 0,
            opening: None,
        }
    }

    /// Checkpoints of entries that are still to come, in order.
    pub fn expect(&mut self, checkpoints: impl IntoIterator<Item = Checkpoint>) {
        self.expected.extend(checkpoints);
    }

    /// The next entry.
    pub fn entry(&mut self, entry: &AuditEvent) {
        if let Some(opening) = self.opening.take() {
            if opening.seq + 1 == entry.seq {
                let expected = std::mem::take(&mut self.expected);
                *self = Self::behind(self.keys, &opening);
                self.expected = expected;
            } else {
                self.expected.push_front(opening);
            }
        }
        let held = self.walk.broken().is_none();
        self.walk.step(&entry.link(), &entry.hash);
        if !held || self.walk.broken().is_some() {
            return;
        }
        if entry.event_type == PRUNED && entry.recorded_by.is_none() {
            let told = pruned_up_to(&entry.variant_data, self.keys);
            self.dropped = self.dropped.max(told.unwrap_or_default());
        }
        while let Some(checkpoint) = self.expected.pop_front_if(|next| next.seq <= entry.seq) {
            if checkpoint.seq == entry.seq && checkpoint.hash != entry.hash {
                self.note(entry.seq, BreakKind::Forged);
            } else {
                self.see_checkpoint(&checkpoint);
            }
        }
    }

    fn see_checkpoint(&mut self, checkpoint: &Checkpoint) {
        if is_genuine(checkpoint, self.keys) {
            self.verdict.checkpoints += 1;
            self.verdict.signed_to = checkpoint.seq;
        } else {
            self.note(checkpoint.seq, BreakKind::BadSignature);
        }
    }

    fn note(&mut self, seq: u64, kind: BreakKind) {
        self.flaw.get_or_insert(Break { seq, kind });
    }

    /// The trail ends, as its keeper says, here.
    pub fn end(&mut self, seq: u64, hash: ChainHash) {
        let (reached, found) = self.walk.end();
        if reached < seq {
            self.note(reached + 1, BreakKind::Missing);
        } else if reached == seq && found != hash {
            self.note(seq, BreakKind::Forged);
        }
        self.verdict.complete = true;
    }

    /// The trail ends where its file does: nobody says whether there was more, but for checkpoints of entries
    /// that did not come.
    pub fn end_of_file(&mut self) {
        let (reached, _) = self.walk.end();
        if self.expected.back().is_some_and(|last| last.seq > reached) {
            self.note(reached + 1, BreakKind::Missing);
        }
        self.verdict.complete = true;
    }

    /// The place up to which the trail says of itself that it was dropped.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether going on can change nothing.
    pub const fn is_settled(&self) -> bool {
        self.walk.is_settled()
    }

    /// What was found so far.
    pub fn verdict(&self) -> Verdict {
        let of_chain = self.walk.broken();
        let broken = match (self.flaw, of_chain) {
            (Some(flaw), Some(chain)) if chain.seq <= flaw.seq => Some(chain),
            (flaw, chain) => flaw.or(chain),
        };
        Verdict {
            to: self.walk.end().0,
            broken,
            ..self.verdict
        }
    }
}
