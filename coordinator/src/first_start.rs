//! What a fresh installation needs: an admin, and policies.
//!
//! **Invariant:** a password that was made here is shown once, on the terminal, and never logged.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;

use anyhow::Context;
use aws_lc_rs::rand;
use shared::ids::UserId;
use shared::secret::SecretString;

use crate::accounts::{AccountError, By, add_person};
use crate::api::auth::Passwords;
use crate::config::AuthConfig;
use crate::domain::roles::Role;
use crate::store::users::{self, NewUser};
use crate::store::{Store, policies};

/// The admin that a fresh installation begins with.
pub struct FirstAdmin {
    /// Who it is.
    pub id: UserId,
    /// The password, if it was made here.
    password: Option<String>,
}

/// Makes the first admin and the default policies, where there are none, and tells people at the terminal.
///
/// # Errors
/// The database, or a configured password that is too short.
pub async fn prepare(
    store: &Store,
    passwords: &Passwords,
    config: &AuthConfig,
) -> anyhow::Result<()> {
    match fill(store, passwords, config).await? {
        Some(admin) => tell(&config.admin_email, admin.password.as_deref()),
        None => Ok(()),
    }
}

/// Makes the first admin and the default policies, where there are none, and tells nobody. Gives the admin if
/// there was none before.
///
/// # Errors
/// As [`prepare`].
pub async fn fill(
    store: &Store,
    passwords: &Passwords,
    config: &AuthConfig,
) -> anyhow::Result<Option<FirstAdmin>> {
    store.write(policies::make_defaults).await?;
    if store.read(users::count).await? > 0 {
        return Ok(None);
    }
    let (password, generated) = if let Some(password) = &config.admin_password {
        (password.clone(), None)
    } else {
        let made = made_up_password()?;
        (SecretString::from(made.clone()), Some(made))
    };
    let hash = passwords
        .hash(&password)
        .context("WEIR_AUTH__ADMIN_PASSWORD")?;
    let user = NewUser {
        id: UserId::fresh(),
        email: config.admin_email.clone(),
        password_hash: hash,
        role: Role::Admin.as_str().to_owned(),
    };
    match add_person(store, user, By::FirstStart).await {
        Ok(added) => Ok(Some(FirstAdmin {
            id: added.id,
            password: generated,
        })),
        // Another coordinator was quicker.
        Err(AccountError::Taken) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// 130 random bits in letters that are hard to mistake for one another.
///
/// # Errors
/// The machine gives no randomness.
pub fn made_up_password() -> anyhow::Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 26];
    rand::fill(&mut bytes)?;
    let letters = bytes
        .iter()
        .map(|byte| LETTERS.get(usize::from(byte % 32)).copied());
    Ok(letters.flatten().map(char::from).collect())
}

/// Straight to the terminal: a log may be kept, shipped and read by others.
fn tell(email: &str, password: Option<&str>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n  First admin:  {email}")?;
    match password {
        Some(password) => writeln!(out, "  Password:     {password}   (shown once, keep it)\n")?,
        None => writeln!(out, "  Password:     as configured\n")?,
    }
    out.flush()?;
    Ok(())
}

/// Says where Weir is, to people at a terminal.
pub fn announce(address: SocketAddr) {
    let mut out = std::io::stdout().lock();
    if !out.is_terminal() {
        return;
    }
    let told = writeln!(
        out,
        "\n  Weir listens on http://{address}   (API documents: http://{address}/api/docs)\n"
    );
    if let Err(error) = told {
        tracing::debug!(%error, "nobody reads the terminal");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_password_is_long_and_new_each_time() {
        let (one, two) = (made_up_password().unwrap(), made_up_password().unwrap());
        assert_eq!(one.len(), 26);
        assert_ne!(one, two);
    }
}
