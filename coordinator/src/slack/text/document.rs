//! A JSON body, read within bounds.
//!
//! Owns the limits on depth and number of values, and the repair of broken text. Leaves the strings inside
//! to the walk.
//! **Invariant:** memory is proportional to the body's length with a fixed ceiling on the number of values;
//! what is left out for it is remembered.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use shared::content::{Gap, GapReason};
use shared::job::RetryClass;

/// Deeper values are left out. Slack's own nest less than 20 deep.
const MAX_DEPTH: usize = 64;
/// Further values are left out. The largest table Slack allows has some 10,000.
const MAX_VALUES: usize = 50_000;

/// A body that is JSON, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// The outermost value.
    pub root: Value,
    /// Something was too deep or too numerous and is missing from `root`.
    pub cut: bool,
    /// An object named a key twice; only the first value is in `root`.
    pub repeated_keys: bool,
    /// The body held bytes that are no text and was read with replacement characters.
    pub repaired: bool,
}

/// The body is no JSON at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("body is not json")]
pub struct NotJson;

impl NotJson {
    /// Permanent: the same bytes will not become JSON.
    pub const fn class(self) -> RetryClass {
        RetryClass::Permanent
    }
}

impl Document {
    /// Reads a body. Invalid UTF-8 and unpaired surrogates, which Slack never sends, are replaced rather
    /// than refused: a message must not escape the scan by a broken character.
    ///
    /// # Errors
    /// [`NotJson`] (permanent).
    pub fn parse(raw: &[u8]) -> Result<Self, NotJson> {
        Self::parse_up_to(MAX_VALUES, raw)
    }

    /// Reads a body of which another number of values is to be kept.
    ///
    /// # Errors
    /// [`NotJson`] (permanent).
    pub fn parse_up_to(max_values: usize, raw: &[u8]) -> Result<Self, NotJson> {
        let text = String::from_utf8_lossy(raw);
        let repaired = matches!(text, Cow::Owned(_));
        if let Ok(document) = read(&text, max_values) {
            return Ok(Self {
                repaired,
                ..document
            });
        }
        // serde_json quotes no reason that could help here: either surrogates were it, or nothing was.
        let document = read(&without_lone_surrogates(&text), max_values).or(Err(NotJson))?;
        Ok(Self {
            repaired: true,
            ..document
        })
    }

    /// What was left out, as it is reported.
    pub fn gaps(&self) -> Vec<Gap> {
        let too_complex = self.cut.then(|| Gap::whole(GapReason::TooComplex));
        let malformed = self.repeated_keys.then(|| Gap::whole(GapReason::Malformed));
        too_complex.into_iter().chain(malformed).collect()
    }
}

fn read(text: &str, max_values: usize) -> Result<Document, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut budget = Budget {
        values: max_values,
        cut: false,
        repeated_keys: false,
    };
    let root = Bounded {
        budget: &mut budget,
        depth: 0,
    }
    .deserialize(&mut reader)?;
    reader.end()?;
    Ok(Document {
        root,
        cut: budget.cut,
        repeated_keys: budget.repeated_keys,
        repaired: false,
    })
}

struct Budget {
    values: usize,
    cut: bool,
    repeated_keys: bool,
}

struct Bounded<'b> {
    budget: &'b mut Budget,
    depth: usize,
}

impl Bounded<'_> {
    fn child(&mut self) -> Bounded<'_> {
        Bounded {
            budget: self.budget,
            depth: self.depth + 1,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        if self.depth > MAX_DEPTH || self.budget.values == 0 {
            self.budget.cut = true;
            // Ignoring does not recurse in serde_json, so no nesting is deep enough to fail.
            reader.deserialize_ignored_any(IgnoredAny)?;
            return Ok(Value::Null);
        }
        self.budget.values -= 1;
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any json value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while self.budget.values > 0 {
            match items.next_element_seed(self.child())? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {
            self.budget.cut = true;
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while self.budget.values > 0 {
            let Some(key) = members.next_key::<String>()? else {
                return Ok(Value::Object(object));
            };
            let value = members.next_value_seed(self.child())?;
            if object.contains_key(&key) {
                self.budget.repeated_keys = true;
            } else {
                object.insert(key, value);
            }
        }
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            self.budget.cut = true;
        }
        Ok(Value::Object(object))
    }
}

/// Replaces `\ud800` to `\udfff` escapes that stand alone by `\ufffd`.
fn without_lone_surrogates(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut repaired = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let (piece, length): (&[u8], usize) = match (byte, escaped_unit(bytes, at)) {
            (b'\\', Some(0xD800..=0xDBFF)) => match escaped_unit(bytes, at + 6) {
                Some(0xDC00..=0xDFFF) => (bytes.get(at..at + 12).unwrap_or_default(), 12),
                _ => (br"\ufffd", 6),
            },
            (b'\\', Some(0xDC00..=0xDFFF)) => (br"\ufffd", 6),
            // Any other escape is copied with the byte after it, so that `\\u` is not taken for `\u`.
            (b'\\', _) => (bytes.get(at..at + 2).unwrap_or(b"\\"), 2),
            _ => (bytes.get(at..=at).unwrap_or_default(), 1),
        };
        repaired.extend_from_slice(piece);
        at += length;
    }
    String::from_utf8_lossy(&repaired).into_owned()
}

fn escaped_unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(br"\u")?;
    let digits = str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn root(raw: &str) -> Value {
        Document::parse(raw.as_bytes()).unwrap().root
    }

    #[test]
    fn reads_what_serde_json_reads() {
        let raw = r#"{"a":[1,-2,1.5,true,null,"x"],"b":{"c":{}},"ts":"1700000000.000100"}"#;
        assert_eq!(root(raw), serde_json::from_str::<Value>(raw).unwrap());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for raw in [
            "",
            "{",
            "payload=%7B%7D",
            "{} {}",
            "\u{0}",
            r#"{"a":"\ud800"#,
        ] {
            assert_eq!(Document::parse(raw.as_bytes()), Err(NotJson), "{raw}");
        }
    }

    #[test]
    fn hostile_nesting_is_cut_and_said_so() {
        let raw = format!("{}\"deep\"{}", "[".repeat(200_000), "]".repeat(200_000));
        let document = Document::parse(raw.as_bytes()).unwrap();
        assert!(document.cut);
        assert_eq!(document.gaps(), [Gap::whole(GapReason::TooComplex)]);
    }

    #[test]
    fn a_flood_of_values_is_cut_and_said_so() {
        let raw = format!("[{}0]", "{\"a\":0},".repeat(MAX_VALUES));
        let document = Document::parse(raw.as_bytes()).unwrap();
        assert!(document.cut);
        assert!(document.root.as_array().unwrap().len() <= MAX_VALUES);
    }

    #[test]
    fn a_body_within_the_bounds_has_no_gaps() {
        let document = Document::parse(br#"{"event":{"text":"hi"}}"#).unwrap();
        assert_eq!(document.gaps(), []);
        assert!(!document.repaired);
    }

    #[test]
    fn a_repeated_key_is_a_gap() {
        let document = Document::parse(br#"{"text":"first","text":"second"}"#).unwrap();
        assert_eq!(document.root, json!({"text": "first"}));
        assert_eq!(document.gaps(), [Gap::whole(GapReason::Malformed)]);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let document = Document::parse(b"{\"text\":\"a\xffb\"}").unwrap();
        assert_eq!(document.root, json!({"text": "a\u{fffd}b"}));
        assert!(document.repaired);
    }

    #[test]
    fn lone_surrogates_are_replaced_and_pairs_kept() {
        let document =
            Document::parse(br#"{"text":"\ud800 \udc00x \ud83d\ude00 \\ud800 \n"}"#).unwrap();
        assert_eq!(
            document.root,
            json!({"text": "\u{fffd} \u{fffd}x \u{1f600} \\ud800 \n"})
        );
        assert!(document.repaired);
    }

    proptest! {
        #[test]
        fn never_panics_on_any_bytes(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _outcome = Document::parse(&raw);
        }

        #[test]
        fn repairing_leaves_sound_text_as_it_is(text in "([a-z\\\\\"]|\\PC|\\\\u00e9){0,40}") {
            prop_assert_eq!(without_lone_surrogates(&text), text);
        }
    }
}
