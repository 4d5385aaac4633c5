//! One stream in memory: what waits, and what somebody holds until when.
//!
//! Owns the bookkeeping. Time is handed in, and nothing here waits: locks and wake-ups are for the parent.
//! **Invariant:** an entry is either waiting or held, and leaves only by [`Ring::remove`].

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::job::Envelope;
use crate::queue::Receipt;

pub(super) struct Ring {
    lease: Duration,
    next_id: u64,
    entries: HashMap<u64, Entry>,
    /// May name entries that were removed meanwhile.
    waiting: VecDeque<u64>,
    leases: BTreeSet<(Instant, u64)>,
}

struct Entry {
    envelope: Envelope,
    deliveries: u32,
    since: Instant,
    held_until: Option<Instant>,
}

/// An entry that was handed out.
pub(super) struct Taken {
    pub(super) envelope: Envelope,
    pub(super) deliveries: u32,
    pub(super) receipt: Receipt,
}

impl Ring {
    pub(super) fn new(lease: Duration) -> Self {
        Self {
            lease,
            next_id: 0,
            entries: HashMap::new(),
            waiting: VecDeque::new(),
            leases: BTreeSet::new(),
        }
    }

    pub(super) fn lease(&self) -> Duration {
        self.lease
    }

    /// Entries in it, held ones included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn held(&self) -> usize {
        self.leases.len()
    }

    /// When the oldest entry came.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.entries.values().map(|entry| entry.since).min()
    }

    pub(super) fn push(&mut self, envelope: Envelope, now: Instant) {
        let id = self.next_id;
        self.next_id += 1;
        self.entries.insert(
            id,
            Entry {
                envelope,
                deliveries: 0,
                since: now,
                held_until: None,
            },
        );
        self.waiting.push_back(id);
    }

    /// Hands out at most `max` entries that wait, or whose lease ran out.
    pub(super) fn take(&mut self, max: usize, now: Instant) -> Vec<Taken> {
        self.end_leases(now);
        let mut taken = Vec::with_capacity(max.min(self.waiting.len()));
        while taken.len() < max {
            let Some(id) = self.waiting.pop_front() else {
                break;
            };
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            let until = now + self.lease;
            entry.deliveries = entry.deliveries.saturating_add(1);
            entry.held_until = Some(until);
            self.leases.insert((until, id));
            taken.push(Taken {
                envelope: entry.envelope.clone(),
                deliveries: entry.deliveries,
                receipt: Receipt(format!("{id}.{}", entry.deliveries)),
            });
        }
        taken
    }

    /// When the next lease runs out.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.leases.first().map(|(until, _)| *until)
    }

    /// Forgets an entry, whoever holds it by now: done is done. Says whether it was there.
    pub(super) fn remove(&mut self, receipt: &Receipt) -> bool {
        let Some((id, _)) = parse(receipt) else {
            return false;
        };
        let Some(entry) = self.entries.remove(&id) else {
            return false;
        };
        if let Some(until) = entry.held_until {
            self.leases.remove(&(until, id));
        }
        true
    }

    /// Forgets an entry, if the lease is still that of this receipt. Says whether it was.
    pub(super) fn remove_held(&mut self, receipt: &Receipt) -> bool {
        held(&mut self.entries, receipt).is_some() && self.remove(receipt)
    }

    /// Ends the lease, if it is still that of this receipt.
    pub(super) fn release(&mut self, receipt: &Receipt) {
        let Some((id, entry)) = held(&mut self.entries, receipt) else {
            return;
        };
        if let Some(until) = entry.held_until.take() {
            self.leases.remove(&(until, id));
            self.waiting.push_back(id);
        }
    }

    /// Starts the lease again, if it is still that of this receipt.
    pub(super) fn extend(&mut self, receipt: &Receipt, now: Instant) {
        let Some((id, entry)) = held(&mut self.entries, receipt) else {
            return;
        };
        let until = now + self.lease;
        if let Some(before) = entry.held_until.replace(until) {
            self.leases.remove(&(before, id));
            self.leases.insert((until, id));
        }
    }

    fn end_leases(&mut self, now: Instant) {
        while let Some((until, id)) = self.leases.first().copied() {
            if until > now {
                return;
            }
            self.leases.remove(&(until, id));
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.held_until = None;
                self.waiting.push_back(id);
            }
        }
    }
}

/// The entry a receipt is for, if nobody else got it since.
fn held<'a>(
    entries: &'a mut HashMap<u64, Entry>,
    receipt: &Receipt,
) -> Option<(u64, &'a mut Entry)> {
    let (id, delivery) = parse(receipt)?;
    let entry = entries.get_mut(&id)?;
    (entry.deliveries == delivery && entry.held_until.is_some()).then_some((id, entry))
}

fn parse(receipt: &Receipt) -> Option<(u64, u32)> {
    let (id, delivery) = receipt.0.split_once('.')?;
    Some((id.parse().ok()?, delivery.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::ids::{JobId, WorkspaceId};
    use crate::job::{Kind, TraceContext, WIRE_VERSION};

    const LEASE: Duration = Duration::from_secs(10);

    fn envelope() -> Envelope {
        Envelope {
            version: WIRE_VERSION,
            kind: Kind::Job,
            job_id: JobId::fresh(),
            workspace: WorkspaceId::api(),
            attempt: 0,
            trace: TraceContext::default(),
            body: Bytes::new(),
        }
    }

    fn one_taken(now: Instant) -> (Ring, Taken) {
        let mut ring = Ring::new(LEASE);
        ring.push(envelope(), now);
        let taken = ring.take(8, now).pop().unwrap();
        (ring, taken)
    }

    #[test]
    fn a_held_entry_is_not_handed_out_before_its_lease_ends() {
        let now = Instant::now();
        let (mut ring, first) = one_taken(now);
        assert_eq!(first.deliveries, 1);
        assert!(ring.take(8, now + LEASE / 2).is_empty());
        assert_eq!(ring.take(8, now + LEASE).pop().unwrap().deliveries, 2);
    }

    #[test]
    fn an_extended_lease_ends_later() {
        let now = Instant::now();
        let (mut ring, taken) = one_taken(now);
        ring.extend(&taken.receipt, now + LEASE / 2);
        assert!(ring.take(8, now + LEASE).is_empty());
        assert_eq!(ring.next_expiry(), Some(now + LEASE / 2 + LEASE));
    }

    #[test]
    fn a_former_owner_neither_releases_nor_extends_nor_buries() {
        let now = Instant::now();
        let (mut ring, former) = one_taken(now);
        let later = now + LEASE;
        assert_eq!(ring.take(8, later).len(), 1);
        ring.release(&former.receipt);
        assert!(ring.take(8, later).is_empty());
        assert!(!ring.remove_held(&former.receipt));
        ring.extend(&former.receipt, later + LEASE / 2);
        assert_eq!(ring.next_expiry(), Some(later + LEASE));
    }

    #[test]
    fn a_former_owner_that_is_done_is_believed() {
        let now = Instant::now();
        let (mut ring, former) = one_taken(now);
        assert_eq!(ring.take(8, now + LEASE).len(), 1);
        assert!(ring.remove(&former.receipt));
        assert!(!ring.remove(&former.receipt));
        assert!(ring.take(8, now + LEASE * 9).is_empty());
        assert_eq!((ring.len(), ring.held()), (0, 0));
    }

    #[test]
    fn a_receipt_that_is_none_does_nothing() {
        let now = Instant::now();
        let (mut ring, _held) = one_taken(now);
        for word in ["", "0", "0.", ".1", "0.2", "7.1", "x.y"] {
            let receipt = Receipt(word.to_owned());
            ring.release(&receipt);
            ring.extend(&receipt, now + LEASE);
        }
        assert_eq!(ring.held(), 1);
        assert_eq!(ring.next_expiry(), Some(now + LEASE));
    }

    proptest! {
        /// Whatever is done in whatever order, no entry is lost and none is held twice.
        #[test]
        fn nothing_is_lost_or_held_twice(steps in prop::collection::vec((0u8..6, 0usize..8), 0..200)) {
            let mut now = Instant::now();
            let mut ring = Ring::new(LEASE);
            let mut receipts: Vec<Receipt> = Vec::new();
            let mut expected = 0usize;
            for (step, pick) in steps {
                let receipt = receipts.get(pick % receipts.len().max(1)).cloned();
                match (step, receipt) {
                    (0, _) => {
                        ring.push(envelope(), now);
                        expected += 1;
                    }
                    (1, _) => receipts.extend(ring.take(pick, now).into_iter().map(|t| t.receipt)),
                    (2, Some(receipt)) => expected -= usize::from(ring.remove(&receipt)),
                    (3, Some(receipt)) => ring.release(&receipt),
                    (4, Some(receipt)) => ring.extend(&receipt, now),
                    _ => now += LEASE / 3,
                }
                prop_assert_eq!(ring.len(), expected);
                prop_assert!(ring.held() <= expected);
            }
            let rest = ring.take(usize::MAX, now + LEASE * 2);
            prop_assert_eq!(rest.len(), expected);
        }
    }
}
