//! Slack's rate limits: so many calls a minute for each method and workspace, one message a second for each
//! channel.
//!
//! **Invariant:** a refused call counts for nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How often a method may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Once a minute.
    One,
    /// 20 times a minute.
    Two,
    /// 50 times a minute.
    Three,
    /// 100 times a minute.
    Four,
    /// A message a second for each channel.
    Posting,
    /// As often as one likes.
    Special,
}

/// Which limits hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// None.
    #[default]
    Off,
    /// Only a message a second for each channel.
    Posting,
    /// All.
    On,
}

/// The calls of the present minute.
#[derive(Debug, Default)]
pub(super) struct Windows(BTreeMap<String, (DateTime<Utc>, u32)>);

impl Tier {
    const fn a_minute(self) -> Option<u32> {
        match self {
            Self::One => Some(1),
            Self::Two => Some(20),
            Self::Three => Some(50),
            Self::Four => Some(100),
            Self::Posting | Self::Special => None,
        }
    }
}

impl Windows {
    /// Counts a call of `what` (method and workspace), or a post into a channel.
    ///
    /// # Errors
    /// How long to wait, in whole seconds.
    pub(super) fn count(
        &mut self,
        limits: Limits,
        tier: Tier,
        what: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Duration> {
        let (window, allowed) = match (limits, tier) {
            (Limits::Off, _) | (_, Tier::Special) => return Ok(()),
            (_, Tier::Posting) => (TimeDelta::seconds(1), 1),
            (Limits::Posting, _) => return Ok(()),
            (Limits::On, tier) => (TimeDelta::seconds(60), tier.a_minute().unwrap_or(u32::MAX)),
        };
        let (since, count) = self.0.entry(what.to_owned()).or_insert((now, 0));
        if now - *since >= window {
            (*since, *count) = (now, 0);
        }
        if *count < allowed {
            *count += 1;
            return Ok(());
        }
        let left = (window - (now - *since)).num_milliseconds();
        Err(Duration::from_secs(
            left.max(1).unsigned_abs().div_ceil(1_000),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_tier_is_counted_for_each_workspace_and_minute() {
        let mut windows = Windows::default();
        for _ in 0..50 {
            windows.count(Limits::On, Tier::Three, "a", at(0)).unwrap();
        }
        let refused = windows.count(Limits::On, Tier::Three, "a", at(20));
        assert_eq!(refused, Err(Duration::from_secs(40)));
        assert_eq!(windows.count(Limits::On, Tier::Three, "b", at(20)), Ok(()));
        assert_eq!(windows.count(Limits::On, Tier::Three, "a", at(60)), Ok(()));
    }

    #[test]
    fn a_channel_takes_a_message_a_second() {
        let mut windows = Windows::default();
        windows
            .count(Limits::Posting, Tier::Posting, "C1", at(0))
            .unwrap();
        let refused = windows.count(Limits::Posting, Tier::Posting, "C1", at(0));
        assert_eq!(refused, Err(Duration::from_secs(1)));
        assert_eq!(
            windows.count(Limits::Posting, Tier::Posting, "C1", at(1)),
            Ok(())
        );
        assert_eq!(
            windows.count(Limits::Posting, Tier::Two, "m", at(1)),
            Ok(())
        );
    }
}
