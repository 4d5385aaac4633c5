//! What the made-up installation consists of: its places, people, kinds and words, and how often each occurs.
//!
//! Owns the names, so that requests ask for what the rows hold. Leaves rows to `fill` and requests to `requests`.
//! **Invariant:** a name depends on its rank alone; the lower the rank, the more rows have it.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use uuid::Uuid;

pub(crate) const CHANNELS: usize = 2_000;
pub(crate) const USERS: usize = 20_000;
pub(crate) const POLICIES: usize = 20;
pub(crate) const ASSIGNEES: usize = 8;
/// Who did what the audit trail tells of.
pub(crate) const ACTORS: usize = 500;
/// What it was done to.
pub(crate) const SUBJECTS: usize = 300_000;

pub(crate) const WORKSPACES: [&str; 3] = ["T0HEADQ", "T0SALES", "T0LABS"];

pub(crate) const SOURCES: [&str; 12] = [
    "edge-firewall",
    "mail-gateway",
    "ids-core",
    "endpoint",
    "vpn-gateway",
    "cloud-audit",
    "dns-sensor",
    "web-proxy",
    "hr-model",
    "door-control",
    "backup",
    "printer",
];

pub(crate) const EVENT_KINDS: [&str; 20] = [
    "port_scan",
    "login_failed",
    "malware_found",
    "policy_denied",
    "dns_tunnel",
    "impossible_travel",
    "mass_download",
    "privilege_change",
    "certificate_expired",
    "spoofed_sender",
    "usb_mounted",
    "share_public",
    "token_leaked",
    "beaconing",
    "disk_wiped",
    "clock_skew",
    "rogue_device",
    "door_forced",
    "backup_failed",
    "toner_low",
];

pub(crate) const INFO_TYPES: [&str; 40] = [
    "CREDIT_CARD_NUMBER",
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "IBAN_CODE",
    "PASSWORD",
    "AWS_CREDENTIALS",
    "GITHUB_TOKEN",
    "SLACK_TOKEN",
    "JSON_WEB_TOKEN",
    "PRIVATE_KEY",
    "US_SOCIAL_SECURITY_NUMBER",
    "DATE_OF_BIRTH",
    "PERSON_NAME",
    "STREET_ADDRESS",
    "IP_ADDRESS",
    "MAC_ADDRESS",
    "PASSPORT_NUMBER",
    "DRIVERS_LICENSE_NUMBER",
    "SWIFT_CODE",
    "US_BANK_ROUTING_NUMBER",
    "GCP_API_KEY",
    "AZURE_STORAGE_KEY",
    "STRIPE_KEY",
    "TWILIO_KEY",
    "SENDGRID_KEY",
    "NPM_TOKEN",
    "PYPI_TOKEN",
    "DOCKER_TOKEN",
    "BASIC_AUTH_HEADER",
    "DATABASE_URL",
    "MEDICAL_RECORD_NUMBER",
    "GERMANY_TAX_ID",
    "FRANCE_NIR",
    "SPAIN_NIF",
    "ITALY_FISCAL_CODE",
    "UK_NATIONAL_INSURANCE_NUMBER",
    "CANADA_SOCIAL_INSURANCE_NUMBER",
    "AUSTRALIA_TAX_FILE_NUMBER",
    "INDIA_AADHAAR",
    "BRAZIL_CPF",
];

pub(crate) const DEEDS: [&str; 30] = [
    "alert.opened",
    "policy.violated",
    "alert.status_changed",
    "alert.assigned",
    "session.started",
    "alert.commented",
    "scan.submitted",
    "vpn.login",
    "vpn.logout",
    "event.taken",
    "alert.reopened",
    "session.refused",
    "original.revealed",
    "token.created",
    "token.revoked",
    "policy.changed",
    "policy.created",
    "detector.changed",
    "detector.created",
    "suppression.created",
    "suppression.ended",
    "user.changed",
    "user.created",
    "password.changed",
    "password.refused",
    "webhook.created",
    "webhook.deleted",
    "audit.exported",
    "user.exported",
    "person.erased",
];

/// Words that one in so many rows has, each with [`VARIANTS`] of its own frequency.
const RARITIES: [(&str, u32); 4] = [
    ("tenth", 10),
    ("hundredth", 100),
    ("thousandth", 1_000),
    ("myriadth", 10_000),
];
/// A word that so many rows have, however many there are.
const NEEDLES: u32 = 5;
/// What the variants of a word end with.
pub(crate) const VARIANTS: [char; 4] = ['a', 'b', 'c', 'd'];

const SYLLABLES: [&str; 16] = [
    "ba", "de", "fi", "go", "hu", "ja", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "za",
];
/// Words that say nothing: three syllables each.
pub(crate) const FILLERS: usize = 16 * 16 * 16;

/// A rank below `count`. About as with Zipf: half as many above twice the rank.
pub(crate) fn skewed(rng: &mut Rng, count: usize) -> usize {
    let doublings = count.next_power_of_two().trailing_zeros();
    let reach = 1 << rng.u32(0..=doublings);
    rng.usize(0..count.min(reach))
}

/// One of these, the first ones more often.
pub(crate) fn skewed_of<'a>(rng: &mut Rng, names: &[&'a str]) -> &'a str {
    let rank = skewed(rng, names.len());
    name(names, rank)
}

/// The name of that rank.
pub(crate) fn name<'a>(names: &[&'a str], rank: usize) -> &'a str {
    names.get(rank).copied().unwrap_or_default()
}

pub(crate) fn channel(rank: usize) -> String {
    format!("C{:07X}", scattered(rank))
}

pub(crate) fn slack_user(rank: usize) -> String {
    format!("U{:07X}", scattered(rank))
}

pub(crate) fn policy(rank: usize) -> Uuid {
    made_up(1, rank)
}

pub(crate) fn assignee(rank: usize) -> Uuid {
    made_up(2, rank)
}

pub(crate) fn actor(rank: usize) -> Uuid {
    made_up(3, rank)
}

pub(crate) fn subject(rank: usize) -> Uuid {
    made_up(4, rank)
}

pub(crate) fn filler(rank: usize) -> String {
    let syllable = |at: usize| name(&SYLLABLES, at % SYLLABLES.len());
    [syllable(rank), syllable(rank / 16), syllable(rank / 256)].concat()
}

/// Adds the words that a search is to find in `row` of `rows`, and fillers between them.
pub(crate) fn write_words(
    text: &mut String,
    rng: &mut Rng,
    (row, rows): (u32, u32),
    fillers: usize,
) {
    text.push_str("common");
    for _ in 0..fillers {
        text.push(' ');
        text.push_str(&filler(skewed(rng, FILLERS)));
    }
    for (word, one_in) in RARITIES {
        for variant in VARIANTS.into_iter().filter(|_| rng.u32(0..one_in) == 0) {
            text.push(' ');
            text.push_str(word);
            text.push(variant);
        }
    }
    let stretch = (rows / NEEDLES).max(1);
    for (place, variant) in (0..).zip(VARIANTS) {
        if row % stretch == place && row / stretch < NEEDLES {
            text.push_str(" needle");
            text.push(variant);
        }
    }
}

/// A year, in as many stretches as there are rows.
#[derive(Clone, Copy)]
pub(crate) struct Year {
    begin: DateTime<Utc>,
    stretch: TimeDelta,
}

impl Year {
    pub(crate) const LENGTH: TimeDelta = TimeDelta::days(365);

    pub(crate) fn until(end: DateTime<Utc>, rows: u32) -> Self {
        Self {
            begin: end - Self::LENGTH,
            stretch: Self::LENGTH / i32::try_from(rows.max(1)).unwrap_or(i32::MAX),
        }
    }

    /// When `row` came to be: behind the rows before it.
    pub(crate) fn moment(self, row: u32, rng: &mut Rng) -> DateTime<Utc> {
        let micros = self.stretch.num_microseconds().unwrap_or_default().max(1);
        let past = i64::from(row) * micros + rng.i64(0..micros);
        // Whole microseconds: what is hashed must be what a database gives back.
        let begin = self.begin.timestamp_micros() + past;
        DateTime::from_timestamp_micros(begin).unwrap_or_default()
    }
}

/// An id of that time.
pub(crate) fn id_of(at: DateTime<Utc>, rng: &mut Rng) -> Uuid {
    let mut random = [0; 10];
    rng.fill(&mut random);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Another order than that of the ranks, each number once.
fn scattered(rank: usize) -> usize {
    rank.wrapping_mul(0x09E3_779B) & 0x0FFF_FFFF
}

fn made_up(kind: u64, rank: usize) -> Uuid {
    let mut rng = Rng::with_seed((kind << 32) + rank as u64);
    uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid()
}
