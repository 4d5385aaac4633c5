//! What somebody asks for of an account.
//!
//! Owns reading it. **Invariant:** all mistakes are told at once, and none repeats what was sent.

use serde::{Deserialize, Serialize};
use shared::secret::{ExposeSecret as _, SecretString};
use utoipa::ToSchema;

use crate::domain::accounts::StandingChange;
use crate::domain::address::Address;
use crate::domain::password;
use crate::domain::roles::Role;

/// Somebody to add.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.org", "role": "analyst"}))]
#[serde(deny_unknown_fields)]
pub struct NewUserRequest {
    /// The address to sign in with.
    #[schema(example = "ada@example.org", max_length = 254)]
    email: String,
    /// `admin`, `analyst` or `auditor`.
    #[schema(value_type = RoleName)]
    role: String,
    /// The password: at least 12 characters, not the address, none of the commonest. Without it the answer
    /// holds a token by which they set one.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, min_length = 12, max_length = 1024)]
    password: Option<SecretString>,
}

/// What to change; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"role": "auditor", "disabled": false}))]
#[serde(deny_unknown_fields)]
pub struct UserChangeRequest {
    /// `admin`, `analyst` or `auditor`, from this moment on.
    #[serde(default)]
    #[schema(value_type = Option<RoleName>)]
    role: Option<String>,
    /// Whether they are kept out. Their sessions and API tokens are not good any more then.
    #[serde(default)]
    disabled: Option<bool>,
}

/// What somebody is in Weir.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// Runs Weir: may do everything.
    Admin,
    /// Works with what Weir finds.
    Analyst,
    /// Looks at everything and changes nothing.
    Auditor,
}

/// Somebody to add, read.
pub(super) struct Draft {
    pub(super) address: Address,
    pub(super) role: Role,
    pub(super) password: Option<SecretString>,
}

/// An address and a password that can be taken.
///
/// # Errors
/// Everything that is wrong with them.
pub fn person(email: &str, password: Option<&str>) -> Result<Address, Vec<String>> {
    let address = Address::parse(email);
    let fault = password.and_then(|password| password::admit(password, email).err());
    match (address, fault) {
        (Ok(address), None) => Ok(address),
        (address, fault) => {
            let faults = [
                address.err().map(|bad| bad.to_string()),
                fault.map(|bad| bad.to_string()),
            ];
            Err(faults.into_iter().flatten().collect())
        }
    }
}

impl NewUserRequest {
    pub(super) fn read(self) -> Result<Draft, Vec<String>> {
        let password = self.password.as_ref().map(SecretString::expose_secret);
        let address = person(&self.email, password);
        let role = role(&self.role);
        match (address, role) {
            (Ok(address), Ok(role)) => Ok(Draft {
                address,
                role,
                password: self.password,
            }),
            (address, role) => {
                let mut errors = address.err().unwrap_or_default();
                errors.extend(role.err());
                Err(errors)
            }
        }
    }
}

impl UserChangeRequest {
    pub(super) fn read(self) -> Result<StandingChange, Vec<String>> {
        let role = self.role.as_deref().map(role).transpose();
        Ok(StandingChange {
            role: role.map_err(|error| vec![error])?,
            disabled: self.disabled,
        })
    }
}

fn role(word: &str) -> Result<Role, String> {
    let role = Role::ALL.into_iter().find(|role| role.as_str() == word);
    role.ok_or_else(|| "`role`: give one of admin, analyst, auditor".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(email: &str, role: &str, password: Option<&str>) -> NewUserRequest {
        NewUserRequest {
            email: email.to_owned(),
            role: role.to_owned(),
            password: password.map(SecretString::from),
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_none_repeats_what_was_sent() {
        let errors = request("no address", "root", Some("short"))
            .read()
            .err()
            .unwrap();
        assert_eq!(errors.len(), 3, "{errors:?}");
        for sent in ["no address", "root", "short"] {
            assert!(!errors.iter().any(|error| error.contains(sent)), "{sent}");
        }
    }

    #[test]
    fn the_address_is_read_in_lower_case() {
        let draft = request("Ada@Example.org", "auditor", None)
            .read()
            .ok()
            .unwrap();
        assert_eq!(
            (draft.address.as_str(), draft.role),
            ("ada@example.org", Role::Auditor)
        );
    }

    #[test]
    fn a_role_has_the_word_that_domain_gives_it() {
        for (name, role) in [
            (RoleName::Admin, Role::Admin),
            (RoleName::Analyst, Role::Analyst),
            (RoleName::Auditor, Role::Auditor),
        ] {
            assert_eq!(serde_json::to_value(name).unwrap(), role.as_str());
        }
    }

    #[test]
    fn what_is_not_named_stays() {
        let nothing = UserChangeRequest {
            role: None,
            disabled: None,
        };
        assert_eq!(nothing.read(), Ok(StandingChange::default()));
        let unknown = UserChangeRequest {
            role: Some("root".to_owned()),
            disabled: None,
        };
        assert!(unknown.read().is_err());
    }
}
