mod change;
mod create;
mod test;

use serde_json::{Value, json};

/// A detector of one's own, as short as it can be written.
fn employee_number() -> Value {
    json!({
        "name": "Employee number", "info_type": "EMPLOYEE_ID", "kind": "regex",
        "pattern": "\\bEMP-\\d{6}\\b", "hotwords": ["badge"], "severity": "MEDIUM",
        "likelihood": "LIKELY", "enabled": true,
    })
}
