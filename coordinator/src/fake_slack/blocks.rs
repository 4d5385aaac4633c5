//! The limits of Block Kit.
//!
//! Owns how many blocks there may be and how long their parts. Leaves what they mean to whoever shows them.

use serde_json::Value;

use crate::fake_slack::refusal::{Outcome, Refusal};

/// Blocks of a message.
pub(super) const MESSAGE: usize = 50;
/// Blocks of a modal.
pub(super) const VIEW: usize = 100;

const KINDS: &[&str] = &[
    "actions",
    "alert",
    "call",
    "card",
    "carousel",
    "context",
    "context_actions",
    "divider",
    "file",
    "header",
    "image",
    "input",
    "markdown",
    "plan",
    "rich_text",
    "section",
    "table",
    "task_card",
    "video",
];

/// Holds blocks to the limits.
///
/// # Errors
/// `invalid_blocks`, saying where.
pub(super) fn check(blocks: &[Value], most: usize) -> Outcome<()> {
    if blocks.len() > most {
        return refuse(&format!(
            "no more than {most} items allowed [json-pointer:/blocks]"
        ));
    }
    let mut names = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        let at = format!("/blocks/{number}");
        check_block(block, &at)?;
        let name = block
            .get("block_id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !name.is_empty() && names.contains(&name) {
            return refuse(&format!(
                "`block_id` already exists [json-pointer:{at}/block_id]"
            ));
        }
        names.push(name);
    }
    Ok(())
}

fn check_block(block: &Value, at: &str) -> Outcome<()> {
    let kind = block
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !KINDS.contains(&kind) {
        return refuse(&format!(
            "unsupported type: {kind} [json-pointer:{at}/type]"
        ));
    }
    length(block.get("block_id"), 255, &format!("{at}/block_id"))?;
    match kind {
        "header" => {
            text_object(block.get("text"), 150, &format!("{at}/text"))?;
            plain(block.get("text"), &format!("{at}/text"))
        }
        "section" => check_section(block, at),
        "context" => check_elements(block, 10, at, check_context_element),
        "actions" => check_elements(block, 25, at, check_element),
        "image" => {
            present(block.get("alt_text"), &format!("{at}/alt_text"))?;
            length(block.get("alt_text"), 2_000, &format!("{at}/alt_text"))?;
            length(block.get("image_url"), 3_000, &format!("{at}/image_url"))
        }
        "input" => {
            present(block.get("label"), &format!("{at}/label"))?;
            text_object(block.get("label"), 2_000, &format!("{at}/label"))?;
            present(block.get("element"), &format!("{at}/element"))
        }
        "markdown" => length(block.get("text"), 12_000, &format!("{at}/text")),
        _ => Ok(()),
    }
}

fn check_section(block: &Value, at: &str) -> Outcome<()> {
    let fields = block.get("fields").and_then(Value::as_array);
    if block.get("text").is_none() && fields.is_none() {
        return refuse(&format!(
            "missing required field: text or fields [json-pointer:{at}]"
        ));
    }
    if block.get("text").is_some() {
        text_object(block.get("text"), 3_000, &format!("{at}/text"))?;
    }
    let fields = fields.map(Vec::as_slice).unwrap_or_default();
    if fields.len() > 10 {
        return refuse(&format!(
            "no more than 10 items allowed [json-pointer:{at}/fields]"
        ));
    }
    for (number, field) in fields.iter().enumerate() {
        text_object(Some(field), 2_000, &format!("{at}/fields/{number}"))?;
    }
    match block.get("accessory") {
        Some(accessory) => check_element(accessory, &format!("{at}/accessory")),
        None => Ok(()),
    }
}

fn check_elements(
    block: &Value,
    most: usize,
    at: &str,
    check: fn(&Value, &str) -> Outcome<()>,
) -> Outcome<()> {
    let elements = block.get("elements").and_then(Value::as_array);
    let Some(elements) = elements.filter(|elements| !elements.is_empty()) else {
        return refuse(&format!(
            "missing required field: elements [json-pointer:{at}]"
        ));
    };
    if elements.len() > most {
        return refuse(&format!(
            "no more than {most} items allowed [json-pointer:{at}/elements]"
        ));
    }
    let mut names = Vec::new();
    for (number, element) in elements.iter().enumerate() {
        let here = format!("{at}/elements/{number}");
        check(element, &here)?;
        let name = element
            .get("action_id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !name.is_empty() && names.contains(&name) {
            return refuse(&format!(
                "`action_id` already exists [json-pointer:{here}/action_id]"
            ));
        }
        names.push(name);
    }
    Ok(())
}

fn check_context_element(element: &Value, at: &str) -> Outcome<()> {
    if element.get("type").and_then(Value::as_str) == Some("image") {
        return present(element.get("alt_text"), &format!("{at}/alt_text"));
    }
    text_object(Some(element), 3_000, at)
}

fn check_element(element: &Value, at: &str) -> Outcome<()> {
    length(element.get("action_id"), 255, &format!("{at}/action_id"))?;
    length(element.get("url"), 3_000, &format!("{at}/url"))?;
    if element.get("type").and_then(Value::as_str) != Some("button") {
        return Ok(());
    }
    text_object(element.get("text"), 75, &format!("{at}/text"))?;
    plain(element.get("text"), &format!("{at}/text"))?;
    length(element.get("value"), 2_000, &format!("{at}/value"))?;
    let style = element.get("style").and_then(Value::as_str);
    if !matches!(style, None | Some("primary" | "danger")) {
        return refuse(&format!("must be a valid style [json-pointer:{at}/style]"));
    }
    match element.get("confirm") {
        Some(confirm) => check_confirm(confirm, &format!("{at}/confirm")),
        None => Ok(()),
    }
}

fn check_confirm(confirm: &Value, at: &str) -> Outcome<()> {
    for (name, most) in [("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)] {
        text_object(confirm.get(name), most, &format!("{at}/{name}"))?;
    }
    Ok(())
}

/// A text object that has to be there, is not empty and not too long.
fn text_object(object: Option<&Value>, most: usize, at: &str) -> Outcome<()> {
    let kind = object
        .and_then(|object| object.get("type"))
        .and_then(Value::as_str);
    if !matches!(kind, Some("plain_text" | "mrkdwn")) {
        return refuse(&format!(
            "missing required field: text object [json-pointer:{at}]"
        ));
    }
    let text = object.and_then(|object| object.get("text"));
    present(text, &format!("{at}/text"))?;
    length(text, most, &format!("{at}/text"))
}

fn plain(object: Option<&Value>, at: &str) -> Outcome<()> {
    let kind = object
        .and_then(|object| object.get("type"))
        .and_then(Value::as_str);
    if kind == Some("plain_text") {
        return Ok(());
    }
    refuse(&format!(
        "must be a valid enum value: plain_text [json-pointer:{at}/type]"
    ))
}

fn present(value: Option<&Value>, at: &str) -> Outcome<()> {
    let empty = value.is_none_or(|value| value.as_str().is_some_and(str::is_empty));
    if empty {
        return refuse(&format!(
            "must be more than 0 characters [json-pointer:{at}]"
        ));
    }
    Ok(())
}

fn length(value: Option<&Value>, most: usize, at: &str) -> Outcome<()> {
    let length = value
        .and_then(Value::as_str)
        .map_or(0, |text| text.chars().count());
    if length > most {
        return refuse(&format!(
            "must be less than {} characters [json-pointer:{at}]",
            most + 1
        ));
    }
    Ok(())
}

fn refuse(message: &str) -> Outcome<()> {
    Err(Refusal::blocks(message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn button(text: &str, value: &str) -> Value {
        json!({
            "type": "button", "action_id": "a", "value": value,
            "text": { "type": "plain_text", "text": text },
        })
    }

    fn refused(blocks: &[Value]) -> bool {
        check(blocks, MESSAGE).is_err()
    }

    #[test]
    fn each_limit_holds_and_what_is_just_within_passes() {
        let section =
            |n| json!({ "type": "section", "text": { "type": "mrkdwn", "text": "x".repeat(n) } });
        let header = |n| json!({ "type": "header", "text": { "type": "plain_text", "text": "x".repeat(n) } });
        let actions = |e: Vec<Value>| json!({ "type": "actions", "elements": e });
        for (within, beyond) in [
            (section(3_000), section(3_001)),
            (header(150), header(151)),
            (
                actions(vec![button(&"x".repeat(75), "v")]),
                actions(vec![button(&"x".repeat(76), "v")]),
            ),
            (
                actions(vec![button("x", &"v".repeat(2_000))]),
                actions(vec![button("x", &"v".repeat(2_001))]),
            ),
        ] {
            assert!(!refused(&[within]));
            assert!(refused(&[beyond]));
        }
        assert!(!refused(&vec![section(1); 50]));
        assert!(refused(&vec![section(1); 51]));
    }

    #[test]
    fn what_is_missing_or_twice_there_is_refused() {
        let twice = json!({ "type": "actions", "elements": [button("a", "1"), button("b", "2")] });
        let header = json!({ "type": "header", "text": { "type": "mrkdwn", "text": "a" } });
        let empty = json!({ "type": "section", "text": { "type": "mrkdwn", "text": "" } });
        for block in [
            twice,
            header,
            empty,
            json!({ "type": "section" }),
            json!({ "type": "new" }),
        ] {
            assert!(refused(std::slice::from_ref(&block)), "{block}");
        }
    }
}
