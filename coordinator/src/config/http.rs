//! `[http]`: where the coordinator listens, and how much it takes.

use std::net::SocketAddr;

use shared::config::{ByteSize, Cidr};
use url::Url;

use super::WebOrigin;

shared::config_section! {
    /// Where the coordinator listens, and how much it takes.
    pub struct HttpConfig in "http" {
        /// The address and port. Loopback unless a proxy with TLS stands in front.
        bind: SocketAddr = "127.0.0.1:8080",
        /// How people reach it, for links.
        public_url: Option<Url>,
        /// Networks of proxies whose `X-Forwarded-For` is believed, such as 10.0.0.0/8. Everybody else is who they
        /// connect as.
        trusted_proxies: Vec<Cidr>,
        /// Origins whose pages may call the API from a browser, such as https://console.example.org.
        cors_origins: Vec<WebOrigin>,
        /// The longest file that can be uploaded for a scan.
        max_upload: ByteSize = "100 MB",
        /// How long requests and jobs in hand may take to end after SIGTERM.
        drain_deadline: std::time::Duration = "20s",
    }
}
