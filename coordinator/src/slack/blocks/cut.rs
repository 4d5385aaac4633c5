//! Making texts short enough.
//!
//! **Invariant:** a text is never cut inside a character, an entity like `&amp;`, or a mention or link in
//! angle brackets.

/// Stands where something was cut.
const ELLIPSIS: char = '…';
/// What characters that would begin markup are written as.
pub(super) const ENTITIES: [&str; 3] = ["&amp;", "&lt;", "&gt;"];

/// At most `max` long, with an ellipsis where something is missing. Lengths are in UTF-16 units, which is
/// never less than what Slack counts.
pub(super) fn cut(text: &str, max: usize) -> String {
    if length(text) <= max {
        return text.to_owned();
    }
    let mut kept = beginning(text, max.saturating_sub(1), piece);
    if max > 0 {
        kept.push(ELLIPSIS);
    }
    kept
}

/// The beginning of an id or a value, where an ellipsis would be part of it.
pub(super) fn within(text: &str, max: usize) -> String {
    beginning(text, max, character)
}

fn beginning(text: &str, max: usize, piece: impl Fn(&str) -> usize) -> String {
    let mut kept = String::new();
    let mut left = max;
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(piece(rest));
        let Some(fewer) = left.checked_sub(length(piece)) else {
            break;
        };
        kept.push_str(piece);
        left = fewer;
        rest = behind;
    }
    kept
}

pub(super) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Bytes of what must stay together at the beginning of a text.
fn piece(text: &str) -> usize {
    if let Some(entity) = ENTITIES.iter().find(|entity| text.starts_with(**entity)) {
        return entity.len();
    }
    if text.starts_with('<')
        && let Some(end) = text.find('>')
    {
        return end + 1;
    }
    character(text)
}

fn character(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_stays_as_it_is() {
        assert_eq!(cut("été", 3), "été");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn a_long_text_ends_in_an_ellipsis_between_pieces() {
        for (text, max, expected) in [
            ("abcdef", 4, "abc…"),
            ("ab&amp;cd", 6, "ab…"),
            ("ab&amp;cd", 8, "ab&amp;…"),
            ("a <@U1> b", 6, "a …"),
            ("a <@U1> b", 8, "a <@U1>…"),
            ("😀😀😀", 5, "😀😀…"),
            ("😀😀😀", 4, "😀…"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, max), expected, "{text} {max}");
        }
    }
}
