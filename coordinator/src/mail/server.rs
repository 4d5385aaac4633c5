//! The server that takes mail: where it is, who we are to it, and how the way there is kept private.
//!
//! Owns reading `smtp_url`. **Invariant:** the way is encrypted unless the URL says otherwise in so many words,
//! and no fault repeats the URL.

use std::path::Path;
use std::time::Duration;

use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use shared::secret::{ExposeSecret, SecretString};
use url::Url;

use super::MailSetupError;

/// How long the server may be silent.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where mail is handed in, encrypted from the first byte (RFC 8314).
const SUBMISSIONS: u16 = 465;
/// Where mail is handed in, with STARTTLS (RFC 6409).
const SUBMISSION: u16 = 587;

/// The server of an `smtp_url`.
pub struct SmtpServer {
    url: SecretString,
    host: String,
    port: u16,
    privacy: Privacy,
}

/// How the way to the server is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Privacy {
    FromTheFirstByte,
    StartTls,
    StartTlsIfOffered,
    None,
}

/// Why a URL leads to no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlFault {
    /// It is no URL, or of something else.
    #[error("is not usable; write smtps://user:password@host:465 or smtp://user:password@host:587")]
    NotSmtp,
    /// The query asks for something else.
    #[error(
        "asks for something unknown; after `?` only tls=required, tls=opportunistic or tls=none"
    )]
    Query,
    /// A user without a password or a password without a user.
    #[error("has a user without a password, or a password without a user")]
    HalfCredentials,
}

impl SmtpServer {
    /// Reads a URL.
    ///
    /// # Errors
    /// Permanent: it leads to no server.
    pub fn parse(secret: &SecretString) -> Result<Self, SmtpUrlFault> {
        let url: Url = secret
            .expose_secret()
            .parse()
            .map_err(|_quotes_input| SmtpUrlFault::NotSmtp)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(SmtpUrlFault::NotSmtp)?.to_owned();
        let privacy = privacy(&url)?;
        if url.username().is_empty() != url.password().is_none_or(str::is_empty) {
            return Err(SmtpUrlFault::HalfCredentials);
        }
        let usual = match privacy {
            Privacy::FromTheFirstByte => SUBMISSIONS,
            _ => SUBMISSION,
        };
        let port = url.port().unwrap_or(usual);
        // What is left is what lettre takes: the rest is set by us.
        let mut url = url;
        url.set_query(None);
        Ok(Self {
            url: SecretString::from(url.to_string()),
            host,
            port,
            privacy,
        })
    }

    /// A transport to it that trusts the certificates in `ca_file` beside the system's.
    ///
    /// # Errors
    /// Permanent.
    pub fn transport(
        &self,
        ca_file: Option<&Path>,
    ) -> Result<AsyncSmtpTransportBuilder, MailSetupError> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(self.url.expose_secret())
            .map_err(|_quotes_input| SmtpUrlFault::NotSmtp)?;
        let tls = match self.privacy {
            Privacy::FromTheFirstByte => Tls::Wrapper(self.parameters(ca_file)?),
            Privacy::StartTls => Tls::Required(self.parameters(ca_file)?),
            Privacy::StartTlsIfOffered => Tls::Opportunistic(self.parameters(ca_file)?),
            Privacy::None => Tls::None,
        };
        Ok(builder.port(self.port).tls(tls).timeout(Some(PATIENCE)))
    }

    fn parameters(&self, ca_file: Option<&Path>) -> Result<TlsParameters, MailSetupError> {
        // A certificate names an IPv6 address without brackets.
        let name = self.host.trim_matches(['[', ']']).to_owned();
        let mut parameters = TlsParameters::builder(name);
        if let Some(path) = ca_file {
            let pem = std::fs::read(path).map_err(|_names_a_path| MailSetupError::Certificates)?;
            let certificate = Certificate::from_pem(&pem);
            let certificate = certificate.map_err(|_quotes_input| MailSetupError::Certificates)?;
            parameters = parameters.add_root_certificate(certificate);
        }
        let built = parameters.build_rustls();
        built.map_err(|_library| MailSetupError::Tls)
    }
}

fn privacy(url: &Url) -> Result<Privacy, SmtpUrlFault> {
    let mut asked = None;
    for (name, value) in url.query_pairs() {
        if name != "tls" || asked.is_some() {
            return Err(SmtpUrlFault::Query);
        }
        asked = Some(match value.as_ref() {
            "required" => Privacy::StartTls,
            "opportunistic" => Privacy::StartTlsIfOffered,
            "none" => Privacy::None,
            _ => return Err(SmtpUrlFault::Query),
        });
    }
    match (url.scheme(), asked) {
        ("smtps", None | Some(Privacy::StartTls)) => Ok(Privacy::FromTheFirstByte),
        ("smtps", Some(_)) => Err(SmtpUrlFault::Query),
        ("smtp", asked) => Ok(asked.unwrap_or(Privacy::StartTls)),
        _ => Err(SmtpUrlFault::NotSmtp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<SmtpServer, SmtpUrlFault> {
        SmtpServer::parse(&SecretString::from(url.to_owned()))
    }

    #[test]
    fn the_way_is_encrypted_unless_said_otherwise() {
        for (url, port, privacy) in [
            ("smtps://u:p@mail.example", 465, Privacy::FromTheFirstByte),
            (
                "smtps://mail.example:2465?tls=required",
                2465,
                Privacy::FromTheFirstByte,
            ),
            ("smtp://u:p@mail.example", 587, Privacy::StartTls),
            ("smtp://mail.example?tls=required", 587, Privacy::StartTls),
            (
                "smtp://mail.example:25?tls=opportunistic",
                25,
                Privacy::StartTlsIfOffered,
            ),
            ("smtp://127.0.0.1:1025?tls=none", 1025, Privacy::None),
        ] {
            let server = parse(url).unwrap_or_else(|fault| panic!("{url}: {fault}"));
            assert_eq!((server.port, server.privacy), (port, privacy), "{url}");
        }
    }

    #[test]
    fn what_leads_to_no_server_is_refused_without_being_repeated() {
        for (url, expected) in [
            ("canary", SmtpUrlFault::NotSmtp),
            ("http://canary", SmtpUrlFault::NotSmtp),
            ("smtp:///canary", SmtpUrlFault::NotSmtp),
            ("smtps://canary?tls=none", SmtpUrlFault::Query),
            ("smtp://canary?tls=maybe", SmtpUrlFault::Query),
            ("smtp://canary?tls=none&tls=required", SmtpUrlFault::Query),
            ("smtp://canary?x=1", SmtpUrlFault::Query),
            ("smtp://canary@host", SmtpUrlFault::HalfCredentials),
            ("smtp://:canary@host", SmtpUrlFault::HalfCredentials),
        ] {
            let fault = parse(url)
                .err()
                .unwrap_or_else(|| panic!("{url} was taken"));
            assert_eq!(fault, expected, "{url}");
            assert!(!format!("{fault} {fault:?}").contains("canary"));
        }
    }

    #[test]
    fn a_file_that_holds_no_certificate_is_named_as_such() {
        let server = parse("smtps://mail.example").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        assert_eq!(
            server.transport(Some(&path)).err(),
            Some(MailSetupError::Certificates)
        );
    }
}
