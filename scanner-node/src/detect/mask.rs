//! What may be shown of a value.
//!
//! Owns the preview. **Invariant:** at most half of a value's letters and digits are shown, and none of
//! a value with fewer than eight; the rule of a detector can only lower that.

use shared::detector::MaskRule;

/// What stands for a value of which nothing is shown; tells neither its text nor its length.
const HIDDEN: &str = "********";
/// What stands for a value of several lines.
const HIDDEN_LINES: &str = "[several lines, hidden]";
/// Values with fewer letters and digits are hidden whole.
const SHORTEST_SHOWN: usize = 8;
/// Longer values are shown as their ends.
const LONGEST_WHOLE: usize = 48;
/// Characters of each end of a longer value.
const END: usize = 20;

/// The value, masked: `4111 **** **** 1111`. Separators stay, so that the form can be recognised.
pub fn preview(value: &str, rule: MaskRule) -> String {
    if value.contains(['\n', '\r']) {
        return HIDDEN_LINES.to_owned();
    }
    let total = value.chars().filter(|c| c.is_alphanumeric()).count();
    let (first, last) = shown(total, rule);
    if first + last == 0 {
        return HIDDEN.to_owned();
    }
    let mut seen = 0;
    let masked: Vec<char> = value
        .chars()
        .map(|c| {
            if !c.is_alphanumeric() {
                return if is_separator(c) { c } else { '*' };
            }
            seen += 1;
            if seen <= first || seen > total - last {
                c
            } else {
                '*'
            }
        })
        .collect();
    shortened(&masked)
}

/// What is shown in the place of a document: its name was given by whoever registered it.
pub(super) fn of_document(percent: u8, name: &str) -> String {
    format!("[{percent} % of {name}]")
}

/// How many letters and digits are shown at the start and at the end.
fn shown(total: usize, rule: MaskRule) -> (usize, usize) {
    if total < SHORTEST_SHOWN {
        return (0, 0);
    }
    let most = total / 2;
    let first = usize::from(rule.first).min(most);
    let last = usize::from(rule.last).min(most - first);
    (first, last)
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '/' | ':' | '@' | '_' | '+' | '(' | ')')
}

fn shortened(masked: &[char]) -> String {
    if masked.len() <= LONGEST_WHOLE {
        return masked.iter().collect();
    }
    let start = masked.iter().take(END);
    let end = masked.iter().skip(masked.len() - END);
    start.chain(&['…']).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_card_keeps_its_groups_and_its_ends() {
        let rule = MaskRule { first: 4, last: 4 };
        assert_eq!(preview("4111 1111 1111 1111", rule), "4111 **** **** 1111");
        assert_eq!(preview("4111-1111-1111-1111", rule), "4111-****-****-1111");
        assert_eq!(
            preview("078-05-1120", MaskRule { first: 0, last: 4 }),
            "***-**-1120"
        );
    }

    #[test]
    fn nothing_is_shown_by_default_nor_of_short_or_many_lined_values() {
        assert_eq!(preview("hunter2-and-more", MaskRule::default()), HIDDEN);
        assert_eq!(preview("1234567", MaskRule { first: 4, last: 4 }), HIDDEN);
        assert_eq!(
            preview("a\nbcdefghijkl", MaskRule { first: 4, last: 4 }),
            HIDDEN_LINES
        );
    }

    #[test]
    fn letters_of_every_script_and_odd_signs_are_masked() {
        let rule = MaskRule { first: 1, last: 0 };
        assert_eq!(preview("äöüßжщ漢字§", rule), "ä********");
    }

    #[test]
    fn a_long_value_is_shown_as_its_ends() {
        let shown = preview(&"a".repeat(5_000), MaskRule { first: 4, last: 4 });
        assert_eq!(shown.chars().count(), 2 * END + 1);
    }

    proptest! {
        #[test]
        fn never_shows_more_than_half(value in "\\PC{0,60}", first in 0_u8.., last in 0_u8..) {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            let masked = preview(&value, MaskRule { first, last });
            prop_assert!(letters(&masked) * 2 <= letters(&value));
        }
    }
}
