//! Passwords: argon2id, and the same work whether or not the user exists.
//!
//! Owns hashing and checking. What a new password must be is for `domain::password`. Either takes 19 MiB and
//! some 50 ms, so it runs on a blocking thread, only a few at once, and few wait for their turn.
//! **Invariant:** checking against nobody costs what checking against somebody does.

use std::fmt;
use std::sync::Arc;

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use shared::job::RetryClass;
use shared::secret::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::argon::{AT_ONCE, Argon};

pub use crate::domain::password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS};

/// How many wait for their turn at most: some seconds of work. More would wait for longer than anybody does,
/// and each holds a password in memory.
const WAITING: usize = 64;

/// Hashes and checks passwords.
pub struct Passwords {
    argon: Argon,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// The hash of nobody's password, checked when there is no user.
    decoy: String,
}

/// A password cannot be taken or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Not of an acceptable length.
    #[error(
        "a password has at least {MIN_PASSWORD_CHARS} characters and at most {MAX_PASSWORD_BYTES} bytes"
    )]
    Length,
    /// The stored hash cannot be read, or hashing failed.
    #[error("the password hash cannot be computed or read")]
    Hash(#[source] password_hash::Error),
    /// Too many wait for their turn.
    #[error("too many passwords wait to be checked")]
    Crowded,
    /// The process is ending.
    #[error("the check was cut short")]
    Cut,
}

impl PasswordError {
    /// Permanent, but for [`PasswordError::Crowded`] and [`PasswordError::Cut`].
    pub const fn class(&self) -> RetryClass {
        match self {
            Self::Length | Self::Hash(_) => RetryClass::Permanent,
            Self::Crowded | Self::Cut => RetryClass::Transient,
        }
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords")
    }
}

impl Passwords {
    /// Prepares hashing at the cost OWASP asks for: 19 MiB, two passes, one lane. Hashes once, so it blocks.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] (permanent): there is no randomness.
    ///
    /// # Source
    /// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
    pub fn new() -> Result<Self, PasswordError> {
        Self::at_cost(Params::DEFAULT)
    }

    /// At next to no cost.
    #[cfg(test)]
    pub(crate) fn cheap() -> Self {
        Self::at_cost(Params::new(8, 1, 1, None).unwrap()).unwrap()
    }

    /// How many hashes were computed so far, the decoy's too.
    #[cfg(test)]
    pub(crate) fn computed(&self) -> usize {
        self.argon.done_by().len()
    }

    fn at_cost(cost: Params) -> Result<Self, PasswordError> {
        let argon = Argon::new(cost);
        let decoy = hash(&argon, b"nobody's password")?;
        Ok(Self {
            argon,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            decoy,
        })
    }

    /// Hashes a new password into a PHC string with a salt of its own. Blocks: a server calls
    /// [`hash_in_turn`](Self::hash_in_turn).
    ///
    /// # Errors
    /// [`PasswordError`] (permanent).
    pub fn hash(&self, password: &SecretString) -> Result<String, PasswordError> {
        let text = password.expose_secret();
        if text.chars().count() < MIN_PASSWORD_CHARS || text.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordError::Length);
        }
        hash(&self.argon, text.as_bytes())
    }

    /// The same in turn with the checks, on a blocking thread. Cancelled, it still ends its work.
    ///
    /// # Errors
    /// As [`hash`](Self::hash); [`PasswordError::Crowded`], [`PasswordError::Cut`] (transient).
    pub async fn hash_in_turn(
        self: Arc<Self>,
        password: SecretString,
    ) -> Result<String, PasswordError> {
        let passwords = Arc::clone(&self);
        self.in_turn(move || passwords.hash(&password)).await
    }

    /// Whether the password is the one `stored` was made from; `None` for a user who is not there, which
    /// takes as long. Waits for its turn, and works on a blocking thread. Cancelled, it still ends its work.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] (permanent): `stored` is no hash. [`PasswordError::Crowded`],
    /// [`PasswordError::Cut`] (transient).
    pub async fn verify(
        self: Arc<Self>,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        if password.expose_secret().len() > MAX_PASSWORD_BYTES {
            return Ok(false);
        }
        let passwords = Arc::clone(&self);
        self.in_turn(move || passwords.check(&password, stored.as_deref()))
            .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_full| PasswordError::Crowded)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_closed| PasswordError::Cut)?;
        let work = move || {
            // Held by the work, not by who waits for it: a caller that hangs up frees nothing.
            let _held = (place, turn);
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_panicked| PasswordError::Cut)?
    }

    fn check(&self, password: &SecretString, stored: Option<&str>) -> Result<bool, PasswordError> {
        let hash = PasswordHash::new(stored.unwrap_or(&self.decoy))
            .map_err(|error| PasswordError::Hash(error.into()))?;
        let password = password.expose_secret().as_bytes();
        match self.argon.verify_password(password, &hash) {
            Ok(()) => Ok(stored.is_some()),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(PasswordError::Hash(error)),
        }
    }
}

fn hash(argon: &Argon, password: &[u8]) -> Result<String, PasswordError> {
    let hash: PasswordHash = argon.hash_password(password).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Passwords {
        Passwords::cheap()
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn a_password_opens_its_own_hash_only() {
        let passwords = cheap();
        let stored = passwords.hash(&secret("correct horse battery")).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$"));
        let check = |text: &str| passwords.check(&secret(text), Some(&stored)).unwrap();
        assert!(check("correct horse battery"));
        assert!(!check("correct horse batterz"));
        assert!(!check(""));
    }

    #[test]
    fn the_same_password_hashes_differently_each_time() {
        let passwords = cheap();
        let password = secret("correct horse battery");
        assert_ne!(
            passwords.hash(&password).unwrap(),
            passwords.hash(&password).unwrap()
        );
    }

    #[test]
    fn nobody_signs_in_even_with_the_decoys_password() {
        let passwords = cheap();
        assert!(!passwords.check(&secret("nobody's password"), None).unwrap());
        assert!(!passwords.check(&secret("another"), None).unwrap());
    }

    #[test]
    fn the_decoy_costs_what_a_real_hash_costs() {
        let passwords = cheap();
        let cost = |hash: &str| {
            hash.split('$')
                .take(4)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let stored = passwords.hash(&secret("correct horse battery")).unwrap();
        assert_eq!(cost(&passwords.decoy), cost(&stored));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        let passwords = cheap();
        for bad in ["elevenchars", &"x".repeat(1025)] {
            assert!(matches!(
                passwords.hash(&secret(bad)),
                Err(PasswordError::Length)
            ));
        }
    }

    #[tokio::test]
    async fn a_password_hashed_in_turn_is_checked_in_turn() {
        let passwords = Arc::new(cheap());
        let password = || secret("correct horse battery");
        let stored = Arc::clone(&passwords)
            .hash_in_turn(password())
            .await
            .unwrap();
        assert!(passwords.verify(password(), Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn when_all_places_are_taken_nobody_waits() {
        let passwords = Arc::new(cheap());
        let places = u32::try_from(AT_ONCE + WAITING).unwrap();
        let taken = Arc::clone(&passwords.places)
            .acquire_many_owned(places)
            .await;
        let refused = Arc::clone(&passwords)
            .verify(secret("x"), None)
            .await
            .unwrap_err();
        assert!(matches!(refused, PasswordError::Crowded));
        assert_eq!(refused.class(), RetryClass::Transient);
        drop(taken);
        assert!(!passwords.verify(secret("x"), None).await.unwrap());
    }

    #[tokio::test]
    async fn who_waits_for_a_turn_holds_a_place_and_who_hangs_up_frees_it() {
        let passwords = Arc::new(cheap());
        let turns = u32::try_from(AT_ONCE).unwrap();
        let busy = Arc::clone(&passwords.turns).acquire_many_owned(turns).await;
        let free = passwords.places.available_permits();
        let mut waiting = Box::pin(Arc::clone(&passwords).verify(secret("x"), None));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(passwords.places.available_permits(), free - 1);
        drop(waiting);
        assert_eq!(passwords.places.available_permits(), free);
        drop(busy);
    }

    #[tokio::test]
    async fn a_check_is_one_hash_of_the_same_cost_whether_or_not_anybody_is_there() {
        let passwords = Arc::new(cheap());
        let stored = passwords.hash(&secret("correct horse battery")).unwrap();
        for (password, stored) in [
            ("correct horse battery", Some(&stored)),
            ("wrong horse battery", Some(&stored)),
            ("correct horse battery", None),
        ] {
            let before = passwords.computed();
            let checking = Arc::clone(&passwords).verify(secret(password), stored.cloned());
            checking.await.unwrap();
            assert_eq!(passwords.computed(), before + 1);
        }
    }

    #[tokio::test]
    async fn while_two_are_worked_on_a_third_waits_and_holds_up_nobody() {
        let passwords = Arc::new(cheap());
        let busy: Vec<_> = (0..2)
            .map(|_| Arc::clone(&passwords.turns).try_acquire_owned().unwrap())
            .collect();
        let third = tokio::spawn(Arc::clone(&passwords).verify(secret("x"), None));
        // This runtime has one thread: that it comes back here says that the third one does not sit on it.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.computed(), 1, "the decoy's, and no other");
        drop(busy);
        assert!(!third.await.unwrap().unwrap());
        let done_by = passwords.argon.done_by();
        assert_eq!(done_by.len(), 2);
        assert_ne!(done_by[1], std::thread::current().id());
    }

    #[test]
    fn a_broken_hash_is_an_error_and_not_a_wrong_password() {
        assert!(
            cheap()
                .check(&secret("correct horse battery"), Some("plain"))
                .is_err()
        );
    }

    #[test]
    fn the_cost_in_use_is_the_one_owasp_asks_for() {
        let stored = Passwords::new().unwrap().decoy;
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
    }
}
