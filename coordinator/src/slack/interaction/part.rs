//! Single fields of an interaction.
//!
//! **Invariant:** a text is cut between characters to what it may have.

use serde_json::{Map, Value};
use shared::secret::SecretString;

use crate::slack::event::envelope;

/// The longest address and trigger that is taken.
const MAX_SECRET: usize = 1_000;
/// Fields of a form beyond these are not looked at; Slack sends some fifteen.
const MAX_FIELDS: usize = 64;

/// The fields of a form; of two with one name the first.
pub(super) fn form(body: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(body).take(MAX_FIELDS) {
        fields
            .entry(name.into_owned())
            .or_insert_with(|| Value::String(value.into_owned()));
    }
    fields
}

/// Slack's question, which comes without anything else that matters.
pub(super) fn is_ssl_check(fields: &Map<String, Value>) -> bool {
    fields.get("ssl_check").and_then(Value::as_str) == Some("1")
}

/// An id at a place.
pub(super) fn id(root: &Value, place: &str) -> Option<String> {
    envelope::id(root.pointer(place)).map(str::to_owned)
}

/// The first id at one of some places.
pub(super) fn id_at(root: &Value, places: &[&str]) -> Option<String> {
    places.iter().find_map(|place| id(root, place))
}

/// A text at a place, of at most so many characters.
pub(super) fn text(root: &Value, place: &str, max: usize) -> Option<String> {
    let text = root.pointer(place)?.as_str()?;
    Some(text.chars().take(max).collect())
}

/// Something that lets whoever has it answer. A cut one would not, so a long one is none.
pub(super) fn secret(root: &Value, place: &str) -> Option<SecretString> {
    let text = root.pointer(place)?.as_str()?;
    let fits = (1..=MAX_SECRET).contains(&text.len());
    fits.then(|| SecretString::from(text.to_owned()))
}

/// Slack writes it as a truth value in JSON and as a word in forms.
pub(super) fn flag(root: &Value, place: &str) -> bool {
    match root.pointer(place) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(word)) => word == "true",
        _ => false,
    }
}
