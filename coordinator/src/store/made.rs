//! What an id tells of the time it was made.
//!
//! Ids begin with it (`UUIDv7`, RFC 9562), so rows lie in order of their making without an index of times.
//! **Invariant:** whoever made an id has a clock of their own: by ids alone a time is known to within [`SKEW`].

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{NoContext, Timestamp, Uuid};

use super::columns::DbUuid;

/// By how much the clock that made an id may differ from the database's.
const SKEW: TimeDelta = TimeDelta::hours(1);

/// No row that the database saw at this time or later has an id before this one.
pub(super) fn earliest(seen: DateTime<Utc>) -> DbUuid {
    first_id(seen.checked_sub_signed(SKEW).unwrap_or(seen))
}

/// No row that the database saw before this time has this id or one behind it.
pub(super) fn latest(seen: DateTime<Utc>) -> DbUuid {
    first_id(seen.checked_add_signed(SKEW).unwrap_or(seen))
}

/// The first id that is made at that time.
pub(super) fn first_id(at: DateTime<Utc>) -> DbUuid {
    let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
    let made = Timestamp::from_unix(NoContext, seconds, at.timestamp_subsec_nanos());
    let id = Uuid::new_v7(made);
    // All that is random becomes zero, but for the version and the variant.
    let bits = id.as_u128() & 0xffff_ffff_ffff_f000_c000_0000_0000_0000;
    DbUuid(Uuid::from_u128(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_id_of_a_time_is_not_after_any_id_made_then() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let made = |millis: u64| {
            Uuid::new_v7(Timestamp::from_unix(
                NoContext,
                millis / 1_000,
                u32::try_from(millis % 1_000).unwrap() * 1_000_000,
            ))
        };
        for _ in 0..100 {
            assert!(first_id(at).0 <= made(1_700_000_000_123));
            assert!(first_id(at).0 > made(1_700_000_000_122));
        }
        assert_eq!(first_id(at).0.get_version_num(), 7);
    }
}
