//! The engine under judgement.
//!
//! Owns scanning one text and the words for what came of it. **Invariant:** a finding under POSSIBLE does
//! not exist here: nothing is ever done about it.

use std::ops::Range;

use scanner_node::detect::{Engine, Scratch, builtin};
use shared::content::TextUnit;
use shared::finding::Likelihood;

/// The built-in set, compiled.
pub(crate) struct Judge {
    engine: Engine,
    scratch: Scratch,
}

/// What was found in a text.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) detector: String,
    pub(crate) info_type: String,
    pub(crate) span: Range<usize>,
    pub(crate) is_likely: bool,
}

impl Judge {
    pub(crate) fn builtin() -> anyhow::Result<Self> {
        Ok(Self {
            engine: Engine::compile(&builtin()?)?,
            scratch: Scratch::new(),
        })
    }

    /// Everything in `text` that is POSSIBLE or likelier.
    pub(crate) fn found(&mut self, text: &str) -> Vec<Found> {
        let scan = self.engine.scan(&TextUnit::plain(text), &mut self.scratch);
        scan.matches
            .into_iter()
            .filter(|found| found.likelihood >= Likelihood::Possible)
            .map(|found| Found {
                detector: found.detector.id.to_string(),
                info_type: found.detector.info_type.to_string(),
                is_likely: found.likelihood >= Likelihood::Likely,
                span: found.span,
            })
            .collect()
    }
}

impl Found {
    /// Whether it has a byte in common with `span`.
    pub(crate) fn meets(&self, span: &Range<usize>) -> bool {
        self.span.start < span.end && span.start < self.span.end
    }

    pub(crate) fn covers(&self, span: &Range<usize>) -> bool {
        self.span.start <= span.start && span.end <= self.span.end
    }
}
