//! What must not be in a text, and is: one value of its kind, planted in a text.
//!
//! Owns the kinds, how people introduce each, and where in the text it stands. Leaves the values to
//! `values`. **Invariant:** the label covers exactly the value.

use super::Record;
use super::values;
use super::writer::Writer;

/// A kind of sensitive value.
#[derive(Clone, Copy, Debug)]
struct Leak {
    /// What the InfoType is called, whether or not a detector knows it.
    info_type: &'static str,
    make: fn(&mut Writer) -> String,
    /// How it is said; `@` is the value.
    around: &'static [&'static str],
}

/// In no order; each as likely as the others.
const KINDS: &[Leak] = &[
    kind(
        "CREDIT_CARD_NUMBER",
        values::card,
        &[
            "my card is @, exp 12/29",
            "card: @",
            "charge @ please",
            "visa @ cvv 123",
        ],
    ),
    kind(
        "IBAN_CODE",
        values::iban,
        &[
            "please pay to @",
            "IBAN: @",
            "konto @ bei der Bank",
            "@ is our account",
        ],
    ),
    kind(
        "US_SOCIAL_SECURITY_NUMBER",
        values::ssn,
        &["my ssn is @", "SSN: @", "social security @ for payroll"],
    ),
    kind(
        "EMAIL_ADDRESS",
        values::mail,
        &["write to @", "<mailto:@|@>", "cc: @,", "contact @ about it"],
    ),
    kind(
        "PHONE_NUMBER",
        values::phone,
        &["call me at @", "tel @", "my mobile: @", "phone @ after six"],
    ),
    kind("BRAZIL_CPF_NUMBER", values::cpf, &["CPF @", "meu cpf é @"]),
    kind(
        "UK_NATIONAL_INSURANCE_NUMBER",
        values::nino,
        &["NINO @", "national insurance number @"],
    ),
    kind(
        "US_INDIVIDUAL_TAXPAYER_IDENTIFICATION_NUMBER",
        values::itin,
        &["ITIN: @", "taxpayer id @"],
    ),
    kind(
        "AWS_ACCESS_KEY_ID",
        values::aws_id,
        &["aws_access_key_id = @", "key id @", "`@`"],
    ),
    kind(
        "AWS_SECRET_ACCESS_KEY",
        values::aws_secret,
        &["aws_secret_access_key = @", "aws secret: @"],
    ),
    kind("GCP_API_KEY", values::gcp, &["key=@", "maps key: @", "`@`"]),
    kind(
        "GITHUB_TOKEN",
        values::github,
        &["export GH_TOKEN=@", "use @ for now", "`@`"],
    ),
    kind(
        "GITLAB_TOKEN",
        values::gitlab,
        &["gitlab token @", "PRIVATE-TOKEN: @"],
    ),
    kind(
        "NPM_TOKEN",
        values::npm,
        &["_authToken=@", "npm token is @"],
    ),
    kind(
        "SLACK_TOKEN",
        values::slack,
        &["SLACK_BOT_TOKEN=@", "bot: @", "`@`"],
    ),
    kind(
        "SLACK_WEBHOOK",
        values::webhook,
        &["post to <@>", "hook: @"],
    ),
    kind(
        "STRIPE_KEY",
        values::stripe,
        &["STRIPE_KEY=@", "the live one: @"],
    ),
    kind(
        "OPENAI_API_KEY",
        values::openai,
        &["OPENAI_API_KEY=@", "try @"],
    ),
    kind(
        "ANTHROPIC_API_KEY",
        values::anthropic,
        &["ANTHROPIC_API_KEY=@", "x-api-key: @"],
    ),
    kind(
        "SENDGRID_API_KEY",
        values::sendgrid,
        &["SENDGRID=@", "mail key @"],
    ),
    kind(
        "JSON_WEB_TOKEN",
        values::jwt,
        &["Authorization: Bearer @", "session: @"],
    ),
    kind(
        "ENCRYPTION_KEY",
        values::pem,
        &["```\n@\n```", "the key:\n@\n"],
    ),
    kind(
        "DATABASE_URL",
        values::database,
        &["DATABASE_URL=@/orders", "connect to @", "`@/ledger`"],
    ),
    kind(
        "PASSWORD",
        values::password,
        &[
            "password: @",
            "the password is @",
            "pwd=@",
            "{\"password\": \"@\"}",
        ],
    ),
];

const fn kind(
    info_type: &'static str,
    make: fn(&mut Writer) -> String,
    around: &'static [&'static str],
) -> Leak {
    Leak {
        info_type,
        make,
        around,
    }
}

impl Leak {
    /// A fresh value, as it stands in a message.
    fn said(self, writer: &mut Writer) -> Record {
        let value = (self.make)(writer);
        let around = writer.dice.pick(self.around);
        let at = around.find('@').unwrap_or(0);
        Record {
            text: around.replace('@', &value),
            planted: Some((at..at + value.len(), self.info_type)),
        }
    }
}

/// Puts a value of some kind in front of a text, behind it, or between two of its sentences.
pub(super) fn plant(text: String, writer: &mut Writer) -> Record {
    let at = writer.dice.below(KINDS.len());
    let Some(kind) = KINDS.get(at) else {
        return Record {
            text,
            planted: None,
        };
    };
    let said = kind.said(writer);
    let middle = text.find(". ").map_or(text.len(), |end| end + 1);
    let at = [0, middle, text.len()]
        .get(writer.dice.below(3))
        .copied()
        .unwrap_or(0);
    let (before, after) = text.split_at_checked(at).unwrap_or((&text, ""));
    let before = if before.is_empty() {
        String::new()
    } else {
        format!("{before} ")
    };
    Record {
        planted: said
            .planted
            .map(|(span, kind)| (span.start + before.len()..span.end + before.len(), kind)),
        text: format!("{before}{} {}", said.text, after.trim_start()),
    }
}
