//! The stand-in's HTTP side: the Web API, files, the consent page, response addresses, web sockets, the page.
//!
//! Owns reading requests and writing answers as Slack does. Leaves rules to `deeds` and looks to `show`.
//! **Invariant:** a call is in the log before it is answered.

mod answer;
mod call;
mod consent;
mod downloads;
mod methods;
mod page;
mod params;
mod response;
mod socket;
mod uploads;

use actix_web::web::{self, ServiceConfig};

use super::limits::Limits;

/// Bytes of a request that are read.
const MOST_BYTES: usize = 1 << 30;

/// How the Web API behaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    pub(super) limits: Limits,
    pub(super) consent: Consent,
}

/// Whether the consent page waits for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// A page with a button, unless it is asked for with `auto=1`.
    #[default]
    Asked,
    /// Given at once.
    Given,
}

/// All routes.
pub(super) fn routes(config: &mut ServiceConfig) {
    let any = || web::route();
    config
        .app_data(web::PayloadConfig::new(MOST_BYTES))
        .route("/api/{method}", any().to(call::receive))
        .route("/oauth/v2/authorize", web::get().to(consent::ask))
        .route("/files/{file}/{name:.*}", web::get().to(downloads::private))
        .route("/pub/{file}", web::get().to(downloads::public))
        .route("/upload/v1/{file}", any().to(uploads::receive))
        .route("/response/{ticket}", web::post().to(response::receive))
        .route("/link/", web::get().to(socket::open))
        .configure(page::routes);
}
