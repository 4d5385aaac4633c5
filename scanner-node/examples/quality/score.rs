//! Labels against findings: what was right, what was wrong, what was missed.
//!
//! Owns matching and counting. Any common byte makes a finding right; each label counts once.
//! **Invariant:** right + missed = labels, right + wrong = findings, after spans of one class that touch
//! are merged on both sides.

use std::collections::BTreeMap;
use std::ops::Range;

use super::canon::{class_of, is_often_split};

/// A span of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) class: String,
    pub(crate) at: Range<usize>,
}

/// Counts of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) right: usize,
    pub(crate) wrong: usize,
    pub(crate) missed: usize,
}

impl Counts {
    pub(crate) fn precision(self) -> Option<f64> {
        ratio(self.right, self.right + self.wrong)
    }

    pub(crate) fn recall(self) -> Option<f64> {
        ratio(self.right, self.right + self.missed)
    }

    /// The harmonic mean of both.
    pub(crate) fn f1(self) -> Option<f64> {
        ratio(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }
}

/// `part` of `whole`; none of nothing.
pub(crate) fn ratio(part: usize, whole: usize) -> Option<f64> {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    (whole > 0).then(|| number(part) / number(whole))
}

/// Spans by class, in order, merged.
pub(crate) fn merged<'n>(
    text: &str,
    spans: impl IntoIterator<Item = (&'n str, Range<usize>)>,
) -> Vec<Span> {
    let mut by_class: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
    for (name, span) in spans {
        if let Some(class) = class_of(name) {
            by_class.entry(class).or_default().push(span);
        }
    }
    let mut all = Vec::new();
    for (class, mut spans) in by_class {
        spans.sort_by_key(|span| (span.start, span.end));
        let mut last: Option<Range<usize>> = None;
        for span in spans {
            last = Some(match last {
                Some(before) if belong_together(text, class, &before, &span) => {
                    before.start..before.end.max(span.end)
                }
                before => {
                    all.extend(before.map(|at| Span {
                        class: class.to_owned(),
                        at,
                    }));
                    span
                }
            });
        }
        all.extend(last.map(|at| Span {
            class: class.to_owned(),
            at,
        }));
    }
    all
}

fn belong_together(text: &str, class: &str, before: &Range<usize>, after: &Range<usize>) -> bool {
    if after.start <= before.end {
        return true;
    }
    let between = text.get(before.end..after.start);
    is_often_split(class)
        && between.is_some_and(|between| {
            between.len() <= 2 && between.chars().all(|c| matches!(c, ' ' | ',' | '\n'))
        })
}

/// Counts by class.
pub(crate) fn compare(labels: &[Span], findings: &[Span]) -> BTreeMap<String, Counts> {
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    let mut used = vec![false; labels.len()];
    let mut findings: Vec<&Span> = findings.iter().collect();
    findings.sort_by_key(|finding| (finding.at.start, finding.at.end));
    for finding in findings {
        let best = labels
            .iter()
            .enumerate()
            .filter(|(index, label)| {
                label.class == finding.class && used.get(*index) == Some(&false)
            })
            .map(|(index, label)| (common(&label.at, &finding.at), index))
            .filter(|(common, _)| *common > 0)
            .max_by_key(|(common, index)| (*common, std::cmp::Reverse(*index)));
        let count = counts.entry(finding.class.clone()).or_default();
        match best.and_then(|(_, index)| used.get_mut(index)) {
            Some(used) => {
                *used = true;
                count.right += 1;
            }
            None => count.wrong += 1,
        }
    }
    for (label, _) in labels.iter().zip(&used).filter(|(_, used)| !**used) {
        counts.entry(label.class.clone()).or_default().missed += 1;
    }
    counts
}

/// How many bytes two spans share.
fn common(a: &Range<usize>, b: &Range<usize>) -> usize {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(class: &str, at: Range<usize>) -> Span {
        Span {
            class: class.to_owned(),
            at,
        }
    }

    #[test]
    fn each_label_makes_one_finding_right() {
        let labels = [span("A", 0..10), span("A", 20..30), span("B", 0..10)];
        let findings = [span("A", 5..8), span("A", 8..12), span("C", 0..10)];
        let counts = compare(&labels, &findings);
        let of = |class: &str| counts[class];
        assert_eq!(
            of("A"),
            Counts {
                right: 1,
                wrong: 1,
                missed: 1
            }
        );
        assert_eq!(
            of("B"),
            Counts {
                missed: 1,
                ..Counts::default()
            }
        );
        assert_eq!(
            of("C"),
            Counts {
                wrong: 1,
                ..Counts::default()
            }
        );
    }

    #[test]
    fn touching_spans_are_one_and_names_may_be_parted_by_a_blank() {
        let text = "Ana Lopez 12345";
        let spans = [
            ("PERSON", 0..3),
            ("LAST_NAME", 4..9),
            ("IBAN", 10..12),
            ("IBAN", 13..15),
        ];
        assert_eq!(
            merged(text, spans),
            [
                span("IBAN", 10..12),
                span("IBAN", 13..15),
                span("PERSON", 0..9)
            ]
        );
        let touching = [("IBAN", 10..12), ("IBAN_CODE", 12..15), ("AGE", 0..3)];
        assert_eq!(merged(text, touching), [span("IBAN", 10..15)]);
    }

    #[test]
    fn nothing_labelled_and_nothing_found_have_no_ratio() {
        assert_eq!(Counts::default().precision(), None);
        let counts = Counts {
            right: 3,
            wrong: 1,
            missed: 2,
        };
        assert_eq!(counts.precision(), Some(0.75));
        assert_eq!(counts.recall(), Some(0.6));
        assert_eq!(counts.f1(), Some(6.0 / 9.0));
    }
}
