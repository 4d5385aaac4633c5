//! A made-up audit trail.
//!
//! **Invariant:** the chain holds, from its genesis to the head that is written behind it: `weir audit verify`
//! finds nothing wrong.

use std::fmt::Write as _;
use std::io::Write;

use chrono::{DateTime, Utc};
use coordinator::domain::chain::{ChainHash, Link};
use fastrand::Rng;

use super::{Maybe, Script, Stamp, Words};
use crate::world::{self, Year, skewed, skewed_of};

const COLUMNS: [&str; 10] = [
    "seq",
    "id",
    "at",
    "event_type",
    "user_id",
    "subject",
    "recorded_by",
    "variant_data",
    "hash",
    "words",
];

pub(super) fn write(
    script: &mut Script<impl Write>,
    rows: u32,
    until: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut rng = Rng::with_seed(4);
    let year = Year::until(until, rows);
    let mut hash = ChainHash::GENESIS;
    let mut end = DateTime::UNIX_EPOCH;
    script.begin("audit_events", &COLUMNS)?;
    for row in 0..rows {
        let at = year.moment(row, &mut rng);
        let id = world::id_of(at, &mut rng);
        let event_type = skewed_of(&mut rng, &world::DEEDS);
        // Weir itself does a part of it.
        let by_weir = rng.u8(0..5) == 0;
        let user_id = (!by_weir).then(|| actor(&mut rng));
        let subject = world::subject(skewed(&mut rng, world::SUBJECTS)).to_string();
        let recorded_by = event_type.starts_with("vpn.").then(|| actor(&mut rng));
        let variant_data = details(&mut rng, (row, rows));
        let link = Link {
            seq: u64::from(row) + 1,
            id: id.into(),
            at,
            event_type,
            user_id: user_id.as_deref(),
            subject: Some(&subject),
            recorded_by: recorded_by.as_deref(),
            variant_data: &variant_data,
        };
        hash = hash.then(&link);
        end = at;
        let texts = [
            event_type,
            &variant_data,
            user_id.as_deref().unwrap_or_default(),
            &subject,
        ];
        script.row(&[
            &link.seq,
            &id,
            &Stamp(at),
            &event_type,
            &Maybe(user_id.as_ref()),
            &subject,
            &Maybe(recorded_by.as_ref()),
            &variant_data,
            &format_args!("\\\\x{hash}"),
            &Words(&texts),
        ])?;
    }
    script.end()?;
    script.begin("audit_head", &["id", "seq", "hash", "at", "pruned"])?;
    let head: [&dyn std::fmt::Display; 5] =
        [&1, &rows, &format_args!("\\\\x{hash}"), &Stamp(end), &0];
    script.row(&head)?;
    Ok(script.end()?)
}

fn actor(rng: &mut Rng) -> String {
    world::actor(skewed(rng, world::ACTORS)).to_string()
}

/// What this type of entry has beside the columns, as JSON.
fn details(rng: &mut Rng, place: (u32, u32)) -> String {
    let mut text = String::from(r#"{"from":"OPEN","ip":"10."#);
    let [_, b, c, d] = rng.u32(..).to_be_bytes();
    // Writing to a string cannot fail.
    write!(text, r#"{b}.{c}.{d}","note":""#).ok();
    world::write_words(&mut text, rng, place, 5);
    text.push_str(r#"","to":"RESOLVED","version":"#);
    write!(text, "{}}}", rng.u8(1..9)).ok();
    text
}
