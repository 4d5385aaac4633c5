//! Which of several hits on the same text is the finding.
//!
//! Owns the order of preference: precedence, then what stands in the text over what was decoded, then the
//! longer span, then the likelihood, then the better reading.
//! **Invariant:** no two spans that it keeps overlap; one card is one finding, in however many views of the
//! text it is seen.

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
            !candidate.seen.as_ref().is_some_and(|seen| seen.is_decoded),
            candidate.span.len(),
            candidate.weighed.likelihood,
            reading(candidate),
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

/// Which reading of the same span is the value: the spelling that all spellings have in common, else the text
/// as sent, else the text with marks taken out that may as well be part of it.
fn reading(candidate: &Candidate) -> u8 {
    match &candidate.seen {
        Some(seen) if seen.changes.is_a_spelling() => 2,
        None => 1,
        Some(_) => 0,
    }
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
                && is_the_same(
                    text.get(previous.span.clone()),
                    text.get(candidate.span.clone()),
                )
        });
        previous = Some(candidate.clone());
        !is_label
    });
}

/// Whether two values have the same letters and digits: `+14155552671` and `+1 (415) 555-2671`.
fn is_the_same(one: Option<&str>, other: Option<&str>) -> bool {
    let letters = |value: &str| -> Vec<u8> {
        let bytes = value.bytes();
        bytes
            .filter(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80)
            .collect()
    };
    one.map(letters) == other.map(letters)
}
