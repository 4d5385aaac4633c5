//! Column types that PostgreSQL and SQLite keep differently, and how they become ours.
//!
//! Owns four SQL types (`Uid`, `Ts`, `JsonDoc`, `TsWords`), their Rust carriers, and the conversions to the ids, times
//! and scales of `shared`. Leaves what the columns mean to the table files.
//! **Invariant:** what is written reads back equal on both databases; a NUL, which PostgreSQL refuses, never
//! reaches one.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Jsonb, Nullable, SmallInt, SqlType, Text, Timestamptz};
use diesel::sqlite::{Sqlite, SqliteValue};
use serde_json::Value;
use shared::clock::whole_microseconds;
use shared::finding::{Fingerprint, InfoType, Likelihood, Severity};
use shared::ids;
use uuid::Uuid;

use crate::domain::block::Strategy;

/// An id: `UUID`, or text in SQLite.
#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(
    postgres_type(oid = 2950, array_oid = 2951),
    sqlite_type(name = "Text")
)]
pub struct Uid;

/// A time: `TIMESTAMPTZ`, or microseconds since 1970 in SQLite.
#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(
    postgres_type(oid = 1184, array_oid = 1185),
    sqlite_type(name = "Long")
)]
pub struct Ts;

/// A document: `JSONB`, or text in SQLite.
#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(
    postgres_type(oid = 3802, array_oid = 3807),
    sqlite_type(name = "Text")
)]
pub struct JsonDoc;

/// What a search looks through: `TSVECTOR`, or text in SQLite. Carried by [`Words`](super::words::Words).
#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(
    postgres_type(oid = 3614, array_oid = 3643),
    sqlite_type(name = "Text")
)]
pub struct TsWords;

impl diesel::sql_types::SqlOrd for Ts {}
impl diesel::sql_types::SqlOrd for Uid {}

/// Carries an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Uid)]
pub struct DbUuid(pub(super) Uuid);

/// Carries a time, cut to whole microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Ts)]
pub struct DbTime(pub(super) DateTime<Utc>);

/// Carries a document.
#[derive(Clone, Debug, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = JsonDoc)]
pub struct DbJson(pub(super) Value);

/// Carries an id that may be missing.
#[derive(Clone, Copy, Debug, FromSqlRow)]
#[diesel(sql_type = Nullable<Uid>)]
pub struct MaybeUuid(Option<DbUuid>);

/// Carries a time that may be missing.
#[derive(Clone, Copy, Debug, FromSqlRow)]
#[diesel(sql_type = Nullable<Ts>)]
pub struct MaybeTime(Option<DbTime>);

/// Carries a document that may be missing.
#[derive(Clone, Debug, FromSqlRow)]
#[diesel(sql_type = Nullable<JsonDoc>)]
pub struct MaybeJson(Option<DbJson>);

/// Carries the number of a small enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromSqlRow)]
#[diesel(sql_type = SmallInt)]
pub struct DbNumber(pub(super) i16);

/// Carries the number of a small enumeration that may be missing.
#[derive(Clone, Copy, Debug, FromSqlRow)]
#[diesel(sql_type = Nullable<SmallInt>)]
pub struct MaybeNumber(Option<DbNumber>);

/// Carries a text that is more than a text to us.
#[derive(Clone, Debug, PartialEq, Eq, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct DbText(pub(super) String);

/// Carries a text that may be missing and is more than a text to us.
#[derive(Clone, Debug, FromSqlRow)]
#[diesel(sql_type = Nullable<Text>)]
pub struct MaybeText(pub(super) Option<String>);

/// Carries a count that may be missing.
#[derive(Clone, Copy, Debug, FromSqlRow)]
#[diesel(sql_type = Nullable<BigInt>)]
pub struct MaybeCount(Option<i64>);

/// Carries a count, which SQL keeps signed.
#[derive(Clone, Copy, Debug, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct DbCount(i64);

/// What is stored is not what this version writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored {0} cannot be read")]
pub struct Undecodable(pub(super) &'static str);

/// A text without NUL, which PostgreSQL refuses: such a text would otherwise fail its whole batch for ever.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The same for a text that may be missing.
pub(super) fn storable_opt(text: Option<&String>) -> Option<Cow<'_, str>> {
    text.map(|text| storable(text))
}

/// A count as SQL keeps it.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl DbJson {
    /// The document of a value of ours.
    pub(super) fn of(value: &impl serde::Serialize) -> Result<Self, Undecodable> {
        serde_json::to_value(value)
            .map(Self::from)
            .map_err(|_quotes_input| Undecodable("document"))
    }

    /// The value of ours in the document.
    pub(super) fn read<T: serde::de::DeserializeOwned>(
        self,
        what: &'static str,
    ) -> Result<T, Undecodable> {
        serde_json::from_value(self.0).map_err(|_quotes_input| Undecodable(what))
    }
}

impl MaybeJson {
    /// The value of ours in the document, if there is one.
    pub(super) fn read<T: serde::de::DeserializeOwned>(
        self,
        what: &'static str,
    ) -> Result<Option<T>, Undecodable> {
        self.0.map(|document| document.read(what)).transpose()
    }
}

impl From<Value> for DbJson {
    fn from(value: Value) -> Self {
        Self(without_nul(value))
    }
}

fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(storable(&text).into_owned()),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| (storable(&key).into_owned(), without_nul(value)))
                .collect(),
        ),
        other => other,
    }
}

impl FromSql<Uid, Pg> for DbUuid {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <Uuid as FromSql<diesel::sql_types::Uuid, Pg>>::from_sql(value).map(Self)
    }
}

impl FromSql<Uid, Sqlite> for DbUuid {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(value.read_text().parse()?))
    }
}

impl ToSql<Uid, Pg> for DbUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <Uuid as ToSql<diesel::sql_types::Uuid, Pg>>::to_sql(&self.0, out)
    }
}

impl ToSql<Uid, Sqlite> for DbUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}

impl FromSql<Ts, Pg> for DbTime {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <DateTime<Utc> as FromSql<Timestamptz, Pg>>::from_sql(value).map(Self)
    }
}

impl FromSql<Ts, Sqlite> for DbTime {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
        DateTime::from_timestamp_micros(micros)
            .map(Self)
            .ok_or_else(|| Undecodable("time").into())
    }
}

impl ToSql<Ts, Pg> for DbTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <DateTime<Utc> as ToSql<Timestamptz, Pg>>::to_sql(&self.0, out)
    }
}

impl ToSql<Ts, Sqlite> for DbTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.timestamp_micros());
        Ok(IsNull::No)
    }
}

impl FromSql<JsonDoc, Pg> for DbJson {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <Value as FromSql<Jsonb, Pg>>::from_sql(value).map(Self)
    }
}

impl FromSql<JsonDoc, Sqlite> for DbJson {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        serde_json::from_str(value.read_text())
            .map(Self)
            .map_err(|_quotes_input| Undecodable("document").into())
    }
}

impl ToSql<JsonDoc, Pg> for DbJson {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <Value as ToSql<Jsonb, Pg>>::to_sql(&self.0, out)
    }
}

impl ToSql<JsonDoc, Sqlite> for DbJson {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}

/// Reads a carrier whose SQL type both databases keep alike, or one that may be missing.
macro_rules! carried {
    ($($carrier:ident($inner:ty): $sql:ty;)+) => {$(
        impl<DB: Backend> FromSql<$sql, DB> for $carrier
        where
            $inner: FromSql<$sql, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                <$inner as FromSql<$sql, DB>>::from_sql(value).map(Self)
            }

            fn from_nullable_sql(value: Option<DB::RawValue<'_>>) -> deserialize::Result<Self> {
                <$inner as FromSql<$sql, DB>>::from_nullable_sql(value).map(Self)
            }
        }
    )+};
}

carried! {
    MaybeUuid(Option<DbUuid>): Nullable<Uid>;
    MaybeTime(Option<DbTime>): Nullable<Ts>;
    MaybeJson(Option<DbJson>): Nullable<JsonDoc>;
    DbNumber(i16): SmallInt;
    MaybeNumber(Option<DbNumber>): Nullable<SmallInt>;
    DbText(String): Text;
    MaybeText(Option<String>): Nullable<Text>;
    MaybeCount(Option<i64>): Nullable<BigInt>;
    DbCount(i64): BigInt;
}

macro_rules! uuid_columns {
    ($($id:ident,)+) => {$(
        impl From<DbUuid> for ids::$id {
            fn from(id: DbUuid) -> Self {
                Self::from(id.0)
            }
        }

        impl From<MaybeUuid> for Option<ids::$id> {
            fn from(id: MaybeUuid) -> Self {
                id.0.map(Into::into)
            }
        }

        impl From<ids::$id> for DbUuid {
            fn from(id: ids::$id) -> Self {
                Self(id.as_uuid())
            }
        }
    )+};
}

uuid_columns! {
    JobId, InboundEventId, FindingId, ViolationId, AlertId, OccurrenceId, ActivityId, SuppressionId,
    RevealId, SecurityEventId, WebhookId, PeopleGroupId, PolicyId, ActionId, AuditEventId, UserId,
    TokenId, BlobId, NodeId, InstallationId, HeldId, BackfillId,
}

macro_rules! text_columns {
    ($($id:ty,)+) => {$(
        impl From<DbText> for $id {
            fn from(text: DbText) -> Self {
                Self::new(text.0)
            }
        }
    )+};
}

text_columns! {
    ids::WorkspaceId, ids::DetectorId, ids::DetectorSetVersion, Fingerprint,
}

impl TryFrom<DbText> for InfoType {
    type Error = Undecodable;

    fn try_from(text: DbText) -> Result<Self, Undecodable> {
        Self::try_from(text.0).map_err(|_quotes_nothing| Undecodable("info type"))
    }
}

macro_rules! scale_columns {
    ($($scale:ident $what:literal,)+) => {$(
        impl TryFrom<DbNumber> for $scale {
            type Error = Undecodable;

            fn try_from(number: DbNumber) -> Result<Self, Undecodable> {
                Self::from_number(number.0).ok_or(Undecodable($what))
            }
        }

        impl TryFrom<MaybeNumber> for Option<$scale> {
            type Error = Undecodable;

            fn try_from(number: MaybeNumber) -> Result<Self, Undecodable> {
                number.0.map(TryInto::try_into).transpose()
            }
        }
    )+};
}

scale_columns! {
    Strategy "strategy",
    Likelihood "likelihood",
    Severity "severity",
}

/// A small enumeration of the store's own: its numbers, and both ways to and from a column.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident $what:literal { $($(#[$vdoc:meta])* $variant:ident = $number:literal $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// The word, as written in the API and in metrics.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The value that a word names.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            pub(in crate::store) const fn number(self) -> i16 {
                match self { $(Self::$variant => $number,)+ }
            }
        }

        impl TryFrom<$crate::store::columns::DbNumber> for $name {
            type Error = $crate::store::columns::Undecodable;

            fn try_from(number: $crate::store::columns::DbNumber) -> Result<Self, Self::Error> {
                match number.0 {
                    $($number => Ok(Self::$variant),)+
                    _ => Err($crate::store::columns::Undecodable($what)),
                }
            }
        }
    };
}
pub(super) use numbered;

impl From<DbTime> for DateTime<Utc> {
    fn from(time: DbTime) -> Self {
        time.0
    }
}

impl From<MaybeTime> for Option<DateTime<Utc>> {
    fn from(time: MaybeTime) -> Self {
        time.0.map(Into::into)
    }
}

impl From<DateTime<Utc>> for DbTime {
    fn from(time: DateTime<Utc>) -> Self {
        Self(whole_microseconds(time))
    }
}

impl From<DbJson> for Value {
    fn from(document: DbJson) -> Self {
        document.0
    }
}

impl From<MaybeJson> for Option<Value> {
    fn from(document: MaybeJson) -> Self {
        document.0.map(Into::into)
    }
}

impl From<MaybeCount> for Option<u64> {
    fn from(count: MaybeCount) -> Self {
        count
            .0
            .map(|count| u64::try_from(count).unwrap_or_default())
    }
}

impl From<DbCount> for u64 {
    fn from(count: DbCount) -> Self {
        Self::try_from(count.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_nul_becomes_the_replacement_character_wherever_it_hides() {
        let document = DbJson::from(json!({"a\0": ["b\0c", {"d": "\0"}], "n": 1}));
        assert_eq!(
            document.0,
            json!({"a\u{fffd}": ["b\u{fffd}c", {"d": "\u{fffd}"}], "n": 1})
        );
        assert_eq!(storable("plain"), "plain");
    }

    #[test]
    fn a_count_beyond_what_sql_keeps_is_held_at_the_end() {
        assert_eq!(signed(u64::MAX), i64::MAX);
    }
}
