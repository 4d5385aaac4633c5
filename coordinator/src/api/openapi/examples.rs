//! Examples of what is answered.
//!
//! Owns putting one together from the schema of each body. What a text may look like is said beside its field.
//! **Invariant:** an example has every field of its schema, and no text that was not written for it.

use serde_json::{Map, Value, json};
use utoipa::Modify;
use utoipa::openapi::{OpenApi, RefOr, Response};

use super::answers::operations;
use crate::api::problem;

/// Schemas within schemas, at most: one that holds itself has no end.
const MAX_DEPTH: u8 = 24;

/// Gives every body that is answered an example.
pub(super) struct Examples;

impl Modify for Examples {
    fn modify(&self, document: &mut OpenApi) {
        let components = serde_json::to_value(&document.components).unwrap_or_default();
        let operations = document.paths.paths.values_mut().flat_map(operations);
        for response in operations.flat_map(|one| one.responses.responses.values_mut()) {
            if let RefOr::T(response) = response {
                give_examples(response, &components);
            }
        }
    }
}

fn give_examples(response: &mut Response, components: &Value) {
    for (kind, content) in &mut response.content {
        let RefOr::T(content) = content else { continue };
        // One form for all of them, which says itself what it looks like.
        if kind == problem::CONTENT_TYPE {
            continue;
        }
        if content.example.is_none() && content.examples.is_empty() {
            let schema = serde_json::to_value(&content.schema).unwrap_or_default();
            content.example = example(&schema, components).ok();
        }
    }
}

/// An example of a schema; `components` are what it refers to.
///
/// # Errors
/// The way to a field of which nobody said what it may look like.
pub(super) fn example(schema: &Value, components: &Value) -> Result<Value, String> {
    Composer { components }.any(schema, MAX_DEPTH)
}

struct Composer<'a> {
    components: &'a Value,
}

impl Composer<'_> {
    fn any(&self, schema: &Value, depth: u8) -> Result<Value, String> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(" holds itself".to_owned());
        };
        let said = ["example", "const", "default"].map(|name| schema.get(name));
        let among = ["examples", "enum"].map(|name| schema.get(name).and_then(|all| all.get(0)));
        if let Some(said) = said.into_iter().chain(among).flatten().next() {
            return Ok(said.clone());
        }
        if let Some(to) = schema.get("$ref").and_then(Value::as_str) {
            return self.any(self.referred(to), depth);
        }
        for either in ["oneOf", "anyOf"] {
            if let Some(choices) = schema.get(either).and_then(Value::as_array) {
                let is_null = |choice: &&Value| choice.get("type") == Some(&json!("null"));
                let chosen = choices.iter().find(|choice| !is_null(choice));
                return self.any(chosen.unwrap_or(&Value::Null), depth);
            }
        }
        self.typed(schema, depth)
    }

    fn referred(&self, to: &str) -> &Value {
        let place = to.strip_prefix("#/components").unwrap_or_default();
        self.components.pointer(place).unwrap_or(&Value::Null)
    }

    fn typed(&self, schema: &Value, depth: u8) -> Result<Value, String> {
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.joined(parts, depth);
        }
        let null = json!("null");
        let (kind, may_be_null) = match schema.get("type") {
            Some(Value::Array(kinds)) => (
                kinds.iter().find(|kind| **kind != null),
                kinds.contains(&null),
            ),
            kind => (kind, false),
        };
        match kind.and_then(Value::as_str) {
            Some("object") => self.object(schema, depth),
            Some("array") => {
                let items = schema.get("items").unwrap_or(&Value::Null);
                let item = self.any(items, depth).map_err(|at| format!("[]{at}"))?;
                Ok(json!([item]))
            }
            Some("integer" | "number") => Ok(schema.get("minimum").cloned().unwrap_or(json!(1))),
            Some("boolean") => Ok(json!(true)),
            Some("string") => match text(schema) {
                Err(_) if may_be_null => Ok(Value::Null),
                text => text.map(Value::from),
            },
            _ => Err(String::new()),
        }
    }

    fn object(&self, schema: &Value, depth: u8) -> Result<Value, String> {
        let mut object = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let value = self.any(property, depth);
            object.insert(name.clone(), value.map_err(|at| format!(".{name}{at}"))?);
        }
        Ok(object.into())
    }

    /// What is all of several at once.
    fn joined(&self, parts: &[Value], depth: u8) -> Result<Value, String> {
        let mut whole = Map::new();
        for part in parts {
            match self.any(part, depth)? {
                Value::Object(fields) => whole.extend(fields),
                other => return Ok(other),
            }
        }
        Ok(whole.into())
    }
}

/// Texts of a known form.
fn text(schema: &Value) -> Result<&'static str, String> {
    match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => Ok("2026-11-21T08:00:00Z"),
        Some("date") => Ok("2026-11-21"),
        Some("uuid") => Ok("0193a8f0-5c1e-7000-8000-000000000001"),
        _ => Err(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(schema: &Value) -> Result<Value, String> {
        example(
            schema,
            &json!({"schemas": {"Name": {"type": "string", "example": "Ada"}}}),
        )
    }

    #[test]
    fn every_field_is_there() {
        let schema = json!({"type": "object", "properties": {
            "id": {"type": "string", "format": "uuid"},
            "name": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Name"}]},
            "count": {"type": ["integer", "null"], "minimum": 0},
            "note": {"type": ["string", "null"]},
            "tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
        }});
        let expected = json!({
            "id": "0193a8f0-5c1e-7000-8000-000000000001", "name": "Ada", "count": 0, "note": null,
            "tags": ["a"],
        });
        assert_eq!(of(&schema), Ok(expected));
    }

    #[test]
    fn what_is_all_of_several_has_the_fields_of_all() {
        let one = |name: &str| json!({"type": "object", "properties": {name: {"type": "boolean"}}});
        let schema = json!({"allOf": [one("a"), one("b")]});
        assert_eq!(of(&schema), Ok(json!({"a": true, "b": true})));
    }

    #[test]
    fn a_text_that_nobody_wrote_is_told_with_the_way_to_it() {
        let inner = json!({"type": "object", "properties": {"word": {"type": "string"}}});
        let schema =
            json!({"type": "object", "properties": {"items": {"type": "array", "items": inner}}});
        assert_eq!(of(&schema), Err(".items[].word".to_owned()));
    }
}
