//! What letters say, in plain text and in HTML.
//!
//! Owns the templates' data and subjects. **Invariant:** what comes from others is escaped in HTML, and a letter
//! about a leak holds masked previews only.

use askama::Template;
use chrono::{DateTime, Utc};
use url::Url;

use crate::store::notices::{Addresses, News, Token};

/// Alerts named in a digest.
const SHOWN: usize = 50;

/// A letter to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Of the Message-ID, what stands before the `@`.
    pub id: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: String,
    /// What it says, plain.
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

/// Who gets a letter, and what the letter is known by.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    pub(super) id: String,
    pub(super) to: Addresses,
}

/// An alert as letters show it.
struct AlertLines {
    title: String,
    severity: &'static str,
    source: String,
    place: Option<String>,
    first_seen: String,
    last_seen: String,
    occurrences: u64,
    is_back: bool,
    description: Option<String>,
    previews: Vec<PreviewLine>,
    link: Option<String>,
}

struct PreviewLine {
    info_type: String,
    text: String,
}

/// What both forms of a letter are made of, and making them.
macro_rules! forms {
    ($($text:ident $plain:literal, $html:ident $rich:literal { $($field:ident: $type:ty),* $(,)? })+) => {$(
        #[derive(Template)]
        #[template(path = $plain, escape = "none")]
        struct $text<'a> { $($field: &'a $type),* }

        #[derive(Template)]
        #[template(path = $rich)]
        struct $html<'a> { $($field: &'a $type),* }

        impl<'a> $text<'a> {
            /// Both forms.
            fn write(envelope: Envelope, subject: String, $($field: &'a $type),*) -> Result<Letter, Unwritable> {
                let text = Self { $($field),* }.render().map_err(|_no_input| Unwritable)?;
                let html = $html { $($field),* }.render().map_err(|_no_input| Unwritable)?;
                Ok(Letter { id: envelope.id, to: envelope.to.0, subject, text, html })
            }
        }
    )+};
}

forms! {
    AlertText "mail/alert.txt", AlertHtml "mail/alert.html" { alert: AlertLines }
    DigestText "mail/digest.txt", DigestHtml "mail/digest.html" {
        alerts: [AlertLines], total: usize, more: usize,
    }
    ResetText "mail/password_reset.txt", ResetHtml "mail/password_reset.html" {
        link: Option<String>, token: str,
    }
    DisabledText "mail/webhook_disabled.txt", DisabledHtml "mail/webhook_disabled.html" {
        name: str, why: str, link: Option<String>,
    }
}

#[derive(Template)]
#[template(path = "mail/test.txt", escape = "none")]
struct TestText;

#[derive(Template)]
#[template(path = "mail/test.html")]
struct TestHtml;

/// A template could not be filled. Permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a letter cannot be written")]
pub(super) struct Unwritable;

/// Where links lead.
#[derive(Clone, Debug)]
pub(super) struct Links(pub(super) Option<Url>);

impl Links {
    /// A place in the console, if people can reach it.
    pub(super) fn to(&self, path: &str) -> Option<String> {
        let base = self.0.as_ref()?.as_str().trim_end_matches('/');
        Some(format!("{base}/{path}"))
    }

    /// One alert.
    pub(super) fn alert(&self, envelope: Envelope, news: &News) -> Result<Letter, Unwritable> {
        let lines = self.lines(news);
        let subject = format!("[{}] {}", lines.severity, lines.title);
        AlertText::write(envelope, subject, &lines)
    }

    /// Several alerts, the gravest first.
    pub(super) fn digest(&self, envelope: Envelope, news: &[News]) -> Result<Letter, Unwritable> {
        let mut sorted: Vec<&News> = news.iter().collect();
        sorted.sort_by_key(|one| (std::cmp::Reverse(one.alert.severity), one.alert.id));
        let shown: Vec<AlertLines> = sorted
            .into_iter()
            .take(SHOWN)
            .map(|one| self.lines(one))
            .collect();
        let worst = shown.first().map_or("", |alert| alert.severity);
        let subject = format!("[{worst}] {} alerts", news.len());
        let more = news.len() - shown.len();
        DigestText::write(envelope, subject, &shown, &news.len(), &more)
    }

    /// A way to a new password.
    pub(super) fn password_reset(
        &self,
        envelope: Envelope,
        token: &Token,
    ) -> Result<Letter, Unwritable> {
        // Behind the `#`, a browser keeps it to itself.
        let link = self.to(&format!("reset-password#token={}", token.0));
        let subject = "A new password for Weir".to_owned();
        ResetText::write(envelope, subject, &link, &token.0)
    }

    /// A webhook that is no longer called.
    pub(super) fn webhook_disabled(
        &self,
        envelope: Envelope,
        name: &str,
        reason: &str,
    ) -> Result<Letter, Unwritable> {
        let why = match reason {
            "gone" => "its endpoint answered that it is gone for good",
            _ => "its endpoint has failed for too long",
        };
        let subject = format!("Webhook disabled: {name}");
        DisabledText::write(envelope, subject, name, why, &self.to("webhooks"))
    }

    fn lines(&self, news: &News) -> AlertLines {
        let alert = &news.alert;
        let place = [&alert.workspace_id, &alert.channel_id, &alert.user_id];
        let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
        let preview = |preview: &crate::store::notices::Preview| PreviewLine {
            info_type: preview.info_type.to_string(),
            text: preview.text.clone(),
        };
        AlertLines {
            title: alert.title.clone(),
            severity: alert.severity.as_str(),
            source: alert.source.clone(),
            place: (!place.is_empty()).then(|| place.join(" / ")),
            first_seen: readable(alert.first_seen_at),
            last_seen: readable(alert.last_seen_at),
            occurrences: alert.occurrences,
            is_back: alert.reopened > 0,
            description: alert.description.clone(),
            previews: news.previews.iter().map(preview).collect(),
            link: self.to(&format!("alerts/{}", alert.id)),
        }
    }
}

/// Whether mail arrives.
pub(super) fn test(envelope: Envelope) -> Result<Letter, Unwritable> {
    Ok(Letter {
        id: envelope.id,
        to: envelope.to.0,
        subject: "Mail from Weir".to_owned(),
        text: TestText.render().map_err(|_no_input| Unwritable)?,
        html: TestHtml.render().map_err(|_no_input| Unwritable)?,
    })
}

fn readable(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({}, to {})", self.id, self.to.len())
    }
}

#[cfg(test)]
mod tests {
    use shared::finding::Severity;
    use shared::ids::AlertId;

    use super::*;
    use crate::domain::alert::AlertStatus;
    use crate::store::alerts::Alert;
    use crate::store::notices::Preview;

    fn news(title: &str, severity: Severity) -> News {
        let seen = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let alert = Alert {
            id: AlertId::from(uuid::Uuid::nil()),
            status: AlertStatus::Open,
            severity,
            source: "slack".to_owned(),
            title: title.to_owned(),
            description: None,
            info_type: Some("CREDIT_CARD_NUMBER".to_owned()),
            fingerprint: None,
            policy_id: None,
            workspace_id: Some("T1".to_owned()),
            channel_id: Some("C1".to_owned()),
            user_id: None,
            job_id: None,
            event_id: None,
            occurrences: 3,
            first_seen_at: seen,
            last_seen_at: seen,
            assignee: None,
            due_at: None,
            resolution: None,
            closed_at: None,
            reopened: 0,
            version: 1,
        };
        News {
            alert,
            previews: Vec::new(),
        }
    }

    fn links() -> Links {
        Links(Some("https://weir.example.com/".parse().unwrap()))
    }

    fn envelope() -> Envelope {
        Envelope {
            id: "m".to_owned(),
            to: Addresses(vec!["a@example.com".to_owned()]),
        }
    }

    #[test]
    fn an_alert_in_plain_text() {
        let mut one = news("Card in a message", Severity::High);
        one.previews.push(Preview {
            info_type: "CREDIT_CARD_NUMBER".parse().unwrap(),
            text: "4111 **** **** 1111".to_owned(),
        });
        let letter = links().alert(envelope(), &one).unwrap();
        assert_eq!(letter.subject, "[HIGH] Card in a message");
        insta::assert_snapshot!(letter.text, @r"
        Card in a message

        Severity:  HIGH
        Source:    slack
        Where:     T1 / C1
        First:     2027-01-15 08:00:00 UTC
        Last:      2027-01-15 08:00:00 UTC
        Seen:      3 time(s)

        Found, masked:
          CREDIT_CARD_NUMBER: 4111 **** **** 1111

        Look at it: https://weir.example.com/alerts/00000000-0000-0000-0000-000000000000
        ");
    }

    #[test]
    fn an_alert_in_html_escapes_what_others_wrote() {
        let mut one = news("<img src=x onerror=alert(1)>", Severity::Critical);
        one.alert.description = Some("\"><script>alert(1)</script>".to_owned());
        one.alert.reopened = 1;
        let letter = links().alert(envelope(), &one).unwrap();
        assert!(!letter.html.contains("<img") && !letter.html.contains("<script"));
        insta::assert_snapshot!(letter.html, @r#"
        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Weir</title></head>
        <body style="font-family: sans-serif; color: #1a1a1a; max-width: 40em">
        <h2>&#60;img src=x onerror=alert(1)&#62;</h2>
        <table cellpadding="4">
        <tr><th align="left">Severity</th><td>CRITICAL</td></tr>
        <tr><th align="left">Source</th><td>slack</td></tr>
        <tr><th align="left">Where</th><td>T1 / C1</td></tr>
        <tr><th align="left">First</th><td>2027-01-15 08:00:00 UTC</td></tr>
        <tr><th align="left">Last</th><td>2027-01-15 08:00:00 UTC</td></tr>
        <tr><th align="left">Seen</th><td>3 time(s); it was resolved and has come back</td></tr>
        </table>
        <p style="white-space: pre-wrap">&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;</p>
        <p><a href="https://weir.example.com/alerts/00000000-0000-0000-0000-000000000000">Look at it</a></p>
        <p style="color: #666; font-size: 0.85em">Sent by Weir. Values are masked.</p>
        </body>
        </html>
        "#);
    }

    #[test]
    fn a_digest_names_the_gravest_first_and_counts_the_rest() {
        let mut all: Vec<News> = (0..59)
            .map(|n| news(&format!("leak {n}"), Severity::High))
            .collect();
        all.push(news("worst", Severity::Critical));
        let letter = links().digest(envelope(), &all).unwrap();
        assert_eq!(letter.subject, "[CRITICAL] 60 alerts");
        assert!(letter.text.find("worst").unwrap() < letter.text.find("leak 0").unwrap());
        assert!(letter.text.contains("And 10 more."));
        assert_eq!(letter.html.matches("leak ").count(), 49);
    }

    #[test]
    fn a_digest_in_both_forms() {
        let two = [
            news("one & only", Severity::High),
            news("two", Severity::Critical),
        ];
        let letter = Links(None).digest(envelope(), &two).unwrap();
        insta::assert_snapshot!(letter.text, @r"
        2 alerts

        CRITICAL: two
          last seen 2027-01-15 08:00:00 UTC, 3 time(s)

        HIGH: one & only
          last seen 2027-01-15 08:00:00 UTC, 3 time(s)
        ");
        insta::assert_snapshot!(letter.html, @r#"
        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Weir</title></head>
        <body style="font-family: sans-serif; color: #1a1a1a; max-width: 40em">
        <h2>2 alerts</h2>
        <table cellpadding="4">
        <tr><td>CRITICAL</td><td>two</td><td>2027-01-15 08:00:00 UTC, 3 time(s)</td></tr>
        <tr><td>HIGH</td><td>one &#38; only</td><td>2027-01-15 08:00:00 UTC, 3 time(s)</td></tr>
        </table>
        <p style="color: #666; font-size: 0.85em">Sent by Weir. Values are masked.</p>
        </body>
        </html>
        "#);
    }

    #[test]
    fn a_new_password_by_link_or_by_token() {
        let token = Token("weir_x".to_owned());
        let linked = links().password_reset(envelope(), &token).unwrap();
        assert!(
            linked
                .text
                .contains("https://weir.example.com/reset-password#token=weir_x")
        );
        assert!(
            linked
                .html
                .contains("href=\"https://weir.example.com/reset-password#token=weir_x\"")
        );
        let bare = Links(None).password_reset(envelope(), &token).unwrap();
        insta::assert_snapshot!(bare.text, @r"
        Somebody asked for a new password for your account in Weir.

        Set one with this token: weir_x

        It works once and for a short time. If it was not you, do nothing: your password stays as it is.
        ");
        insta::assert_snapshot!(bare.html, @r#"
        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Weir</title></head>
        <body style="font-family: sans-serif; color: #1a1a1a; max-width: 40em">
        <p>Somebody asked for a new password for your account in Weir.</p>
        <p>Set one with this token: <code>weir_x</code></p>
        <p>It works once and for a short time. If it was not you, do nothing: your password stays as it is.</p>
        <p style="color: #666; font-size: 0.85em">Sent by Weir. Values are masked.</p>
        </body>
        </html>
        "#);
    }

    #[test]
    fn a_disabled_webhook_says_why() {
        let letter = links()
            .webhook_disabled(envelope(), "SIEM <1>", "gone")
            .unwrap();
        assert_eq!(letter.subject, "Webhook disabled: SIEM <1>");
        assert!(letter.html.contains("SIEM &#60;1&#62;"));
        insta::assert_snapshot!(letter.text, @r#"
        The webhook "SIEM <1>" is no longer called: its endpoint answered that it is gone for good.

        What was still to be told to it is given up. Enable it again when its endpoint is well.

        Look at it: https://weir.example.com/webhooks
        "#);
        let failing = links()
            .webhook_disabled(envelope(), "x", "too_many_failures")
            .unwrap();
        assert!(failing.html.contains("has failed for too long"));
    }

    #[test]
    fn a_test_says_that_it_arrived() {
        let letter = test(envelope()).unwrap();
        assert!(letter.text.contains("arrives here") && letter.html.contains("arrives here"));
    }

    #[test]
    fn no_letter_prints_its_receiver_or_its_token() {
        let letter = links()
            .password_reset(envelope(), &Token("canary".to_owned()))
            .unwrap();
        let printed = format!("{letter:?}");
        assert!(!printed.contains("canary") && !printed.contains("a@example.com"));
    }
}
