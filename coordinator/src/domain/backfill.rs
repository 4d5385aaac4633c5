//! Reading again what was said: what a gap is, and how far a backfill has come.
//!
//! **Invariant:** time that nobody can vouch for is read again; time that was read twice costs a look.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How far back messages are looked at for edits and replies that were made within the time that is read.
pub const LOOK_BACK: Duration = Duration::from_hours(24);
/// Thousandths that are everything.
pub const WHOLE: i16 = 1_000;
/// What was on its way to us when we heard the last word, was said so much earlier at most.
const ON_ITS_WAY: TimeDelta = TimeDelta::seconds(30);
/// A thread counts as so much of a channel.
const THREAD: f64 = 0.05;

/// Time to read, from its beginning until before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: DateTime<Utc>,
    /// Its end.
    pub until: DateTime<Utc>,
}

/// How many parts of a backfill there are, and how far they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Channels.
    pub channels: u64,
    /// Channels that were read.
    pub channels_done: u64,
    /// Channels that cannot be read.
    pub channels_skipped: u64,
    /// Threads that were found.
    pub threads: u64,
    /// Threads that were read, or cannot be.
    pub threads_done: u64,
    /// The sum of what is covered of each channel, in thousandths.
    pub covered: u64,
    /// Messages that were looked at.
    pub messages: u64,
    /// Jobs that were made of them.
    pub jobs: u64,
}

impl Span {
    /// How much of it is covered by reading from its end down to `position`, in thousandths.
    pub fn covered(self, position: DateTime<Utc>) -> i16 {
        let all = (self.until - self.from).num_milliseconds();
        if all <= 0 || position <= self.from {
            return WHOLE;
        }
        let read = (self.until - position).num_milliseconds().clamp(0, all);
        i16::try_from(read.saturating_mul(WHOLE.into()) / all).unwrap_or(WHOLE)
    }

    /// The time between the last word that was heard and the next one, with what was on its way.
    pub fn of_silence(last_word: DateTime<Utc>, next_word: DateTime<Utc>) -> Self {
        Self {
            from: last_word - ON_ITS_WAY,
            until: next_word,
        }
    }

    /// Both, and what lies between them.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            from: self.from.min(other.from),
            until: self.until.max(other.until),
        }
    }
}

impl Tally {
    /// How much is done, from 0 to 1; none before the channels are known.
    pub fn done(&self) -> Option<f64> {
        if self.channels == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let of = |count: u64| count as f64;
        let all = THREAD.mul_add(of(self.threads), of(self.channels));
        let covered = of(self.covered) / f64::from(WHOLE);
        let done = THREAD.mul_add(of(self.threads_done), covered);
        Some((done / all).clamp(0.0, 1.0))
    }

    /// How long it will go on, if it goes on as it went; none before anything is done.
    pub fn remaining(&self, elapsed: Duration) -> Option<Duration> {
        let done = self.done().filter(|done| *done > 0.0)?;
        Duration::try_from_secs_f64(elapsed.as_secs_f64() * (1.0 - done) / done).ok()
    }
}

/// The time in which nobody listened, if the last mark is older than `after`.
pub fn gap(mark: DateTime<Utc>, now: DateTime<Utc>, after: Duration) -> Option<Span> {
    let silent = (now - mark).to_std().ok()?;
    (silent > after).then(|| Span::of_silence(mark, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn span(from: i64, until: i64) -> Span {
        Span {
            from: at(from),
            until: at(until),
        }
    }

    #[test]
    fn a_channel_is_covered_from_its_end_to_its_beginning() {
        let span = span(1_000, 2_000);
        for (position, covered) in [
            (2_500, 0),
            (2_000, 0),
            (1_500, 500),
            (1_000, 1_000),
            (1, 1_000),
        ] {
            assert_eq!(span.covered(at(position)), covered, "{position}");
        }
    }

    #[test]
    fn no_time_at_all_is_covered() {
        assert_eq!(span(5, 5).covered(at(5)), WHOLE);
    }

    #[test]
    fn a_short_silence_is_no_gap_and_a_long_one_reaches_back_before_the_mark() {
        let after = Duration::from_mins(1);
        assert_eq!(gap(at(1_000), at(1_060), after), None);
        assert_eq!(gap(at(1_000), at(900), after), None, "a clock went back");
        assert_eq!(gap(at(1_000), at(1_061), after), Some(span(970, 1_061)));
    }

    #[test]
    fn what_remains_is_told_from_what_was_done() {
        let half = Tally {
            channels: 2,
            covered: 1_000,
            ..Tally::default()
        };
        assert_eq!(half.done(), Some(0.5));
        let minute = Duration::from_mins(1);
        assert_eq!(half.remaining(minute), Some(minute));
        assert_eq!(Tally::default().remaining(minute), None);
        let begun = Tally {
            channels: 2,
            ..Tally::default()
        };
        assert_eq!((begun.done(), begun.remaining(minute)), (Some(0.0), None));
    }

    #[test]
    fn threads_that_are_found_on_the_way_never_make_it_more_than_whole() {
        let done = Tally {
            channels: 1,
            covered: 1_000,
            threads: 40,
            threads_done: 40,
            ..Tally::default()
        };
        assert_eq!(done.done(), Some(1.0));
        let open = Tally {
            threads_done: 0,
            ..done
        };
        assert!(open.done() < Some(0.5));
    }
}
