//! Values that are well-formed and nobody's.
//!
//! Owns the check digits and forms of what is planted. Leaves how it is introduced to `leaks`.
//! **Invariant:** each value holds whatever checksum its kind has.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::dice::{ALPHANUMERIC, BASE64, LOWER, UPPER_AND_DIGITS};
use super::writer::Writer;

const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub(super) fn card(writer: &mut Writer) -> String {
    let prefixes = ["4", "4", "51", "55", "2221", "34", "37", "6011", "3530"];
    let prefix = writer.dice.pick(&prefixes);
    let length = if prefix.starts_with("34") || prefix.starts_with("37") {
        15
    } else {
        16
    };
    let body = format!("{prefix}{}", writer.dice.digits(length - 1 - prefix.len()));
    let digits = format!("{body}{}", luhn_digit(&body));
    let groups: &[usize] = if length == 15 {
        &[4, 6, 5]
    } else {
        &[4, 4, 4, 4]
    };
    let separator = writer.dice.pick(&["", " ", "-"]);
    grouped(&digits, groups, separator)
}

pub(super) fn iban(writer: &mut Writer) -> String {
    let body = writer.dice.digits(18);
    let compact = format!("DE{}{body}", iban_digits("DE", &body));
    let separator = writer.dice.pick(&["", " "]);
    grouped(&compact, &[4, 4, 4, 4, 4, 2], separator)
}

pub(super) fn ssn(writer: &mut Writer) -> String {
    let area = writer.dice.between(101, 599);
    let (group, serial) = (
        writer.dice.between(11, 98),
        writer.dice.between(1_001, 9_998),
    );
    format!("{area}-{group}-{serial}")
}

pub(super) fn itin(writer: &mut Writer) -> String {
    let (area, group) = (writer.dice.between(900, 999), writer.dice.between(70, 88));
    format!("{area}-{group}-{}", writer.dice.digits(4))
}

pub(super) fn mail(writer: &mut Writer) -> String {
    let (first, last) = (lower(writer, "name"), lower(writer, "sur"));
    let host = writer.dice.pick(&[
        "corp-mail.io",
        "acme.dev",
        "mail.acme.co.uk",
        "posteo.acme.de",
    ]);
    format!("{first}.{last}@{host}")
}

pub(super) fn phone(writer: &mut Writer) -> String {
    let forms = [
        "+49 30 {d6}",
        "+44 20 7{d3} {d4}",
        "+1415555{d4}",
        "(212) 5{d2}-{d4}",
        "415-7{d2}-{d4}",
        "+33 1 {d2} {d2} {d2} {d2}",
        "+81 3-{d4}-{d4}",
    ];
    let form = writer.dice.pick(&forms);
    writer.fill(form)
}

pub(super) fn cpf(writer: &mut Writer) -> String {
    let mut digits = writer.dice.digits(9);
    for _ in 0..2 {
        let sum: u32 = digits
            .bytes()
            .rev()
            .zip(2..)
            .map(|(byte, weight)| digit(byte) * weight)
            .sum();
        let check = (sum * 10 % 11) % 10;
        digits.push_str(&check.to_string());
    }
    let parts: Vec<&str> = [0..3, 3..6, 6..9, 9..11]
        .into_iter()
        .filter_map(|range| digits.get(range))
        .collect();
    match parts.as_slice() {
        [a, b, c, d] => format!("{a}.{b}.{c}-{d}"),
        _ => digits,
    }
}

pub(super) fn nino(writer: &mut Writer) -> String {
    let letters = writer.dice.pick(&["AB", "CE", "HJ", "JG", "PW", "SX"]);
    let suffix = writer.dice.pick(&["A", "B", "C", "D"]);
    let form = format!("{letters} {{d2}} {{d2}} {{d2}} {suffix}");
    writer.fill(&form)
}

pub(super) fn aws_id(writer: &mut Writer) -> String {
    let prefix = writer.dice.pick(&["AKIA", "ASIA"]);
    format!(
        "{prefix}Q{}",
        writer.dice.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 15)
    )
}

pub(super) fn aws_secret(writer: &mut Writer) -> String {
    writer.dice.text(BASE64, 40)
}

pub(super) fn gcp(writer: &mut Writer) -> String {
    format!("AIzaSy{}", writer.dice.text(ALPHANUMERIC, 33))
}

pub(super) fn github(writer: &mut Writer) -> String {
    let prefix = writer.dice.pick(&["ghp_", "gho_", "ghs_"]);
    checksummed(prefix, writer)
}

pub(super) fn npm(writer: &mut Writer) -> String {
    checksummed("npm_", writer)
}

pub(super) fn gitlab(writer: &mut Writer) -> String {
    format!("glpat-{}", writer.dice.text(ALPHANUMERIC, 20))
}

pub(super) fn slack(writer: &mut Writer) -> String {
    writer.fill(concat!("xox", "b-{d12}-{d13}-{a24}"))
}

pub(super) fn webhook(writer: &mut Writer) -> String {
    writer.fill(concat!(
        "https://hooks.slack.com",
        "/services/T{u9}/B{u10}/{a24}"
    ))
}

pub(super) fn stripe(writer: &mut Writer) -> String {
    writer.fill(concat!("sk_", "live_{a24}"))
}

pub(super) fn openai(writer: &mut Writer) -> String {
    writer.fill(concat!("sk-", "proj-{a74}", "T3BlbkFJ", "{a74}"))
}

pub(super) fn anthropic(writer: &mut Writer) -> String {
    writer.fill(concat!("sk-", "ant-api03-{a93}AA"))
}

pub(super) fn sendgrid(writer: &mut Writer) -> String {
    writer.fill(concat!("SG", ".{a22}.{a43}"))
}

pub(super) fn jwt(writer: &mut Writer) -> String {
    let payload = writer.fill(r#"{"sub":"{d9}","iss":"https://id.acme.dev","exp":17{d8}}"#);
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    format!(
        "{header}.{}.{}",
        URL_SAFE_NO_PAD.encode(payload),
        writer.dice.text(ALPHANUMERIC, 43)
    )
}

pub(super) fn pem(writer: &mut Writer) -> String {
    let mut lines = vec![concat!("-----BEGIN RSA PRIV", "ATE KEY-----").to_owned()];
    lines.extend((0..12).map(|_| writer.dice.text(BASE64, 64)));
    lines.push(concat!("-----END RSA PRIV", "ATE KEY-----").to_owned());
    lines.join("\n")
}

pub(super) fn database(writer: &mut Writer) -> String {
    let password = writer.dice.text(ALPHANUMERIC, 14);
    let scheme = writer
        .dice
        .pick(&["postgres", "mysql", "amqps", "mongodb+srv"]);
    let form = format!("{scheme}://{{noun}}_app:{password}@db-{{d1}}.acme.dev:5432");
    writer.fill(&form)
}

pub(super) fn password(writer: &mut Writer) -> String {
    let word = writer.word("noun").unwrap_or_default();
    let mark = writer.dice.pick(&["!", "$", "#", "_"]);
    format!(
        "{}{mark}{word}{}",
        writer.dice.text(UPPER_AND_DIGITS, 3),
        writer.dice.digits(3)
    )
}

/// The number of a telephone as a device.
pub(super) fn imei(writer: &mut Writer) -> String {
    let body = format!("35{}", writer.dice.digits(12));
    format!("{body}{}", luhn_digit(&body))
}

/// The number of an article in shops.
pub(super) fn ean(writer: &mut Writer) -> String {
    let body = format!("40{}", writer.dice.digits(10));
    let weights = [1, 3].into_iter().cycle();
    let sum: u32 = body
        .bytes()
        .zip(weights)
        .map(|(byte, weight)| digit(byte) * weight)
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// Thirty characters and their CRC-32 in base 62, as GitHub and npm do it.
///
/// # Source
/// <https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/>.
fn checksummed(prefix: &str, writer: &mut Writer) -> String {
    let body = writer.dice.text(BASE62, 30);
    let mut number = crc32fast::hash(body.as_bytes());
    let mut checksum = Vec::new();
    for _ in 0..6 {
        let at = usize::try_from(number % 62).unwrap_or(0);
        checksum.push(BASE62.chars().nth(at).unwrap_or('0'));
        number /= 62;
    }
    let checksum: String = checksum.into_iter().rev().collect();
    format!("{prefix}{body}{checksum}")
}

/// The digit that makes a number's Luhn sum a multiple of ten.
fn luhn_digit(body: &str) -> u32 {
    let doubled = |value: u32| if value > 4 { value * 2 - 9 } else { value * 2 };
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            if at % 2 == 0 {
                doubled(digit(byte))
            } else {
                digit(byte)
            }
        })
        .sum();
    (10 - sum % 10) % 10
}

/// The check digits of ISO 13616.
fn iban_digits(country: &str, body: &str) -> String {
    let letters = country
        .bytes()
        .map(|byte| (u32::from(byte) - 55).to_string());
    let number: String = [body.to_owned()]
        .into_iter()
        .chain(letters)
        .chain(["00".to_owned()])
        .collect();
    let rest = number
        .bytes()
        .fold(0, |rest, byte| (rest * 10 + digit(byte)) % 97);
    format!("{:02}", 98 - rest)
}

fn digit(byte: u8) -> u32 {
    u32::from(byte.saturating_sub(b'0'))
}

fn grouped(text: &str, groups: &[usize], separator: &str) -> String {
    let mut rest = text;
    let mut parts = Vec::new();
    for &size in groups {
        let (part, after) = rest.split_at_checked(size).unwrap_or((rest, ""));
        parts.push(part);
        rest = after;
    }
    parts.join(separator)
}

fn lower(writer: &mut Writer, list: &str) -> String {
    let word = writer.word(list).unwrap_or_default();
    let mut word = word.to_ascii_lowercase();
    word.retain(|letter| LOWER.contains(letter));
    word
}
