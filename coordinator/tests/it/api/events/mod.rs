//! `/api/v1/events`

mod batch;
mod create;
mod list;
mod repeat;

use serde_json::{Value, json};

const PATH: &str = "/api/v1/events";

/// An event of this severity.
fn event(severity: &str) -> Value {
    json!({
        "source": "edge-firewall", "event_type": "port_scan", "severity": severity,
        "description": "1024 ports of db-1 asked within a minute", "data": {"from": "203.0.113.9"},
    })
}
