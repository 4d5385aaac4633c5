//! The arguments of a call.
//!
//! Owns writing them as a form, which every method takes; values that have a structure are JSON inside.
//! **Invariant:** arguments are never printed: they hold what people wrote.

use serde::Serialize;
use url::form_urlencoded::Serializer;

/// Arguments, in order.
#[derive(Default)]
pub(super) struct Form(Vec<(&'static str, String)>);

impl Form {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn text(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// Leaves an argument out that has no value.
    pub(super) fn maybe(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// A value with a structure. One that cannot be written as JSON, which none of ours is, is left out.
    pub(super) fn json(self, name: &'static str, value: &impl Serialize) -> Self {
        self.maybe(name, serde_json::to_string(value).ok())
    }

    pub(super) fn encode(&self) -> String {
        Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_encoded_and_absent_ones_left_out() {
        let form = Form::new()
            .text("text", "a&b=c d+é\n")
            .maybe("thread_ts", None::<String>)
            .maybe("ts", Some("1700000000.000100"))
            .json("blocks", &json!([{"type": "divider"}]));
        assert_eq!(
            form.encode(),
            "text=a%26b%3Dc+d%2B%C3%A9%0A&ts=1700000000.000100\
             &blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D"
        );
    }
}
