//! The arguments of a call, however they were sent: query, form or JSON.
//!
//! **Invariant:** an empty argument is none.

use serde_json::{Map, Value};

use crate::fake_slack::refusal::{Outcome, Refusal};

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub(in crate::fake_slack) struct Params(Map<String, Value>);

impl Params {
    /// Adds pairs, as a query or a form has them.
    pub(super) fn add_form(&mut self, encoded: &[u8]) {
        for (key, value) in url::form_urlencoded::parse(encoded) {
            self.0
                .insert(key.into_owned(), Value::String(value.into_owned()));
        }
    }

    /// Adds the members of a JSON object.
    ///
    /// # Errors
    /// `invalid_json`, `json_not_object`.
    pub(super) fn add_json(&mut self, body: &[u8]) -> Outcome<()> {
        // Clients say JSON also where they send nothing.
        if body.is_empty() {
            return Ok(());
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => {
                self.0.extend(members);
                Ok(())
            }
            Ok(_) => Err(Refusal::of("json_not_object")),
            Err(_) => Err(Refusal::of("invalid_json")),
        }
    }

    /// Takes an argument out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let value = self.0.remove(name)?;
        value.as_str().map(str::to_owned)
    }

    /// All of them.
    pub(super) fn all(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// A text; numbers and truths as they are written.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = match self.0.get(name)? {
            Value::String(text) => text.clone(),
            value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// A text that has to be there.
    ///
    /// # Errors
    /// `invalid_arguments`.
    pub(super) fn required(&self, name: &str) -> Outcome<String> {
        self.text(name).ok_or_else(|| Refusal::missing(name))
    }

    /// Whether it says yes.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.text(name).as_deref(), Some("true" | "1" | "t"))
    }

    /// Words with commas between them, or an array of words.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        if let Some(Value::Array(list)) = self.0.get(name) {
            return list
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
        }
        let text = self.text(name).unwrap_or_default();
        let words = text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    }

    /// Something structured: as such, or written as JSON in a text.
    ///
    /// # Errors
    /// The given refusal, if it is neither.
    pub(super) fn structure(&self, name: &str, refusal: &str) -> Outcome<Option<Value>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => {
                let value = serde_json::from_str(text).or(Err(Refusal::of(refusal)))?;
                Ok(Some(value))
            }
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// An array, as such or written as JSON in a text.
    ///
    /// # Errors
    /// The given refusal, if it is neither.
    pub(super) fn list(&self, name: &str, refusal: &str) -> Outcome<Option<Vec<Value>>> {
        match self.structure(name, refusal)? {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(Refusal::of(refusal)),
        }
    }

    /// How many, at most `most`.
    ///
    /// # Errors
    /// `invalid_limit`.
    pub(super) fn limit(&self, usual: usize, most: usize) -> Outcome<usize> {
        let Some(text) = self.text("limit") else {
            return Ok(usual);
        };
        match text.parse() {
            Ok(0) | Err(_) => Err(Refusal::of("invalid_limit")),
            Ok(limit) => Ok(most.min(limit)),
        }
    }
}
