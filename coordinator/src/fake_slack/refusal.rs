//! Why a call is not done: the `ok: false` of Slack's answers.

use serde_json::{Map, Value, json};

/// A refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Slack's word for it.
    pub error: String,
    /// What is told besides: `needed`, `provided`, `response_metadata`.
    pub more: Map<String, Value>,
}

impl Refusal {
    /// A refusal that says one word.
    pub fn of(error: &str) -> Self {
        Self {
            error: error.to_owned(),
            more: Map::new(),
        }
    }

    /// An argument is not there.
    pub fn missing(argument: &str) -> Self {
        Self::invalid(&format!("[ERROR] missing required field: {argument}"))
    }

    /// An argument is not what it should be.
    pub fn invalid(message: &str) -> Self {
        Self::of("invalid_arguments").with("response_metadata", json!({ "messages": [message] }))
    }

    /// Blocks break a rule.
    pub fn blocks(message: &str) -> Self {
        let messages = json!({ "messages": [format!("[ERROR] {message}")] });
        Self::of("invalid_blocks").with("response_metadata", messages)
    }

    /// The same, saying more.
    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.more.insert(key.to_owned(), value);
        self
    }

    /// As it is answered.
    pub fn into_body(self) -> Value {
        let mut body = self.more;
        body.insert("ok".to_owned(), json!(false));
        body.insert("error".to_owned(), json!(self.error));
        Value::Object(body)
    }
}

/// What is answered, without `ok`.
pub type Outcome<T = Value> = Result<T, Refusal>;
