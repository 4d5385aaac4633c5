//! The fields of a body, read one by one, so that all mistakes are told at once.
//!
//! Owns the reading and its words. What a field is for is its route's business.
//! **Invariant:** an error names fields of ours and never repeats what was sent; a name given twice and a name
//! not known are refused.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::{Map, Value};
use shared::clock::whole_microseconds;

use super::problem::ApiError;

/// What a time looks like.
pub const A_TIME: &str = "a time such as 2026-11-21T08:00:00Z";

/// An object that was sent, and what is wrong with it so far.
pub struct Fields {
    left: Map<String, Value>,
    known: Vec<&'static str>,
    errors: Vec<String>,
}

impl Fields {
    /// A field; none if it is not there, or wrong.
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str, expects: &str) -> Option<T> {
        self.known.push(name);
        let value = self.left.remove(name)?;
        let read = serde_json::from_value(value);
        // serde's words repeat the value.
        read.map_err(|_repeats| self.refuse(format!("`{name}` is not usable; give {expects}")))
            .ok()
    }

    /// A field that must be there.
    pub fn need<T: DeserializeOwned>(&mut self, name: &'static str, expects: &str) -> Option<T> {
        if !self.left.contains_key(name) {
            self.refuse(format!("`{name}` is missing; give {expects}"));
        }
        self.take(name, expects)
    }

    /// A text of 1 to `most` characters that is not blank; null is none.
    pub fn text(&mut self, name: &'static str, most: usize) -> Option<String> {
        let expects = format!("a text of 1 to {most} characters");
        let text = self.take::<Option<String>>(name, &expects)??;
        let blank = text.chars().all(char::is_whitespace);
        if blank || text.chars().count() > most {
            self.refuse(format!("`{name}` is not usable; give {expects}"));
            None
        } else {
            Some(text)
        }
    }

    /// A text that must be there.
    pub fn need_text(&mut self, name: &'static str, most: usize) -> Option<String> {
        if !self.is_given(name) {
            self.refuse(format!(
                "`{name}` is missing; give a text of 1 to {most} characters"
            ));
        }
        self.text(name, most)
    }

    /// A time, or null.
    pub fn time(&mut self, name: &'static str) -> Option<Option<DateTime<Utc>>> {
        let expects = format!("{A_TIME}, or null");
        let Some(text) = self.take::<Option<String>>(name, &expects)? else {
            return Some(None);
        };
        let time = rfc3339(&text);
        if time.is_none() {
            self.refuse(format!("`{name}` is not usable; give {expects}"));
        }
        time.map(Some)
    }

    /// A time that must be there.
    pub fn need_time(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        if !self.is_given(name) {
            self.refuse(format!("`{name}` is missing; give {A_TIME}"));
        }
        self.time(name).flatten()
    }

    /// Whether a field is there that was not read yet.
    pub fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// The same, and it is not null.
    pub fn is_given(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(|value| !value.is_null())
    }

    /// Fields that are not needed here, and do no harm.
    pub fn pass_over(&mut self, names: &[&'static str]) {
        for name in names {
            self.known.push(name);
            self.left.remove(*name);
        }
    }

    /// Something that is wrong.
    pub fn refuse(&mut self, error: impl Into<String>) {
        self.errors.push(error.into());
    }

    /// What was read, if nothing is wrong and nothing is left.
    ///
    /// # Errors
    /// [`Unusable`](super::ErrorCode::Unusable) with everything that is wrong (permanent).
    pub fn end<T>(mut self, read: Option<T>) -> Result<T, ApiError> {
        if !self.left.is_empty() {
            let (count, known) = (self.left.len(), self.known.join(", "));
            self.refuse(format!(
                "{count} fields are not known here; known are {known}"
            ));
        }
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            _ => Err(ApiError::unusable(self.errors)),
        }
    }
}

/// A time of the years 0 to 9999, which every database can keep, cut to what they keep of it.
pub fn rfc3339(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(whole_microseconds(time.with_timezone(&Utc)))
}

/// The words of an enumeration, for people.
pub fn one_of(words: impl IntoIterator<Item = &'static str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    format!("one of {}", words.join(", "))
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut sent: A) -> Result<Self::Value, A::Error> {
                let mut fields = Map::new();
                while let Some((name, value)) = sent.next_entry::<String, Value>()? {
                    if fields.insert(name, value).is_some() {
                        return Err(<A::Error as de::Error>::custom("a field is given twice"));
                    }
                }
                Ok(fields)
            }
        }

        let left = deserializer.deserialize_map(Object)?;
        Ok(Self {
            left,
            known: Vec::new(),
            errors: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::api::problem::ErrorCode;

    fn fields(value: Value) -> Fields {
        serde_json::from_value(value).unwrap()
    }

    fn errors(fields: Fields) -> Vec<String> {
        let error = fields.end(Some(())).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unusable);
        error.errors().to_vec()
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let mut sent = fields(json!({"n": "4111", "text": " ", "time": "soon", "4111": 1}));
        assert_eq!(sent.take::<u8>("n", "a number"), None);
        assert_eq!(sent.need::<u8>("m", "a number"), None);
        assert_eq!(sent.text("text", 5), None);
        assert_eq!(sent.time("time"), None);
        let told = errors(sent);
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(!told.concat().contains("4111"));
        assert_eq!(
            told[4],
            "1 fields are not known here; known are n, m, text, time"
        );
    }

    #[test]
    fn what_is_absent_differs_from_what_is_null() {
        let mut sent = fields(json!({"until": null}));
        assert_eq!(sent.time("until"), Some(None));
        assert_eq!(sent.time("from"), None);
        assert!(sent.end(Some(())).is_ok());
    }

    #[test]
    fn a_name_that_is_given_twice_is_refused() {
        assert!(serde_json::from_str::<Fields>(r#"{"a": 1, "a": 2}"#).is_err());
        assert!(serde_json::from_str::<Fields>("[1]").is_err());
    }

    #[test]
    fn a_text_is_counted_in_characters() {
        let long = "ä".repeat(6);
        for (text, fits) in [
            ("äääää", true),
            (long.as_str(), false),
            ("", false),
            ("\n\t", false),
        ] {
            let mut sent = fields(json!({"text": text}));
            assert_eq!(sent.text("text", 5).is_some(), fits, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn only_times_that_a_database_can_keep_are_times(text in "[+-]?[0-9]{0,7}(-[0-9]{2}){2}T[0-9:]{8}(Z|[+-][0-9:]{5})") {
            if let Some(time) = rfc3339(&text) {
                let year = chrono::Datelike::year(&time);
                prop_assert!((-1..=10_000).contains(&year), "{text}");
            }
        }
    }
}
