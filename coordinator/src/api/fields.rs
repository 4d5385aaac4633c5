//! Drafts read field by field, so that everything that is wrong with one is told at once.
//!
//! Owns taking values out of an object with the path of each, and the words for what is wrong with them. Leaves
//! what the fields mean to the resources, and reading bodies to `body`.
//! **Invariant:** a fault names a place by names of ours and numbers, and never repeats what was sent.

use std::cell::RefCell;
use std::fmt;
use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shared::clock::whole_microseconds;

use super::body::Object;

/// Most faults told one by one.
const MAX_FAULTS: usize = 100;
/// What a time looks like.
pub const A_TIME: &str = "a time such as 2026-11-21T08:00:00Z";

/// Everything that is wrong so far.
#[derive(Debug, Default)]
pub struct Faults(RefCell<Told>);

#[derive(Debug, Default)]
struct Told {
    faults: Vec<String>,
    more: usize,
}

impl Faults {
    /// Notes what is wrong at a place; the draft as a whole is the place without a name.
    pub fn note(&self, at: &str, what: impl fmt::Display) {
        let mut told = self.0.borrow_mut();
        if told.faults.len() == MAX_FAULTS {
            told.more += 1;
        } else if at.is_empty() {
            told.faults.push(what.to_string());
        } else {
            told.faults.push(format!("`{at}`: {what}"));
        }
    }

    /// What was read, if nothing is wrong.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn none<T>(self, read: T) -> Result<T, Vec<String>> {
        self.settle(Some(read))
    }

    /// What was read, if nothing is wrong; what could not be read was noted.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn settle<T>(self, read: Option<T>) -> Result<T, Vec<String>> {
        let Told { mut faults, more } = self.0.into_inner();
        if more > 0 {
            faults.push(format!("and {more} more"));
        }
        read.filter(|_| faults.is_empty()).ok_or(faults)
    }
}

/// What `read` takes out of a draft, if nothing is wrong with it and nothing is left in it.
///
/// # Errors
/// Everything that is wrong.
pub fn read_draft<T>(
    draft: Object,
    read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
) -> Result<T, Vec<String>> {
    let faults = Faults::default();
    let mut fields = Fields::of_draft(draft, &faults);
    let taken = read(&mut fields);
    fields.end();
    faults.settle(taken)
}

/// What `read` takes out of each of a list of drafts, 1 to `most` of them, which is all there is in a draft.
///
/// # Errors
/// Everything that is wrong with any.
pub fn read_drafts<T>(
    draft: Object,
    name: &'static str,
    most: usize,
    read: impl Fn(&mut Fields<'_>) -> Option<T>,
) -> Result<Vec<T>, Vec<String>> {
    let faults = Faults::default();
    let mut fields = Fields::of_draft(draft, &faults);
    fields.require(name, &format!("a list of 1 to {most}"));
    let items = fields.list(name, most);
    fields.end();
    if items.as_ref().is_some_and(Vec::is_empty) {
        faults.note(name, "give at least one");
    }
    let read = |item| {
        let mut fields = Fields::of_item(item, &faults)?;
        let taken = read(&mut fields);
        fields.end();
        taken
    };
    let taken = items.unwrap_or_default().into_iter().filter_map(read);
    let taken = taken.collect();
    faults.none(taken)
}

/// The members of an object, to be taken out one by one.
pub struct Fields<'f> {
    at: String,
    members: Map<String, Value>,
    known: Vec<&'static str>,
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
        Self::new(String::new(), draft.0, faults)
    }

    /// The members of an object in a draft.
    pub fn of_item(item: Item, faults: &'f Faults) -> Option<Self> {
        let Value::Object(members) = item.value else {
            faults.note(&item.at, "give an object");
            return None;
        };
        Some(Self::new(item.at, members, faults))
    }

    fn new(at: String, members: Map<String, Value>, faults: &'f Faults) -> Self {
        Self {
            at,
            members,
            known: Vec::new(),
            faults,
        }
    }

    /// Whether a member is there that was not taken out yet, be it null.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The same, and it is not null.
    pub fn is_given(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// A member; none if it is absent or null.
    pub fn item(&mut self, name: &'static str) -> Option<Item> {
        self.item_or_null(name).filter(|item| !item.value.is_null())
    }

    /// A member, be it null.
    fn item_or_null(&mut self, name: &'static str) -> Option<Item> {
        self.known.push(name);
        let value = self.members.remove(name)?;
        let at = self.place(name);
        Some(Item { at, value })
    }

    /// A member that is an object.
    pub fn object(&mut self, name: &'static str) -> Option<Self> {
        let item = self.item(name)?;
        Self::of_item(item, self.faults)
    }

    /// A member of any type that can be told in a few words.
    pub fn read<T: DeserializeOwned>(&mut self, name: &'static str, expects: &str) -> Option<T> {
        let item = self.item(name)?;
        item.read(expects, self.faults)
    }

    /// A member that null takes away: `Some(None)` if it is null.
    pub fn read_or_null<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        expects: &str,
    ) -> Option<Option<T>> {
        let item = self.item_or_null(name)?;
        item.read(&format!("{expects}, or null"), self.faults)
    }

    /// Puts a member in the place of `into`, if it is there.
    pub fn replace<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        expects: &str,
        into: &mut T,
    ) {
        let item = self.item_or_null(name);
        if let Some(value) = item.and_then(|item| item.read(expects, self.faults)) {
            *into = value;
        }
    }

    /// A member that is a whole number of a range.
    pub fn whole(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let item = self.item(name)?;
        let number = item.value.as_i64().filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            let expects = format!("give a whole number from {least} to {most}");
            self.faults.note(&item.at, expects);
        }
        number
    }

    /// A member that is a line of at most so many characters; blanks around it are left out.
    pub fn line(&mut self, name: &'static str, longest: usize) -> Option<String> {
        let item = self.item(name)?;
        let line = item.value.as_str().filter(|text| is_line(text, longest));
        if line.is_none() {
            self.faults
                .note(&item.at, format_args!("give {}", a_line(longest)));
        }
        line.map(|text| text.trim_matches(' ').to_owned())
    }

    /// A line that must be there.
    pub fn need_line(&mut self, name: &'static str, longest: usize) -> Option<String> {
        self.require(name, &a_line(longest));
        self.line(name, longest)
    }

    /// A member that is a text of at most so many characters, of as many lines as it likes, and not blank.
    pub fn text(&mut self, name: &'static str, longest: usize) -> Option<String> {
        let item = self.item(name)?;
        let text = item.value.as_str().filter(|text| is_text(text, longest));
        if text.is_none() {
            self.faults
                .note(&item.at, format_args!("give {}", a_text(longest)));
        }
        text.map(str::to_owned)
    }

    /// A text that must be there.
    pub fn need_text(&mut self, name: &'static str, longest: usize) -> Option<String> {
        self.require(name, &a_text(longest));
        self.text(name, longest)
    }

    /// A time that null takes away: `Some(None)` if it is null.
    pub fn time_or_null(&mut self, name: &'static str) -> Option<Option<DateTime<Utc>>> {
        let item = self.item_or_null(name)?;
        if item.value.is_null() {
            return Some(None);
        }
        let time = item.value.as_str().and_then(rfc3339);
        if time.is_none() {
            self.faults
                .note(&item.at, format_args!("give {A_TIME}, or null"));
        }
        time.map(Some)
    }

    /// A time that must be there.
    pub fn need_time(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        self.require(name, A_TIME);
        let item = self.item(name)?;
        let time = item.value.as_str().and_then(rfc3339);
        if time.is_none() {
            self.faults.note(&item.at, format_args!("give {A_TIME}"));
        }
        time
    }

    /// The items of a member that is a list of at most so many.
    pub fn list(&mut self, name: &'static str, most: usize) -> Option<Vec<Item>> {
        let Item { at, value } = self.item(name)?;
        let Value::Array(values) = value else {
            self.faults.note(&at, "give a list");
            return None;
        };
        if values.len() > most {
            self.faults.note(&at, format_args!("give at most {most}"));
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
        if !self.is_given(name) {
            self.note(name, format_args!("is missing; give {expects}"));
        }
    }

    /// Notes what is wrong with a member.
    pub fn note(&self, name: &str, what: impl fmt::Display) {
        self.faults.note(&self.place(name), what);
    }

    /// Notes what is wrong with the object itself.
    pub fn note_whole(&self, what: impl fmt::Display) {
        self.faults.note(&self.at, what);
    }

    /// Leaves members out that say nothing here.
    pub fn pass_over(&mut self, names: &[&'static str]) {
        for name in names {
            drop(self.item(name));
        }
    }

    /// Notes members that nobody asked for.
    pub fn end(mut self) {
        let (count, known) = (self.members.len(), self.known.join(", "));
        let what = format!("{count} fields are not known here; there are {known}");
        self.refuse_rest(what);
    }

    /// Notes in words of its own that there are members nobody asked for.
    pub fn refuse_rest(&mut self, what: impl fmt::Display) {
        if !self.members.is_empty() {
            self.members.clear();
            self.note_whole(what);
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
                faults.note(&self.at, format_args!("give {expects}"));
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

/// A time of the years 0 to 9999, which every database can keep, cut to what they keep of it.
pub fn rfc3339(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    let time = time.with_timezone(&Utc);
    // An offset can lead out of them.
    (0..=9_999)
        .contains(&time.year())
        .then(|| whole_microseconds(time))
}

/// What [`Fields::line`] takes, as a regular expression for the API document.
#[cfg(test)]
pub const LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
/// What [`Fields::text`] takes, as a regular expression for the API document.
#[cfg(test)]
pub const TEXT: &str = r"^[^\x00]*[^\s\x00][^\x00]*$";

/// A line of text: no control characters, not only blanks, at most `most` characters.
fn is_line(text: &str, most: usize) -> bool {
    text.chars().any(|sign| sign != ' ')
        && !text.chars().any(char::is_control)
        && text.chars().count() <= most
}

fn a_line(most: usize) -> String {
    format!("a text of 1 to {most} characters on one line")
}

/// Text without NUL, which PostgreSQL does not keep.
fn is_text(text: &str, most: usize) -> bool {
    text.chars().any(|sign| !sign.is_whitespace())
        && !text.contains('\0')
        && text.chars().count() <= most
}

fn a_text(most: usize) -> String {
    format!("a text of 1 to {most} characters")
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
        fields.end();
        faults.none(()).err().unwrap_or_default()
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
            assert!(fields.item("c").is_none());
        });
        assert_eq!(
            told,
            [
                "`a[0].n`: give a whole number from 1 to 9",
                "`a[1]`: give an object",
                "`b`: give a text of 1 to 9 characters",
                "`c`: is missing; give something",
                "1 fields are not known here; there are a, b, c",
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
        let told = many.none(()).unwrap_err();
        assert_eq!(told.len(), MAX_FAULTS + 1);
        assert_eq!(told.last().unwrap(), "and 900 more");
    }

    #[test]
    fn null_takes_away_only_where_it_is_asked_for() {
        let mut kept = Some(1);
        let told = faults(&json!({"a": null, "b": null, "c": null}), |fields| {
            assert_eq!(fields.read_or_null::<u8>("a", "a number"), Some(None));
            assert_eq!(fields.time_or_null("b"), Some(None));
            fields.replace("c", "a number", &mut kept);
            assert_eq!(fields.read_or_null::<u8>("d", "a number"), None);
            assert_eq!(fields.time_or_null("e"), None);
        });
        assert_eq!((told.len(), kept), (0, None));
    }

    #[test]
    fn lines_and_texts_are_counted_in_characters_and_are_not_blank() {
        let long = "ä".repeat(6);
        for (value, line, text) in [
            ("äääää", true, true),
            (long.as_str(), false, false),
            ("", false, false),
            ("  ", false, false),
            ("a\nb", false, true),
            ("a\0b", false, false),
        ] {
            let told = faults(&json!({"a": value, "b": value}), |fields| {
                assert_eq!(fields.line("a", 5).is_some(), line, "{value:?}");
                assert_eq!(fields.text("b", 5).is_some(), text, "{value:?}");
            });
            assert_eq!(told.len(), usize::from(!line) + usize::from(!text));
        }
    }

    proptest! {
        #[test]
        fn lines_and_texts_are_what_their_patterns_say(text in any::<String>()) {
            let fits = |pattern| regex::Regex::new(pattern).unwrap().is_match(&text);
            prop_assert_eq!(is_line(&text, usize::MAX), fits(LINE), "{:?}", text);
            prop_assert_eq!(is_text(&text, usize::MAX), fits(TEXT), "{:?}", text);
        }

        #[test]
        fn only_times_that_a_database_can_keep_are_times(text in "[+-]?[0-9]{0,7}(-[0-9]{2}){2}T[0-9:]{8}(Z|[+-][0-9:]{5})") {
            if let Some(time) = rfc3339(&text) {
                prop_assert!((0..=9_999).contains(&time.year()), "{text}");
            }
        }
    }
}
