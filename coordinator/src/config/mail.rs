//! `[mail]`: how mail leaves, and who is told of alerts.

use std::path::PathBuf;
use std::time::Duration;

use shared::config::{ConfigValue, Source};
use shared::finding::Severity;
use shared::secret::SecretString;

use crate::mail::{SmtpServer, mailbox};
use crate::store::notices::{Addresses, MailingList};

/// Addresses that mail about alerts goes to, at most.
const MAX_RECIPIENTS: usize = 50;

shared::config_section! {
    /// How mail leaves, and who is told of alerts. Without `smtp_url` no mail is sent.
    pub struct MailConfig in "mail" {
        /// `smtps://user:password@host:465`, or `smtp://user:password@host:587` with STARTTLS. `?tls=required` is
        /// what `smtp` does; `?tls=opportunistic` and `?tls=none` let others read along.
        smtp_url: Option<SecretString>,
        /// Who it comes from: `Weir <weir@example.com>`. Its domain is in every Message-ID.
        from: String = "Weir <weir@localhost>",
        /// Who is told of alerts.
        to: Vec<String>,
        /// Alerts below this are not mailed.
        min_severity: Severity = "HIGH",
        /// What comes within this time goes out as one mail, at whole multiples of it: `1h` at every full hour.
        /// `off` sends each alert at once.
        digest: Digest = "off",
        /// Certificates in PEM that are trusted beside the system's.
        ca_file: Option<PathBuf>,
        /// The pause after a first failure; it doubles up to an hour, 24 times in all.
        retry_after: Duration = "10s",
    }
    check = check;
}

/// How long news are gathered; none if each goes out at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub Option<Duration>);

impl ConfigValue for Digest {
    const EXPECTS: &'static str = "off, or a time such as 15m, 1h or 1d";

    fn parse(text: &str) -> Option<Self> {
        if text == "off" || text == "0" {
            return Some(Self(None));
        }
        let every = Duration::parse(text)?;
        if every.is_zero() {
            return Some(Self(None));
        }
        // A digest goes out at a whole second.
        (every.subsec_nanos() == 0).then_some(Self(Some(every)))
    }
}

impl MailConfig {
    /// Who is told of alerts; nobody if mail is off or no address is given.
    pub fn list(&self) -> Option<MailingList> {
        self.smtp_url.as_ref()?;
        (!self.to.is_empty()).then(|| MailingList {
            to: Addresses(self.to.clone()),
            min_severity: self.min_severity,
            digest: self.digest.0,
        })
    }
}

fn check(mail: &MailConfig, source: &mut Source) {
    if let Some(url) = &mail.smtp_url
        && let Err(fault) = SmtpServer::parse(url)
    {
        source.refuse("mail", "smtp_url", fault.to_string());
    }
    if mailbox(&mail.from).is_none() {
        let advice = "is no address; write it as Weir <weir@example.com>";
        source.refuse("mail", "from", advice);
    }
    if mail.to.len() > MAX_RECIPIENTS {
        source.refuse(
            "mail",
            "to",
            format!("has more than {MAX_RECIPIENTS} addresses"),
        );
    }
    for (at, address) in mail.to.iter().enumerate() {
        if mailbox(address).is_none() {
            source.refuse("mail", "to", format!("number {} is no address", at + 1));
        }
    }
    if mail.retry_after.is_zero() {
        source.refuse("mail", "retry_after", "must be more than zero");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_off_or_a_time_of_whole_seconds() {
        for (text, expected) in [
            ("off", Some(Digest(None))),
            ("0", Some(Digest(None))),
            ("0s", Some(Digest(None))),
            ("1h", Some(Digest(Some(Duration::from_hours(1))))),
            ("500ms", None),
            ("1500ms", None),
            ("often", None),
        ] {
            assert_eq!(Digest::parse(text), expected, "{text}");
        }
    }
}
