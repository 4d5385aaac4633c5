//! Identifiers: one type per thing, so that one cannot stand in for another.
//!
//! Owns how ids are made (version 7 UUIDs, ordered by time of making) and how they are written.
//! **Invariant:** the only module that makes a random id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id: version 7, so later ids sort after earlier ones.
            #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id behind the type.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}

uuid_ids! {
    /// A scan job, and the scan that an API caller asked for: the idempotency key of results.
    JobId;
    /// An event taken in, whatever the source called it.
    InboundEventId;
    /// One finding.
    FindingId;
    /// One message meeting one policy.
    ViolationId;
    /// What people work on.
    AlertId;
    /// Once that a leak was seen.
    OccurrenceId;
    /// Something that somebody said or did about an alert.
    ActivityId;
    /// A suppression, or an accepted risk.
    SuppressionId;
    /// Once that somebody looked at an original.
    RevealId;
    /// What a firewall, a model or another system reported.
    SecurityEventId;
    /// Whom alerts are told to over HTTP.
    WebhookId;
    /// A list of Slack users that policies name.
    PeopleGroupId;
    /// A policy.
    PolicyId;
    /// Where the app is installed.
    InstallationId;
    /// A message that was blocked.
    HeldId;
    /// A scan of old messages.
    BackfillId;
    /// A row of the action outbox.
    ActionId;
    /// An entry of the audit trail.
    AuditEventId;
    /// Somebody who signs in.
    UserId;
    /// An API or refresh token (its row, never its secret).
    TokenId;
    /// A stored, sealed blob: an uploaded file or a quarantined original.
    BlobId;
    /// A running scanner node: new at each start of its process.
    NodeId;
    /// One HTTP request, answered in `X-Request-Id`.
    RequestId;
    /// The memory of a queue's backend: a new one means the old one may be gone.
    EpochId;
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps an id given by somebody else.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as its giver writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

text_ids! {
    /// The tenant a job belongs to: Slack's `team_id` (or `enterprise_id` of an org-wide install),
    /// or [`WorkspaceId::api`] for texts and files that came through the REST API.
    WorkspaceId;
    /// A detector, by the name it has in its pack or in the database.
    DetectorId;
    /// Which detectors, exactly: a digest over the enabled detectors of a set.
    DetectorSetVersion;
}

impl WorkspaceId {
    /// The workspace of everything that came through the REST API.
    pub fn api() -> Self {
        Self::new("api")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_in_the_order_they_were_made() {
        let ids: Vec<JobId> = (0..64).map(|_| JobId::fresh()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn an_id_reads_back_what_it_writes() {
        let id = JobId::fresh();
        assert_eq!(id.to_string().parse::<JobId>().unwrap(), id);
        assert_eq!(
            serde_json::from_str::<JobId>(&serde_json::to_string(&id).unwrap()).unwrap(),
            id
        );
    }
}
