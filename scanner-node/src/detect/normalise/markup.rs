//! Slack's links and style marks.
//!
//! Owns where a link has its label and which marks are style. Leaves taking them out to `sweep`.
//! **Invariant:** each is answered from a bounded look at the text, or by a cursor that only moves on, so
//! that all questions of a text together cost a constant number of passes.
//!
//! # Source
//! "Formatting text for app surfaces" in Slack's documentation: `<https://…|label>`, `<mailto:…|…>`,
//! `<@U…>`, `<#C…|name>`, `<!date^…|fallback>`; `*bold*`, `_italic_`, `~strike~`, `` `code` ``.

use std::ops::Range;

/// Longest link read. Slack takes URLs of some 3,000 characters.
const LONGEST_LINK: usize = 8 << 10;
/// What may follow the `<` of a link.
const LINK_STARTS: &[&[u8]] = &[
    b"http:", b"https:", b"mailto:", b"tel:", b"ftp:", b"ftps:", b"sftp:", b"ssh:", b"file:",
    b"slack:", b"@", b"#", b"!",
];

/// A link: what of it is not its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Bytes from the `<` to the label, or to the target where there is no label.
    pub(super) before: usize,
    /// Where the `>` is, from the `<` on.
    pub(super) close: usize,
}

/// The link at the start of `text`.
pub(super) fn link(text: &[u8]) -> Option<Link> {
    let inner = text.get(1..)?;
    if !LINK_STARTS.iter().any(|start| inner.starts_with(start)) {
        return None;
    }
    let inner = inner.get(..LONGEST_LINK.min(inner.len()))?;
    let close = memchr::memchr3(b'>', b'<', b'\n', inner)?;
    if inner.get(close) != Some(&b'>') {
        return None;
    }
    let label = memchr::memchr(b'|', inner.get(..close)?);
    Some(Link {
        before: label.map_or(1, |bar| bar + 2),
        close: close + 1,
    })
}

/// Whether something that touches a link on its outside may belong to what is in the link.
pub(super) fn continues_a_link(outside: Option<u8>) -> bool {
    outside.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"@_-+=".contains(&byte))
}

/// Whether `byte` is a style mark.
pub(super) fn is_mark(byte: u8) -> bool {
    matches!(byte, b'*' | b'_' | b'~' | b'`')
}

/// What marks are to the text around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Part of the text.
    Text,
    /// Style, in a place where no value suffers from it.
    Style,
    /// Style within a value, or such that it hides one.
    InTheWay,
}

/// Most marks in a row that are style.
const MOST_MARKS: usize = 3;
/// So much from opening to closing mark may hold a value.
const SHORTEST_VALUE: usize = 6;

/// What the marks at `run` are, which are all that stand there in a row. Asked in order of position.
pub(super) fn role(text: &[u8], run: &Range<usize>, italics: &mut Italics) -> Role {
    let marks = text.get(run.clone()).unwrap_or_default();
    if marks.len() > MOST_MARKS {
        return Role::Text;
    }
    let before = run
        .start
        .checked_sub(1)
        .and_then(|at| text.get(at))
        .copied();
    let after = text.get(run.end).copied();
    // What is not ASCII may be read as a digit.
    let joins =
        |side: Option<u8>| side.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80);
    let underscores = marks.contains(&b'_');
    if marks == b"_" && italics.is_one(text, run.start) {
        return Role::InTheWay;
    }
    match (joins(before), joins(after)) {
        (true, true) => within_a_word(before, after, underscores),
        (false, false) => Role::Text,
        _ if is_between_digits(text, run) => Role::InTheWay,
        // `*_value_*`: the underscore would belong to the word.
        _ if underscores && marks.len() > 1 && marks != b"__" => Role::InTheWay,
        _ if underscores => Role::Text,
        _ => Role::Style,
    }
}

/// `snake_case` is a word and `4111_1111` is a number.
fn within_a_word(before: Option<u8>, after: Option<u8>, underscores: bool) -> Role {
    let digit = |side: Option<u8>| side.is_some_and(|byte| byte.is_ascii_digit());
    if underscores && !(digit(before) && digit(after)) {
        Role::Text
    } else {
        Role::InTheWay
    }
}

/// Whether digits or capitals go on beyond marks and one separator on both sides: `4111 *1111*`.
fn is_between_digits(text: &[u8], run: &Range<usize>) -> bool {
    let back = text
        .get(run.start.saturating_sub(5)..run.start)
        .unwrap_or_default();
    let on = text
        .get(run.end..(run.end + 5).min(text.len()))
        .unwrap_or_default();
    let before = beyond(back.iter().rev());
    let after = beyond(on.iter());
    let goes_on = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    let digits = before.is_some_and(|byte| byte.is_ascii_digit())
        || after.is_some_and(|byte| byte.is_ascii_digit());
    digits && before.is_some_and(goes_on) && after.is_some_and(goes_on)
}

/// The first byte that is no mark, past at most one separator.
fn beyond<'b>(bytes: impl Iterator<Item = &'b u8>) -> Option<u8> {
    let mut separators = 0;
    for &byte in bytes {
        if b" -./".contains(&byte) && separators == 0 {
            separators += 1;
        } else if !is_mark(byte) {
            return Some(byte);
        }
    }
    None
}

/// The pairs of `_` that make italics.
#[derive(Debug, Default)]
pub(super) struct Italics {
    /// The next `_` that may close, and the next line's end, as far as they were looked for.
    close: Cursor,
    line: Cursor,
    /// Where the pair that is open ends.
    open_until: Option<usize>,
}

/// A place that was looked for from somewhere on.
#[derive(Debug, Default)]
struct Cursor {
    from: usize,
    found: Option<usize>,
    is_known: bool,
}

impl Cursor {
    /// The first place at `from` or later. `look` is asked only for what no earlier answer covers.
    fn next(&mut self, from: usize, look: impl FnOnce(usize) -> Option<usize>) -> Option<usize> {
        let covered =
            self.is_known && self.from <= from && self.found.is_none_or(|found| from <= found);
        if !covered {
            *self = Self {
                from,
                found: look(from),
                is_known: true,
            };
        }
        self.found
    }
}

impl Italics {
    /// Whether the `_` at `at` opens or closes italics.
    fn is_one(&mut self, text: &[u8], at: usize) -> bool {
        if self.open_until == Some(at) {
            self.open_until = None;
            return true;
        }
        if self.open_until.is_some_and(|end| at < end) || !opens(text, at) {
            return false;
        }
        let close = self
            .close
            .next(at + SHORTEST_VALUE, |from| next_close(text, from));
        let line = self.line.next(at, |from| {
            let rest = text.get(from..).unwrap_or_default();
            memchr::memchr(b'\n', rest).map(|end| from + end)
        });
        self.open_until = close.filter(|close| line.is_none_or(|line| *close < line));
        self.open_until.is_some()
    }
}

fn opens(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    let after = text.get(at + 1);
    !before.is_some_and(|byte| is_word(*byte))
        && after.is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'_')
}

fn next_close(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    memchr::memchr_iter(b'_', rest)
        .map(|at| from + at)
        .find(|&at| {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            let ends = before.is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'_');
            ends && !text.get(at + 1).is_some_and(|byte| is_word(*byte))
        })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(text: &str) -> Vec<Role> {
        let bytes = text.as_bytes();
        let mut italics = Italics::default();
        let mut roles = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let end = at
                + bytes[at..]
                    .iter()
                    .take_while(|byte| is_mark(**byte))
                    .count();
            if end > at {
                roles.push(role(bytes, &(at..end), &mut italics));
            }
            at = end.max(at + 1);
        }
        roles
    }

    #[test]
    fn a_link_has_a_label_or_shows_its_target() {
        let of = |text: &str| link(text.as_bytes()).map(|link| (link.before, link.close));
        assert_eq!(of("<mailto:a@b.c|a@b.c>"), Some((14, 19)));
        assert_eq!(of("<https://a.b>"), Some((1, 12)));
        assert_eq!(of("<#C123|general> x"), Some((7, 14)));
        for none in [
            "<",
            "<b>",
            "<https://a.b",
            "<https://a <https:",
            "<xs:element>",
            "<http:\n>",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn marks_inside_a_number_are_in_the_way() {
        use Role::{InTheWay, Style, Text};
        assert_eq!(roles("*4111* 1111"), [Style, InTheWay]);
        assert_eq!(roles("4111*1111*11111111"), [InTheWay, InTheWay]);
        assert_eq!(roles("4111_1111 snake_case"), [InTheWay, Text]);
        assert_eq!(roles("very *bold* and ~gone~"), [Style; 4]);
        assert_eq!(roles("2 * 3 **** x"), [Text, Text]);
    }

    #[test]
    fn italics_hide_the_edges_of_a_value() {
        use Role::{InTheWay, Text};
        assert_eq!(roles("_AKIA1234_ or (_a@b.io_)"), [InTheWay; 4]);
        assert_eq!(roles("_ghp_abc_"), [InTheWay, Text, InTheWay]);
        assert_eq!(roles("_private and _other"), [Text, Text]);
        assert_eq!(roles("_private\nother_"), [Text, Text]);
        assert_eq!(roles("__init__(self)"), [Text, Text]);
        assert_eq!(roles("*_AKIA1234_*"), [InTheWay, InTheWay]);
    }
}
