//! Fetching a file from where Slack keeps it.
//!
//! Owns which hosts are spoken to ([`HostList`]), following redirects, and telling a file from a page to sign in.
//! Leaves where the bytes go to whoever fetches: they may be sealed on the way.
//! **Invariant:** the token goes to hosts of the list and nowhere else, wherever an address or a redirect
//! leads; and what is not the whole file is not taken for it.

mod body;
mod error;
mod hosts;

use std::io::Write;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use shared::secret::{ExposeSecret, SecretString};
use url::Url;

pub use error::{FetchError, FetcherSetupError};
pub use hosts::{HostList, NotAHost};

/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// How long a connection may take to be there.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long nothing may come.
const SILENT_AT_MOST: Duration = Duration::from_secs(30);
/// How long to wait where Slack does not say.
const WAIT_BY_DEFAULT: Duration = Duration::from_secs(30);
/// What we call ourselves.
const USER_AGENT: &str = concat!("Weir/", env!("CARGO_PKG_VERSION"));

/// What may be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRules {
    /// From where.
    pub hosts: HostList,
    /// The longest file, in bytes.
    pub max_bytes: u64,
    /// How long it may take as a whole, redirects and all.
    pub within: Duration,
}

/// What Slack says of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Its length; none where it is not that of what is fetched, as for canvases.
    pub bytes: Option<u64>,
    /// Its type. Only a file that is said to be HTML may be HTML: anything else is a page to sign in. Canvases
    /// are fetched as HTML.
    pub media_type: Option<String>,
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// How many bytes.
    pub bytes: u64,
    /// The type that it came with.
    pub media_type: Option<String>,
}

/// Fetches files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fetcher {
    http: Client,
    rules: FetchRules,
}

impl Fetcher {
    /// A fetcher under `rules`.
    ///
    /// # Errors
    /// Permanent: TLS cannot be set up.
    pub fn new(rules: FetchRules) -> Result<Self, FetcherSetupError> {
        let mut builder = Client::builder();
        if rules.hosts.are_here() {
            builder = builder.no_proxy();
        }
        let http = builder
            .redirect(Policy::none())
            .referer(false)
            // A length is compared with the file's own, so it has to come as it is.
            .no_gzip()
            .connect_timeout(CONNECT_WITHIN)
            .read_timeout(SILENT_AT_MOST)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|_library| FetcherSetupError)?;
        Ok(Self { http, rules })
    }

    /// Fetches the file at `url` into `into`. After an error, what is there already is of no use.
    ///
    /// # Errors
    /// [`FetchError`].
    ///
    /// # Cancel safety
    /// Cancelled, it leaves a part of the file in `into`.
    pub async fn fetch(
        &self,
        url: &str,
        token: &SecretString,
        expected: &Expected,
        into: &mut (impl Write + Send),
    ) -> Result<Fetched, FetchError> {
        let url = url.parse().map_err(|_quotes_it| FetchError::ForeignHost)?;
        let response = self.follow(url, &bearer(token)?, Instant::now()).await?;
        match response.status().as_u16() {
            200 => body::read(response, self.rules.max_bytes, expected, into).await,
            404 => Err(FetchError::NotReady),
            429 => Err(FetchError::RateLimited(retry_after(&response))),
            status @ 500.. => Err(FetchError::Failed { status }),
            status => Err(FetchError::Refused { status }),
        }
    }

    /// What the last address answers. Each on the way is held against the list anew.
    async fn follow(
        &self,
        mut url: Url,
        bearer: &HeaderValue,
        begun: Instant,
    ) -> Result<Response, FetchError> {
        for _ in 0..=REDIRECTS {
            if !self.rules.hosts.admits(&url) {
                return Err(FetchError::ForeignHost);
            }
            let left = self.rules.within.saturating_sub(begun.elapsed());
            let request = self.http.get(url.clone()).timeout(left);
            let request = request.header(AUTHORIZATION, bearer.clone());
            let response = request
                .send()
                .await
                .map_err(|error| error::fault_of(&error))?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            url = target(&response, &url)?;
        }
        Err(FetchError::TooManyRedirects)
    }
}

/// Where a redirect leads. Slack sends whoever it does not know to sign in, and then back.
fn target(response: &Response, from: &Url) -> Result<Url, FetchError> {
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    let target = location.and_then(|location| from.join(location).ok());
    let target = target.ok_or(FetchError::Refused { status })?;
    let to_sign_in = target.query_pairs().any(|(name, _)| name == "redir");
    if to_sign_in {
        return Err(FetchError::LoginPage);
    }
    Ok(target)
}

fn bearer(token: &SecretString) -> Result<HeaderValue, FetchError> {
    let bearer = format!("Bearer {}", token.expose_secret());
    let mut bearer = HeaderValue::try_from(bearer).map_err(|_invalid| FetchError::Unsendable)?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(RETRY_AFTER);
    let seconds = seconds.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(WAIT_BY_DEFAULT, Duration::from_secs)
}

#[cfg(test)]
#[cfg(feature = "worker")]
mod tests;
