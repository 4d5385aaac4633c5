//! The coordinator's internal API, as a node sees it.
//!
//! Owns the HTTP of detector sets, blobs and heartbeats. The credential is sent to the configured
//! coordinator only: redirects are not followed.

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use reqwest::header::{AUTHORIZATION, ETAG, HeaderValue, IF_NONE_MATCH};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use shared::detector::DetectorSet;
use shared::ids::{BlobId, DetectorSetVersion, WorkspaceId};
use shared::job::RemoteFile;
use shared::secret::{ExposeSecret, SecretString};
use url::Url;

use crate::actors::HeartbeatSink;
use crate::source::{
    BlobSource, DetectorSource, FileTicket, NodeReport, SourceError, TicketError, TicketRefusal,
    TicketSource,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest silence inside an answer; a big blob may take longer as a whole.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// A client of the internal API.
pub struct CoordinatorClient {
    http: Client,
    base: Url,
    authorization: HeaderValue,
    current: Mutex<Option<Current>>,
}

/// The set that the coordinator last called current, and the tag it gave it.
#[derive(Clone)]
struct Current {
    etag: HeaderValue,
    set: Arc<DetectorSet>,
}

/// The client cannot be made as configured.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The credential has characters that no header takes.
    #[error("the node's key holds a credential that no HTTP header takes: export it again")]
    Credential,
    /// TLS or DNS could not be set up.
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
}

impl CoordinatorClient {
    /// A client for the coordinator at `base`.
    ///
    /// # Errors
    /// Permanent: the credential or the machine's TLS set-up is unusable.
    pub fn new(base: Url, credential: &SecretString) -> Result<Self, ClientError> {
        let bearer = format!("Bearer {}", credential.expose_secret());
        let mut authorization =
            HeaderValue::from_str(&bearer).map_err(|_invalid| ClientError::Credential)?;
        authorization.set_sensitive(true);
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()?;
        Ok(Self {
            http,
            base,
            authorization,
            current: Mutex::new(None),
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(path);
        self.http
            .request(method, url)
            .header(AUTHORIZATION, self.authorization.clone())
    }

    async fn current(&self) -> Result<Arc<DetectorSet>, SourceError> {
        let known = self
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut request = self.request(Method::GET, "/internal/v1/detector-sets/current");
        if let Some(known) = &known {
            request = request.header(IF_NONE_MATCH, known.etag.clone());
        }
        let response = send(request).await?;
        if let (StatusCode::NOT_MODIFIED, Some(known)) = (response.status(), known) {
            return Ok(known.set);
        }
        let etag = response.headers().get(ETAG).cloned();
        let set = Arc::new(body_of(response).await?);
        if let Some(etag) = etag {
            let current = Current {
                etag,
                set: Arc::clone(&set),
            };
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
        }
        Ok(set)
    }
}

#[async_trait]
impl DetectorSource for CoordinatorClient {
    async fn fetch(&self, version: &DetectorSetVersion) -> Result<Arc<DetectorSet>, SourceError> {
        let path = format!("/internal/v1/detector-sets/{version}");
        match send(self.request(Method::GET, &path)).await {
            Ok(response) => Ok(Arc::new(body_of(response).await?)),
            Err(SourceError::Missing) => self.current().await,
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl BlobSource for CoordinatorClient {
    async fn fetch(&self, blob: BlobId) -> Result<File, SourceError> {
        let path = format!("/internal/v1/blobs/{blob}");
        let response = send(self.request(Method::GET, &path)).await?;
        let mut file = tempfile::tempfile().map_err(unavailable)?;
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            file.write_all(&chunk.map_err(unavailable)?)
                .map_err(unavailable)?;
        }
        file.rewind().map_err(unavailable)?;
        Ok(file)
    }
}

#[async_trait]
impl TicketSource for CoordinatorClient {
    async fn ticket(
        &self,
        workspace: &WorkspaceId,
        file: &RemoteFile,
    ) -> Result<FileTicket, TicketError> {
        let path = format!("/internal/v1/slack/{workspace}/file-tickets");
        let response = send(self.request(Method::POST, &path).json(file)).await;
        match response {
            Ok(response) => Ok(body_of::<Result<FileTicket, TicketRefusal>>(response)
                .await?
                .map_err(TicketError::from)?),
            Err(error) => Err(error.into()),
        }
    }
}

#[async_trait]
impl HeartbeatSink for CoordinatorClient {
    async fn report(&self, report: NodeReport) -> Result<(), SourceError> {
        let request = self
            .request(Method::POST, "/internal/v1/nodes/heartbeat")
            .json(&report);
        send(request).await.map(|_response| ())
    }
}

/// Sends a request; every answer but success and "not modified" is an error.
async fn send(request: RequestBuilder) -> Result<Response, SourceError> {
    let response = request.send().await.map_err(unavailable)?;
    match response.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(SourceError::Missing),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(SourceError::Refused),
        StatusCode::NOT_MODIFIED => Ok(response),
        _ => response.error_for_status().map_err(unavailable),
    }
}

async fn body_of<T: serde::de::DeserializeOwned>(response: Response) -> Result<T, SourceError> {
    response.json().await.map_err(unavailable)
}

/// The URL is dropped: it may hold credentials.
fn unavailable(error: impl Into<Fault>) -> SourceError {
    SourceError::Unavailable(error.into().0)
}

struct Fault(Box<dyn std::error::Error + Send + Sync>);

impl From<reqwest::Error> for Fault {
    fn from(error: reqwest::Error) -> Self {
        Self(Box::new(error.without_url()))
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self(Box::new(error))
    }
}
