//! How sure a candidate is.
//!
//! Owns the one rule by which evidence moves the likelihood. Leaves wording it to `explain`.
//!
//! It starts at the detector's own likelihood and moves by the sum of all steps, held at the ends of the scale:
//!
//! | evidence | effect |
//! |---|---|
//! | validator: `Valid` | stays; the detector's likelihood is meant for this case |
//! | validator: `StructurallyValid`, `NotApplicable` | one step down: the shape is all there is |
//! | validator: `Invalid` | dropped |
//! | entropy under the detector's minimum | dropped |
//! | exclusion without `lower` | dropped |
//! | exclusion with `lower` | that many steps down; one with `named` only where the text calls the value so |
//! | other values of the same row nearby | one step up for each beyond those that have to be |
//! | under a quarter of a registered document | one step down |
//! | three fifths of it or more | one step up |
//! | hotword nearby | `raise` steps up, once; dropped without one where `required` |
//!
//! A known test value keeps its likelihood and says what it is: whoever tries the engine with one must
//! see it work, and policy may exclude it.
//! **Invariant:** likelihood is a function of the detector, the value and the text around it alone.

use std::ops::Range;

use shared::detector::Check;
use shared::finding::Likelihood;

use super::compile::Detector;
use super::entropy;
use super::exact::Corroboration;
use super::validators::Verdict;

/// A candidate's likelihood and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Weighed {
    pub(super) likelihood: Likelihood,
    pub(super) verdict: Option<Verdict>,
    /// Other values of the row that it is of.
    pub(super) corroboration: Option<Corroboration>,
    /// Index into the hotword list.
    pub(super) hotword: Option<usize>,
    /// Indexes into the exclusions that lowered it.
    pub(super) lowered_by: Vec<usize>,
}

impl Weighed {
    /// With what was seen of a row.
    pub(super) fn corroborated(self, by: Corroboration) -> Self {
        let steps = i16::from(by.seen) - i16::from(by.needed);
        Self {
            likelihood: self.likelihood.shifted(steps),
            corroboration: Some(by),
            ..self
        }
    }
}

/// Steps that a validator's word moves the likelihood by; none if the candidate is dropped.
pub(super) fn effect_of(check: Check) -> Option<i16> {
    match check {
        Check::Valid => Some(0),
        Check::StructurallyValid | Check::NotApplicable => Some(-1),
        Check::Invalid => None,
    }
}

/// Steps that the share of a document, in percent, moves the likelihood by.
pub(super) fn effect_of_share(percent: u8) -> i16 {
    match percent {
        ..25 => -1,
        25..60 => 0,
        60.. => 1,
    }
}

/// Weighs the value at `span`; none if it is no finding. The span comes back narrower where the
/// validator knows how long the value is.
pub(super) fn weigh(
    detector: &Detector,
    text: &str,
    span: Range<usize>,
) -> Option<(Range<usize>, Weighed)> {
    let spec = &detector.spec;
    let mut span = span;
    let value = text.get(span.clone()).filter(|value| !value.is_empty())?;
    // Before all that takes longer: most hits of the patterns without a prefix end here.
    let least = spec.min_entropy_millibits;
    if least.is_some_and(|least| entropy::millibits(value) < least) {
        return None;
    }
    let mut steps = 0_i16;
    let verdict = detector.validator.map(|validator| validator(value));
    if let Some(verdict) = verdict {
        steps = steps.saturating_add(effect_of(verdict.check)?);
        if let Some(bytes) = verdict.bytes {
            let end = text.ceil_char_boundary(span.start.saturating_add(bytes));
            span.end = end.min(span.end);
        }
    }
    let value = text.get(span.clone()).filter(|value| !value.is_empty())?;
    let mut lowered_by = Vec::new();
    for (index, exclusion) in detector.exclusions.iter().enumerate() {
        if exclusion.matches(value, (text, span.start)) {
            steps = steps.saturating_sub(exclusion.lower()?);
            lowered_by.push(index);
        }
    }
    let hotword = match (&detector.hotwords, &spec.hotwords) {
        (Some(search), Some(rule)) => {
            let found = search.find(text, &span);
            if found.is_none() && rule.required {
                return None;
            }
            if found.is_some() {
                steps = steps.saturating_add(rule.raise);
            }
            found
        }
        _ => None,
    };
    Some((
        span,
        Weighed {
            likelihood: spec.likelihood.shifted(steps),
            verdict,
            corroboration: None,
            hotword,
            lowered_by,
        },
    ))
}
