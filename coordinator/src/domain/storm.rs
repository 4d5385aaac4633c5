//! The storm brake: a policy that blocks abnormally often in one channel only alerts there.
//!
//! Owns when it is too often. Leaves counting to `store::held`.
//! **Invariant:** the brake looks at one policy in one channel; the rest of Slack is guarded as before.

use std::time::Duration;

/// How often is too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brake {
    /// Messages that a policy may block in one channel within [`Brake::within`]; none for no brake.
    pub limit: Option<u32>,
    /// The time that is looked back over.
    pub within: Duration,
}

impl Brake {
    /// Whether another message is left standing, when so many were blocked lately.
    pub fn holds(&self, blocked_lately: u64) -> bool {
        self.limit
            .is_some_and(|limit| blocked_lately >= u64::from(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brake_holds_from_the_limit_on() {
        let brake = Brake {
            limit: Some(20),
            within: Duration::from_mins(5),
        };
        assert!(!brake.holds(19));
        assert!(brake.holds(20));
    }

    #[test]
    fn without_a_limit_there_is_no_brake() {
        let none = Brake {
            limit: None,
            within: Duration::from_mins(5),
        };
        assert!(!none.holds(u64::MAX));
    }
}
