//! `[privacy]`: how long what is kept.

use std::time::Duration;

use shared::config::Source;

/// As long as anything is kept.
const LONGEST: Duration = Duration::from_hours(24 * 3_660);

shared::config_section! {
    /// How long what is kept.
    pub struct PrivacyConfig in "privacy" {
        /// How long the text of a message that met a policy is kept, sealed, for who may see it; 0s for never.
        /// A change holds for messages from then on.
        keep_originals: Duration = "30d",
    }
    check = check;
}

fn check(privacy: &PrivacyConfig, source: &mut Source) {
    if privacy.keep_originals > LONGEST {
        source.refuse("privacy", "keep_originals", "must be ten years at most");
    }
}
