//! Which of several hits on the same text is the finding.
//!
//! Owns the order of preference: precedence, then the longer span, then the likelihood.
//! **Invariant:** no two spans that it keeps overlap; one card is one finding.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::candidate::Candidate;
use super::compile::Detector;

/// Keeps the best of overlapping candidates, in order of position; empties `candidates`.
pub(super) fn resolve(
    text: &str,
    detectors: &[Detector],
    candidates: &mut Vec<Candidate>,
) -> Vec<Candidate> {
    candidates.sort_by_cached_key(|candidate| {
        let spec = detectors
            .get(candidate.detector)
            .map(|detector| &detector.spec);
        Reverse((
            spec.map(|spec| spec.precedence),
            candidate.span.len(),
            candidate.weighed.likelihood,
            Reverse((candidate.span.start, candidate.detector)),
        ))
    });
    let mut kept: BTreeMap<usize, Candidate> = BTreeMap::new();
    for candidate in candidates.drain(..) {
        // Kept spans do not overlap, so the one that starts last before this one's end is the only
        // one that can reach into it.
        let neighbour = kept.range(..candidate.span.end).next_back();
        if neighbour.is_none_or(|(_, kept)| kept.span.end <= candidate.span.start) {
            kept.insert(candidate.span.start, candidate);
        }
    }
    let mut kept: Vec<Candidate> = kept.into_values().collect();
    drop_link_labels(text, &mut kept);
    kept
}

/// Slack writes a link as `<mailto:a@b.c|a@b.c>`: the label repeats the value and is no second finding.
fn drop_link_labels(text: &str, kept: &mut Vec<Candidate>) {
    let mut previous: Option<Candidate> = None;
    kept.retain(|candidate| {
        let is_label = previous.as_ref().is_some_and(|previous| {
            previous.detector == candidate.detector
                && text.get(previous.span.end..candidate.span.start) == Some("|")
                && text
                    .get(candidate.span.end..)
                    .is_some_and(|rest| rest.starts_with('>'))
                && text.get(previous.span.clone()) == text.get(candidate.span.clone())
        });
        previous = Some(candidate.clone());
        !is_label
    });
}
