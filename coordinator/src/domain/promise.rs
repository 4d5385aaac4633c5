//! What policies promise, and what tokens allow.
//!
//! **Invariant:** only what a policy in force does to messages can be a promise that is not kept; alerts and mails
//! need nobody's leave.

use shared::ids::PolicyId;

use super::capability::{Ability, Capabilities, Lack};
use super::policy::{Action, InForce, PolicyMode};

/// What a policy promises, and cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unkept {
    /// The policy.
    pub policy: PolicyId,
    /// Its name.
    pub name: String,
    /// The action that cannot be carried out as it says.
    pub action: &'static str,
    /// What lacks for it.
    pub because: Lack,
}

/// What enforced policies promise and the tokens do not allow.
pub fn unkept(capabilities: &Capabilities, policies: &InForce) -> Vec<Unkept> {
    let enforced = policies.policies.iter();
    let enforced = enforced.filter(|(_, policy)| policy.mode == PolicyMode::Enforce);
    let mut unkept = Vec::new();
    for (id, policy) in enforced {
        for action in &policy.actions {
            let lack = lack_of(capabilities, action);
            unkept.extend(lack.map(|because| Unkept {
                policy: *id,
                name: policy.name.clone(),
                action: action.kind(),
                because,
            }));
        }
    }
    unkept
}

fn lack_of(capabilities: &Capabilities, action: &Action) -> Option<Lack> {
    match action {
        // What hides messages needs no right to delete them.
        Action::Block if capabilities.allow(Ability::TombstoneMessages) => None,
        Action::Block => capabilities.check(Ability::DeleteMessages).err(),
        Action::NotifyAuthor => capabilities.check(Ability::TellAuthors).err(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::capability::Standing;
    use crate::domain::policy::Policy;

    fn policies(mode: &str) -> InForce {
        let policy: Policy = serde_json::from_value(json!({
            "name": "Cards", "mode": mode, "priority": 1,
            "rules": [{"info_types": ["CREDIT_CARD_NUMBER"]}],
            "actions": [{"type": "block"}, {"type": "notify_author"}, {"type": "alert", "severity": "HIGH"}],
        }))
        .unwrap();
        InForce {
            policies: vec![(PolicyId::fresh(), policy)],
            ..InForce::default()
        }
    }

    fn tokens(bot: &[&str], admin: &[&str]) -> Capabilities {
        let owned = |scopes: &[&str]| scopes.iter().map(|&scope| scope.to_owned()).collect();
        Capabilities {
            bot_scopes: owned(bot),
            admin_scopes: owned(admin),
            admin: if admin.is_empty() {
                Standing::Nobody
            } else {
                Standing::Admin
            },
        }
    }

    #[test]
    fn blocking_is_a_promise_that_needs_somebody_who_may_delete_or_hide() {
        let actions = |bot: &[&str], admin: &[&str]| {
            let unkept = unkept(&tokens(bot, admin), &policies("enforce"));
            unkept.iter().map(|one| one.action).collect::<Vec<_>>()
        };
        let tells = &["chat:write", "im:write"];
        assert_eq!(actions(tells, &[]), ["block"]);
        assert_eq!(actions(&[], &["chat:write"]), ["notify_author"]);
        assert!(actions(tells, &["chat:write"]).is_empty());
        assert!(actions(tells, &["discovery:write"]).is_empty());
    }

    #[test]
    fn what_is_only_simulated_promises_nothing() {
        assert!(unkept(&tokens(&[], &[]), &policies("simulate")).is_empty());
    }
}
