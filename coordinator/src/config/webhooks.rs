//! `[webhooks]`: where webhooks may lead, and when one counts as dead.

use std::time::Duration;

use shared::config::{Cidr, Source};

shared::config_section! {
    /// Where webhooks may lead, and when one counts as dead.
    pub struct WebhooksConfig in "webhooks" {
        /// Whether `http` will do. Whoever is on the way then reads along.
        allow_http: bool = "false",
        /// Networks that webhooks may lead to although they are not of the public internet. Whoever may make
        /// webhooks reaches everything that listens there.
        allow_networks: Vec<Cidr>,
        /// A webhook that fails at least ten times in a row, and for so long, is disabled.
        disable_after: Duration = "1d",
        /// The pause after a first failure; it doubles up to an hour, 24 times in all.
        retry_after: Duration = "10s",
    }
    check = check;
}

fn check(webhooks: &WebhooksConfig, source: &mut Source) {
    if webhooks.retry_after.is_zero() {
        source.refuse("webhooks", "retry_after", "must be more than zero");
    }
}
