//! Proving the trail that is in the database.
//!
//! **Invariant:** the next segments are read while one is hashed, each in a query of its own: a proof holds no
//! transaction open and takes the memory of [`AHEAD`] segments and one.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use shared::clock::SharedClock;
use shared::seal::SignatureVerifier;

use super::examine::{Examiner, Verdict};
use crate::domain::chain::{Break, BreakKind};
use crate::store::audit::{self, Checkpoint, Head, Segment};
use crate::store::{Store, StoreError};

/// Entries read at once.
const SEGMENT: u32 = 10_000;

/// Segments read at once: while one is taken apart here, the database is at work on another.
const AHEAD: usize = 2;

/// How much of the trail to look at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    /// From the newest checkpoint at or before this place; from the beginning without.
    pub after: Option<u64>,
    /// How long to go on; to the end without.
    pub at_most: Option<Duration>,
}

/// Looks at the trail, as it is now.
///
/// # Errors
/// As any query. What is wrong with the trail is in the verdict.
pub async fn verify(
    store: &Store,
    keys: &SignatureVerifier,
    scope: Scope,
    clock: &SharedClock,
) -> Result<Verdict, StoreError> {
    let begun = clock.now();
    let found = store
        .read(move |conn| Beginning::find(conn, scope.after))
        .await?;
    let mut examiner = match &found.checkpoint {
        Some(checkpoint) => Examiner::behind(keys, checkpoint),
        None => Examiner::whole(keys),
    };
    let after = found.checkpoint.as_ref().map_or(0, |first| first.seq);
    let end = found.head.seq;
    let segments = (after..end).step_by(SEGMENT as usize);
    let mut stretches = stream::iter(segments)
        .map(|after| {
            let up_to = after.saturating_add(SEGMENT.into()).min(end);
            tokio::spawn(read(store.clone(), after, up_to))
        })
        .buffered(AHEAD);
    while let Some(read) = stretches.next().await {
        let Stretch {
            entries,
            checkpoints,
        } = read.map_err(|_stopped| StoreError::Panicked)??;
        // Where a whole segment is gone, the rest of the trail is not looked for.
        if entries.is_empty() {
            break;
        }
        let over = scope.at_most.is_some_and(|most| {
            (clock.now() - begun)
                .to_std()
                .is_ok_and(|taken| taken >= most)
        });
        if over || examiner.is_settled() {
            return Ok(examiner.verdict());
        }
        examiner.expect(checkpoints);
        for entry in &entries {
            examiner.entry(entry);
        }
    }
    examiner.end(found.head.seq, found.head.hash);
    let mut verdict = examiner.verdict();
    verdict.broken = verdict.broken.or_else(|| found.flaw(examiner.dropped()));
    Ok(verdict)
}

/// Where to begin, and what the trail says of its own ends.
struct Beginning {
    head: Head,
    /// What the walk begins behind.
    checkpoint: Option<Checkpoint>,
    newest: Option<Checkpoint>,
    from_the_first: bool,
}

impl Beginning {
    fn find(conn: &mut crate::store::Conn, after: Option<u64>) -> Result<Self, StoreError> {
        // The head is read last: it is never behind a checkpoint, unless somebody cut the end off.
        let newest = audit::latest_checkpoint(conn)?;
        let head = audit::head(conn)?;
        let wanted = after.unwrap_or_default().max(head.pruned);
        let checkpoint = audit::checkpoint_at_or_before(conn, wanted)?
            .filter(|checkpoint| checkpoint.seq >= head.pruned);
        Ok(Self {
            from_the_first: checkpoint.as_ref().is_none_or(|it| it.seq == head.pruned),
            head,
            checkpoint,
            newest,
        })
    }

    /// What is wrong with the ends, if nothing is between them.
    fn flaw(&self, dropped: u64) -> Option<Break> {
        let missing = |seq| Break {
            seq,
            kind: BreakKind::Missing,
        };
        let newest = self.newest.as_ref().map_or(0, |newest| newest.seq);
        if newest > self.head.seq {
            return Some(missing(self.head.seq + 1));
        }
        let untold = self.from_the_first && dropped != self.head.pruned;
        untold.then(|| missing(1))
    }
}

/// A segment and the checkpoints of its entries.
struct Stretch {
    entries: Segment,
    checkpoints: Vec<Checkpoint>,
}

async fn read(store: Store, after: u64, up_to: u64) -> Result<Stretch, StoreError> {
    store
        .read(move |conn| {
            let entries = audit::between(conn, after, up_to)?;
            let checkpoints = audit::checkpoints_between(conn, after, up_to)?;
            Ok(Stretch {
                entries,
                checkpoints,
            })
        })
        .await
}
