//! The walk over an event that collects its text.
//!
//! Owns the order of the units, their JSON pointers, the joined text of rich text and the folding of exact
//! repetitions. Which strings are structure is for `shape`.
//! **Invariant:** every other string is in some unit, or the walk says `TooComplex`. An exact repetition
//! is emitted once, at its first place: a message carries most of its text twice, in `text` and `blocks`.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Value};
use shared::content::{Gap, GapReason, Location, TextUnit};

use super::shape;

/// All pointers together may take this much; past it a hostile event would cost more than its own length.
const MAX_POINTER_BYTES: usize = 2 * 1024 * 1024;
/// Stands in a pointer for a key that may itself be content.
const HIDDEN_KEY: &str = "*";

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// The strings, each with its JSON pointer; `text` comes before its siblings.
    pub units: Vec<TextUnit>,
    /// Files that were only mentioned, and whether the walk had to stop.
    pub gaps: Vec<Gap>,
}

/// Collects the text of `root`, which stands at the pointer `at`, without the members named in `without`.
pub fn collect(root: &Value, at: &str, without: &[&str]) -> Texts {
    let mut walk = Walk {
        texts: Texts::default(),
        seen: HashSet::new(),
        pointer: at.to_owned(),
        pointer_bytes: 0,
        overflowed: false,
    };
    match root {
        Value::Object(object) => walk.object(object, without),
        other => walk.value("", other),
    }
    if walk.overflowed {
        walk.texts.gaps.push(Gap::whole(GapReason::TooComplex));
    }
    walk.texts
}

struct Walk<'v> {
    texts: Texts,
    seen: HashSet<Cow<'v, str>>,
    pointer: String,
    pointer_bytes: usize,
    overflowed: bool,
}

impl<'v> Walk<'v> {
    /// `key` is the name of the member that holds the value, also through arrays.
    fn value(&mut self, key: &str, value: &'v Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                let digits = number.to_string();
                if shape::is_number_worth_scanning(key, &digits) {
                    self.emit(Cow::Owned(digits));
                }
            }
            Value::String(text) => {
                if !shape::is_structural(key, text) {
                    self.emit(Cow::Borrowed(text));
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.step(&index.to_string(), |walk| {
                        if key == "files" {
                            walk.mention_file(item);
                        }
                        walk.value(key, item);
                    });
                }
            }
            Value::Object(object) => self.object(object, &[]),
        }
    }

    fn object(&mut self, object: &'v Map<String, Value>, without: &[&str]) {
        let text_first = object.get_key_value("text").into_iter();
        let others = object.iter().filter(|(key, _)| key.as_str() != "text");
        for (key, value) in text_first.chain(others) {
            if without.contains(&key.as_str()) {
                continue;
            }
            if shape::is_schema_key(key) {
                self.step(key, |walk| {
                    if key == "slack_file" {
                        walk.mention_file(value);
                    }
                    walk.value(key, value);
                });
            } else {
                self.step(HIDDEN_KEY, |walk| {
                    walk.emit(Cow::Borrowed(key));
                    walk.value(key, value);
                });
            }
        }
        self.joined_rich_text(object);
    }

    /// The elements of a rich text section as a reader sees them: a style change inside a number splits
    /// it into several elements.
    fn joined_rich_text(&mut self, object: &'v Map<String, Value>) {
        let kind = object
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let Some(elements) = object.get("elements").and_then(Value::as_array) else {
            return;
        };
        if !kind.starts_with("rich_text") || elements.len() < 2 {
            return;
        }
        let joined: String = elements.iter().filter_map(visible_text).collect();
        self.emit(Cow::Owned(joined));
    }

    fn mention_file(&mut self, file: &Value) {
        let deleted = file.get("mode").and_then(Value::as_str) == Some("tombstone");
        if file.is_object() && !deleted && self.afford_pointer() {
            self.texts.gaps.push(Gap {
                reason: GapReason::NotFetched,
                part: Some(self.pointer.clone()),
            });
        }
    }

    fn emit(&mut self, text: Cow<'v, str>) {
        if text.trim().is_empty() || self.seen.contains(&*text) || !self.afford_pointer() {
            return;
        }
        self.texts.units.push(TextUnit {
            text: text.clone().into_owned(),
            base: 0,
            location: Location::pointer(self.pointer.clone()),
        });
        self.seen.insert(text);
    }

    fn afford_pointer(&mut self) -> bool {
        self.pointer_bytes += self.pointer.len();
        let affordable = self.pointer_bytes <= MAX_POINTER_BYTES;
        self.overflowed |= !affordable;
        affordable
    }

    fn step(&mut self, segment: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(segment);
        inside(self);
        self.pointer.truncate(length);
    }
}

/// What an inline element shows: text, a link's label or address, a date's or colour's words.
fn visible_text(element: &Value) -> Option<&str> {
    ["text", "url", "fallback", "value"]
        .into_iter()
        .find_map(|key| element.get(key).and_then(Value::as_str))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn units(value: &Value) -> Vec<(String, String)> {
        collect(value, "/event", &[])
            .units
            .into_iter()
            .map(|unit| (unit.location.pointer.unwrap(), unit.text))
            .collect()
    }

    fn pair(pointer: &str, text: &str) -> (String, String) {
        (pointer.to_owned(), text.to_owned())
    }

    #[test]
    fn text_comes_first_and_its_repetition_in_blocks_is_folded() {
        let event = json!({
            "blocks": [{"type": "rich_text", "block_id": "wcwS3", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "hi!"}]}
            ]}],
            "channel": "C0123456789",
            "text": "hi!",
        });
        assert_eq!(units(&event), [pair("/event/text", "hi!")]);
    }

    #[test]
    fn styled_pieces_of_a_section_are_joined_without_separators() {
        let event = json!({"blocks": [{"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "4111 "},
                {"type": "text", "text": "1111", "style": {"bold": true}},
                {"type": "link", "url": "https://a.example", "text": " 1111 1111"},
            ]}
        ]}]});
        let section = "/event/blocks/0/elements/0";
        assert_eq!(
            units(&event),
            [
                pair(&format!("{section}/elements/0/text"), "4111 "),
                pair(&format!("{section}/elements/1/text"), "1111"),
                pair(&format!("{section}/elements/2/text"), " 1111 1111"),
                pair(&format!("{section}/elements/2/url"), "https://a.example"),
                pair(section, "4111 1111 1111 1111"),
            ]
        );
    }

    #[test]
    fn every_kind_of_rich_text_is_joined_wherever_it_stands() {
        let pieces = json!([
            {"type": "text", "text": "4111 "},
            {"type": "text", "text": "1111", "style": {"bold": true}},
            {"type": "emoji", "name": "wave", "unicode": "1f44b"},
            {"type": "text", "text": " 1111 1111", "style": {"code": true}},
        ]);
        for kind in ["section", "quote", "preformatted"] {
            let kind = format!("rich_text_{kind}");
            let part = json!({"type": kind, "elements": pieces});
            let list = json!({"type": "rich_text_list", "style": "bullet", "elements": [part]});
            let cell = json!({"type": "rich_text", "elements": [part]});
            for event in [
                json!({"blocks": [{"type": "rich_text", "elements": [part]}]}),
                json!({"blocks": [{"type": "rich_text", "elements": [list]}]}),
                json!({"blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, cell]]}]}),
                json!({"attachments": [{"message_blocks": [{"message": {"blocks": [cell]}}]}]}),
            ] {
                let units = units(&event);
                let joined = units.iter().find(|(_, text)| text == "4111 1111 1111 1111");
                assert!(joined.is_some(), "{event}: {units:?}");
            }
        }
    }

    #[test]
    fn unknown_blocks_and_keys_are_searched() {
        let event = json!({"blocks": [{"type": "hologram", "glow": {"caption": ["a secret"]}}]});
        assert_eq!(
            units(&event),
            [pair("/event/blocks/0/glow/caption/0", "a secret")]
        );
    }

    #[test]
    fn a_key_that_is_data_is_scanned_and_kept_out_of_the_pointer() {
        let event = json!({"metadata": {"event_payload": {"4111 1111 1111 1111": "card"}}});
        assert_eq!(
            units(&event),
            [
                pair("/event/metadata/event_payload/*", "4111 1111 1111 1111"),
                pair("/event/metadata/event_payload/*", "card"),
            ]
        );
    }

    #[test]
    fn a_long_number_is_text() {
        let event = json!({"metadata": {"event_payload": {"card": 4_111_111_111_111_111_u64}}});
        assert_eq!(
            units(&event),
            [pair(
                "/event/metadata/event_payload/card",
                "4111111111111111"
            )]
        );
    }

    #[test]
    fn a_file_is_described_and_its_content_is_a_gap() {
        let event = json!({"files": [
            {"id": "F0123456789", "name": "cards.csv", "title": "Cards", "preview": "4111",
             "url_private": "https://files.slack.com/files-pri/T1-F1/cards.csv", "mode": "hosted"},
            {"id": "F0123456780", "mode": "tombstone"},
        ]});
        let texts = collect(&event, "/event", &[]);
        let found: Vec<_> = texts.units.iter().map(|unit| unit.text.as_str()).collect();
        assert_eq!(found, ["cards.csv", "4111", "Cards"]);
        assert_eq!(
            texts.gaps,
            [Gap {
                reason: GapReason::NotFetched,
                part: Some("/event/files/0".into())
            }]
        );
    }

    #[test]
    fn members_left_out_are_not_searched() {
        let texts = collect(
            &json!({"text": "a", "root": {"text": "b"}}),
            "/event",
            &["root"],
        );
        assert_eq!(texts.units.len(), 1);
    }

    #[test]
    fn too_many_deep_places_are_a_gap() {
        let leaves: Vec<String> = (0..60_000).map(|n| format!("leaf {n}")).collect();
        let mut value = json!(leaves);
        for _ in 0..30 {
            value = json!({"a_rather_long_member_name": value});
        }
        let texts = collect(&value, "", &[]);
        assert_eq!(texts.gaps, [Gap::whole(GapReason::TooComplex)]);
        assert!(!texts.units.is_empty());
    }
}
