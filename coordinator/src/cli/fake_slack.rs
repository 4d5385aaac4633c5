//! `weir fake-slack`: a stand-in for Slack with a little company, to look at Weir without a workspace.
//!
//! Owns what is printed and when it ends. Leaves the stand-in to `fake_slack`.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use shared::lifecycle::Shutdown;
use shared::secret::{ExposeSecret as _, SecretString};
use url::Url;

use super::{Exit, print};
use crate::fake_slack::{Delivering, FakeSlack, Faults, Limits, Options, Order, Tokens, seed};

/// Options of `weir fake-slack`.
#[derive(Args, Debug)]
pub(super) struct FakeSlackArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8090")]
    bind: SocketAddr,
    /// Where Weir takes events; clicks and commands go beside it
    #[arg(long, default_value = "http://127.0.0.1:8080/slack/events")]
    events_url: Url,
    /// What requests to Weir are signed with
    #[arg(long, env = "WEIR_SLACK__SIGNING_SECRET", hide_env_values = true,
        default_value = seed::SIGNING_SECRET)]
    signing_secret: SecretString,
    /// Tell Weir over web sockets instead
    #[arg(long)]
    socket_mode: bool,
    /// Let Slack's rate limits hold
    #[arg(long)]
    rate_limits: bool,
    /// Let a little of everything go wrong; the same seed lets the same go wrong
    #[arg(long, value_name = "SEED")]
    chaos: Option<u64>,
}

pub(super) fn run(args: &FakeSlackArgs) -> anyhow::Result<Exit> {
    // All TLS of this process uses one library; a second call finds it in place.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let slack = FakeSlack::start(options(args))?;
    let tokens = seed::acme(&slack);
    let app_token = slack.app_token();
    if args.socket_mode {
        slack.connect_by_socket();
    } else {
        let [events, clicks, commands] = addresses(&args.events_url)?;
        let secret = args.signing_secret.expose_secret();
        slack.connect_to(&events, &clicks, &commands, secret)?;
    }
    print(&introduction(&slack, args, &tokens, &app_token))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let shutdown = Shutdown::listen(Duration::from_secs(1))?;
        shutdown.draining().await;
        anyhow::Ok(())
    })?;
    Ok(Exit::Success)
}

fn options(args: &FakeSlackArgs) -> Options {
    Options {
        bind: args.bind,
        limits: if args.rate_limits {
            Limits::On
        } else {
            Limits::Off
        },
        faults: args.chaos.map(Faults::chaos).unwrap_or_default(),
        delivering: Delivering {
            order: Order::SideBySide,
            ..Delivering::default()
        },
        ..Options::default()
    }
}

/// Where events, clicks and commands go.
fn addresses(events: &Url) -> anyhow::Result<[String; 3]> {
    let beside = |name: &str| events.join(name).map(String::from);
    let wrong = "the address for events has nothing beside it";
    let (clicks, commands) = (beside("interactivity"), beside("commands"));
    Ok([
        events.to_string(),
        clicks.context(wrong)?,
        commands.context(wrong)?,
    ])
}

fn introduction(
    slack: &FakeSlack,
    args: &FakeSlackArgs,
    tokens: &Tokens,
    app_token: &str,
) -> String {
    let mut text = format!(
        "The page:  {}/\n\nWhat Weir needs:\n  WEIR_SLACK__API_BASE_URL={}\n  \
         WEIR_SLACK__FILE_HOSTS={}\n",
        slack.origin(),
        slack.base_url(),
        slack.origin()
    );
    if args.signing_secret.expose_secret() == seed::SIGNING_SECRET {
        // Writing to a string cannot fail.
        writeln!(
            text,
            "  WEIR_SLACK__SIGNING_SECRET={}",
            seed::SIGNING_SECRET
        )
        .ok();
    }
    let (client_id, client_secret) = slack.look(|world| {
        let app = &world.app;
        (app.client_id.clone(), app.client_secret.clone())
    });
    writeln!(
        text,
        "\nOf {} in {}, made up and good here only:\n  client id      {client_id}\n  \
         client secret  {client_secret}\n  bot token      {}\n  admin's token  {}\n  \
         app token      {app_token}\n",
        seed::APP_NAME,
        seed::TEAM_NAME,
        tokens.bot,
        tokens.user.as_deref().unwrap_or("-"),
    )
    .ok();
    let told = if args.socket_mode {
        "over web sockets".to_owned()
    } else {
        format!("at {}", args.events_url)
    };
    write!(text, "Weir is told {told}. Ctrl+C ends it.").ok();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_and_commands_go_beside_events() {
        let events = "https://weir.example/slack/events".parse().unwrap();
        let [events, clicks, commands] = addresses(&events).unwrap();
        assert_eq!(events, "https://weir.example/slack/events");
        assert_eq!(clicks, "https://weir.example/slack/interactivity");
        assert_eq!(commands, "https://weir.example/slack/commands");
    }
}
