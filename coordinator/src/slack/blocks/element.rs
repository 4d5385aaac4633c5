//! What people click on and write in.
//!
//! Owns buttons, asking back, and fields, within Slack's limits.
//! **Invariant:** an address that is too long is left out, since a cut one leads elsewhere.

use serde_json::{Map, Value, json};
use url::Url;

use super::block::{ID, plain};
use super::cut::{length, within};
use super::text::Plain;

const BUTTON: usize = 75;
const VALUE: usize = 2_000;
const URL: usize = 3_000;
const CONFIRM_TITLE: usize = 100;
const CONFIRM_TEXT: usize = 300;
const CONFIRM_BUTTON: usize = 30;
const LABEL: usize = 2_000;
const PLACEHOLDER: usize = 150;
/// Characters that may be written into a field.
const WRITTEN: usize = 3_000;

/// A button.
#[derive(Clone, Debug, PartialEq)]
pub struct Button(Map<String, Value>);

/// What is asked back before a click counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// What it is about.
    pub title: Plain,
    /// The question.
    pub text: Plain,
    /// On the button that goes on.
    pub yes: Plain,
    /// On the button that does not.
    pub no: Plain,
}

/// A field to write in.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    label: Value,
    block: Map<String, Value>,
    element: Map<String, Value>,
}

impl Button {
    /// A button. `action_id` says what it does, and is told with a click.
    pub fn new(action_id: &str, text: &Plain) -> Self {
        let mut button = Map::new();
        button.insert("type".to_owned(), "button".into());
        button.insert("action_id".to_owned(), within(action_id, ID).into());
        button.insert("text".to_owned(), plain(text, BUTTON));
        Self(button)
    }

    /// What is told with a click: an id, and nothing that is believed.
    #[must_use]
    pub fn value(self, value: &str) -> Self {
        self.with("value", within(value, VALUE).into())
    }

    /// Opens an address.
    #[must_use]
    pub fn url(self, url: &Url) -> Self {
        if length(url.as_str()) > URL || !matches!(url.scheme(), "http" | "https") {
            return self;
        }
        self.with("url", url.as_str().into())
    }

    /// In green: what one would usually do.
    #[must_use]
    pub fn primary(self) -> Self {
        self.with("style", "primary".into())
    }

    /// In red: what cannot be undone.
    #[must_use]
    pub fn danger(self) -> Self {
        self.with("style", "danger".into())
    }

    /// Asks back before a click counts.
    #[must_use]
    pub fn confirm(self, confirm: &Confirm) -> Self {
        let confirm = json!({
            "title": plain(&confirm.title, CONFIRM_TITLE),
            "text": plain(&confirm.text, CONFIRM_TEXT),
            "confirm": plain(&confirm.yes, CONFIRM_BUTTON),
            "deny": plain(&confirm.no, CONFIRM_BUTTON),
        });
        self.with("confirm", confirm)
    }

    pub(super) fn into_json(self) -> Value {
        Value::Object(self.0)
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.0.insert(key.to_owned(), value);
        self
    }
}

impl Input {
    /// A field of one line that must be filled. `action_id` is told with what was written.
    pub fn new(action_id: &str, label: &Plain) -> Self {
        let mut element = Map::new();
        element.insert("type".to_owned(), "plain_text_input".into());
        element.insert("action_id".to_owned(), within(action_id, ID).into());
        element.insert("max_length".to_owned(), WRITTEN.into());
        Self {
            label: plain(label, LABEL),
            block: Map::new(),
            element,
        }
    }

    /// With room for several lines.
    #[must_use]
    pub fn multiline(mut self) -> Self {
        self.element.insert("multiline".to_owned(), true.into());
        self
    }

    /// May stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.block.insert("optional".to_owned(), true.into());
        self
    }

    /// Shown as long as nothing is written.
    #[must_use]
    pub fn placeholder(mut self, text: &Plain) -> Self {
        let text = plain(text, PLACEHOLDER);
        self.element.insert("placeholder".to_owned(), text);
        self
    }

    pub(super) fn into_json(self) -> Value {
        let mut block = self.block;
        block.insert("type".to_owned(), "input".into());
        block.insert("label".to_owned(), self.label);
        block.insert("element".to_owned(), Value::Object(self.element));
        Value::Object(block)
    }
}
