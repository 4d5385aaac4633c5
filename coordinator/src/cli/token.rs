//! `weir token`: API tokens for machines.
//!
//! **Invariant:** a token is printed when it is made and never again; what is stored is its keyed hash.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use shared::ids::TokenId;
use shared::secret::ExposeSecret as _;

use super::{Exit, Global, database, print};
use crate::accounts::{AccountError, By, NewMachine, add_token, revoke_token};
use crate::api::auth::OpaqueTokens;
use crate::config::CoordinatorConfig;
use crate::domain::roles::Permission;
use crate::keys;
use crate::store::tokens::{self, TokenEnd};
use crate::store::{Store, users};

/// What to do with which token.
#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token; it never gives more than its owner's role
    Create {
        /// What it is for
        name: String,
        /// Whose it is, by address
        #[arg(long)]
        user: String,
        /// What it may do, for example `scans:write,findings:read`
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<String>,
        /// Days until it ends; without, it does not end by itself
        #[arg(long)]
        days: Option<u64>,
    },
    /// List all tokens
    List,
    /// End a token
    Revoke {
        /// Its id, from `weir token list`
        id: TokenId,
    },
}

pub(super) fn run(args: TokenArgs, global: &Global) -> anyhow::Result<Exit> {
    database::with(global, |config, store| async move {
        match args.command {
            TokenCommand::Create {
                name,
                user,
                scopes,
                days,
            } => {
                let wanted = Wanted {
                    name,
                    user,
                    scopes,
                    days,
                };
                create(&config, &store, wanted).await?;
            }
            TokenCommand::List => list(&store).await?,
            TokenCommand::Revoke { id } => {
                match revoke_token(&store, id, By::CommandLine).await {
                    Ok(true) => {}
                    Ok(false) | Err(AccountError::Missing) => {
                        bail!("there is no such token, or it is revoked already");
                    }
                    Err(error) => return Err(error.into()),
                }
                print(&format!("revoked {id}"))?;
            }
        }
        Ok(Exit::Success)
    })
}

struct Wanted {
    name: String,
    user: String,
    scopes: Vec<String>,
    days: Option<u64>,
}

async fn create(config: &CoordinatorConfig, store: &Store, wanted: Wanted) -> anyhow::Result<()> {
    let Wanted {
        name,
        user: email,
        scopes,
        days,
    } = wanted;
    let scopes: Vec<Permission> = scopes
        .iter()
        .map(|scope| known(scope))
        .collect::<Result<_, _>>()?;
    let wanted = email.clone();
    let owner = store
        .read(move |conn| users::by_email(conn, &wanted))
        .await?;
    let owner = owner.with_context(|| format!("there is no user {email}: see `weir user list`"))?;
    let keys = keys::token_keys(&keys::ring(&config.secrets)?)?;
    let tokens = OpaqueTokens::new(&keys.opaque);
    let new = NewMachine {
        name,
        scopes,
        end: days.map_or(TokenEnd::Never, |days| {
            TokenEnd::After(Duration::from_secs(days.saturating_mul(86_400)))
        }),
        owner: owner.id,
    };
    let (_token, minted) = add_token(store, &tokens, new, By::CommandLine).await?;
    Ok(print(&minted.token.expose_secret())?)
}

fn known(scope: &str) -> anyhow::Result<Permission> {
    let permission = Permission::ALL.iter().find(|known| known.as_str() == scope);
    permission.copied().with_context(|| {
        let all: Vec<&str> = Permission::ALL
            .iter()
            .map(|permission| permission.as_str())
            .collect();
        format!("there is no scope {scope}; there are {}", all.join(", "))
    })
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let mut table = String::new();
    for token in store.read(tokens::list_api).await? {
        let state = match (token.revoked_at, token.expires_at) {
            (Some(at), _) => format!("revoked {}", at.format("%F")),
            (None, Some(at)) => format!("ends {}", at.format("%F")),
            (None, None) => "no end".to_owned(),
        };
        // Writing to a string cannot fail.
        writeln!(
            table,
            "{}  {:20}  {:18}  {}",
            token.id,
            token.name,
            state,
            token.scopes.0.join(",")
        )
        .ok();
    }
    Ok(print(&table.trim_end())?)
}
