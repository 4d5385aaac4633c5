//! Drafts read field by field, so that everything that is wrong with one is told at once.
//!
//! Owns objects that name no member twice, and taking values out of them with the path of each. Leaves what
//! the fields mean to the resources.
//! **Invariant:** a fault names a place by names of ours and numbers, and never repeats what was sent.

use std::cell::RefCell;
use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Most faults told at once.
const MAX_FAULTS: usize = 100;

/// A JSON object of which no object in it names a member twice: of two values for one name nobody knows which
/// is meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Once.deserialize(deserializer)? {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(D::Error::custom("not an object")),
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
        Ok(value.into())
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
                return Err(A::Error::custom("a member is named twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// Everything that is wrong so far.
#[derive(Debug, Default)]
pub struct Faults(RefCell<Vec<String>>);

impl Faults {
    /// Notes what is wrong at a place.
    pub fn note(&self, at: &str, what: &str) {
        let mut faults = self.0.borrow_mut();
        if faults.len() < MAX_FAULTS {
            faults.push(format!("`{at}`: {what}"));
        }
    }

    /// What was read, if nothing is wrong.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn none<T>(self, read: T) -> Result<T, Vec<String>> {
        let faults = self.0.into_inner();
        if faults.is_empty() {
            Ok(read)
        } else {
            Err(faults)
        }
    }
}

/// The members of an object, to be taken out one by one.
pub struct Fields<'f> {
    at: String,
    members: Map<String, Value>,
    faults: &'f Faults,
}

/// A value and where it stands.
pub struct Item {
    /// The path, from the draft.
    pub at: String,
    /// The value.
    pub value: Value,
}

impl<'f> Fields<'f> {
    /// The members of a draft.
    pub fn of_draft(draft: Object, faults: &'f Faults) -> Self {
        Self {
            at: String::new(),
            members: draft.0,
            faults,
        }
    }

    /// The members of an object in a draft.
    pub fn of_item(item: Item, faults: &'f Faults) -> Option<Self> {
        let Value::Object(members) = item.value else {
            faults.note(&item.at, "give an object");
            return None;
        };
        Some(Self {
            at: item.at,
            members,
            faults,
        })
    }

    /// Whether a member is there.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// A member; none if it is absent or null.
    pub fn item(&mut self, name: &str) -> Option<Item> {
        let value = self.members.remove(name)?;
        let at = self.place(name);
        (!value.is_null()).then_some(Item { at, value })
    }

    /// A member that is an object.
    pub fn object(&mut self, name: &str) -> Option<Self> {
        let item = self.item(name)?;
        Self::of_item(item, self.faults)
    }

    /// A member of any type that can be told in a few words.
    pub fn read<T: DeserializeOwned>(&mut self, name: &str, expects: &str) -> Option<T> {
        let item = self.item(name)?;
        item.read(expects, self.faults)
    }

    /// A member that is a whole number of a range.
    pub fn whole(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let item = self.item(name)?;
        let number = item.value.as_i64().filter(|number| range.contains(number));
        if number.is_none() {
            let expects = format!(
                "give a whole number from {} to {}",
                range.start(),
                range.end()
            );
            self.faults.note(&item.at, &expects);
        }
        number
    }

    /// A member that is a text of at most so many characters, not blank and without control characters.
    pub fn text(&mut self, name: &str, longest: usize) -> Option<String> {
        let item = self.item(name)?;
        let text = item.value.as_str().map(str::trim);
        let text = text.filter(|text| {
            !text.is_empty() && text.chars().count() <= longest && !text.contains(char::is_control)
        });
        if text.is_none() {
            let expects = format!("give a text of 1 to {longest} characters on one line");
            self.faults.note(&item.at, &expects);
        }
        text.map(str::to_owned)
    }

    /// The items of a member that is a list of at most so many.
    pub fn list(&mut self, name: &str, most: usize) -> Option<Vec<Item>> {
        let Item { at, value } = self.item(name)?;
        let Value::Array(values) = value else {
            self.faults.note(&at, "give a list");
            return None;
        };
        if values.len() > most {
            self.faults.note(&at, &format!("give at most {most}"));
            return None;
        }
        let items = values.into_iter().enumerate().map(|(number, value)| Item {
            at: format!("{at}[{number}]"),
            value,
        });
        Some(items.collect())
    }

    /// Notes a member that must be there and is not.
    pub fn require(&self, name: &str, expects: &str) {
        if self.members.get(name).is_none_or(Value::is_null) {
            self.faults
                .note(&self.place(name), &format!("is missing; give {expects}"));
        }
    }

    /// Notes members that nobody took out.
    pub fn end(self, known: &str) {
        let count = self.members.len();
        if count > 0 {
            let at = if self.at.is_empty() { "body" } else { &self.at };
            let what = format!("{count} fields are not known here; there are {known}");
            self.faults.note(at, &what);
        }
    }

    fn place(&self, name: &str) -> String {
        if self.at.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.at)
        }
    }
}

impl Item {
    /// The value as something of ours.
    pub fn read<T: DeserializeOwned>(self, expects: &str, faults: &Faults) -> Option<T> {
        match serde_json::from_value(self.value) {
            Ok(value) => Some(value),
            // serde's words repeat the value.
            Err(_repeats) => {
                faults.note(&self.at, &format!("give {expects}"));
                None
            }
        }
    }

    /// The value, if it is a text.
    pub fn as_text(&self) -> Option<&str> {
        self.value.as_str()
    }
}

/// `one of a, b, c`.
pub fn one_of<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> String {
    let words: Vec<&str> = all.iter().map(|&one| word(one)).collect();
    format!("one of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn faults(draft: &Value, read: impl FnOnce(&mut Fields<'_>)) -> Vec<String> {
        let faults = Faults::default();
        let draft = Object(draft.as_object().unwrap().clone());
        let mut fields = Fields::of_draft(draft, &faults);
        read(&mut fields);
        fields.end("a, b");
        faults.none(()).err().unwrap_or_default()
    }

    #[test]
    fn a_member_named_twice_is_refused_however_deep() {
        for twice in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": [{"b": 1, "b": 2}]}"#,
            r#"{"a": {"b": 1, "\u0062": 2}}"#,
        ] {
            let refused = serde_json::from_str::<Object>(twice).unwrap_err();
            assert!(refused.to_string().contains("twice"), "{twice}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for other in ["[]", "1", "null", "\"a\"", "true"] {
            assert!(serde_json::from_str::<Object>(other).is_err(), "{other}");
        }
    }

    #[test]
    fn faults_name_places_and_never_values() {
        let draft = json!({"a": [{"n": 4111}, 4111], "b": "x\u{0}4111", "4111": 1});
        let told = faults(&draft, |fields| {
            for item in fields.list("a", 9).unwrap() {
                if let Some(mut inner) = Fields::of_item(item, fields.faults) {
                    inner.whole("n", 1..=9);
                }
            }
            fields.text("b", 9);
            fields.require("c", "something");
        });
        assert_eq!(
            told,
            [
                "`a[0].n`: give a whole number from 1 to 9",
                "`a[1]`: give an object",
                "`b`: give a text of 1 to 9 characters on one line",
                "`c`: is missing; give something",
                "`body`: 1 fields are not known here; there are a, b",
            ]
        );
    }

    #[test]
    fn numbers_outside_or_not_whole_and_long_lists_are_refused() {
        for value in [
            json!(0),
            json!(10),
            json!(1.5),
            json!("1"),
            json!(1e300),
            json!([]),
        ] {
            let told = faults(&json!({ "a": value }), |fields| {
                assert_eq!(fields.whole("a", 1..=9), None);
            });
            assert_eq!(told.len(), 1, "{value}");
        }
        let told = faults(&json!({"a": [1, 2, 3]}), |fields| {
            assert!(fields.list("a", 2).is_none());
        });
        assert_eq!(told, ["`a`: give at most 2"]);
    }

    #[test]
    fn null_is_as_good_as_absent_but_where_something_is_required() {
        let told = faults(&json!({"a": null, "b": null}), |fields| {
            fields.require("b", "it");
            assert!(fields.item("a").is_none() && fields.item("b").is_none());
        });
        assert_eq!(told, ["`b`: is missing; give it"]);
    }

    #[test]
    fn faults_are_bounded() {
        let many = Faults::default();
        (0..1_000).for_each(|at| many.note(&at.to_string(), "x"));
        assert_eq!(many.none(()).unwrap_err().len(), MAX_FAULTS);
    }

    proptest! {
        #[test]
        fn an_object_reads_as_serde_json_reads_it(text in "\\{(\"[a-c]\":(1|\"x\"|\\[1,null\\]|true),?){0,3}\\}") {
            let ours = serde_json::from_str::<Object>(&text);
            let theirs = serde_json::from_str::<Map<String, Value>>(&text);
            if let Ok(ours) = ours {
                prop_assert_eq!(ours.0, theirs.unwrap());
            }
        }
    }
}
