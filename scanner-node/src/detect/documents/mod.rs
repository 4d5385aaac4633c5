//! Document fingerprints: how much of somebody's own documents stands in a text.
//!
//! Owns finding them. Of each document some shingles are registered; of a text every shingle is looked up, so
//! that what is seen of a document does not depend on what stands around it. Almost all shingles end at a
//! bitmap. Which share of a document's fingerprints was seen (containment: Broder 1997) is added up over a
//! whole message or file. Leaves weighing to `likelihood`.
//! **Invariant:** the time a text takes does not depend on how many documents there are, but where they stand
//! in it; a document is found beside what else is found in it, and never instead.

mod build;
mod index;
mod quotes;
mod shingle;
#[cfg(test)]
mod tests;
mod winnow;

use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use shared::content::TextUnit;
use shared::detector::DetectorSpec;
use shared::finding::{Evidence, Likelihood};

use self::index::Unusable;
use super::bitmap::Bitmap;
use super::compile::Engine;
use super::error::Problem;
use super::likelihood::effect_of_share;
use super::matcher::Scan;
use super::normalise::Views;
use super::prints::Prints;
use super::scratch::Scratch;
use super::{explain, mask};

pub use self::build::{DocumentDraft, DocumentIndexBuilder, MIN_DOCUMENT_BYTES, Unfit};
pub use self::quotes::Quotes;
pub use self::shingle::DocumentKey;
pub use self::winnow::GUARANTEED_BYTES;

/// So many fingerprints of a document have to be seen, whatever its share: some 160 letters, no short quote.
pub const MIN_SEEN: usize = 8;

/// The documents of one detector.
#[derive(Debug)]
pub(super) struct Sheaf {
    detector: usize,
    threshold_percent: u8,
    documents: Vec<Vec<u64>>,
}

/// The documents of all detectors of a set.
#[derive(Debug, Default)]
pub(super) struct Registered {
    key: Option<DocumentKey>,
    filter: Bitmap,
    /// One that several documents have is there for each.
    prints: Prints,
    /// The document of each.
    of: Vec<u32>,
    documents: Vec<Document>,
}

#[derive(Debug)]
struct Document {
    detector: usize,
    /// Which of the detector's documents.
    number: usize,
    prints: u32,
    /// So many of them have to be seen.
    needed: u32,
}

/// A document of which enough was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedDocument {
    /// The detector that knows it.
    pub detector: Arc<DetectorSpec>,
    /// What it is called.
    pub name: String,
    /// How much of its fingerprints was seen, in percent.
    pub percent: u8,
    /// How sure.
    pub likelihood: Likelihood,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// The place that most of it stands in, counted from 0.
    pub place: usize,
    /// Offset in the whole of the first shingle there.
    pub start: u64,
    /// Offset in the whole behind the last one.
    pub end: u64,
    /// By which [`Quotes::begun`] calls it.
    pub document: usize,
}

impl QuotedDocument {
    /// What is shown in the place of a value: how much of which document.
    pub fn preview(&self) -> String {
        mask::of_document(self.percent, &self.name)
    }
}

impl Sheaf {
    /// The documents of a detector, whose number is its place in the set; none if it has none.
    pub(super) fn compile(
        detector: usize,
        spec: &DetectorSpec,
        key: Option<&DocumentKey>,
    ) -> Result<Option<Self>, Problem> {
        let Some(data) = &spec.fingerprints else {
            return Ok(None);
        };
        let key = key.ok_or(Problem::NoKey)?;
        let bytes = STANDARD.decode(&*data.index);
        let bytes = bytes.or(Err(Problem::BadFingerprints))?;
        let documents = index::open(key, &bytes).map_err(|why| match why {
            Unusable::Malformed => Problem::BadFingerprints,
            Unusable::OtherKey => Problem::OtherFingerprintKey,
        })?;
        if documents.len() != data.documents.len() {
            return Err(Problem::BadFingerprints);
        }
        Ok(Some(Self {
            detector,
            threshold_percent: data.threshold_percent,
            documents,
        }))
    }
}

impl Registered {
    pub(super) fn new(key: Option<&DocumentKey>, sheaves: Vec<Sheaf>) -> Self {
        let mut all = Self {
            key: key.cloned(),
            ..Self::default()
        };
        let mut entries = Vec::new();
        for sheaf in sheaves {
            for (number, prints) in sheaf.documents.into_iter().enumerate() {
                let count = u32::try_from(prints.len()).unwrap_or(u32::MAX);
                let of = u32::try_from(all.documents.len()).unwrap_or(u32::MAX);
                all.documents.push(Document {
                    detector: sheaf.detector,
                    number,
                    prints: count,
                    needed: needed(count, sheaf.threshold_percent),
                });
                entries.extend(prints.into_iter().map(|print| (print, of)));
            }
        }
        let hashes: Vec<u64> = entries.iter().map(|(hash, _)| *hash).collect();
        all.filter = Bitmap::of(&hashes);
        (all.prints, all.of) = Prints::of(entries);
        all
    }

    /// Notes what stands in a text and its views, as far as it begins in `own`.
    fn read(&self, (unit, own): (&TextUnit, Range<usize>), views: &Views, quotes: &mut Quotes) {
        let (Some(key), false) = (&self.key, self.documents.is_empty()) else {
            return;
        };
        let offset = |at: usize| unit.base + u64::try_from(at).unwrap_or(u64::MAX);
        let mut note = |hash, span: Option<Range<usize>>| {
            if let Some(span) = span.filter(|span| own.contains(&span.start)) {
                self.note(hash, &(offset(span.start)..offset(span.end)), quotes);
            }
        };
        key.each(&unit.text, |hash, shingle| {
            if self.filter.may_hold(hash) {
                note(hash, Some(shingle.span(&unit.text)));
            }
        });
        for view in 0..views.count() {
            let text = views.text(view);
            key.each(text, |hash, shingle| {
                if self.filter.may_hold(hash) {
                    let traced = views.trace(view, shingle.span(text));
                    note(hash, traced.map(|(span, _)| span));
                }
            });
        }
    }

    /// Notes every document that has this fingerprint.
    fn note(&self, hash: u64, span: &Range<u64>, quotes: &mut Quotes) {
        for print in self.prints.same(hash) {
            // Those of one hash are noted together.
            if quotes.has(print) {
                return;
            }
            let of = self.of.get(print).and_then(|of| usize::try_from(*of).ok());
            if let Some(of) = of {
                let (prints, documents) = (self.prints.len(), self.documents.len());
                quotes.saw((print, prints), (of, documents), span);
            }
        }
    }
}

/// How many fingerprints have to be seen of so many.
fn needed(prints: u32, threshold_percent: u8) -> u32 {
    let share = u64::from(prints) * u64::from(threshold_percent);
    let share = u32::try_from(share.div_ceil(100)).unwrap_or(u32::MAX);
    share.max(u32::try_from(MIN_SEEN).unwrap_or(u32::MAX))
}

fn percent(seen: u32, of: u32) -> u8 {
    let percent = u64::from(seen) * 100 / u64::from(of).max(1);
    u8::try_from(percent).unwrap_or(100).min(100)
}

impl Engine {
    /// Finds everything the detectors know in `unit`, as [`Engine::scan`] does, and adds what stands in it of
    /// registered documents to `quotes`, as far as it begins in `own`.
    pub fn scan_part(
        &self,
        unit: &TextUnit,
        own: Range<usize>,
        scratch: &mut Scratch,
        quotes: &mut Quotes,
    ) -> Scan {
        let scan = self.scan(unit, scratch);
        self.documents.read((unit, own), &scratch.views, quotes);
        scan
    }

    /// The documents of which enough was seen, the largest shares first.
    pub fn quoted(&self, quotes: &Quotes) -> Vec<QuotedDocument> {
        let mut found: Vec<QuotedDocument> = quotes
            .each()
            .filter_map(|(document, seen, at)| {
                let of = self.documents.documents.get(document)?;
                if seen < of.needed {
                    return None;
                }
                let detector = Arc::clone(&self.detectors.get(of.detector)?.spec);
                let names = &detector.fingerprints.as_ref()?.documents;
                let name = names.get(of.number)?.clone();
                let percent = percent(seen, of.prints);
                let effect = effect_of_share(percent);
                Some(QuotedDocument {
                    likelihood: detector.likelihood.shifted(effect),
                    evidence: explain::quote(&detector, &name, (seen, of.prints, percent), effect),
                    name,
                    percent,
                    place: at.place,
                    start: at.start,
                    end: at.end,
                    document,
                    detector,
                })
            })
            .collect();
        found.sort_by_key(|quoted| (u8::MAX - quoted.percent, quoted.document));
        found
    }
}
