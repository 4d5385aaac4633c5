//! Bodies that are one JSON object, read strictly.
//!
//! Owns the limit, refusing a name that stands twice, and the hash by which the same body is known again. What
//! the fields mean is for each resource; [`Fields`] takes them out one by one, so that all mistakes are told at
//! once.
//! **Invariant:** what is said about a body never repeats it.

use std::fmt;

use actix_web::dev::{JsonBody, Payload};
use actix_web::error::JsonPayloadError;
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::LocalBoxFuture;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::problem::{ApiError, ErrorCode};

/// Mistakes that are told one by one.
const TOLD_MISTAKES: usize = 100;

/// A body of at most `MAX_BYTES` that is an object.
pub struct Object<const MAX_BYTES: usize> {
    /// What is in it.
    pub fields: Map<String, Value>,
    /// The SHA-256 of it as it was sent, without blanks around it.
    pub hash: Vec<u8>,
}

impl<const MAX_BYTES: usize> FromRequest for Object<MAX_BYTES> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = JsonBody::<Box<RawValue>>::new(request, payload, None, true).limit(MAX_BYTES);
        Box::pin(async move {
            let raw = body.await.map_err(|error| refusal(&error, MAX_BYTES))?;
            let Strict(value) = serde_json::from_str(raw.get()).map_err(|error| unread(&error))?;
            match value {
                Value::Object(fields) => Ok(Self {
                    fields,
                    hash: digest(&SHA256, raw.get().as_bytes()).as_ref().to_vec(),
                }),
                _ => Err(ApiError::invalid("the body must be a json object")),
            }
        })
    }
}

fn refusal(error: &JsonPayloadError, most: usize) -> ApiError {
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            ApiError::new(ErrorCode::PayloadTooLarge)
                .with_detail(format!("the body has more than {most} bytes"))
        }
        JsonPayloadError::ContentType => ApiError::new(ErrorCode::UnsupportedMediaType)
            .with_detail("the body must be `application/json`"),
        JsonPayloadError::Deserialize(error) => unread(error),
        _ => ApiError::new(ErrorCode::Malformed),
    }
}

fn unread(error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    if error.classify() == Category::Data {
        return ApiError::invalid(format!(
            "line {line}, column {column}: a name stands twice in one object"
        ));
    }
    ApiError::new(ErrorCode::Malformed).with_detail(format!(
        "the body is not json: line {line}, column {column}"
    ))
}

/// JSON in which no object has a name twice: readers would otherwise differ about what it says.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("json")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Strict, E> {
        Ok(Strict(
            Number::from_f64(value).map_or(Value::Null, Value::Number),
        ))
    }

    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Strict(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Strict, A::Error> {
        let mut fields = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if fields.insert(name, value).is_some() {
                return Err(serde::de::Error::custom("a name stands twice"));
            }
        }
        Ok(Strict(fields.into()))
    }
}

/// Takes fields out of an object, and gathers what is wrong with them.
pub struct Fields {
    members: Map<String, Value>,
    at: String,
    errors: Vec<String>,
}

impl Fields {
    /// The fields of a body.
    pub fn new(fields: Map<String, Value>) -> Self {
        Self::at(fields, String::new())
    }

    /// The fields of an object inside of a body; `at` says where, and stands in front of every mistake.
    pub fn at(fields: Map<String, Value>, at: String) -> Self {
        Self {
            members: fields,
            at,
            errors: Vec::new(),
        }
    }

    /// Whether the field is there.
    pub fn has(&self, field: &str) -> bool {
        self.members.contains_key(field)
    }

    /// A field that may be left out.
    pub fn take<T: DeserializeOwned>(
        &mut self,
        field: &str,
        expects: &str,
        fits: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        let value = self.members.remove(field)?;
        let read = serde_json::from_value(value).ok().filter(fits);
        if read.is_none() {
            self.refuse(field, format_args!("is not usable; give {expects}"));
        }
        read
    }

    /// A field that must be there.
    pub fn need<T: DeserializeOwned>(
        &mut self,
        field: &str,
        expects: &str,
        fits: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        if !self.has(field) {
            self.refuse(field, format_args!("is missing; give {expects}"));
        }
        self.take(field, expects, fits)
    }

    /// Notes what is wrong with a field of ours.
    pub fn refuse(&mut self, field: &str, what: impl fmt::Display) {
        self.errors.push(format!("{}`{field}` {what}", self.at));
    }

    /// All mistakes; fields that were not taken are one.
    pub fn end(mut self, known: &str) -> Vec<String> {
        let unknown = self.members.len();
        if unknown > 0 {
            let at = &self.at;
            self.errors.push(format!(
                "{at}{unknown} fields are not known here; there are {known}"
            ));
        }
        self.errors
    }
}

/// The refusal of a body with mistakes: the first hundred one by one.
pub fn unusable(mut mistakes: Vec<String>) -> ApiError {
    if mistakes.len() > TOLD_MISTAKES {
        let more = mistakes.len() - TOLD_MISTAKES;
        mistakes.truncate(TOLD_MISTAKES);
        mistakes.push(format!("and {more} more"));
    }
    ApiError::unusable(mistakes)
}

/// A line of text: no control characters, not only blanks, at most `most` characters.
pub fn is_line(text: &str, most: usize) -> bool {
    text.chars().any(|sign| sign != ' ')
        && !text.chars().any(char::is_control)
        && text.chars().count() <= most
}

/// What [`is_line`] asks for, as a regular expression for the API document.
pub const LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Value, String> {
        let strict: Result<Strict, _> = serde_json::from_str(text);
        strict
            .map(|Strict(value)| value)
            .map_err(|error| unread(&error).detail().unwrap().to_owned())
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_wherever_it_hides() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"x":[{"b":{"a":1,"a":2}}]}"#,
            "{\"a\":1,\"\\u0061\":2}",
        ] {
            let said = read(text).unwrap_err();
            assert!(
                said.ends_with("a name stands twice in one object"),
                "{said}"
            );
        }
    }

    #[test]
    fn what_is_no_json_or_nested_without_end_is_refused() {
        for text in [
            "{",
            "{\"a\":1e999}",
            &"[".repeat(1_000),
            "\"\\ud800\"",
            "nul",
        ] {
            let said = read(text).unwrap_err();
            assert!(said.starts_with("the body is not json"), "{said}");
        }
    }

    proptest! {
        #[test]
        fn what_has_no_name_twice_reads_as_it_is(numbers: Vec<i64>, text in "\\PC{0,20}", real: f64) {
            let value = json!({"n": numbers, "t": text, "f": real, "z": [null, true, {"a": {}}]});
            prop_assert_eq!(read(&value.to_string()).unwrap(), serde_json::from_str::<Value>(&value.to_string()).unwrap());
        }

        #[test]
        fn a_line_is_what_its_pattern_says(text in any::<String>()) {
            let pattern = regex::Regex::new(LINE).unwrap();
            prop_assert_eq!(is_line(&text, usize::MAX), pattern.is_match(&text), "{:?}", text);
        }
    }

    #[test]
    fn all_mistakes_are_told_and_no_value_is() {
        let body = json!({"a": "4111", "b": 4111, "4111": 1});
        let mut fields = Fields::at(body.as_object().unwrap().clone(), "events[3]: ".to_owned());
        let short = |text: &String| text.len() < 3;
        assert_eq!(fields.take("a", "a short text", short), None);
        assert_eq!(fields.take::<String>("b", "a text", |_| true), None);
        assert_eq!(fields.need::<String>("c", "a text", |_| true), None);
        let errors = fields.end("a, b, c");
        insta::assert_snapshot!(errors.join("\n"), @r"
        events[3]: `a` is not usable; give a short text
        events[3]: `b` is not usable; give a text
        events[3]: `c` is missing; give a text
        events[3]: 1 fields are not known here; there are a, b, c
        ");
    }

    #[test]
    fn of_very_many_mistakes_a_hundred_are_told() {
        let refused = unusable(vec!["x".to_owned(); 1_000]);
        assert_eq!(refused.code(), ErrorCode::Unusable);
        let lines = |text: &str, most| is_line(text, most);
        assert!(lines("ä b", 3) && !lines("abcd", 3) && !lines("  ", 3) && !lines("a\nb", 3));
    }
}
