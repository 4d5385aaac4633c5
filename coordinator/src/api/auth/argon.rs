//! argon2id in memory that is used again.
//!
//! Owns the working memories, 19 MiB each at the cost in use. Allocated anew for each password they would stay
//! behind in the allocator's arena of every thread that ever checked one. Leaves comparing to the crate.
//! **Invariant:** no more than [`AT_ONCE`] memories outlive their use.

use std::sync::{Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{CustomizedPasswordHasher, Error, PasswordHasher, Result};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// How many passwords are worked on at once. Whoever comes then waits: memory does not grow with the number
/// of callers.
pub(super) const AT_ONCE: usize = 2;

/// Hashes at one cost; checks at whatever cost a hash was made.
pub(super) struct Argon {
    cost: Params,
    spare: Mutex<Vec<Vec<Block>>>,
    /// Which thread did each piece of work.
    #[cfg(test)]
    done_by: Mutex<Vec<std::thread::ThreadId>>,
}

impl Argon {
    pub(super) const fn new(cost: Params) -> Self {
        Self {
            cost,
            spare: Mutex::new(Vec::new()),
            #[cfg(test)]
            done_by: Mutex::new(Vec::new()),
        }
    }

    #[cfg(test)]
    pub(super) fn done_by(&self) -> Vec<std::thread::ThreadId> {
        self.done_by.lock().unwrap().clone()
    }

    fn hash_with(&self, password: &[u8], salt: &[u8], argon2: &Argon2<'_>) -> Result<PasswordHash> {
        let cost = argon2.params();
        let salt = Salt::new(salt)?;
        let mut buffer = [0; Output::MAX_LENGTH];
        let length = cost.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let out = buffer.get_mut(..length).ok_or(Error::OutputSize)?;
        let mut memory = self.take();
        if memory.len() < cost.block_count() {
            memory.resize(cost.block_count(), Block::default());
        }
        let hashed = argon2.hash_password_into_with_memory(password, &salt, out, &mut memory);
        self.give_back(memory);
        #[cfg(test)]
        self.done_by
            .lock()
            .unwrap()
            .push(std::thread::current().id());
        hashed?;
        Ok(PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(cost)?,
            salt: Some(salt),
            hash: Some(Output::new(out)?),
        })
    }

    fn take(&self) -> Vec<Block> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.pop().unwrap_or_default()
    }

    fn give_back(&self, memory: Vec<Block>) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < AT_ONCE {
            spare.push(memory);
        }
    }
}

impl PasswordHasher<PasswordHash> for Argon {
    fn hash_password_with_salt(&self, password: &[u8], salt: &[u8]) -> Result<PasswordHash> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.cost.clone());
        self.hash_with(password, salt, &argon2)
    }
}

impl CustomizedPasswordHasher<PasswordHash> for Argon {
    type Params = Params;

    /// Only what this has made is taken: argon2id of the current version.
    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash> {
        if algorithm.is_some_and(|name| name != Algorithm::Argon2id.as_str()) {
            return Err(Error::Algorithm);
        }
        if version.is_some_and(|number| number != u32::from(Version::V0x13)) {
            return Err(Error::Version);
        }
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        self.hash_with(password, salt, &argon2)
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordVerifier;

    use super::*;

    fn argon(kib: u32) -> Argon {
        Argon::new(Params::new(kib, 2, 1, None).unwrap())
    }

    #[test]
    fn hashes_as_the_crate_does_in_memory_used_before() {
        let (argon, salt) = (argon(64), b"a salt of some length");
        let reference = Argon2::new(Algorithm::Argon2id, Version::V0x13, argon.cost.clone());
        for password in ["first", "second", "third"] {
            let password = password.as_bytes();
            assert_eq!(
                argon.hash_password_with_salt(password, salt),
                reference.hash_password_with_salt(password, salt),
            );
        }
        assert_eq!(argon.spare.lock().unwrap().len(), 1);
    }

    #[test]
    fn checks_hashes_of_another_cost() {
        let dear = argon(128).hash_password(b"secret").unwrap();
        let cheap = argon(64);
        assert_eq!(cheap.verify_password(b"secret", &dear), Ok(()));
        assert_eq!(
            cheap.verify_password(b"other", &dear),
            Err(Error::PasswordInvalid)
        );
    }

    #[test]
    fn hashes_of_another_algorithm_are_refused() {
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x13, argon(64).cost);
        let hash: PasswordHash = other.hash_password(b"secret").unwrap();
        assert_eq!(
            argon(64).verify_password(b"secret", &hash),
            Err(Error::Algorithm)
        );
    }

    #[test]
    fn keeps_no_more_memories_than_it_works_with_at_once() {
        let argon = argon(64);
        for _ in 0..AT_ONCE + 3 {
            argon.give_back(Vec::new());
        }
        assert_eq!(argon.spare.lock().unwrap().len(), AT_ONCE);
    }
}
