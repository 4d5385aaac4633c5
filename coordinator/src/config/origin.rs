//! An origin, as browsers name it.
//!
//! **Invariant:** what is kept is exactly what a browser sends: scheme and host in lower case, no path, no port
//! that goes without saying.

use shared::config::ConfigValue;
use url::Url;

/// A web origin: `https://console.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// The origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ConfigValue for WebOrigin {
    const EXPECTS: &'static str = "an origin such as https://console.example.org";

    fn parse(text: &str) -> Option<Self> {
        let url: Url = text.parse().ok()?;
        let is_web = matches!(url.scheme(), "http" | "https");
        let origin = url.origin().ascii_serialization();
        // A path, a query or a password would be dropped in silence, and `*` would let everybody in.
        let is_bare = url.as_str().strip_suffix('/') == Some(origin.as_str());
        (is_web && is_bare && !origin.contains('*')).then_some(Self(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_browsers_send_it() {
        for (written, sent) in [
            ("https://Console.Example.org", "https://console.example.org"),
            (
                "https://console.example.org:443/",
                "https://console.example.org",
            ),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(WebOrigin::parse(written).unwrap().as_str(), sent);
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for bad in [
            "",
            "*",
            "null",
            "console.example.org",
            "https://*",
            "https://*.example.org",
            "https://a.example/path",
            "https://a.example/?x",
            "https://user@a.example",
            "ftp://a.example",
            "file:///etc",
        ] {
            assert_eq!(WebOrigin::parse(bad), None, "{bad}");
        }
    }
}
