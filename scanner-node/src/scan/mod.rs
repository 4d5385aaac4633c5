//! From content to located matches: the engine run over what the extractors read.
//!
//! Owns who a match belongs to when a text comes in blocks, absolute offsets, and the bound on findings of
//! one piece of content. Serves the actors and the offline scan alike; makes no ids and no fingerprints.
//! **Invariant:** a match is reported once, without a value in its place, and what was left out is in the
//! coverage. What the texts of one message say several times is for `once`. Of a registered document the share
//! is added up over all of them, and it is told in the end.

mod once;
mod redact;

use std::borrow::Cow;
#[cfg(feature = "extract")]
use std::collections::HashMap;
#[cfg(feature = "extract")]
use std::io::Read;
use std::sync::Arc;

use shared::content::{Coverage, Gap, GapReason, Location, TextUnit};
use shared::detector::DetectorSpec;
use shared::finding::{Evidence, Likelihood};

use crate::detect::{Engine, Match, QuotedDocument, Quotes, Scratch};
#[cfg(feature = "extract")]
use crate::extract::{ExtractError, Flow, Hint, Limits, extract};

/// Most findings reported of one piece of content, less registered documents.
pub const MAX_FINDINGS: usize = 1_000;
/// Most registered documents reported of one piece of content; those of which most is there.
pub const MAX_DOCUMENTS: usize = 20;

/// A match, or a registered document, and where it stands.
#[derive(Clone, Debug)]
pub struct Located<'t> {
    /// The detector, as it was compiled.
    pub detector: Arc<DetectorSpec>,
    /// How sure.
    pub likelihood: Likelihood,
    /// Why, in the order it was weighed. Never the value.
    pub evidence: Vec<Evidence>,
    /// The value itself, as it was read: to be fingerprinted and sealed, never logged. Of a document its name,
    /// so that it is the same finding however much of it is there.
    pub value: Cow<'t, str>,
    /// The value as it may be shown.
    pub preview: String,
    /// First byte in the whole.
    pub start: u64,
    /// One past the last byte in the whole.
    pub end: u64,
    /// Where it stands.
    pub location: Location,
}

/// How a scan went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How much was examined.
    pub coverage: Coverage,
    /// Bytes of text scanned, each counted once.
    pub scanned_bytes: u64,
    /// Matches reported.
    pub findings: usize,
}

/// Scans texts that are at hand and belong together, as those of one message; `report` gets every match, unit
/// by unit, in order of position, then documents. What several units say is reported once.
pub fn scan_units(
    engine: &Engine,
    scratch: &mut Scratch,
    units: &[TextUnit],
    report: &mut dyn FnMut(Located<'_>),
) -> Summary {
    let mut tally = Tally::default();
    let (mut found, mut quotes) = (Vec::new(), Quotes::default());
    for unit in units {
        let scan = engine.scan_part(unit, 0..unit.text.len(), scratch, &mut quotes);
        quotes.next_place();
        tally.bytes += u64_of(unit.text.len());
        tally.flooded |= scan.truncated;
        for hit in scan.matches {
            let location = shown(engine, scratch, unit.location.clone());
            found.extend(tally.locate(unit, hit, location));
        }
    }
    let found = once::once(found);
    tally.findings = found.len();
    found.into_iter().for_each(&mut *report);
    for quoted in tally.quoted(engine, &quotes) {
        let unit = units.get(quoted.place);
        let location = unit.map(|unit| unit.location.clone()).unwrap_or_default();
        report(of_document(quoted, shown(engine, scratch, location)));
    }
    tally.summary(Vec::new())
}

/// Reads and scans a file; `report` gets every match, then documents.
///
/// # Errors
/// [`ExtractError::Read`] if `input` fails; transient.
#[cfg(feature = "extract")]
pub fn scan_reader(
    engine: &Engine,
    scratch: &mut Scratch,
    source: (&mut dyn Read, &Hint),
    limits: &Limits,
    report: &mut dyn FnMut(Located<'_>),
) -> Result<Summary, ExtractError> {
    let mut tally = Tally::default();
    let (input, hint) = source;
    let (mut quotes, mut places) = (Quotes::default(), HashMap::new());
    let gaps = extract(input, hint, limits, &mut |block| {
        let own = block.owned.clone();
        let scan = engine.scan_part(&block.unit, own, scratch, &mut quotes);
        tally.bytes += u64_of(block.owned.len());
        tally.flooded |= scan.truncated;
        let mut locator = block.locator();
        for found in scan
            .matches
            .into_iter()
            .filter(|found| block.owns(found.span.start))
        {
            let location = locator.locate(found.span.start);
            let location = shown(engine, scratch, location);
            if let Some(located) = tally.locate(&block.unit, found, location) {
                report(located);
            }
        }
        for (document, start) in quotes.begun() {
            let offset = usize::try_from(start.saturating_sub(block.unit.base)).unwrap_or(0);
            places.insert(document, locator.locate(offset));
        }
        if tally.is_full() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    })?;
    for quoted in tally.quoted(engine, &quotes) {
        let location = places.remove(&quoted.document).unwrap_or_default();
        report(of_document(quoted, shown(engine, scratch, location)));
    }
    Ok(tally.summary(gaps))
}

/// The place, without values that stand in the keys of its pointer or in a file's name.
fn shown(engine: &Engine, scratch: &mut Scratch, location: Location) -> Location {
    let pointer = location
        .pointer
        .map(|keys| redact::pointer(engine, scratch, &keys));
    let file = location
        .file
        .map(|name| redact::values(engine, scratch, name));
    Location {
        pointer,
        file,
        ..location
    }
}

fn of_document(quoted: QuotedDocument, location: Location) -> Located<'static> {
    Located {
        preview: quoted.preview(),
        detector: quoted.detector,
        likelihood: quoted.likelihood,
        evidence: quoted.evidence,
        value: Cow::Owned(quoted.name),
        start: quoted.start,
        end: quoted.end,
        location,
    }
}

#[derive(Default)]
struct Tally {
    findings: usize,
    bytes: u64,
    flooded: bool,
}

impl Tally {
    /// Past the bound: one match more than is reported was seen.
    fn is_full(&self) -> bool {
        self.flooded && self.findings >= MAX_FINDINGS
    }

    /// The match as it is reported; none past the bound.
    fn locate<'t>(
        &mut self,
        unit: &'t TextUnit,
        found: Match,
        location: Location,
    ) -> Option<Located<'t>> {
        if self.findings >= MAX_FINDINGS {
            self.flooded = true;
            return None;
        }
        self.findings += 1;
        let as_sent = unit.text.get(found.span.clone()).unwrap_or_default();
        let value = match found.value(&unit.text) {
            read if read == as_sent => Cow::Borrowed(as_sent),
            read => Cow::Owned(read.to_owned()),
        };
        Some(Located {
            value,
            preview: found.preview(&unit.text),
            start: unit.base + u64_of(found.span.start),
            end: unit.base + u64_of(found.span.end),
            location,
            detector: found.detector,
            likelihood: found.likelihood,
            evidence: found.evidence,
        })
    }

    /// The documents that are reported.
    fn quoted(&mut self, engine: &Engine, quotes: &Quotes) -> Vec<QuotedDocument> {
        let mut documents = engine.quoted(quotes);
        self.flooded |= documents.len() > MAX_DOCUMENTS;
        documents.truncate(MAX_DOCUMENTS);
        self.findings += documents.len();
        documents
    }

    fn summary(self, mut gaps: Vec<Gap>) -> Summary {
        if self.flooded {
            gaps.push(Gap::whole(GapReason::TooManyFindings));
        }
        Summary {
            coverage: Coverage::from_gaps(gaps),
            scanned_bytes: self.bytes,
            findings: self.findings,
        }
    }
}

fn u64_of(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[cfg(feature = "extract")]
mod tests {
    use super::*;
    use crate::detect::builtin;

    /// Start, value and location of each finding of a file.
    fn scan(bytes: &[u8], name: &str) -> (Vec<(u64, String, Location)>, Summary) {
        let engine = Engine::compile(&builtin().unwrap()).unwrap();
        let mut found = Vec::new();
        let summary = scan_with(&engine, bytes, name, &mut |hit| {
            found.push((hit.start, hit.value.into_owned(), hit.location));
        });
        (found, summary)
    }

    fn scan_with(
        engine: &Engine,
        mut bytes: &[u8],
        name: &str,
        report: &mut dyn FnMut(Located<'_>),
    ) -> Summary {
        let hint = Hint {
            name: Some(name.to_owned()),
            media_type: None,
        };
        let source = (&mut bytes as &mut dyn Read, &hint);
        let limits = Limits::default();
        scan_reader(engine, &mut Scratch::new(), source, &limits, report).unwrap()
    }

    #[test]
    fn a_value_on_any_side_of_a_block_edge_is_found_exactly_once() {
        // Nothing to cut at near the edge: the cut runs through the value for some of the shifts.
        let card = "4539578763621486";
        for shift in 0..40 {
            let before = (256 << 10) - 30 + shift;
            let text = format!("{}{card}{}", "~".repeat(before), "~".repeat(300_000));
            let (found, summary) = scan(text.as_bytes(), "a.txt");
            let starts: Vec<u64> = found.iter().map(|(start, ..)| *start).collect();
            assert_eq!(starts, [u64_of(before)]);
            assert_eq!(summary.scanned_bytes, u64_of(text.len()));
        }
    }

    #[test]
    fn findings_of_a_file_say_where_they_stand() {
        let (found, summary) = scan(b"name,card\nana,4539578763621486\n", "cards.csv");
        let (start, value, location) = &found[0];
        assert_eq!((*start, value.as_str()), (14, "4539578763621486"));
        assert_eq!((location.row, location.column), (Some(2), Some(2)));
        assert_eq!(location.file.as_deref(), Some("cards.csv"));
        assert_eq!(summary.coverage, Coverage::Complete);
    }

    #[test]
    fn a_json_key_is_context_for_its_value() {
        let (found, _) = scan(br#"{"ssn": "536904399", "id": "536904399"}"#, "a.json");
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].0, found[0].2.pointer.as_deref()),
            (9, Some("/ssn"))
        );
    }

    #[test]
    fn a_flood_is_bounded_and_said_to_be() {
        let text = "ana@corp.io\n".repeat(5_000);
        let (found, summary) = scan(text.as_bytes(), "a.txt");
        assert_eq!(found.len(), MAX_FINDINGS);
        let gaps = vec![Gap::whole(GapReason::TooManyFindings)];
        assert_eq!(summary.coverage, Coverage::Partial { gaps });
    }

    #[test]
    fn the_share_of_a_document_adds_up_over_the_blocks_of_a_file() {
        let (engine, plan) = with_document();
        let text = format!("intro\n{plan}\nend");
        for (name, source) in [
            ("a.txt", text.clone()),
            ("a.json", serde_json::json!(["intro", plan]).to_string()),
            (
                "a.html",
                format!("<p>intro</p>\n<p>{}</p>", plan.replace(". ", "<br>")),
            ),
        ] {
            let mut found = Vec::new();
            let summary = scan_with(&engine, source.as_bytes(), name, &mut |hit| {
                found.push((hit.preview, hit.start..hit.end, hit.location));
            });
            assert_eq!(summary.findings, 1, "{name}");
            let (preview, span, location) = found.first().unwrap();
            assert!(
                ["[100 % of plan.txt]", "[99 % of plan.txt]"].contains(&preview.as_str()),
                "{name}: {preview}"
            );
            assert!(span.start < 200 && span.end > 690_000, "{name}: {span:?}");
            match name {
                "a.txt" => assert_eq!(location.line, Some(2)),
                "a.json" => assert_eq!(location.pointer.as_deref(), Some("/1")),
                _ => assert_eq!(location.part.as_deref(), Some("body")),
            }
        }
    }

    /// An engine that knows one document, longer than two blocks.
    fn with_document() -> (Engine, String) {
        use crate::detect::{
            DocumentDraft, DocumentIndexBuilder, DocumentKey, ExactKey, IndexKeys,
        };
        let words = (0_u64..).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20);
        let words = words.map(|n| format!("w{n:x}{}", if n % 9 == 0 { ". " } else { " " }));
        let mut plan = String::new();
        plan.extend(words.take(60_000));
        let key = DocumentKey::new(&[7; 32], &[8; 32]);
        let mut draft = DocumentDraft::new(key.clone());
        draft.add(&plan, 0..plan.len());
        let mut builder = DocumentIndexBuilder::new(key.clone());
        builder.add(draft).unwrap();
        let spec = serde_json::from_value(serde_json::json!({
            "id": "plans", "name": "Plans", "info_type": "PLAN", "kind": "document_fingerprint",
            "fingerprints": {"documents": ["plan.txt"], "threshold_percent": 90, "index": builder.build().unwrap()},
            "likelihood": "LIKELY", "severity": "HIGH",
        }));
        let set = shared::detector::DetectorSet::of([spec.unwrap()]).unwrap();
        let keys = IndexKeys {
            exact: ExactKey::new(&[9; 32]),
            documents: key,
        };
        (Engine::compile_with(&set, Some(&keys)).unwrap(), plan)
    }

    #[test]
    fn units_at_hand_report_offsets_of_the_whole() {
        let engine = Engine::compile(&builtin().unwrap()).unwrap();
        let unit = TextUnit {
            base: 100,
            ..TextUnit::plain("card 4539578763621486")
        };
        let mut starts = Vec::new();
        scan_units(&engine, &mut Scratch::new(), &[unit], &mut |hit| {
            starts.push((hit.start, hit.end));
        });
        assert_eq!(starts, [(105, 121)]);
    }
}
