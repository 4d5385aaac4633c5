//! Fields of what Slack answers, as far as they are there.
//!
//! **Invariant:** a field that is absent, null or of another type is absent, and makes no answer useless.

use serde_json::Value;

/// A text that says something.
pub(super) fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

pub(super) fn number(value: &Value, key: &str) -> Option<u64> {
    value.get(key)?.as_u64()
}

pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    let items = value.get(key).and_then(Value::as_array);
    items.map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn texts(value: &Value, key: &str) -> Vec<String> {
    let items = list(value, key).iter();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Where to go on, if the list goes on.
pub(super) fn next_cursor(root: &Value) -> Option<String> {
    text(root.get("response_metadata")?, "next_cursor")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_absent_null_or_of_another_type_is_absent() {
        for value in [
            json!({}),
            json!({"a": null}),
            json!({"a": {}}),
            json!([]),
            json!(null),
        ] {
            assert_eq!(text(&value, "a"), None);
            assert!(!flag(&value, "a"));
            assert_eq!(number(&value, "a"), None);
            assert!(list(&value, "a").is_empty());
        }
        assert_eq!(text(&json!({"a": ""}), "a"), None);
        assert_eq!(texts(&json!({"a": ["x", 1, null, "y"]}), "a"), ["x", "y"]);
    }

    #[test]
    fn a_list_ends_with_an_empty_cursor() {
        for (root, expected) in [
            (
                json!({"response_metadata": {"next_cursor": "dXNlcg=="}}),
                Some("dXNlcg=="),
            ),
            (json!({"response_metadata": {"next_cursor": ""}}), None),
            (json!({"response_metadata": null}), None),
            (json!({}), None),
        ] {
            assert_eq!(next_cursor(&root).as_deref(), expected);
        }
    }
}
