//! `[retention]`: how long records are kept.

use std::time::Duration;

use crate::domain::retention::Retention;

shared::config_section! {
    /// How long records are kept, by kind; 0s keeps them for ever. What somebody still has to work on stays.
    /// The audit trail has a time of its own, in `[audit]`.
    pub struct RetentionConfig in "retention" {
        /// Scans in which nothing was found.
        clean_scans: Duration = "7d",
        /// Scans in which something was found, with their findings, masked as they are.
        caught_scans: Duration = "365d",
        /// Alerts, from their closing on.
        closed_alerts: Duration = "730d",
        /// Security events.
        security_events: Duration = "365d",
    }
}

impl RetentionConfig {
    /// The same, for the decision.
    pub const fn retention(&self) -> Retention {
        Retention {
            clean_scans: self.clean_scans,
            caught_scans: self.caught_scans,
            closed_alerts: self.closed_alerts,
            security_events: self.security_events,
        }
    }
}
