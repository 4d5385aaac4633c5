//! `weir user`: who may sign in.
//!
//! Works on the database directly: for the first people, and for those who locked themselves out.
//! **Invariant:** a password is read from standard input or made here, and shown once; never an argument,
//! which other users of the machine could see.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Read as _};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use shared::ids::UserId;
use shared::secret::{ExposeSecret as _, SecretString};

use super::{Exit, Global, database, print};
use crate::accounts::{AccountError, AddressHashes, By, add_person, change_person, set_password};
use crate::api::auth::Passwords;
use crate::config::CoordinatorConfig;
use crate::domain::accounts::StandingChange;
use crate::domain::address::Address;
use crate::domain::password;
use crate::domain::roles::Role;
use crate::first_start::made_up_password;
use crate::keys;
use crate::store::Store;
use crate::store::users::{self, NewUser, User};

/// What to do with whom.
#[derive(Debug, Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add somebody; the password comes from standard input, or is made and printed once
    Add {
        /// The address to sign in with
        email: String,
        /// What they may do
        #[arg(long, default_value = "analyst")]
        role: RoleName,
    },
    /// List everybody
    List,
    /// Change what somebody may do
    SetRole {
        /// The address
        email: String,
        /// What they may do from now on
        role: RoleName,
    },
    /// Give somebody a new password, and end all their sessions
    ResetPassword {
        /// The address
        email: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    Admin,
    Analyst,
    Auditor,
}

impl RoleName {
    const fn role(self) -> Role {
        match self {
            Self::Admin => Role::Admin,
            Self::Analyst => Role::Analyst,
            Self::Auditor => Role::Auditor,
        }
    }
}

pub(super) fn run(args: UserArgs, global: &Global) -> anyhow::Result<Exit> {
    database::with(global, |config, store| async move {
        match args.command {
            UserCommand::Add { email, role } => add(&store, email, role.role()).await?,
            UserCommand::List => list(&store).await?,
            UserCommand::SetRole { email, role } => {
                let role = role.role();
                let change = StandingChange {
                    role: Some(role),
                    disabled: None,
                };
                let id = known(&store, &email).await?.id;
                let by = By::CommandLine;
                let user = change_person(&store, id, change, None, by).await?;
                print(&format!("{} is {role} from now on", user.email))?;
            }
            UserCommand::ResetPassword { email } => reset_password(&config, &store, &email).await?,
        }
        Ok(Exit::Success)
    })
}

async fn add(store: &Store, email: String, role: Role) -> anyhow::Result<()> {
    let password = read_password()?;
    let address = Address::parse(&email)?;
    password::admit(password.secret.expose_secret(), address.as_str())?;
    let user = NewUser {
        id: UserId::fresh(),
        email: address.as_str().to_owned(),
        password_hash: Passwords::new()?.hash(&password.secret)?,
        role: role.as_str().to_owned(),
    };
    match add_person(store, user, By::CommandLine).await {
        Ok(_added) => Ok(print(&format!(
            "added {email} as {}{}",
            role.as_str(),
            password.note()
        ))?),
        Err(AccountError::Taken) => bail!("{email} is there already"),
        Err(error) => Err(error.into()),
    }
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let all = store.read(users::list).await?;
    let widest = all.iter().map(|user| user.email.len()).max().unwrap_or(0);
    let mut table = String::new();
    for user in all {
        let state = if user.disabled { "disabled" } else { "" };
        // Writing to a string cannot fail.
        writeln!(table, "{:widest$}  {:8}  {state}", user.email, user.role).ok();
    }
    Ok(print(&table.trim_end())?)
}

async fn reset_password(
    config: &CoordinatorConfig,
    store: &Store,
    email: &str,
) -> anyhow::Result<()> {
    let user = known(store, email).await?;
    let password = read_password()?;
    password::admit(password.secret.expose_secret(), &user.email)?;
    let hash = Passwords::new()?.hash(&password.secret)?;
    let keys = keys::token_keys(&keys::ring(&config.secrets)?)?;
    let address = AddressHashes::new(&keys.address).of(&user.email);
    let ended = set_password(store, user.id, hash, address, By::CommandLine).await?;
    Ok(print(&format!(
        "{email} has a new password{}; {ended} sessions ended",
        password.note()
    ))?)
}

async fn known(store: &Store, email: &str) -> anyhow::Result<User> {
    let wanted = email.to_owned();
    let user = store
        .read(move |conn| users::by_email(conn, &wanted))
        .await?;
    user.with_context(|| format!("there is no user {email}: see `weir user list`"))
}

struct Password {
    secret: SecretString,
    made: Option<String>,
}

impl Password {
    fn note(&self) -> String {
        let told = |made: &String| format!("; password, shown once: {made}");
        self.made.as_ref().map(told).unwrap_or_default()
    }
}

/// The first line of standard input, or a made-up one if that is a terminal or empty.
fn read_password() -> anyhow::Result<Password> {
    let mut stdin = std::io::stdin();
    let mut given = String::new();
    if !stdin.is_terminal() {
        stdin
            .read_to_string(&mut given)
            .context("the password on standard input")?;
    }
    let given = given.lines().next().unwrap_or_default();
    if !given.is_empty() {
        return Ok(Password {
            secret: SecretString::from(given.to_owned()),
            made: None,
        });
    }
    let made = made_up_password()?;
    Ok(Password {
        secret: SecretString::from(made.clone()),
        made: Some(made),
    })
}
