//! What somebody asks for of an API token.
//!
//! Owns reading it. **Invariant:** all mistakes are told at once, and none repeats what was sent.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::roles::{Permission, Permissions};
use crate::store::tokens::TokenEnd;

/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 100;
/// The latest end, in days from now.
const MAX_DAYS: u32 = 3_650;

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"name": "siem export", "scopes": ["audit:read"], "expires_in_days": 90}))]
#[serde(deny_unknown_fields)]
pub struct NewTokenRequest {
    /// What it is for.
    #[schema(example = "siem export", min_length = 1, max_length = 100)]
    name: String,
    /// What it may do: permissions of its owner's role.
    #[schema(example = json!(["audit:read"]), min_items = 1, max_items = 64)]
    scopes: Vec<String>,
    /// When it ends. Neither this nor `expires_in_days`: not by itself.
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
    /// After how many days it ends.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
}

/// A token to make, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) scopes: Vec<Permission>,
    pub(super) end: TokenEnd,
}

impl NewTokenRequest {
    pub(super) fn read(self, held: Permissions, now: DateTime<Utc>) -> Result<Draft, Vec<String>> {
        match (self.name(), self.scopes(held), self.end(now)) {
            (Ok(name), Ok(scopes), Ok(end)) => Ok(Draft { name, scopes, end }),
            (name, scopes, end) => {
                let mut errors: Vec<String> = name.err().into_iter().collect();
                errors.extend(scopes.err().into_iter().flatten());
                errors.extend(end.err());
                Err(errors)
            }
        }
    }

    fn name(&self) -> Result<String, String> {
        let name = self.name.trim();
        let length = name.chars().count();
        if (1..=MAX_NAME_CHARS).contains(&length) && !name.contains(char::is_control) {
            Ok(name.to_owned())
        } else {
            Err(format!(
                "`name`: give 1 to {MAX_NAME_CHARS} characters, none of them a control character"
            ))
        }
    }

    fn scopes(&self, held: Permissions) -> Result<Vec<Permission>, Vec<String>> {
        if self.scopes.is_empty() {
            return Err(vec!["`scopes`: name at least one permission".to_owned()]);
        }
        // Each once: there are no more than these.
        if self.scopes.len() > Permission::ALL.len() {
            return Err(vec![format!(
                "`scopes`: name at most {} permissions",
                Permission::ALL.len()
            )]);
        }
        let (mut scopes, mut errors) = (Vec::new(), Vec::new());
        for (at, scope) in self.scopes.iter().enumerate() {
            match scope.parse::<Permission>() {
                Err(_unknown) => errors.push(format!(
                    "`scopes[{at}]`: give a permission, of those in `permissions` of /api/v1/auth/me"
                )),
                Ok(scope) if !held.allow(scope) => {
                    errors.push(format!("`scopes[{at}]`: you do not hold {scope} yourself"));
                }
                Ok(scope) if scopes.contains(&scope) => {
                    errors.push(format!("`scopes[{at}]`: names {scope} a second time"));
                }
                Ok(scope) => scopes.push(scope),
            }
        }
        if errors.is_empty() {
            Ok(scopes)
        } else {
            Err(errors)
        }
    }

    fn end(&self, now: DateTime<Utc>) -> Result<TokenEnd, String> {
        match (self.expires_at, self.expires_in_days) {
            (None, None) => Ok(TokenEnd::Never),
            (Some(_), Some(_)) => {
                Err("`expires_at`: give it or `expires_in_days`, not both".to_owned())
            }
            (Some(at), None) => {
                let latest = now + TimeDelta::days(i64::from(MAX_DAYS));
                if now < at && at <= latest {
                    Ok(TokenEnd::At(at))
                } else {
                    Err(format!(
                        "`expires_at`: give a time in the future and within {MAX_DAYS} days"
                    ))
                }
            }
            (None, Some(days)) if (1..=MAX_DAYS).contains(&days) => {
                Ok(TokenEnd::After(Duration::from_hours(24 * u64::from(days))))
            }
            (None, Some(_)) => Err(format!("`expires_in_days`: give 1 to {MAX_DAYS}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roles::Role;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn request(scopes: &[&str]) -> NewTokenRequest {
        NewTokenRequest {
            name: " siem ".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            expires_at: None,
            expires_in_days: None,
        }
    }

    fn read(request: NewTokenRequest) -> Result<Draft, Vec<String>> {
        request.read(Role::Auditor.permissions(), now())
    }

    #[test]
    fn a_token_gives_what_is_named_until_it_is_revoked() {
        let draft = read(request(&["audit:read", "alerts:read"])).unwrap();
        assert_eq!(draft.name, "siem");
        assert_eq!(
            draft.scopes,
            [Permission::AuditRead, Permission::AlertsRead]
        );
        assert_eq!(draft.end, TokenEnd::Never);
    }

    #[test]
    fn what_its_owner_may_not_a_token_may_not() {
        let errors = read(request(&["audit:read", "audit:write"])).unwrap_err();
        assert_eq!(
            errors,
            ["`scopes[1]`: you do not hold audit:write yourself"]
        );
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_none_repeats_what_was_sent() {
        let bad = NewTokenRequest {
            name: "secret\0name".to_owned(),
            scopes: ["alerts:*", "audit:read", "audit:read"]
                .map(str::to_owned)
                .to_vec(),
            expires_at: Some(DateTime::UNIX_EPOCH),
            expires_in_days: Some(0),
        };
        let errors = read(bad).unwrap_err();
        assert_eq!(errors.len(), 4, "{errors:?}");
        assert!(
            !errors
                .iter()
                .any(|error| error.contains("alerts:*") || error.contains("secret"))
        );
    }

    #[test]
    fn a_name_is_neither_empty_nor_endless() {
        for name in ["", "  ", "a\nb", &"x".repeat(101)] {
            let bad = NewTokenRequest {
                name: name.to_owned(),
                ..request(&["audit:read"])
            };
            assert_eq!(read(bad).unwrap_err().len(), 1, "{name}");
        }
    }

    #[test]
    fn an_end_is_in_the_future_and_not_too_far() {
        let until = |at| NewTokenRequest {
            expires_at: Some(at),
            ..request(&["audit:read"])
        };
        for bad in [now(), DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert!(read(until(bad)).is_err(), "{bad}");
        }
        let tomorrow = now() + TimeDelta::days(1);
        assert_eq!(read(until(tomorrow)).unwrap().end, TokenEnd::At(tomorrow));
        for (days, holds) in [
            (0, false),
            (1, true),
            (3_650, true),
            (3_651, false),
            (u32::MAX, false),
        ] {
            let of_days = NewTokenRequest {
                expires_in_days: Some(days),
                ..request(&["audit:read"])
            };
            assert_eq!(read(of_days).is_ok(), holds, "{days}");
        }
    }

    #[test]
    fn no_scope_and_a_thousand_scopes_are_refused_with_one_word() {
        for scopes in [vec![], vec!["x"; 1_000]] {
            assert_eq!(read(request(&scopes)).unwrap_err().len(), 1);
        }
    }
}
