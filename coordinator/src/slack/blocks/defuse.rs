//! Posting somebody's text again without calling everybody together.
//!
//! Owns taking the commands out of a text with Slack's markup: what calls a channel, everybody or a group.
//! Links, mentions of people and channels, and times stay.
//! **Invariant:** of all commands only times are left, and taking one out never makes another: brackets that
//! belong to no markup are escaped.

/// What may stay, as it is only shown.
const HARMLESS: &str = "date^";

/// The text without its commands: `@channel` in words stands in the place of each.
pub fn defuse(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>']) {
        let (before, bracket) = rest.split_at(at);
        safe.push_str(before);
        if let Some((inside, behind)) = markup(bracket) {
            push(&mut safe, inside);
            rest = behind;
        } else {
            let mut characters = bracket.chars();
            let stray = characters.next();
            safe.push_str(if stray == Some('<') { "&lt;" } else { "&gt;" });
            rest = characters.as_str();
        }
    }
    safe.push_str(rest);
    safe
}

/// What stands between the bracket that `text` begins with and its partner, and what follows.
fn markup(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    let end = inside.find(['<', '>'])?;
    let (inside, behind) = inside.split_at(end);
    Some((inside, behind.strip_prefix('>')?))
}

fn push(safe: &mut String, inside: &str) {
    let Some(command) = inside.strip_prefix('!') else {
        safe.extend(["<", inside, ">"]);
        return;
    };
    if command.starts_with(HARMLESS) {
        safe.extend(["<!", command, ">"]);
        return;
    }
    let (name, label) = command.split_once('|').unwrap_or((command, ""));
    let shown = match (label.trim_start_matches('@'), name) {
        ("", name) if name.starts_with("subteam^") => "group",
        ("", name) => name,
        (label, _) => label,
    };
    safe.extend(["@", shown]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_calls_many_is_only_words() {
        for (text, expected) in [
            ("<!channel> look", "@channel look"),
            ("<!here|here>", "@here"),
            ("<!everyone|@everyone>!", "@everyone!"),
            ("<!subteam^S123>", "@group"),
            ("<!subteam^S123|@sales>", "@sales"),
            ("<!CHANNEL>", "@CHANNEL"),
            ("<!invented|tomorrow>", "@tomorrow"),
            ("<!>", "@"),
        ] {
            assert_eq!(defuse(text), expected);
        }
    }

    #[test]
    fn other_markup_stays() {
        for text in [
            "hi <@U1>, see <#C1|general> &lt;soon&gt;",
            "<https://example.test/?a=1&amp;b=2|here>",
            "<!date^1700000000^{date}|then>",
            "<mailto:a@example.test|a@example.test>",
            "",
        ] {
            assert_eq!(defuse(text), text);
        }
    }

    #[test]
    fn taking_one_out_does_not_make_another() {
        for (text, expected) in [
            ("<<!x|!here>>", "&lt;@!here&gt;"),
            ("<!<!here>channel>", "&lt;!@herechannel&gt;"),
            ("<!here", "&lt;!here"),
            ("a > b < c", "a &gt; b &lt; c"),
        ] {
            assert_eq!(defuse(text), expected);
        }
    }
}
