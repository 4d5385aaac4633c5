//! Lists in pages.
//!
//! Owns the opaque cursor, [`PageQuery`] and [`Page`]. Leaves the query itself to `store`.
//! **Invariant:** a cursor is good only for the list it was given for; an altered one is refused.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::extract::NO_LIMIT;
use super::problem::{ApiError, ErrorCode};
use crate::store::Position;

/// Items on a page if the caller does not say.
pub const DEFAULT_LIMIT: u8 = 50;
/// Items on a page at most.
pub const MAX_LIMIT: u8 = 100;

const VERSION: u8 = 2;
const TAG_BYTES: usize = 16;
const PLACE_BYTES: usize = 8 + 16;
const CURSOR_BYTES: usize = 1 + PLACE_BYTES + TAG_BYTES;

/// Which page. Kept apart from a list's filters (`Query<PageQuery>` and `Query<Filters>` side by side):
/// serde cannot flatten numbers out of a query string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items on the page, 1 to 100; 50 if absent.
    #[serde(default)]
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    pub limit: Limit,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// How many items a page has: 1 to [`MAX_LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Limit(u8);

/// The number is no length of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{NO_LIMIT}")]
pub struct InvalidLimit;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Asks for the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// How many items the whole list has, counted up to 1000; of alerts, events and the audit trail behind several
    /// filters or a search up to 100. A list that was that long is taken to be so for a minute. All entries of the audit
    /// trail are counted exactly.
    pub total: u64,
}

/// Seals cursors. Made from a key of its own purpose.
#[derive(Clone)]
pub struct CursorKey(hmac::Key);

impl Limit {
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

/// As a query has it.
impl TryFrom<String> for Limit {
    type Error = InvalidLimit;

    fn try_from(text: String) -> Result<Self, InvalidLimit> {
        let number: u8 = text.parse().map_err(|_no_number| InvalidLimit)?;
        number.try_into()
    }
}

impl TryFrom<u8> for Limit {
    type Error = InvalidLimit;

    fn try_from(number: u8) -> Result<Self, InvalidLimit> {
        if (1..=MAX_LIMIT).contains(&number) {
            Ok(Self(number))
        } else {
            Err(InvalidLimit)
        }
    }
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey")
    }
}

impl CursorKey {
    /// Wraps key bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The cursor that goes on after the item at `after` in `list`. A list's name holds all that its order and
    /// choice depend on, for example the path and the query string without the cursor.
    pub fn seal(&self, list: &str, after: Position) -> String {
        let place = written(after);
        let bytes = [[VERSION].as_slice(), &place, &self.tag(list, &place)].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position after which `list` goes on.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCursor`] (permanent).
    pub fn open(&self, list: &str, cursor: &str) -> Result<Position, ApiError> {
        self.read(list, cursor)
            .ok_or_else(|| ApiError::new(ErrorCode::InvalidCursor))
    }

    fn read(&self, list: &str, cursor: &str) -> Option<Position> {
        let mut bytes = [0; CURSOR_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(cursor, &mut bytes).ok()?;
        let (&version, rest) = bytes.get(..length)?.split_first()?;
        let (place, tag) = rest.split_first_chunk::<PLACE_BYTES>()?;
        let (key, id) = place.split_first_chunk::<8>()?;
        let holds = version == VERSION
            && aws_lc_rs::constant_time::verify_slices_are_equal(tag, &self.tag(list, place))
                .is_ok();
        holds.then_some(Position {
            key: i64::from_be_bytes(*key),
            id: Uuid::from_slice(id).ok()?,
        })
    }

    fn tag(&self, list: &str, place: &[u8; PLACE_BYTES]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[VERSION]);
        context.update(place);
        context.update(list.as_bytes());
        context
            .sign()
            .as_ref()
            .iter()
            .copied()
            .take(TAG_BYTES)
            .collect()
    }
}

fn written(place: Position) -> [u8; PLACE_BYTES] {
    let mut bytes = [0; PLACE_BYTES];
    let (key, id) = bytes.split_at_mut(8);
    key.copy_from_slice(&place.key.to_be_bytes());
    id.copy_from_slice(place.id.as_bytes());
    bytes
}

impl<T> Page<T> {
    /// A page of `items`, of which there is one more than `limit` if the list goes on.
    pub fn of(
        mut items: Vec<T>,
        limit: Limit,
        total: u64,
        cursor_after: impl FnOnce(&T) -> String,
    ) -> Self {
        let more = items.len() > usize::from(limit.get());
        items.truncate(usize::from(limit.get()));
        let next_cursor = items.last().filter(|_| more).map(cursor_after);
        Self {
            items,
            next_cursor,
            total,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> CursorKey {
        CursorKey::new(&[7; 32])
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back_in_its_list_only(id in any::<u128>(), at in any::<i64>(), list in "\\PC{0,20}") {
            let place = Position { key: at, id: Uuid::from_u128(id) };
            let cursor = key().seal(&list, place);
            prop_assert_eq!(key().open(&list, &cursor).unwrap(), place);
            let longer = list.clone() + "?";
            prop_assert!(key().open(&longer, &cursor).is_err());
            prop_assert!(CursorKey::new(&[8; 32]).open(&list, &cursor).is_err());
        }

        #[test]
        fn an_altered_cursor_is_refused(id in any::<u128>(), at in any::<proptest::sample::Index>(), flip in 1_u8..) {
            let cursor = key().seal("alerts", Uuid::from_u128(id).into());
            let mut bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let error = key().open("alerts", &URL_SAFE_NO_PAD.encode(bytes)).unwrap_err();
            prop_assert_eq!(error.code(), ErrorCode::InvalidCursor);
        }

        #[test]
        fn any_other_text_is_refused(text in "\\PC{0,60}") {
            prop_assert!(key().open("alerts", &text).is_err());
        }
    }

    #[test]
    fn a_page_has_a_cursor_only_if_the_list_goes_on() {
        let limit = Limit::try_from(2).unwrap();
        let cursor = |last: &i32| last.to_string();
        let page = Page::of(vec![1, 2, 3], limit, 9, cursor);
        assert_eq!(
            (page.items, page.next_cursor),
            (vec![1, 2], Some("2".to_owned()))
        );
        assert_eq!(Page::of(vec![1, 2], limit, 2, cursor).next_cursor, None);
        assert_eq!(Page::of(vec![], limit, 0, cursor).next_cursor, None);
    }

    #[test]
    fn a_limit_is_one_to_a_hundred() {
        assert_eq!(Limit::try_from(0), Err(InvalidLimit));
        assert_eq!(Limit::try_from(101), Err(InvalidLimit));
        assert_eq!(Limit::try_from(100).unwrap().get(), 100);
        assert_eq!(Limit::default().get(), DEFAULT_LIMIT);
        for none in ["", "0", "101", "1000", "-1", "ten"] {
            assert_eq!(
                Limit::try_from(none.to_owned()),
                Err(InvalidLimit),
                "{none}"
            );
        }
        assert_eq!(Limit::try_from("7".to_owned()).unwrap().get(), 7);
    }
}
