//! Why the engine thinks so, in words.
//!
//! Owns the sentences of an explanation. **Invariant:** they are made of the detector's own words and
//! the validators' fixed notes; nothing of the scanned text enters them.

use shared::detector::{Check, DetectorSpec, Kind};
use shared::finding::Evidence;

use super::exact::Corroboration;
use super::likelihood::{Weighed, effect_of};
use super::normalise::Changes;

const DOCUMENT_OF: &str = "document of fingerprints";

/// The evidence behind a match, in the order it was weighed. `changes` were undone to see it.
pub(super) fn evidence(spec: &DetectorSpec, weighed: &Weighed, changes: Changes) -> Vec<Evidence> {
    let source = match spec.kind {
        Kind::Regex => "pattern of",
        Kind::Dictionary => "word of dictionary",
        Kind::ExactDataMatch => "row of exact data",
        Kind::DocumentFingerprint => DOCUMENT_OF,
    };
    let mut all = vec![say(
        format!("{source} `{}`, {}", spec.id, spec.likelihood),
        0,
    )];
    if let Some(Corroboration { seen, needed }) = weighed.corroboration {
        let values = if seen == 1 { "value" } else { "values" };
        let effect = i16::from(seen) - i16::from(needed);
        all.push(say(
            format!("{seen} more {values} of the same row nearby"),
            effect,
        ));
    }
    all.extend(
        changes
            .iter()
            .map(|change| say(change.reason().to_owned(), 0)),
    );
    if let Some(verdict) = weighed.verdict {
        let word = match verdict.check {
            Check::Valid => "valid",
            Check::StructurallyValid => "well-formed",
            Check::NotApplicable => "of a form the validator does not know",
            Check::Invalid => "invalid",
        };
        let effect = effect_of(verdict.check).unwrap_or(0);
        all.push(say(format!("{word}: {}", verdict.note), effect));
        if verdict.test_value {
            all.push(say("likely test value".to_owned(), 0));
        }
    }
    for &index in &weighed.lowered_by {
        if let Some(exclusion) = spec.exclusions.get(index) {
            let effect = exclusion.lower.unwrap_or(0).saturating_neg();
            all.push(say(exclusion.reason.clone(), effect));
        }
    }
    if let (Some(index), Some(rule)) = (weighed.hotword, &spec.hotwords)
        && let Some(word) = rule.words.get(index)
    {
        all.push(say(format!("hotword `{word}` nearby"), rule.raise));
    }
    all
}

/// The evidence behind a document: so many of its fingerprints were `seen`, which is so many `percent`.
pub(super) fn quote(
    spec: &DetectorSpec,
    name: &str,
    (seen, prints, percent): (u32, u32, u8),
    effect: i16,
) -> Vec<Evidence> {
    vec![
        say(
            format!("{DOCUMENT_OF} `{}`, {}", spec.id, spec.likelihood),
            0,
        ),
        say(
            format!("{percent} % of document `{name}`, {seen} of {prints} fingerprints"),
            effect,
        ),
    ]
}

fn say(reason: String, effect: i16) -> Evidence {
    Evidence { reason, effect }
}
