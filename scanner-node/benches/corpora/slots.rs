//! What stands in a slot of a template: words, numbers, dates, names, links, identifiers.
//!
//! Owns the slots that are counted or computed; those that are made of others are data, in
//! `phrases/forms.txt`, a line for each choice.
//! **Invariant:** nothing made here is somebody's number, address or key, but for the addresses of hosts
//! in logs, and the numbers of things.

use super::dice::{ALPHANUMERIC, BASE64, HEX, LOWER, UPPER, UPPER_AND_DIGITS};
use super::values;
use super::writer::Writer;

impl Writer {
    /// What stands in a slot; none if there is no slot of that name.
    pub(super) fn slot(&mut self, name: &str) -> Option<String> {
        Some(match name {
            "n" => self.dice.between(1, 999).to_string(),
            "mm" => format!("{:02}", self.dice.between(1, 12)),
            "dd" => format!("{:02}", self.dice.between(1, 28)),
            "sec" => format!("{:02}", self.dice.below(60)),
            "clock" => format!("{:02}:{:02}", self.dice.below(24), self.dice.below(60)),
            "month3" => self.slot("month")?.chars().take(3).collect(),
            "ip" => self.address(),
            "imei" => values::imei(self),
            "ean" => values::ean(self),
            "camel" => self.camel(),
            _ => match self.word(name) {
                Some(word) => word.to_owned(),
                None => return self.form(name).or_else(|| self.repeated(name)),
            },
        })
    }

    /// A letter for the alphabet and how many: `d4`, `x40`.
    fn repeated(&mut self, name: &str) -> Option<String> {
        let count = name.get(1..)?.parse().ok()?;
        Some(match name.get(..1)? {
            "d" => self.dice.digits(count),
            "x" => self.dice.text(HEX, count),
            "l" => self.dice.text(LOWER, count),
            "u" => self.dice.text(UPPER_AND_DIGITS, count),
            "a" => self.dice.text(ALPHANUMERIC, count),
            "b" => self.dice.text(BASE64, count),
            "c" => self.dice.text(UPPER, count),
            _ => return None,
        })
    }

    fn address(&mut self) -> String {
        let first = ["10", "10", "172", "192", "203", "198", "81", "2"];
        let first = self.dice.pick(&first);
        let mut part = || self.dice.below(256);
        format!("{first}.{}.{}.{}", part(), part(), part())
    }

    fn camel(&mut self) -> String {
        let words = [self.word("adj"), self.word("noun")];
        words.into_iter().flatten().map(capitalised).collect()
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
