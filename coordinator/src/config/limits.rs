//! `[limits]`: how often somebody may call.

use shared::config::Source;

shared::config_section! {
    /// How often somebody may call. Whoever calls more often gets 429 and is told when to come back.
    pub struct LimitsConfig in "limits" {
        /// Signing in, registering and asking for a new password, together: calls a minute from one address.
        auth_per_minute: u32 = "300",
        /// Calls a second by one user, whatever the credential.
        api_per_second: u32 = "10000",
    }
    check = check;
}

fn check(limits: &LimitsConfig, source: &mut Source) {
    for (key, calls) in [
        ("auth_per_minute", limits.auth_per_minute),
        ("api_per_second", limits.api_per_second),
    ] {
        if calls == 0 {
            source.refuse("limits", key, "must be more than zero");
        }
    }
}
