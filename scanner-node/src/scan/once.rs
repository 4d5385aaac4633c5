//! One value of one message, reported once.
//!
//! Owns which findings of several units say the same: Slack sends most of a message twice, as `text` and in
//! `blocks`, and its rich text in pieces beside the whole. Leaves repetition within a unit alone: a value that
//! is written twice is two findings.
//! **Invariant:** each value is reported where it stands most often, in the first such place; a part of a value
//! is not reported beside the whole that it was cut from.

use std::collections::HashMap;

use shared::content::Location;

use super::Located;

/// Keeps, of each value, the findings in the one place that has most of them.
pub(super) fn once(found: Vec<Located<'_>>) -> Vec<Located<'_>> {
    let said = Said::of(&found);
    let keep: Vec<bool> = found.iter().map(|located| said.keeps(located)).collect();
    let pairs = found.into_iter().zip(keep);
    pairs
        .filter_map(|(located, keep)| keep.then_some(located))
        .collect()
}

/// InfoType and letters of a value.
type Value = (String, String);

/// What is said where.
struct Said {
    /// Each place with the number of findings in it, in order.
    places: HashMap<Value, Vec<(Location, usize)>>,
    /// The values that stand at a pointer.
    at: HashMap<String, Vec<Value>>,
}

impl Said {
    fn of(found: &[Located<'_>]) -> Self {
        let mut said = Self {
            places: HashMap::new(),
            at: HashMap::new(),
        };
        for located in found {
            let value = value_of(located);
            let places = said.places.entry(value.clone()).or_default();
            match places
                .iter_mut()
                .find(|(place, _)| *place == located.location)
            {
                Some((_, count)) => *count += 1,
                None => places.push((located.location.clone(), 1)),
            }
            if let Some(pointer) = &located.location.pointer {
                said.at.entry(pointer.clone()).or_default().push(value);
            }
        }
        said
    }

    fn keeps(&self, located: &Located<'_>) -> bool {
        let value = value_of(located);
        let places = self.places.get(&value);
        // The first of equals: `text` stands before `blocks`.
        let most = places.and_then(|places| places.iter().rev().max_by_key(|(_, count)| *count));
        most.is_some_and(|(place, _)| *place == located.location)
            && !self.is_a_part(located, &value)
    }

    /// Whether the whole, at a pointer above, holds a longer value of which this one is a part.
    fn is_a_part(&self, located: &Located<'_>, (info_type, letters): &Value) -> bool {
        let pointer = located.location.pointer.as_deref().unwrap_or_default();
        let above = pointer
            .match_indices('/')
            .filter_map(|(end, _)| pointer.get(..end));
        above
            .filter_map(|above| self.at.get(above))
            .flatten()
            .any(|(of, whole)| {
                of == info_type && whole.len() > letters.len() && whole.contains(letters.as_str())
            })
    }
}

fn value_of(located: &Located<'_>) -> Value {
    let letters = located.value.chars().filter(|c| c.is_alphanumeric());
    let mut letters: String = letters.collect();
    if letters.is_empty() {
        letters.push_str(&located.value);
    }
    (located.detector.info_type.to_string(), letters)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use shared::content::TextUnit;

    use crate::detect::{Engine, Scratch, builtin};
    use crate::scan::scan_units;

    static ENGINE: LazyLock<Engine> =
        LazyLock::new(|| Engine::compile(&builtin().unwrap()).unwrap());

    /// Pointer and value of each finding in units of these pointers and texts.
    fn found(units: &[(&str, &str)]) -> Vec<(String, String)> {
        let units: Vec<TextUnit> = units
            .iter()
            .map(|(pointer, text)| TextUnit {
                location: shared::content::Location::pointer(*pointer),
                ..TextUnit::plain(*text)
            })
            .collect();
        let mut found = Vec::new();
        let summary = scan_units(&ENGINE, &mut Scratch::new(), &units, &mut |located| {
            found.push((
                located.location.pointer.unwrap(),
                located.value.into_owned(),
            ));
        });
        assert_eq!(summary.findings, found.len());
        found
    }

    fn pair(pointer: &str, value: &str) -> (String, String) {
        (pointer.to_owned(), value.to_owned())
    }

    #[test]
    fn what_text_and_blocks_both_say_is_reported_in_text() {
        let kept = found(&[
            ("/text", "card 4539 5787 6362 1486"),
            ("/blocks/0", "card 4539 5787 6362 1486 and ana@corp.io"),
        ]);
        let kept_first = pair("/text", "4539 5787 6362 1486");
        assert_eq!(kept, [kept_first, pair("/blocks/0", "ana@corp.io")]);
    }

    #[test]
    fn the_same_value_in_another_spelling_is_the_same() {
        let kept = found(&[
            (
                "/text",
                "*4539* 5787 *6362* 1486 or <mailto:ana@corp.io|ana@corp.io>",
            ),
            ("/blocks/0/elements/0", "４５３９ 5787\u{A0}6362 1486"),
            ("/blocks/0/elements/1/url", "mailto:ana@corp.io"),
        ]);
        let card = pair("/text", "4539 5787 6362 1486");
        assert_eq!(kept, [card, pair("/text", "ana@corp.io")]);
    }

    #[test]
    fn a_value_written_twice_in_one_place_is_two_findings() {
        let kept = found(&[
            ("/text", "ana@corp.io"),
            ("/blocks/0", "ana@corp.io, ana@corp.io"),
        ]);
        let twice = pair("/blocks/0", "ana@corp.io");
        assert_eq!(kept, [twice.clone(), twice]);
    }

    #[test]
    fn a_piece_of_rich_text_is_not_reported_beside_the_whole() {
        let section = "/blocks/0/elements/0";
        let kept = found(&[
            (&format!("{section}/elements/0/text"), "to jo"),
            (&format!("{section}/elements/1/text"), "hn@corp.io"),
            (section, "to john@corp.io"),
        ]);
        assert_eq!(kept, [pair(section, "john@corp.io")]);
        let apart = found(&[("/text", "hn@corp.io"), (section, "to john@corp.io")]);
        assert_eq!(apart.len(), 2);
    }
}
