//! Bodies that are one JSON object, read strictly.
//!
//! Owns refusing a member that is named twice, limits other than the usual one, and the hash by which the same
//! body is known again. What the members mean is for each resource, which takes them out by `fields`.
//! **Invariant:** what is said about a body never repeats it.

use std::fmt;

use actix_web::dev::{JsonBody, Payload};
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::LocalBoxFuture;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::extract::{NO_OBJECT, TWICE, of_json, of_reading};
use super::problem::ApiError;

/// A JSON object of which no object in it names a member twice: of two values for one name nobody knows which
/// is meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(pub Map<String, Value>);

/// An object of at most `MAX_BYTES`, where the limit is not the usual one.
pub struct Body<const MAX_BYTES: usize>(pub Object);

/// An object of at most `MAX_BYTES` that may be sent again.
pub struct Repeatable<const MAX_BYTES: usize> {
    /// What is in it.
    pub object: Object,
    /// The SHA-256 of it as it was sent, without blanks around it.
    pub hash: Vec<u8>,
}

impl<const MAX_BYTES: usize> FromRequest for Body<MAX_BYTES> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = JsonBody::<Object>::new(request, payload, None, true).limit(MAX_BYTES);
        Box::pin(async move {
            body.await
                .map(Self)
                .map_err(|error| of_json(&error, MAX_BYTES))
        })
    }
}

impl<const MAX_BYTES: usize> FromRequest for Repeatable<MAX_BYTES> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = JsonBody::<Box<RawValue>>::new(request, payload, None, true).limit(MAX_BYTES);
        Box::pin(async move {
            let raw = body.await.map_err(|error| of_json(&error, MAX_BYTES))?;
            let object = serde_json::from_str(raw.get());
            Ok(Self {
                object: object.map_err(|error| of_reading(&error))?,
                hash: digest(&SHA256, raw.get().as_bytes()).as_ref().to_vec(),
            })
        })
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Once.deserialize(deserializer)? {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(D::Error::custom(NO_OBJECT)),
        }
    }
}

/// Reads any value; a member that is named twice is an error.
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("json")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Self)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Value, String> {
        let object = serde_json::from_str::<Object>(text);
        let told = |error: serde_json::Error| of_reading(&error).detail().map(str::to_owned);
        object
            .map(|Object(members)| Value::Object(members))
            .map_err(|error| told(error).unwrap())
    }

    #[test]
    fn a_member_named_twice_is_refused_however_deep() {
        for twice in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": [{"b": 1, "b": 2}]}"#,
            r#"{"a": {"b": 1, "\u0062": 2}}"#,
        ] {
            assert!(read(twice).unwrap_err().ends_with(TWICE), "{twice}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for other in ["[]", "1", "null", "\"a\"", "true"] {
            assert!(read(other).unwrap_err().ends_with(NO_OBJECT), "{other}");
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
        fn what_names_no_member_twice_reads_as_it_is(numbers: Vec<i64>, text in "\\PC{0,20}", real: f64) {
            let value = json!({"n": numbers, "t": text, "f": real, "z": [null, true, {"a": {}}]});
            let theirs = serde_json::from_str::<Value>(&value.to_string()).unwrap();
            prop_assert_eq!(read(&value.to_string()).unwrap(), theirs);
        }
    }
}
