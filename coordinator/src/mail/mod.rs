//! Mail: letters to people, sent over SMTP.
//!
//! Owns the server and how it is spoken to (`server`), what letters say (`letters`), and carrying out the
//! outbox's rows of kind `mail` (`post`). Who is told of what is for `store::notices`.
//! **Invariant:** no address, subject or password reaches a log or an error; a letter that is sent twice has
//! the same Message-ID.

mod letters;
mod post;
mod server;

use std::error::Error;
use std::io;

use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use shared::job::RetryClass;

use crate::config::MailConfig;

pub use letters::Letter;
pub use post::{Digests, Post, PostParts};
pub use server::{SmtpServer, SmtpUrlFault};

/// Connections to the server, at most.
const CONNECTIONS: u32 = 4;
/// Answers to credentials that do not hold, or to missing ones. An operator mends that: the letters wait.
const CREDENTIALS_REFUSED: [u16; 4] = [530, 534, 535, 538];

/// Sends letters. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why a letter was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mail not sent: {code}")]
pub struct MailError {
    /// One word; of the server's answers their number.
    pub code: String,
    class: RetryClass,
}

/// Why mail cannot be set up. Permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailSetupError {
    /// The URL.
    #[error("WEIR_MAIL__SMTP_URL {0}")]
    Url(#[from] SmtpUrlFault),
    /// The sender.
    #[error("WEIR_MAIL__FROM is no address")]
    From,
    /// The certificates.
    #[error("the certificates of WEIR_MAIL__CA_FILE cannot be read: name a file in PEM")]
    Certificates,
    /// TLS itself.
    #[error("TLS cannot be set up for mail")]
    Tls,
}

impl MailError {
    fn new(code: impl Into<String>, class: RetryClass) -> Self {
        Self {
            code: code.into(),
            class,
        }
    }

    /// Whether trying again can help.
    pub fn class(&self) -> RetryClass {
        self.class
    }
}

/// The server's own words may quote addresses: its number stays.
impl From<lettre::transport::smtp::Error> for MailError {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        if let Some(status) = error.status() {
            let number: u16 = status.into();
            let passing = error.is_transient() || CREDENTIALS_REFUSED.contains(&number);
            let class = if passing {
                RetryClass::Transient
            } else {
                RetryClass::Permanent
            };
            return Self::new(format!("smtp_{number}"), class);
        }
        let code = if error.is_timeout() {
            "timeout"
        } else if error.is_tls() || is_of_tls(&error) {
            "tls_failed"
        } else if error.is_client() {
            // It does not offer what we ask for: STARTTLS, most likely.
            "smtp_not_supported"
        } else if error.is_response() {
            "smtp_not_understood"
        } else {
            "connection_failed"
        };
        Self::new(code, RetryClass::Transient)
    }
}

/// Whether the way could not be encrypted: a certificate that nobody vouches for, most likely. lettre takes it for any
/// other broken connection.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.is::<rustls::Error>() {
            return true;
        }
        // What an error of the system wraps is not told as its source.
        let wrapping = cause.downcast_ref::<io::Error>();
        if let Some(inner) = wrapping.and_then(io::Error::get_ref)
            && inner.is::<rustls::Error>()
        {
            return true;
        }
        next = cause.source();
    }
    false
}

/// An address with or without a name, if it is one.
pub fn mailbox(text: &str) -> Option<Mailbox> {
    text.parse().ok()
}

impl Mailer {
    /// What sends mail as configured; none if mail is off.
    ///
    /// # Errors
    /// Permanent: the configuration cannot work.
    pub fn new(config: &MailConfig) -> Result<Option<Self>, MailSetupError> {
        let Some(url) = &config.smtp_url else {
            return Ok(None);
        };
        let server = SmtpServer::parse(url)?;
        let pool = PoolConfig::new().max_size(CONNECTIONS);
        let builder = server.transport(config.ca_file.as_deref())?;
        Ok(Some(Self {
            transport: builder.pool_config(pool).build(),
            from: mailbox(&config.from).ok_or(MailSetupError::From)?,
        }))
    }

    /// Sends a letter.
    ///
    /// # Errors
    /// Transient unless the server refused the letter for good, or it cannot be written.
    pub async fn send(&self, letter: Letter) -> Result<(), MailError> {
        let message = message(&self.from, letter)?;
        self.transport.send(message).await?;
        Ok(())
    }
}

fn message(from: &Mailbox, letter: Letter) -> Result<Message, MailError> {
    let unwritable = || MailError::new("letter_unwritable", RetryClass::Permanent);
    let domain = from.email.domain();
    let mut builder = Message::builder()
        .from(from.clone())
        .subject(one_line(&letter.subject))
        .message_id(Some(format!("<{}@{domain}>", letter.id)));
    for address in &letter.to {
        builder = builder.to(mailbox(address).ok_or_else(unwritable)?);
    }
    // The parts name their types; a type of the whole would stand there twice.
    let forms = MultiPart::alternative()
        .singlepart(SinglePart::plain(letter.text))
        .singlepart(SinglePart::html(letter.html));
    builder
        .multipart(forms)
        .map_err(|_quotes_input| unwritable())
}

/// A subject is one line: whatever would end it is a blank.
fn one_line(text: &str) -> String {
    let blank = |sign: char| if sign.is_control() { ' ' } else { sign };
    text.chars().map(blank).collect()
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailer")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sender() -> Mailbox {
        mailbox("Weir <weir@example.com>").unwrap()
    }

    fn letter(subject: &str) -> Letter {
        Letter {
            id: "0190".to_owned(),
            to: vec!["a@example.com".to_owned(), "Ä <b@example.com>".to_owned()],
            subject: subject.to_owned(),
            text: "plain".to_owned(),
            html: "<p>rich</p>".to_owned(),
        }
    }

    fn written(subject: &str) -> String {
        let message = message(&sender(), letter(subject)).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    /// The lines before the body.
    fn head(mail: &str) -> Vec<&str> {
        mail.split("\r\n\r\n")
            .next()
            .unwrap()
            .split("\r\n")
            .collect()
    }

    #[test]
    fn a_letter_has_both_forms_one_type_and_our_own_id() {
        let mail = written("Card in a message");
        assert_eq!(
            mail.matches("Content-Type: multipart/alternative").count(),
            1
        );
        assert!(
            mail.contains("Content-Type: text/plain") && mail.contains("Content-Type: text/html")
        );
        assert!(mail.contains("Message-ID: <0190@example.com>"), "{mail}");
        assert!(mail.contains("Subject: Card in a message\r\n"));
        assert!(mail.contains("Date: "));
    }

    #[test]
    fn a_subject_in_another_script_is_encoded() {
        let mail = written("Alarm: Ключ утёк");
        assert!(mail.is_ascii());
        assert!(mail.contains("Subject: Alarm: =?utf-8?"), "{mail}");
    }

    #[test]
    fn a_line_break_in_a_title_makes_no_header() {
        for breaking in [
            "x\r\nBcc: c@example.com",
            "x\nBcc: c@example.com",
            "x\r\n\r\nbody",
            "x\rBcc: c",
        ] {
            let mail = written(breaking);
            let names: Vec<&str> = head(&mail)
                .iter()
                .filter(|line| !line.starts_with(' '))
                .filter_map(|line| line.split(':').next())
                .collect();
            assert!(!names.contains(&"Bcc"), "{mail}");
            assert!(names.contains(&"Date"), "{mail}");
        }
    }

    proptest! {
        #[test]
        fn no_title_adds_a_header(title in any::<String>()) {
            let mail = written(&title);
            let mut names: Vec<&str> = head(&mail)
                .iter()
                .filter(|line| !line.starts_with(' '))
                .filter_map(|line| line.split(':').next())
                .collect();
            names.sort_unstable();
            let expected = ["Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"];
            prop_assert_eq!(names, expected);
        }
    }

    #[test]
    fn an_address_that_is_none_fails_the_letter_for_good_without_naming_it() {
        let mut letter = letter("x");
        letter.to = vec!["canary\r\nRCPT TO:<c@example.com>".to_owned()];
        let error = message(&sender(), letter).unwrap_err();
        assert_eq!(error.class(), RetryClass::Permanent);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
