//! Letting things fail.

use serde_json::{Value, json};

use crate::fake_slack::faults::{Fault, Faults};
use crate::fake_slack::model::OutgoingKind;
use crate::fake_slack::start::FakeSlack;

impl FakeSlack {
    /// Lets the next call of a method go wrong; several stand in line. `files/download` is for downloads.
    pub fn fail_next(&self, method: &str, fault: Fault) {
        self.stage.faults().write(method, fault);
    }

    /// Throws other dice from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.stage.faults().set(faults);
    }

    /// Tells the app that events of a workspace were lost in this minute.
    pub fn lose_events(&self, team: &str) {
        self.change(|world| {
            let minute = world.now().timestamp() / 60 * 60;
            let payload = json!({
                "token": "verification", "type": "app_rate_limited", "team_id": team,
                "minute_rate_limited": minute, "api_app_id": world.app.id,
            });
            world.send(OutgoingKind::Event, payload);
        });
    }

    /// Sends an envelope as it is.
    pub fn send_raw(&self, envelope: Value) {
        self.change(|world| world.send(OutgoingKind::Event, envelope));
    }

    /// How many web sockets are open.
    pub fn sockets(&self) -> usize {
        self.stage.sockets.count()
    }

    /// Tells all web sockets to go: `warning`, `refresh_requested` or `link_disabled`. A warning lets them stay.
    pub fn disconnect(&self, reason: &str) {
        self.stage.sockets.disconnect(reason);
    }
}
