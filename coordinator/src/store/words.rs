//! What a search looks through: the words of a row, found by how they begin.
//!
//! Owns cutting text into words and the condition that a search is. Leaves which texts of a row count to the
//! table files. PostgreSQL keeps the words as a `tsvector` under an index, SQLite as text.
//! **Invariant:** words are cut here only, so that both databases find the same rows, and what somebody
//! searches for is data and never part of a statement.

use std::collections::BTreeSet;

use diesel::deserialize::FromSqlRow;
use diesel::dsl::{AsExprOf, sql};
use diesel::expression::{AsExpression, SqlLiteral, UncheckedBind};
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;
use std::io::Write as _;

use super::columns::TsWords;
use super::connection::{Conn, Database};

/// Words kept of a row; what is written beyond them is not found.
const MAX_WORDS: usize = 256;
/// Bytes kept of a word, and looked at of a word that is searched for.
const MAX_WORD_BYTES: usize = 64;
/// Words of a search that count.
const MAX_ASKED: usize = 16;

/// The words of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = TsWords)]
pub struct Words(BTreeSet<String>);

/// What somebody searches for: every word of it must be the beginning of a word of the row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Search(BTreeSet<String>);

/// A search as a condition.
pub type Found = SqlLiteral<Bool, UncheckedBind<SqlLiteral<Bool>, AsExprOf<String, Text>>>;

impl Words {
    /// The words of these texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(texts.into_iter().flat_map(words).take(MAX_WORDS).collect())
    }
}

impl Search {
    /// The search that a text asks for; none if there is no word in it.
    pub fn parse(text: &str) -> Option<Self> {
        let asked: BTreeSet<String> = words(text).take(MAX_ASKED).collect();
        (!asked.is_empty()).then_some(Self(asked))
    }

    /// The condition on a column of words, named with its table. An index of the column may serve it.
    pub(super) fn condition(&self, conn: &Conn, column: &str) -> Found {
        self.written(conn, column, "::tsquery)")
    }

    /// The condition, as no index serves it: for rows that are walked one by one.
    pub(super) fn walking(&self, conn: &Conn, column: &str) -> Found {
        self.written(conn, column, "::tsquery) IS TRUE")
    }

    fn written(&self, conn: &Conn, column: &str, end: &str) -> Found {
        match &conn.db {
            Database::Postgres(_) => sql::<Bool>(&format!("({column} @@ "))
                .bind::<Text, _>(self.as_tsquery())
                .sql(end),
            Database::Sqlite(_) => sql::<Bool>("NOT EXISTS (SELECT 1 FROM json_each(")
                .bind::<Text, _>(self.as_json())
                .sql(&format!(
                    ") AS asked WHERE instr({column}, ' ' || asked.value) = 0)"
                )),
        }
    }

    /// Words are letters and digits: nothing in them needs to be escaped.
    fn as_tsquery(&self) -> String {
        let terms: Vec<String> = self.0.iter().map(|word| format!("'{word}':*")).collect();
        terms.join(" & ")
    }

    fn as_json(&self) -> String {
        let terms: Vec<String> = self.0.iter().map(|word| format!("\"{word}\"")).collect();
        format!("[{}]", terms.join(","))
    }
}

/// Runs of letters and digits, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut folded = word.to_lowercase();
            // Lower case can bring marks that are no letters: they would split the word on the other side.
            folded.retain(char::is_alphanumeric);
            folded.truncate(folded.floor_char_boundary(MAX_WORD_BYTES));
            folded
        })
}

/// As `tsvectorsend` writes it: a count, then each word with its NUL and no positions.
impl ToSql<TsWords, Pg> for Words {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&i32::try_from(self.0.len())?.to_be_bytes())?;
        for word in &self.0 {
            out.write_all(word.as_bytes())?;
            out.write_all(&[0, 0, 0])?;
        }
        Ok(IsNull::No)
    }
}

/// A blank before each word, by which its beginning is known.
impl ToSql<TsWords, Sqlite> for Words {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        let mut text = String::new();
        for word in &self.0 {
            text.push(' ');
            text.push_str(word);
        }
        out.set_value(text);
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn list(words: &Words) -> Vec<&str> {
        words.0.iter().map(String::as_str).collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_in_lower_case() {
        let words = Words::of(["Port-Scan from 10.0.0.7", "ÄRGER!"]);
        assert_eq!(
            list(&words),
            ["0", "10", "7", "from", "port", "scan", "ärger"]
        );
    }

    #[test]
    fn keys_and_values_of_a_document_are_words() {
        let document = json!({"host": {"name": "db-1"}, "n": 7}).to_string();
        let words = Words::of(["x", &document]);
        assert_eq!(list(&words), ["1", "7", "db", "host", "n", "name", "x"]);
    }

    #[test]
    fn a_search_without_a_word_is_none() {
        assert_eq!(Search::parse(" -- '\"; "), None);
        assert!(Search::parse("a").is_some());
    }

    proptest! {
        #[test]
        fn nothing_that_is_searched_for_is_more_than_letters_and_digits(text in "\\PC{0,80}") {
            if let Some(search) = Search::parse(&text) {
                for word in &search.0 {
                    prop_assert!(word.chars().all(char::is_alphanumeric) && word.len() <= MAX_WORD_BYTES);
                }
                prop_assert_eq!(Search::parse(&search.0.iter().cloned().collect::<Vec<_>>().join(" ")), Some(search));
            }
        }
    }
}
