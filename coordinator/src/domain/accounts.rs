//! What may be made of an account.
//!
//! Owns which changes of a role and of being kept out are legal. Leaves who may ask for one to the API, and
//! counting admins, under a lock, to the caller.
//! **Invariant:** a change that is granted leaves an admin who can sign in.

use super::roles::Role;

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Their role.
    pub role: Role,
    /// Whether they are kept out.
    pub disabled: bool,
}

/// What is to be changed; `None` leaves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StandingChange {
    /// The role.
    pub role: Option<Role>,
    /// Whether they are kept out.
    pub disabled: Option<bool>,
}

/// Whose account is to be changed, as seen by who changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Their own.
    Own,
    /// Somebody else's.
    Anothers,
}

/// Why an account is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One does not lower one's own role, nor keep oneself out: it is mostly a mistake, and cannot be undone
    /// by who made it.
    #[error("nobody demotes or disables themselves: ask another admin")]
    Oneself,
    /// Nobody could run Weir any more.
    #[error("this is the last admin who can sign in: make another one first")]
    LastAdmin,
}

impl Standing {
    /// What somebody is after a change, where there are `others` beside them who are admins and can sign in.
    ///
    /// # Errors
    /// [`Refusal`] (permanent).
    pub fn after(
        self,
        change: StandingChange,
        whose: Whose,
        others: usize,
    ) -> Result<Self, Refusal> {
        let after = Self {
            role: change.role.unwrap_or(self.role),
            disabled: change.disabled.unwrap_or(self.disabled),
        };
        if !self.runs_weir() || after.runs_weir() {
            return if whose == Whose::Own && after.disabled && !self.disabled {
                Err(Refusal::Oneself)
            } else {
                Ok(after)
            };
        }
        match (whose, others) {
            (_, 0) => Err(Refusal::LastAdmin),
            (Whose::Own, _) => Err(Refusal::Oneself),
            (Whose::Anothers, _) => Ok(after),
        }
    }

    /// Whether this is an admin who can sign in.
    pub fn runs_weir(self) -> bool {
        self.role == Role::Admin && !self.disabled
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADMIN: Standing = Standing {
        role: Role::Admin,
        disabled: false,
    };

    fn to(role: Role) -> StandingChange {
        StandingChange {
            role: Some(role),
            disabled: None,
        }
    }

    fn disabled(disabled: bool) -> StandingChange {
        StandingChange {
            role: None,
            disabled: Some(disabled),
        }
    }

    #[test]
    fn the_last_admin_stays_whoever_asks() {
        for change in [to(Role::Analyst), to(Role::Auditor), disabled(true)] {
            for whose in [Whose::Own, Whose::Anothers] {
                assert_eq!(ADMIN.after(change, whose, 0), Err(Refusal::LastAdmin));
            }
        }
    }

    #[test]
    fn nobody_takes_their_own_rights_away() {
        assert_eq!(
            ADMIN.after(to(Role::Analyst), Whose::Own, 3),
            Err(Refusal::Oneself)
        );
        assert_eq!(
            ADMIN.after(disabled(true), Whose::Own, 3),
            Err(Refusal::Oneself)
        );
    }

    #[test]
    fn an_admin_among_others_can_be_changed_by_another() {
        let after = ADMIN.after(to(Role::Auditor), Whose::Anothers, 1).unwrap();
        assert_eq!(
            after,
            Standing {
                role: Role::Auditor,
                disabled: false
            }
        );
    }

    #[test]
    fn a_change_of_nothing_is_granted_to_the_last_admin() {
        assert_eq!(ADMIN.after(to(Role::Admin), Whose::Own, 0), Ok(ADMIN));
        assert_eq!(
            ADMIN.after(StandingChange::default(), Whose::Own, 0),
            Ok(ADMIN)
        );
    }

    proptest! {
        #[test]
        fn an_admin_who_can_sign_in_is_always_left(
            role in 0_usize..3, kept_out in any::<bool>(), new_role in proptest::option::of(0_usize..3),
            new_kept_out in any::<Option<bool>>(), own in any::<bool>(), others in 0_usize..3,
        ) {
            let before = Standing { role: Role::ALL[role], disabled: kept_out };
            let change = StandingChange { role: new_role.map(|at| Role::ALL[at]), disabled: new_kept_out };
            let whose = if own { Whose::Own } else { Whose::Anothers };
            if let Ok(after) = before.after(change, whose, others) {
                let left = others + usize::from(after.runs_weir());
                prop_assert!(left > 0 || !before.runs_weir());
                prop_assert!(!own || !after.disabled || before.disabled);
            }
        }
    }
}
