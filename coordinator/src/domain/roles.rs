//! Roles, the permissions they stand for, and the sets an API token narrows them to.
//!
//! Owns the words for roles and permissions and the one table that joins them. Leaves proving who somebody
//! is to `api::auth`.
//! **Invariant:** nobody ever holds more than their role gives; a token only takes away.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use Permission::{
    AlertsRead, AlertsWork, AuditRead, DetectorsRead, EventsRead, EventsWrite, FindingsRead,
    MessagesRead, NodesRead, PoliciesRead, QueueRead, ScansRead, ScansWrite, StatsRead, UsersRead,
    WebhooksRead, WorkspacesRead,
};

/// What somebody is in Weir.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs Weir: may do everything.
    Admin,
    /// Works with what Weir finds.
    Analyst,
    /// Looks at everything, the audit trail too, and changes nothing.
    Auditor,
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// One thing that may be done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Permission {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name, as written in tokens, errors and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

permissions! {
    /// Look at scans and their results.
    ScansRead = "scans:read",
    /// Hand in texts and files.
    ScansWrite = "scans:write",
    /// Look at findings, masked.
    FindingsRead = "findings:read",
    /// See the sealed original behind a finding.
    FindingsReveal = "findings:reveal",
    /// Look at caught messages, masked.
    MessagesRead = "messages:read",
    /// Look at detectors, and try one on a sample.
    DetectorsRead = "detectors:read",
    /// Make, change and delete detectors.
    DetectorsWrite = "detectors:write",
    /// Look at policies.
    PoliciesRead = "policies:read",
    /// Make, change and delete policies.
    PoliciesWrite = "policies:write",
    /// Look at alerts.
    AlertsRead = "alerts:read",
    /// Comment on alerts and assign them.
    AlertsWork = "alerts:work",
    /// Move an alert through its statuses, release its message.
    AlertsWrite = "alerts:write",
    /// Look at security events.
    EventsRead = "events:read",
    /// Hand in security events.
    EventsWrite = "events:write",
    /// Look at scanner nodes.
    NodesRead = "nodes:read",
    /// Look at the queue.
    QueueRead = "queue:read",
    /// Look at figures over time.
    StatsRead = "stats:read",
    /// Look at webhooks.
    WebhooksRead = "webhooks:read",
    /// Make, change, test and delete webhooks.
    WebhooksWrite = "webhooks:write",
    /// Export and erase what is known of a person.
    PrivacyWrite = "privacy:write",
    /// Look at users.
    UsersRead = "users:read",
    /// Make and change users.
    UsersWrite = "users:write",
    /// Make and revoke API tokens.
    TokensWrite = "tokens:write",
    /// Look at Slack workspaces and backfills.
    WorkspacesRead = "workspaces:read",
    /// Change workspaces, start backfills.
    WorkspacesWrite = "workspaces:write",
    /// Read the audit trail.
    AuditRead = "audit:read",
    /// Add to the audit trail from outside.
    AuditWrite = "audit:write",
}

/// Some permissions.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u32);

/// The word names no role or permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such role or permission")]
pub struct UnknownName;

const ANALYST: &[Permission] = &[
    ScansRead,
    ScansWrite,
    FindingsRead,
    MessagesRead,
    DetectorsRead,
    PoliciesRead,
    AlertsRead,
    AlertsWork,
    EventsRead,
    EventsWrite,
    NodesRead,
    QueueRead,
    StatsRead,
];

const AUDITOR: &[Permission] = &[
    ScansRead,
    FindingsRead,
    MessagesRead,
    DetectorsRead,
    PoliciesRead,
    AlertsRead,
    EventsRead,
    NodesRead,
    QueueRead,
    StatsRead,
    UsersRead,
    WebhooksRead,
    WorkspacesRead,
    AuditRead,
];

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Analyst, Self::Auditor];

    /// The word, as written in the database, tokens and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Analyst => "analyst",
            Self::Auditor => "auditor",
        }
    }

    /// What the role may do.
    pub fn permissions(self) -> Permissions {
        let granted = match self {
            Self::Admin => Permission::ALL,
            Self::Analyst => ANALYST,
            Self::Auditor => AUDITOR,
        };
        granted.iter().copied().collect()
    }
}

impl Permissions {
    /// Whether the permission is among them.
    pub const fn allow(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Those that are in both.
    #[must_use]
    pub const fn narrowed_to(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// The permissions, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |&permission| self.allow(permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(
            permissions
                .into_iter()
                .fold(0, |bits, permission| bits | (1 << permission as u32)),
        )
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(Permission::as_str))
            .finish()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownName)
    }
}

impl FromStr for Permission {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .iter()
            .copied()
            .find(|permission| permission.as_str() == text)
            .ok_or(UnknownName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_is_this() {
        let row = |&permission: &Permission| {
            let [admin, analyst, auditor] = Role::ALL.map(|role| {
                if role.permissions().allow(permission) {
                    "yes"
                } else {
                    "-"
                }
            });
            format!("{permission:<17} {admin:<5} {analyst:<7} {auditor}")
        };
        let table: Vec<String> = Permission::ALL.iter().map(row).collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        scans:read        yes   yes     yes
        scans:write       yes   yes     -
        findings:read     yes   yes     yes
        findings:reveal   yes   -       -
        messages:read     yes   yes     yes
        detectors:read    yes   yes     yes
        detectors:write   yes   -       -
        policies:read     yes   yes     yes
        policies:write    yes   -       -
        alerts:read       yes   yes     yes
        alerts:work       yes   yes     -
        alerts:write      yes   -       -
        events:read       yes   yes     yes
        events:write      yes   yes     -
        nodes:read        yes   yes     yes
        queue:read        yes   yes     yes
        stats:read        yes   yes     yes
        webhooks:read     yes   -       yes
        webhooks:write    yes   -       -
        privacy:write     yes   -       -
        users:read        yes   -       yes
        users:write       yes   -       -
        tokens:write      yes   -       -
        workspaces:read   yes   -       yes
        workspaces:write  yes   -       -
        audit:read        yes   -       yes
        audit:write       yes   -       -
        ");
    }

    #[test]
    fn an_auditor_changes_nothing() {
        for permission in Role::Auditor.permissions().iter() {
            assert!(permission.as_str().ends_with(":read"), "{permission}");
        }
    }

    #[test]
    fn narrowing_never_adds() {
        let wished: Permissions = [Permission::AuditWrite, AlertsRead].into_iter().collect();
        let held = Role::Analyst.permissions().narrowed_to(wished);
        assert_eq!(held.iter().collect::<Vec<_>>(), [AlertsRead]);
    }

    #[test]
    fn names_read_back() {
        for &permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(permission));
            assert_eq!(
                serde_json::to_value(permission).unwrap(),
                permission.as_str()
            );
        }
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert_eq!("root".parse::<Role>(), Err(UnknownName));
        assert_eq!("alerts:*".parse::<Permission>(), Err(UnknownName));
    }
}
