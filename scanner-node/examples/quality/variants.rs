//! Values written with other characters that look the same or like nothing.
//!
//! Owns the seven values and the ten ways to write each: what word processors, web pages, phones and
//! people with intent put in the place of hyphens, blanks and digits.
//! **Invariant:** a value counts as kept only if it is found from its first to its last character.

use super::judge::Judge;

/// InfoType, what stands before the value, the value.
const VALUES: &[(&str, &str, &str)] = &[
    ("CREDIT_CARD_NUMBER", "my card is", "4539 5787 6362 1486"),
    ("US_SOCIAL_SECURITY_NUMBER", "my ssn is", "536-90-4399"),
    ("IBAN_CODE", "please pay to", "DE89 3704 0044 0532 0130 00"),
    ("PHONE_NUMBER", "call me at", "+1 415-555-2671"),
    ("EMAIL_ADDRESS", "write to", "ana-lopez7@corp-mail2.io"),
    (
        "SLACK_TOKEN",
        "token",
        concat!(
            "xox",
            "b-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
        ),
    ),
    (
        "DATABASE_URL",
        "connect to",
        "postgres://app:k3yB-0ard@db-1.corp.io:5432",
    ),
];

/// What is done to a value.
#[derive(Clone, Copy)]
enum Change {
    /// As it is usually written.
    None,
    /// Stands for hyphens, and for blanks between digits.
    Hyphen(char),
    /// Stands for blanks and hyphens between digits; where a value may have no blank, around it.
    Blank(char),
    /// Stands, unseen, in the middle.
    Unseen(char),
    /// Digits of twice the width.
    WideDigits,
}

/// Name and change, in the order of the table.
const CHANGES: &[(&str, Change)] = &[
    ("non-breaking hyphen U+2011", Change::Hyphen('\u{2011}')),
    ("en dash U+2013", Change::Hyphen('\u{2013}')),
    ("minus U+2212", Change::Hyphen('\u{2212}')),
    ("no-break space U+00A0", Change::Blank('\u{A0}')),
    ("figure space U+2007", Change::Blank('\u{2007}')),
    ("soft hyphen U+00AD", Change::Unseen('\u{AD}')),
    ("zero-width space U+200B", Change::Unseen('\u{200B}')),
    ("zero-width joiner U+200D", Change::Unseen('\u{200D}')),
    ("left-to-right mark U+200E", Change::Unseen('\u{200E}')),
    ("full-width digits", Change::WideDigits),
];

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Kept,
    /// Found, but not all of it.
    Cut,
    Lost,
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Cut => "cut",
            Self::Lost => "lost",
        }
    }
}

/// A way to write, and what became of each value.
pub(crate) struct Row {
    pub(crate) change: &'static str,
    pub(crate) outcomes: Vec<Outcome>,
}

/// What became of the values in each way.
pub(crate) struct Table {
    /// Without a change: what is lost here is lost anyway.
    pub(crate) plain: Row,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// How many variants were not kept, and how many there are.
    pub(crate) fn lost(&self) -> (usize, usize) {
        let all = self.rows.iter().flat_map(|row| &row.outcomes);
        let lost = all.clone().filter(|outcome| **outcome != Outcome::Kept);
        (lost.count(), all.count())
    }
}

/// The type of each value, in the order of the outcomes.
pub(crate) fn info_types() -> impl Iterator<Item = &'static str> {
    VALUES.iter().map(|(info_type, _, _)| *info_type)
}

pub(crate) fn measure(judge: &mut Judge) -> Table {
    Table {
        plain: row("as usually written", Change::None, judge),
        rows: CHANGES
            .iter()
            .map(|&(name, change)| row(name, change, judge))
            .collect(),
    }
}

fn row(name: &'static str, change: Change, judge: &mut Judge) -> Row {
    Row {
        change: name,
        outcomes: VALUES
            .iter()
            .map(|&(info_type, before, value)| {
                let blank = match change {
                    Change::Blank(blank) if !is_number(value) => blank.to_string(),
                    _ => " ".to_owned(),
                };
                outcome(judge, info_type, before, &changed(value, change), &blank)
            })
            .collect(),
    }
}

fn outcome(judge: &mut Judge, info_type: &str, before: &str, value: &str, blank: &str) -> Outcome {
    let start = before.len() + blank.len();
    let span = start..start + value.len();
    let mut found = judge.found(&format!("{before}{blank}{value}{blank}as agreed"));
    found.retain(|found| found.info_type == info_type && found.meets(&span));
    if found.iter().any(|found| found.covers(&span)) {
        Outcome::Kept
    } else if found.is_empty() {
        Outcome::Lost
    } else {
        Outcome::Cut
    }
}

fn changed(value: &str, change: Change) -> String {
    match change {
        Change::Hyphen(hyphen) if is_number(value) => {
            value.replace(['-', ' '], &hyphen.to_string())
        }
        Change::Hyphen(hyphen) => value.replace('-', &hyphen.to_string()),
        Change::Blank(blank) if is_number(value) => value.replace(['-', ' '], &blank.to_string()),
        Change::Blank(_) | Change::None => value.to_owned(),
        Change::Unseen(unseen) => {
            let middle = value.len() / 2;
            let (head, tail) = value.split_at_checked(middle).unwrap_or((value, ""));
            format!("{head}{unseen}{tail}")
        }
        Change::WideDigits => value.chars().map(wide).collect(),
    }
}

/// Whether blanks may part it: digits in groups, with the letters of a country at most.
fn is_number(value: &str) -> bool {
    !value.contains(|c: char| c.is_ascii_lowercase())
}

fn wide(c: char) -> char {
    c.to_digit(10)
        .and_then(|digit| char::from_u32(u32::from('０') + digit))
        .unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_seventy_and_each_differs_from_the_plain_form() {
        let mut count = 0;
        for (_, change) in CHANGES {
            for (_, _, value) in VALUES {
                count += 1;
                let is_around = matches!(change, Change::Blank(_)) && !is_number(value);
                assert_eq!(changed(value, *change) == *value, is_around, "{value}");
            }
        }
        assert_eq!(count, 70);
    }

    #[test]
    fn digits_become_wide_and_the_unseen_stands_inside() {
        assert_eq!(changed("a1-2", Change::WideDigits), "a１-２");
        assert_eq!(changed("1234", Change::Unseen('\u{AD}')), "12\u{AD}34");
        assert_eq!(changed("12 3-4", Change::Hyphen('–')), "12–3–4");
        assert_eq!(changed("a-b c", Change::Hyphen('–')), "a–b c");
    }
}
