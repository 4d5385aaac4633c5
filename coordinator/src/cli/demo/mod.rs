//! `weir demo`: a coordinator and a stand-in for Slack in one process, to see Weir at work in a minute.
//!
//! Owns what the demonstration begins with, and how it ends. Leaves the company to `fake_slack`, the
//! coordinator to `app`, what both are told to `settings`, and what people are told to `introduction`.
//! **Invariant:** of the user's settings only those of the log count, and whatever is written is in one folder,
//! which goes with the demonstration.

mod introduction;
mod settings;

use std::cell::Cell;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;

use anyhow::Context as _;
use clap::Args;
use shared::ids::PolicyId;
use shared::seal::KeyRing;
use shared::telemetry::Metrics;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use self::introduction::Introduction;
use self::settings::{Admin, Parts, ring_in, settings};
use super::{Exit, database, print, serve};
use crate::api::auth::Passwords;
use crate::app::{self, Ending};
use crate::config::CoordinatorConfig;
use crate::domain::policy::{Action, Matching, Policy, PolicyMode, Rule, Scope, SeverityRules};
use crate::fake_slack::{Delivering, FakeSlack, Options, Order, StartError, seed};
use crate::first_start::{self, made_up_password};
use crate::policy_changes::{self, Change};

/// Options of `weir demo`.
#[derive(Args, Debug)]
pub(super) struct DemoArgs {
    /// Where Weir listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    bind: SocketAddr,
    /// Where the stand-in for Slack listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    slack_bind: SocketAddr,
}

pub(super) fn run(args: &DemoArgs) -> anyhow::Result<Exit> {
    // All TLS of this process uses one library; a second call finds it in place.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let slack = stand_in(args.slack_bind)?;
    let tokens = seed::acme(&slack);
    let bind = free(args.bind)?;
    let signing_secret = made_up_password()?;
    connect(&slack, bind, &signing_secret)?;
    let admin = Admin {
        email: email_of_ada(&slack)?,
        password: made_up_password()?,
    };
    let folder = folder()?;
    let settings = settings(&Parts {
        folder: folder.path(),
        bind,
        slack: &slack,
        tokens: &tokens,
        signing_secret: &signing_secret,
        admin: &admin,
    })?;
    let config: CoordinatorConfig = shared::config::load(None, settings)?;
    let introduction = Introduction {
        slack: slack.origin(),
        weir: format!("http://{bind}"),
        secret: made_up_password()?,
        admin,
    };
    let telemetry = config.telemetry.clone();
    let exit = serve::stand_under(&telemetry, live(config, &introduction))?;
    // If it were only dropped, nobody would hear of what stays behind.
    let path = folder.path().display().to_string();
    folder
        .close()
        .with_context(|| format!("{path} cannot be deleted: delete it yourself"))?;
    Ok(exit)
}

/// The stand-in for Slack.
fn stand_in(bind: SocketAddr) -> anyhow::Result<FakeSlack> {
    let options = Options {
        bind,
        delivering: Delivering {
            order: Order::SideBySide,
            ..Delivering::default()
        },
        ..Options::default()
    };
    match FakeSlack::start(options) {
        Err(error @ StartError::Bind(_)) => Err(error).with_context(|| {
            format!("{bind} cannot be listened on: give another with --slack-bind")
        }),
        started => Ok(started?),
    }
}

/// The address, or for port 0 one that is free. Found out before anything is built, to name the option.
fn free(bind: SocketAddr) -> anyhow::Result<SocketAddr> {
    TcpListener::bind(bind)
        .and_then(|listener| listener.local_addr())
        .with_context(|| format!("{bind} cannot be listened on: give another with --bind"))
}

fn connect(slack: &FakeSlack, weir: SocketAddr, signing_secret: &str) -> anyhow::Result<()> {
    let [events, clicks, commands] =
        ["events", "interactivity", "commands"].map(|name| format!("http://{weir}/slack/{name}"));
    Ok(slack.connect_to(&events, &clicks, &commands, signing_secret)?)
}

fn email_of_ada(slack: &FakeSlack) -> anyhow::Result<String> {
    let email = slack.look(|world| world.users.get(seed::ADA).map(|ada| ada.email.clone()));
    email.context("nobody runs the company")
}

/// A folder with a key ring.
fn folder() -> anyhow::Result<TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("weir-demo-")
        .tempdir()
        .context("a temporary folder cannot be made")?;
    let ring = KeyRing::generate().context("cannot make a key")?;
    ring.save(&ring_in(folder.path()))?;
    Ok(folder)
}

/// Fills the database, then lets Weir work until it is told to stop.
async fn live(config: CoordinatorConfig, introduction: &Introduction) -> anyhow::Result<Ending> {
    let listens = Cell::new(false);
    let mut work = pin!(async {
        furnish(&config).await?;
        app::run(config, Metrics::new(), |_address| {
            listens.set(true);
            introduce(introduction);
        })
        .await
    });
    // Weir hears signals once it is built. Before that one would end the process, and its folder would stay.
    tokio::select! {
        ended = &mut work => return ended,
        heard = told_to_end() => heard?,
    }
    if listens.get() {
        work.await
    } else {
        Ok(Ending::Asked)
    }
}

async fn told_to_end() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn introduce(introduction: &Introduction) {
    if let Err(error) = print(introduction) {
        tracing::warn!(error = %error.kind(), "introduction could not be written");
    }
}

/// Makes the admin, and a policy that acts: those that Weir comes with touch no message.
async fn furnish(config: &CoordinatorConfig) -> anyhow::Result<()> {
    let store = database::open(config).await?;
    store
        .migrate()
        .await
        .context("the database cannot be brought up to date")?;
    let admin = first_start::fill(&store, &Passwords::new()?, &config.auth)
        .await?
        .context("the database is not new")?;
    let change = Change::Create(Box::new(policy()));
    policy_changes::store(&store, PolicyId::fresh(), change, admin.id).await?;
    Ok(())
}

/// Takes card numbers and secrets away, and tells everybody concerned.
fn policy() -> Policy {
    Policy {
        name: "Card numbers and secrets".to_owned(),
        mode: PolicyMode::Enforce,
        priority: 100,
        scope: Scope::default(),
        matching: Matching::Any,
        rules: vec![Rule {
            families: vec!["payment".to_owned(), "secrets".to_owned()],
            ..Rule::default()
        }],
        severity: SeverityRules::default(),
        actions: vec![
            Action::Block,
            Action::NotifyAuthor,
            Action::Alert { severity: None },
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_policy_is_about_families_that_there_are() {
        let families = scanner_node::detect::families().unwrap();
        let known: HashSet<&String> = families.values().collect();
        for rule in policy().rules {
            assert!(!rule.is_about_everything());
            for family in &rule.families {
                assert!(known.contains(family), "{family}");
            }
        }
    }
}
