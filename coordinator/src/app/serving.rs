//! What the coordinator is made of on the side of HTTP.
//!
//! Owns what handlers work with, and the server.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, HttpServer, web};
use anyhow::Context;
use shared::seal::{NodeVerifier, Purpose, Sealer};
use tracing_actix_web::TracingLogger;

use super::{Foundation, job_maker, originals, slack};
use crate::accounts::{Accounts, AddressHashes};
use crate::actors::Admission;
use crate::api::auth::{AccessTokens, Authenticator, OpaqueTokens};
use crate::api::cursor::CursorKey;
use crate::api::limits::Limits;
use crate::api::root_span::RequestSpan;
use crate::api::sharing::sharing;
use crate::api::{self, Actors, AppState, StoredTokens};
use crate::arrivals::Arrivals;
use crate::keys;
use crate::replays::Replays;
use crate::slack::signature::SigningSecret;
use crate::webhooks::Sealing;

/// What handlers work with.
pub(super) fn state(
    foundation: &Foundation,
    actors: Actors,
    admission: Admission,
    arrivals: Arrivals,
) -> anyhow::Result<AppState> {
    let token_keys = keys::token_keys(&foundation.ring)?;
    let tokens = OpaqueTokens::new(&token_keys.opaque);
    let signing_secret = foundation.config.slack.signing_secret.as_ref();
    Ok(AppState {
        store: foundation.store.clone(),
        queue: Arc::clone(&foundation.queue),
        inbox: slack::inbox(foundation, &actors.intake)?,
        installer: slack::installer(foundation)?,
        hand_in: slack::hand_in(foundation),
        tickets: slack::tickets(foundation),
        actors,
        admission,
        due_after: foundation.config.pipeline.due_after,
        arrivals,
        jobs: job_maker(foundation)?,
        blobs: foundation.blobs.clone(),
        detectors: Arc::clone(&foundation.detectors),
        policies: Arc::clone(&foundation.policies),
        replays: Arc::new(Replays::default()),
        originals: originals(foundation)?,
        suppressions: Arc::clone(&foundation.suppressions),
        times: foundation.config.alerts.due_times(),
        notices: foundation.notices.clone(),
        sends_mail: foundation.mailer.is_some(),
        sealing: Sealing::new(foundation.database_sealer.clone()),
        caller: foundation.caller.clone(),
        signing_secret: signing_secret.map(SigningSecret::new).transpose()?,
        slack_actions: foundation.slack.actions.clone(),
        bell: foundation.slack.bell.clone(),
        nodes: NodeVerifier::new(&foundation.ring)?,
        accounts: Accounts {
            store: foundation.store.clone(),
            passwords: Arc::clone(&foundation.passwords),
            tokens: tokens.clone(),
            addresses: AddressHashes::new(&token_keys.address),
            sealer: Sealer::new(&foundation.ring, Purpose::Database)?,
            ended: Arc::clone(&foundation.ended),
        },
        allow_registration: foundation.config.auth.allow_registration,
        authenticator: Authenticator {
            access: AccessTokens::new(&token_keys.access, Arc::clone(&foundation.clock)),
            opaque: tokens,
            lookup: Arc::new(StoredTokens(foundation.store.clone())),
            ended: Arc::clone(&foundation.ended),
        },
        signatures: foundation.signer.verifier().clone(),
        cursors: CursorKey::new(&token_keys.cursor),
        metrics: foundation.metrics.clone(),
        clock: Arc::clone(&foundation.clock),
        max_upload: foundation.config.http.max_upload.0,
    })
}

/// Listens, and answers. `announce` is told where it listens.
pub(super) fn serve(
    foundation: &Foundation,
    state: web::Data<AppState>,
    announce: impl Fn(SocketAddr),
) -> anyhow::Result<actix_web::dev::ServerHandle> {
    let bind = foundation.config.http.bind;
    let authenticator = web::Data::new(state.authenticator.clone());
    let config = &foundation.config;
    let limits = web::Data::new(Limits::new(&config.limits, &config.http));
    let origins = config.http.cors_origins.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(authenticator.clone())
            .app_data(limits.clone())
            .wrap(TracingLogger::<RequestSpan>::new())
            .wrap(Condition::new(!origins.is_empty(), sharing(&origins)))
            .wrap(from_fn(api::boundary::boundary))
            .configure(api::configure)
    })
    .disable_signals()
    .shutdown_timeout(foundation.config.http.drain_deadline.as_secs().max(1))
    .bind(bind)
    .with_context(|| format!("cannot listen on {bind}: set WEIR_HTTP__BIND to a free address"))?;
    for address in server.addrs() {
        tracing::info!(%address, "listening");
        announce(address);
    }
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(handle)
}
