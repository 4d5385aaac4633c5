//! The hosts that files are fetched from.
//!
//! Owns how they are written in the configuration and what they admit.
//! **Invariant:** an address is admitted over TLS on its usual port only, but where the list itself says another
//! port, or `http://`, for a host that it names in full.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use shared::config::ConfigValue;
use url::Url;

/// Where Slack keeps files.
const SLACKS: &str = "files.slack.com, files-origin.slack.com, *.slack.com, slack-files.com, \
    *.slack-edge.com, *.enterprise.slack.com";

/// Hosts that files are fetched from and that are trusted with the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostList(Vec<Pattern>);

/// A host, or all below one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    scheme: Scheme,
    host: String,
    reach: Reach,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Https,
    Http,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    This,
    Below,
}

/// The text names no hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("hosts are names such as files.example.com or *.example.com, with commas between")]
pub struct NotAHost;

impl HostList {
    /// Where Slack keeps files.
    pub fn slacks() -> Self {
        // A test holds the constant to its form; were it broken, nothing would be admitted.
        SLACKS.parse().unwrap_or(Self(Vec::new()))
    }

    /// Whether a file may be fetched from there.
    pub fn admits(&self, url: &Url) -> bool {
        let nobody = url.username().is_empty() && url.password().is_none();
        nobody && self.0.iter().any(|pattern| pattern.admits(url))
    }

    /// Whether all are this machine: no proxy leads there.
    pub(super) fn are_here(&self) -> bool {
        self.0.iter().all(Pattern::is_here)
    }
}

impl Default for HostList {
    fn default() -> Self {
        Self::slacks()
    }
}

impl Pattern {
    fn is_here(&self) -> bool {
        let address = self.host.trim_matches(['[', ']']).parse();
        self.host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
    }

    fn admits(&self, url: &Url) -> bool {
        let here =
            url.scheme() == self.scheme.as_str() && url.port_or_known_default() == Some(self.port);
        let host = url.host_str().unwrap_or_default();
        here && match self.reach {
            Reach::This => host == self.host,
            Reach::Below => {
                let below = host.strip_suffix(&self.host);
                below.is_some_and(|name| name.len() > 1 && name.ends_with('.'))
            }
        }
    }
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

impl FromStr for Pattern {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let (scheme, host) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(host), _) => (Scheme::Http, host),
            (_, Some(host)) => (Scheme::Https, host),
            (None, None) => (Scheme::Https, text),
        };
        let (reach, host) = match host.strip_prefix("*.") {
            Some(host) => (Reach::Below, host),
            None => (Reach::This, host),
        };
        // The url crate writes hosts in one way, and knows what is none.
        let address = format!("{}://{host}/", scheme.as_str());
        let url = Url::parse(&address).map_err(|_quotes_it| NotAHost)?;
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        let name = url
            .host_str()
            .filter(|_| plain && nobody && !host.contains(['/', '*']));
        let pattern = Self {
            scheme,
            host: name.ok_or(NotAHost)?.to_owned(),
            reach,
            port: url.port().unwrap_or(scheme.port()),
        };
        // All below a top-level domain would be half the world; in clear, names can be forged.
        let narrow = pattern.host.contains('.') && scheme == Scheme::Https;
        match reach {
            Reach::Below if !narrow => Err(NotAHost),
            Reach::Below | Reach::This => Ok(pattern),
        }
    }
}

impl FromStr for HostList {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let hosts: Vec<Pattern> = names.map(str::parse).collect::<Result<_, _>>()?;
        if hosts.is_empty() {
            return Err(NotAHost);
        }
        Ok(Self(hosts))
    }
}

impl ConfigValue for HostList {
    const EXPECTS: &'static str = "hosts such as files.slack.com, *.slack.com";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme == Scheme::Http {
            f.write_str("http://")?;
        }
        if self.reach == Reach::Below {
            f.write_str("*.")?;
        }
        f.write_str(&self.host)?;
        if self.port == self.scheme.port() {
            return Ok(());
        }
        write!(f, ":{}", self.port)
    }
}

impl fmt::Display for HostList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&names.join(", "))
    }
}

impl TryFrom<String> for HostList {
    type Error = NotAHost;

    fn try_from(text: String) -> Result<Self, NotAHost> {
        text.parse()
    }
}

impl From<HostList> for String {
    fn from(hosts: HostList) -> Self {
        hosts.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn admits(hosts: &str, url: &str) -> bool {
        let hosts: HostList = hosts.parse().unwrap();
        hosts.admits(&url.parse().unwrap())
    }

    #[test]
    fn slacks_hosts_are_admitted_over_tls() {
        let slacks = HostList::slacks();
        assert_eq!(slacks, SLACKS.parse().unwrap());
        for url in [
            "https://files.slack.com/files-pri/T1-F1/download/a.txt",
            "https://files-origin.slack.com/files-email-priv/T1-F1/a",
            "https://one.slack.com/files",
            "https://one.enterprise.slack.com/files",
            "https://slack-files.com/T1-F1",
            "https://a.slack-edge.com/x",
            "https://FILES.slack.com:443/x",
        ] {
            assert!(slacks.admits(&url.parse().unwrap()), "{url}");
        }
    }

    #[test]
    fn only_this_machine_is_here() {
        for (hosts, here) in [
            ("http://127.0.0.1:8090", true),
            ("http://[::1]:8090, http://localhost", true),
            ("http://127.0.0.1:8090, files.slack.com", false),
            ("http://192.0.2.1", false),
        ] {
            let hosts: HostList = hosts.parse().unwrap();
            assert_eq!(hosts.are_here(), here, "{hosts}");
        }
        assert!(!HostList::slacks().are_here());
    }

    #[test]
    fn nobody_else_is_trusted_with_the_token() {
        for url in [
            "http://files.slack.com/x",
            "https://files.slack.com:8443/x",
            "https://me@files.slack.com/x",
            "https://:secret@files.slack.com/x",
            "https://files.slack.com.example.test/x",
            "https://evilslack.com/x",
            "https://slack-edge.com/x",
            "https://files.slack.com./x",
            "https://example.test/files.slack.com",
            "https://example.test\\@files.slack.com/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "ftp://files.slack.com/x",
            "file:///etc/passwd",
            "data:text/plain,x",
        ] {
            assert!(!HostList::slacks().admits(&url.parse().unwrap()), "{url}");
        }
    }

    #[test]
    fn a_list_of_ones_own_says_port_and_scheme() {
        let own = "http://127.0.0.1:8081, https://files.example.test:8443,*.files.example.test";
        assert!(admits(own, "http://127.0.0.1:8081/x"));
        assert!(admits(own, "https://files.example.test:8443/x"));
        assert!(admits(own, "https://a.files.example.test/x"));
        for url in [
            "http://127.0.0.1/x",
            "https://127.0.0.1:8081/x",
            "https://files.example.test/x",
            "https://files.slack.com/x",
        ] {
            assert!(!admits(own, url), "{url}");
        }
    }

    #[test]
    fn what_names_no_host_is_refused() {
        for text in [
            "",
            " , ",
            "*",
            "*.com",
            "http://*.example.test",
            "a/b",
            "a b",
            "me@a.test",
            "a.*.test",
            "https://a.test/path",
            "a.test?x",
            "a.test:99999",
            "ftp://a.test",
        ] {
            assert_eq!(text.parse::<HostList>(), Err(NotAHost), "{text}");
        }
    }

    #[test]
    fn a_list_reads_back_what_it_writes() {
        for text in [
            SLACKS,
            "http://127.0.0.1:8081, [::1]:8443, *.example.test:444",
        ] {
            let hosts: HostList = text.parse().unwrap();
            assert_eq!(hosts.to_string().parse(), Ok(hosts.clone()));
            let json = serde_json::to_string(&hosts).unwrap();
            assert_eq!(serde_json::from_str::<HostList>(&json).unwrap(), hosts);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_list_or_none(text in "\\PC{0,40}") {
            if let Ok(hosts) = text.parse::<HostList>() {
                prop_assert_eq!(hosts.to_string().parse(), Ok(hosts));
            }
        }

        #[test]
        fn a_foreign_host_is_never_admitted(name in "[a-z0-9.-]{1,20}", end in "[a-z]{2,5}") {
            let url = format!("https://{name}.slack.com.{end}/");
            if let Ok(url) = url.parse() {
                prop_assert!(!HostList::slacks().admits(&url));
            }
        }
    }
}
