//! What a text calls a value: `order no. 4711`, `"orderId": 4711`, `invoice #4711`.
//!
//! Owns finding the words that name a value, and telling them from words that merely stand before it.
//! **Invariant:** a name stands on the line of its value, with nothing between them but signs, the words that
//! such names go on with, and numbers that share it.

use std::collections::BTreeSet;

/// How far before a value its name is looked for, in bytes.
const REACH: usize = 80;
/// Most words that are read back.
const MOST_WORDS: usize = 8;
/// Words that names go on with.
const GOES_ON: &str = "\
    no nos nr nbr num number numbers n nº id ids code codes is are was the with nummer nummern ist mit der \
    numero número numéro est es de la номер";
/// Words between two numbers of one name.
const AND: &[&str] = &[
    "and", "or", "und", "oder", "et", "ou", "y", "e", "en", "i", "и",
];
/// From this length on a number is one of several, behind `and`.
const LONG_NUMBER: usize = 8;
/// Digits of a group, where a long number is written in groups.
const GROUP: usize = 4;
/// A word no longer than this may be a short form, and the full stop behind it no end.
const SHORT_FORM: usize = 4;

/// The words and signs that something is called by.
#[derive(Debug)]
pub(super) struct Names {
    words: BTreeSet<String>,
    /// Those that are found inside longer ones, too: they are inflected, or nothing parts them from the next.
    inside: Vec<String>,
    signs: Vec<char>,
}

impl Names {
    /// Takes letters without regard to case. A name of several words has blanks between them; what has no
    /// letter is a sign that stands right before the value.
    pub(super) fn new(list: &[String]) -> Self {
        let (words, signs): (Vec<&String>, Vec<&String>) = list
            .iter()
            .partition(|name| name.contains(char::is_alphanumeric));
        let words: BTreeSet<String> = words.into_iter().map(|word| word.to_lowercase()).collect();
        Self {
            inside: words
                .iter()
                .filter(|word| !word.is_ascii())
                .cloned()
                .collect(),
            words,
            signs: signs
                .into_iter()
                .filter_map(|sign| sign.chars().next())
                .collect(),
        }
    }

    /// Whether the text calls what begins at `start` by one of them.
    pub(super) fn name(&self, text: &str, start: usize) -> bool {
        let from = text.ceil_char_boundary(start.saturating_sub(REACH));
        let head = text.get(from..start).unwrap_or_default();
        let mut rest = head.rsplit(['\n', '\r']).next().unwrap_or_default();
        if rest.ends_with(|last| self.signs.contains(&last)) {
            return true;
        }
        let (mut phrase, mut behind) = (String::new(), Word::GoesOn);
        for _ in 0..MOST_WORDS {
            let before = rest.trim_end_matches(|c: char| !c.is_alphanumeric());
            let between = rest.get(before.len()..).unwrap_or_default();
            let (earlier, word) = last_word(before);
            if word.is_empty() || ends(word, between) {
                return false;
            }
            let word = word.to_lowercase();
            let kind = kind_of(&word, between, behind);
            if phrase.is_empty() && (self.has(&word) || self.has(&whole_word(before))) {
                return true;
            }
            if kind == Word::Other {
                phrase = if phrase.is_empty() {
                    word
                } else {
                    format!("{word} {phrase}")
                };
                if self.words.contains(&phrase) {
                    return true;
                }
                if !self.goes_on_to(&phrase) {
                    return false;
                }
            } else if !phrase.is_empty() {
                return false;
            }
            behind = kind;
            rest = earlier;
        }
        false
    }

    fn has(&self, word: &str) -> bool {
        self.words.contains(word) || self.inside.iter().any(|part| word.contains(part.as_str()))
    }

    /// Whether a name of several words ends so.
    fn goes_on_to(&self, phrase: &str) -> bool {
        self.words.iter().any(|name| {
            name.strip_suffix(phrase)
                .is_some_and(|head| head.ends_with(' '))
        })
    }
}

/// What a word in front of a value does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// A name may go on with it.
    GoesOn,
    /// Another number of the same name may stand before it.
    And,
    Other,
}

fn kind_of(word: &str, between: &str, behind: Word) -> Word {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    let is_group = is_number && word.len() == GROUP && matches!(between, " " | "-");
    let is_another = is_number && word.len() >= LONG_NUMBER && behind == Word::And;
    if AND.contains(&word) {
        Word::And
    } else if is_group || is_another || GOES_ON.split(' ').any(|known| known == word) {
        Word::GoesOn
    } else {
        Word::Other
    }
}

/// Whether what was said ends between the word and what follows it. A full stop may also end a short form:
/// `no. 4711`.
fn ends(word: &str, between: &str) -> bool {
    let is_short = word.chars().count() <= SHORT_FORM;
    between.contains(['!', '?', ';', ',']) || !is_short && between.contains(". ")
}

/// The last word, whatever its capitals.
fn whole_word(text: &str) -> String {
    let start = text.trim_end_matches(char::is_alphanumeric).len();
    text.get(start..).unwrap_or_default().to_lowercase()
}

/// The text before its last word, and that word. A capital behind a small letter begins one: `orderId`.
fn last_word(text: &str) -> (&str, &str) {
    let mut start = text.len();
    let mut next_is_capital = false;
    for (at, letter) in text.char_indices().rev() {
        if !letter.is_alphanumeric() || next_is_capital && letter.is_lowercase() {
            break;
        }
        next_is_capital = letter.is_uppercase();
        start = at;
    }
    text.split_at_checked(start).unwrap_or(("", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_named(text: &str) -> bool {
        let list = [
            "order",
            "id",
            "#",
            "ref",
            "page token",
            "fedex",
            "bestellung",
            "заказ",
            "注文",
        ];
        let list: Vec<String> = list.iter().map(|&name| name.to_owned()).collect();
        let start = text.find("4711").unwrap();
        Names::new(&list).name(text, start)
    }

    #[test]
    fn a_value_is_named_across_signs_and_the_rest_of_its_name() {
        for text in [
            "order 4711",
            "Order no. 4711",
            "ref. no. 4711",
            "the order number is: 4711",
            "ORDER_NUMBER=4711",
            "\"orderId\": \"4711\"",
            "customerOrderNo: 4711",
            "order (4711)",
            "| order | 4711 |",
            "#4711",
            "?id=4711",
            "{\"name\": \"x\", \"id\": 4711",
            "id is 4711",
            "the one with id 4711",
            "FedEx: 4711",
            "nextPageToken: '4711'",
            "order nº 4711",
            "Bestellung Nr. 4711",
            "номер заказа: 4711",
            "注文番号：4711",
        ] {
            assert!(is_named(text), "{text}");
        }
    }

    #[test]
    fn a_number_shares_the_name_of_the_groups_and_numbers_before_it() {
        assert!(is_named("orders: order 1234 5678 4711"));
        assert!(is_named("order numbers 12345678 and 4711"));
        assert!(!is_named("order 12 and 4711"));
        assert!(!is_named("order 12345678 4711"));
    }

    #[test]
    fn a_word_that_merely_stands_before_is_no_name() {
        for text in [
            "4711",
            "the card for my order: visa 4711",
            "I want to order. 4711",
            "order, 4711",
            "your order! 4711",
            "order\n4711",
            "order 12 4711",
            "border 4711",
            "token 4711",
            "page of the token 4711",
            "4711 order",
            "# my card 4711",
        ] {
            assert!(!is_named(text), "{text}");
        }
    }
}
