//! `[audit]`: the trail of deeds.

use std::time::Duration;

use shared::config::Source;

shared::config_section! {
    /// The trail of deeds: who did what, chained and signed.
    pub struct AuditConfig in "audit" {
        /// How often the end of the trail is signed. What is not signed yet is chained all the same.
        checkpoint_every: Duration = "1m",
        /// How long entries are kept; 0s keeps them for ever. Whole beginnings of the trail are dropped, and
        /// the trail says so.
        keep: Duration = "0s",
    }
    check = check;
}

fn check(audit: &AuditConfig, source: &mut Source) {
    if audit.checkpoint_every.is_zero() {
        source.refuse("audit", "checkpoint_every", "must be more than zero");
    }
    let day = Duration::from_hours(24);
    if !audit.keep.is_zero() && audit.keep < day {
        source.refuse("audit", "keep", "must be 0s, or a day at least");
    }
}
