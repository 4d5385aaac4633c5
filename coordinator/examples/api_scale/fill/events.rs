//! Made-up security events.

use std::io::Write;

use chrono::{DateTime, Utc};
use fastrand::Rng;
use shared::finding::Severity;
use uuid::Uuid;

use super::{Maybe, Script, Stamp, Words};
use crate::world::{self, Year, skewed_of};

const COLUMNS: [&str; 10] = [
    "id",
    "source",
    "event_type",
    "severity",
    "description",
    "data",
    "alert_id",
    "submitted_by",
    "created_at",
    "words",
];

pub(super) fn write(
    script: &mut Script<impl Write>,
    rows: u32,
    until: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut rng = Rng::with_seed(2);
    let year = Year::until(until, rows);
    let none = Maybe::<Uuid>(None);
    script.begin("security_events", &COLUMNS)?;
    for row in 0..rows {
        let at = year.moment(row, &mut rng);
        let id = world::id_of(at, &mut rng);
        let source = skewed_of(&mut rng, &world::SOURCES);
        let kind = skewed_of(&mut rng, &world::EVENT_KINDS);
        let severity = match rng.u8(0..100) {
            0..2 => Severity::Critical,
            2..10 => Severity::High,
            10..35 => Severity::Medium,
            _ => Severity::Low,
        };
        let mut description = String::new();
        world::write_words(&mut description, &mut rng, (row, rows), 8);
        let [_, b, c, d] = rng.u32(..).to_be_bytes();
        let data = format!(r#"{{"ip": "10.{b}.{c}.{d}", "count": {}}}"#, rng.u16(..));
        script.row(&[
            &id,
            &source,
            &kind,
            &severity.as_number(),
            &description,
            &data,
            &none,
            &none,
            &Stamp(at),
            &Words(&[source, kind, &description]),
        ])?;
    }
    Ok(script.end()?)
}
