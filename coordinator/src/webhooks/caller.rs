//! The one client that calls webhooks.
//!
//! Owns resolving names, and how long and how much is listened to. **Invariant:** a connection goes to an address
//! that the guard admitted for this very connection, no redirect and no proxy leads elsewhere, and what is
//! answered is thrown away but for its status.

use std::error::Error as _;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use url::Url;

use super::guard::{AddressGuard, Rules};

/// How long a connection may take to be there.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a whole call may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read; the rest is not waited for.
const READ_AT_MOST: usize = 4 * 1024;
/// What we call ourselves.
const USER_AGENT: &str = concat!("Weir/", env!("CARGO_PKG_VERSION"));

/// Calls webhooks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Caller {
    client: Client,
    rules: Rules,
}

/// A call, signed.
pub struct Call<'a> {
    pub(super) url: &'a Url,
    pub(super) name: String,
    pub(super) timestamp: i64,
    pub(super) signature: String,
    pub(super) body: Vec<u8>,
}

/// What an endpoint answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
}

/// Why nothing was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// The URL may not be called, or no longer.
    #[error("url_not_allowed")]
    UrlNotAllowed,
    /// The name leads to no address that may be called.
    #[error("address_not_allowed")]
    AddressNotAllowed,
    /// The name leads nowhere.
    #[error("name_not_found")]
    NameNotFound,
    /// Nobody listens, or TLS failed.
    #[error("connection_failed")]
    ConnectionFailed,
    /// It took too long.
    #[error("timeout")]
    Timeout,
    /// Something else went wrong on the way.
    #[error("request_failed")]
    RequestFailed,
}

/// The client cannot be built. Permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client for webhooks cannot be set up")]
pub struct CallerSetupError;

impl CallFault {
    /// The word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UrlNotAllowed => "url_not_allowed",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::NameNotFound => "name_not_found",
            Self::ConnectionFailed => "connection_failed",
            Self::Timeout => "timeout",
            Self::RequestFailed => "request_failed",
        }
    }
}

impl Response {
    /// Whether the endpoint took it.
    pub const fn is_taken(self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Whether the endpoint is gone for good.
    pub const fn is_gone(self) -> bool {
        self.status == StatusCode::GONE.as_u16()
    }
}

impl Caller {
    /// A caller under `rules`.
    ///
    /// # Errors
    /// Permanent: TLS cannot be set up.
    pub fn new(rules: Rules) -> Result<Self, CallerSetupError> {
        let client = Client::builder()
            .dns_resolver(Judge(rules.guard.clone()))
            .redirect(Policy::none())
            .no_proxy()
            .no_gzip()
            .referer(false)
            // A connection that is kept would outlive the judgement of its address.
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|_library| CallerSetupError)?;
        Ok(Self { client, rules })
    }

    /// Where webhooks may lead.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Calls an endpoint, and waits for its status.
    ///
    /// # Errors
    /// Nothing was answered.
    pub async fn call(&self, call: Call<'_>) -> Result<Response, CallFault> {
        // Addresses in URLs are never asked of the resolver.
        let checked = self.rules.check_url(call.url);
        checked.map_err(|_fault| CallFault::UrlNotAllowed)?;
        let headers = headers(&call).ok_or(CallFault::RequestFailed)?;
        let request = self.client.post(call.url.clone());
        let sent = request.headers(headers).body(call.body).send().await;
        let mut response = sent.map_err(|error| fault_of(&error))?;
        let status = response.status().as_u16();
        let mut read = 0;
        while read < READ_AT_MOST {
            match response.chunk().await {
                Ok(Some(chunk)) => read += chunk.len(),
                // The status is what counts, and it is here.
                Ok(None) | Err(_) => break,
            }
        }
        Ok(Response { status })
    }
}

fn headers(call: &Call<'_>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in [
        ("webhook-id", call.name.clone()),
        ("webhook-timestamp", call.timestamp.to_string()),
        ("webhook-signature", call.signature.clone()),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_str(&value).ok()?,
        );
    }
    Some(headers)
}

/// The error itself names the URL: its kind stays.
fn fault_of(error: &reqwest::Error) -> CallFault {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<Unreachable>() {
            return match refused {
                Unreachable::NotAllowed => CallFault::AddressNotAllowed,
                Unreachable::Unknown => CallFault::NameNotFound,
            };
        }
        source = cause.source();
    }
    if error.is_timeout() {
        CallFault::Timeout
    } else if error.is_connect() {
        CallFault::ConnectionFailed
    } else {
        CallFault::RequestFailed
    }
}

/// Resolves names to admitted addresses.
#[derive(Clone, Debug)]
struct Judge(AddressGuard);

/// A name leads nowhere that may be called.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Unreachable {
    #[error("no address may be called")]
    NotAllowed,
    #[error("no such name")]
    Unknown,
}

impl Judge {
    fn admitted(
        &self,
        found: impl Iterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Unreachable> {
        let found: Vec<SocketAddr> = found.collect();
        if found.is_empty() {
            return Err(Unreachable::Unknown);
        }
        let admits = |address: &SocketAddr| self.0.admits(address.ip());
        let admitted: Vec<SocketAddr> = found.into_iter().filter(admits).collect();
        if admitted.is_empty() {
            return Err(Unreachable::NotAllowed);
        }
        Ok(admitted)
    }
}

impl Resolve for Judge {
    fn resolve(&self, name: Name) -> Resolving {
        let judge = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(|_names_a_host| Unreachable::Unknown)?;
            let admitted: Addrs = Box::new(judge.admitted(found)?.into_iter());
            Ok(admitted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts
            .iter()
            .map(|text| SocketAddr::new(text.parse().unwrap(), 0))
            .collect()
    }

    #[test]
    fn of_a_names_addresses_only_admitted_ones_are_called() {
        let judge = Judge(AddressGuard::default());
        let mixed = addresses(&["10.0.0.1", "8.8.8.8", "::1"]);
        assert_eq!(
            judge.admitted(mixed.into_iter()).unwrap(),
            addresses(&["8.8.8.8"])
        );
        let inner = addresses(&["127.0.0.1", "169.254.169.254"]);
        assert!(matches!(
            judge.admitted(inner.into_iter()),
            Err(Unreachable::NotAllowed)
        ));
        assert!(matches!(
            judge.admitted(std::iter::empty()),
            Err(Unreachable::Unknown)
        ));
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_called() {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let caller = Caller::new(Rules::default()).unwrap();
        for (url, fault) in [
            ("https://localhost/", CallFault::AddressNotAllowed),
            ("https://127.0.0.1/", CallFault::UrlNotAllowed),
            ("http://example.com/", CallFault::UrlNotAllowed),
        ] {
            let url = url.parse().unwrap();
            let call = Call {
                url: &url,
                name: "msg_1".to_owned(),
                timestamp: 0,
                signature: "v1,".to_owned(),
                body: Vec::new(),
            };
            assert_eq!(caller.call(call).await, Err(fault), "{url}");
        }
    }

    #[test]
    fn a_fault_is_its_code() {
        for fault in [
            CallFault::Timeout,
            CallFault::AddressNotAllowed,
            CallFault::RequestFailed,
        ] {
            assert_eq!(fault.to_string(), fault.code());
        }
    }
}
