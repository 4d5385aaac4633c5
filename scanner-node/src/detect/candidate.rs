//! A hit before overlaps are resolved.

use std::ops::Range;

use super::likelihood::Weighed;
use super::normalise::Seen;

/// What one detector makes of one span.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) detector: usize,
    /// In the text as sent.
    pub(super) span: Range<usize>,
    pub(super) weighed: Weighed,
    /// Where it was seen, if not in the text as sent.
    pub(super) seen: Option<Seen>,
}
