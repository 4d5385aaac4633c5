//! What becomes of what a person types: mrkdwn as Slack keeps it, and the rich text beside it.
//!
//! Owns escaping, and the links that Slack makes of addresses; both are why a value may stand twice in a
//! message.

use serde_json::{Value, json};

/// What begins and ends a style.
const MARKS: [char; 4] = ['*', '_', '~', '`'];

/// The text as Slack keeps it.
pub(in crate::fake_slack) fn source_of(typed: &str) -> String {
    let mut source = String::with_capacity(typed.len());
    for word in typed.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let space = word.strip_prefix(bare).unwrap_or_default();
        source.push_str(&linked(bare));
        source.push_str(space);
    }
    source
}

/// The rich text that a client sends beside a text.
pub(in crate::fake_slack) fn rich_text(source: &str) -> Value {
    let mut elements = Vec::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once('<') {
        push_text(&mut elements, before);
        let Some((inside, behind)) = after.split_once('>') else {
            break;
        };
        elements.push(reference(inside));
        rest = behind;
    }
    push_text(&mut elements, rest);
    json!({
        "type": "rich_text",
        "elements": [{ "type": "rich_text_section", "elements": elements }],
    })
}

fn linked(word: &str) -> String {
    if is_reference(word) {
        return word.to_owned();
    }
    let escaped = escape(word);
    if word.starts_with("https://") || word.starts_with("http://") {
        return format!("<{escaped}>");
    }
    let address = escaped.trim_end_matches(['.', ',', ';', ':', ')']);
    let behind = escaped.strip_prefix(address).unwrap_or_default();
    match address.split_once('@') {
        Some((name, host)) if !name.is_empty() && is_host(host) => {
            format!("<mailto:{address}|{address}>{behind}")
        }
        _ => escaped,
    }
}

/// `<@U1>`, `<#C1|general>`, `<!here>`: clients send these for what was picked from a list.
fn is_reference(word: &str) -> bool {
    ["<@", "<#", "<!"]
        .iter()
        .any(|start| word.starts_with(start))
        && word.contains('>')
}

fn is_host(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    host.contains('.') && !host.ends_with('.') && host.chars().all(allowed)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// Adds a text: a part of its own for each that is bold, italic, struck out or code, as clients do it. That
/// is why a number may be in several pieces.
fn push_text(elements: &mut Vec<Value>, source: &str) {
    let text = unescape(source);
    let (mut plain, mut rest) = (String::new(), text.as_str());
    while let Some((before, from)) = rest.find(MARKS).and_then(|at| rest.split_at_checked(at)) {
        let mut behind = from.chars();
        let mark = behind.next().unwrap_or_default();
        plain.push_str(before);
        rest = behind.as_str();
        let opens = plain
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric());
        match marked(rest, mark).filter(|_| opens) {
            Some((inside, after)) => {
                push_plain(elements, &mut plain);
                let style = json!({ style_of(mark): true });
                elements.push(json!({ "type": "text", "text": inside, "style": style }));
                rest = after;
            }
            None => plain.push(mark),
        }
    }
    plain.push_str(rest);
    push_plain(elements, &mut plain);
}

/// What stands before the mark that ends a style, and what behind it.
fn marked(text: &str, mark: char) -> Option<(&str, &str)> {
    let (inside, after) = text.split_once(mark)?;
    let tight = !inside.is_empty() && inside.trim() == inside;
    let ends = after.chars().next().is_none_or(|c| !c.is_alphanumeric());
    (tight && ends).then_some((inside, after))
}

fn push_plain(elements: &mut Vec<Value>, plain: &mut String) {
    if !plain.is_empty() {
        elements.push(json!({ "type": "text", "text": std::mem::take(plain) }));
    }
}

const fn style_of(mark: char) -> &'static str {
    match mark {
        '*' => "bold",
        '_' => "italic",
        '~' => "strike",
        _ => "code",
    }
}

fn reference(inside: &str) -> Value {
    let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
    if let Some(user) = target.strip_prefix('@') {
        return json!({ "type": "user", "user_id": user });
    }
    if let Some(channel) = target.strip_prefix('#') {
        return json!({ "type": "channel", "channel_id": channel });
    }
    if let Some(range) = target.strip_prefix('!') {
        return json!({ "type": "broadcast", "range": range });
    }
    let mut link = json!({ "type": "link", "url": unescape(target) });
    if let (false, Some(link)) = (label.is_empty(), link.as_object_mut()) {
        link.insert("text".to_owned(), json!(unescape(label)));
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_links_and_signs_are_escaped() {
        for (typed, source) in [
            ("a < b & c", "a &lt; b &amp; c"),
            (
                "see https://a.example/x?b=1&c=2 now",
                "see <https://a.example/x?b=1&amp;c=2> now",
            ),
            (
                "mail ada@example.com.",
                "mail <mailto:ada@example.com|ada@example.com>.",
            ),
            ("<@U1> look\nhere", "<@U1> look\nhere"),
            ("not@mail @here", "not@mail @here"),
        ] {
            assert_eq!(source_of(typed), source);
        }
    }

    #[test]
    fn a_styled_part_is_a_piece_of_its_own() {
        for (typed, pieces) in [
            ("4111 *1111* 1111", vec!["4111 ", "1111", " 1111"]),
            ("`a`-_b_!", vec!["a", "-", "b", "!"]),
            ("a_b_c 2*3 * 4 **", vec!["a_b_c 2*3 * 4 **"]),
        ] {
            let block = rich_text(typed);
            let elements = block.pointer("/elements/0/elements").unwrap();
            let texts = elements.as_array().unwrap().iter();
            let texts: Vec<&str> = texts.map(|e| e["text"].as_str().unwrap()).collect();
            assert_eq!(texts, pieces, "{typed}");
        }
    }

    #[test]
    fn rich_text_says_the_same() {
        let block = rich_text("a &lt; <mailto:x@y.zz|x@y.zz> <@U1>");
        let elements = block.pointer("/elements/0/elements").unwrap();
        assert_eq!(
            *elements,
            json!([
                { "type": "text", "text": "a < " },
                { "type": "link", "url": "mailto:x@y.zz", "text": "x@y.zz" },
                { "type": "text", "text": " " },
                { "type": "user", "user_id": "U1" },
            ])
        );
    }
}
