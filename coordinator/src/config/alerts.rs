//! `[alerts]`: how long people have to close an alert.

use std::time::Duration;

use crate::domain::due_times::DueTimes;

shared::config_section! {
    /// How long people have to close an alert, from when it is raised or opened again. 0s is no limit.
    pub struct AlertsConfig in "alerts" {
        /// For a critical alert.
        due_critical: Duration = "4h",
        /// For a high one.
        due_high: Duration = "1d",
        /// For a medium one.
        due_medium: Duration = "7d",
        /// For a low one.
        due_low: Duration = "30d",
        /// For one that is there for information.
        due_info: Duration = "0s",
    }
}

impl AlertsConfig {
    /// The times by severity.
    pub fn due_times(&self) -> DueTimes {
        DueTimes {
            critical: self.due_critical,
            high: self.due_high,
            medium: self.due_medium,
            low: self.due_low,
            info: self.due_info,
        }
    }
}
