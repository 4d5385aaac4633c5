//! A hit before overlaps are resolved.

use std::ops::Range;

use super::likelihood::Weighed;

/// What one detector makes of one span.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) detector: usize,
    pub(super) span: Range<usize>,
    pub(super) weighed: Weighed,
}
