//! What goes wrong with Weir itself in a workspace, as alerts that people work on like any other.
//!
//! Owns what is worth an alert, its words and how grave it is. Leaves raising to `store::alerts`, and whom to tell
//! to `store::notices`.
//! **Invariant:** the same trouble in the same place is one alert, however often it comes; its words hold ids and
//! codes only.

use shared::finding::Severity;
use shared::ids::{AlertId, PolicyId, WorkspaceId};

use crate::domain::due_times::DueTimes;
use crate::store::alerts::{self, NewAlert};
use crate::store::notices::Notices;
use crate::store::{Conn, StoreResult, clock};

/// Who raises these alerts.
pub const SOURCE: &str = "weir";

/// Something that somebody has to see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Slack sent more events than it lets through, and dropped some.
    EventsDropped,
    /// Nobody took in what Slack sent for so long that Slack may have stopped.
    NotListened,
    /// Slack takes a token no longer.
    InstallationBroken {
        /// Slack's word.
        reason: String,
    },
    /// The app was removed.
    Uninstalled,
    /// A policy blocks abnormally often in a channel, and only alerts there for now.
    Storm {
        /// The policy.
        policy: Option<PolicyId>,
        /// The channel.
        channel: String,
    },
    /// A policy in force promises what no token allows.
    PromiseUnkept {
        /// The policy.
        policy: PolicyId,
        /// The action.
        action: &'static str,
    },
    /// Something that was to be done in Slack was tried too often.
    GivenUp {
        /// What: the kind of an action.
        kind: String,
        /// The word of the last failure.
        code: String,
    },
    /// Older messages could not be read again.
    BackfillFailed {
        /// The word of the failure.
        code: String,
    },
}

/// Raises alerts of troubles. Cheap to clone.
#[derive(Clone)]
pub struct Alarms {
    /// Whom to tell.
    pub notices: Notices,
    /// How long people have.
    pub times: DueTimes,
}

impl Alarms {
    /// Raises the alert of a trouble in a workspace. Call it in a transaction.
    ///
    /// # Errors
    /// As any query.
    pub fn raise(
        &self,
        conn: &mut Conn,
        workspace: &WorkspaceId,
        trouble: &Trouble,
    ) -> StoreResult<AlertId> {
        let now = clock::now(conn)?;
        let new = self.alert(workspace, trouble);
        let id = new.id;
        let raised = alerts::raise(conn, &[&new], now)?;
        self.notices.announce(conn, &raised, now)?;
        Ok(raised.first().map_or(id, |raised| raised.alert))
    }

    fn alert(&self, workspace: &WorkspaceId, trouble: &Trouble) -> NewAlert {
        let severity = trouble.severity();
        let (policy, channel) = trouble.place();
        NewAlert {
            id: AlertId::fresh(),
            keys: vec![trouble.key(workspace)],
            severity,
            source: SOURCE.to_owned(),
            title: trouble.title().to_owned(),
            description: Some(trouble.advice()),
            info_type: None,
            fingerprint: None,
            policy,
            workspace: Some(workspace.clone()),
            channel_id: channel.map(str::to_owned),
            user_id: None,
            message_ts: None,
            job: None,
            event: None,
            due_in: self.times.of(severity),
        }
    }
}

impl Trouble {
    /// The word for its kind.
    const fn kind(&self) -> &'static str {
        match self {
            Self::EventsDropped => "events_dropped",
            Self::NotListened => "not_listened",
            Self::InstallationBroken { .. } => "installation_broken",
            Self::Uninstalled => "uninstalled",
            Self::Storm { .. } => "storm",
            Self::PromiseUnkept { .. } => "promise_unkept",
            Self::GivenUp { .. } => "given_up",
            Self::BackfillFailed { .. } => "backfill_failed",
        }
    }

    const fn severity(&self) -> Severity {
        match self {
            Self::InstallationBroken { .. } | Self::Uninstalled => Severity::Critical,
            Self::EventsDropped
            | Self::Storm { .. }
            | Self::PromiseUnkept { .. }
            | Self::GivenUp { .. } => Severity::High,
            Self::NotListened | Self::BackfillFailed { .. } => Severity::Medium,
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::EventsDropped => "Slack dropped events of this workspace",
            Self::NotListened => "Nobody took in what Slack sent for more than an hour",
            Self::InstallationBroken { .. } => "Slack takes a token of Weir no longer",
            Self::Uninstalled => "The app was removed from the workspace",
            Self::Storm { .. } => "A policy blocks abnormally often in a channel",
            Self::PromiseUnkept { .. } => "A policy promises what no token allows",
            Self::GivenUp { .. } => "Something could not be done in Slack",
            Self::BackfillFailed { .. } => "Older messages could not be read",
        }
    }

    /// What it means, and what to do.
    fn advice(&self) -> String {
        match self {
            Self::EventsDropped => "More happened than Slack tells an app in an hour. The messages of that time are \
                read again by a backfill, which ends later than the events would have come."
                .to_owned(),
            Self::NotListened => "After an hour Slack stops to send events: see whether they are turned on at the \
                app's page, under Event Subscriptions. The messages of that time are read again by a backfill."
                .to_owned(),
            Self::InstallationBroken { reason } => format!(
                "Slack says `{reason}`. Messages may be scanned, and nothing is done about them: install the app \
                 again, or give Weir the new tokens."
            ),
            Self::Uninstalled => {
                "Nothing is scanned there any more. If that was not meant, install the app again.".to_owned()
            }
            Self::Storm { .. } => "Its messages are alerted to and left standing until fewer come. Look whether the \
                policy is too wide; `slack.storm_limit` says how many are too many."
                .to_owned(),
            Self::PromiseUnkept { action, .. } => format!(
                "It wants `{action}`, and the tokens of this workspace do not allow it. `/api/v1/workspaces` says \
                 what lacks: give Weir that token or scope, or change the policy."
            ),
            Self::GivenUp { kind, code } => format!(
                "`{kind}` was tried again and again, and failed last with `{code}`. What it was about is in the \
                 activity of its alert and in the audit trail; see to it by hand."
            ),
            Self::BackfillFailed { code } => format!(
                "It failed with `{code}`. `/api/v1/backfills` says how far it came; begin another one once that is \
                 mended."
            ),
        }
    }

    fn place(&self) -> (Option<PolicyId>, Option<&str>) {
        match self {
            Self::Storm { policy, channel } => (*policy, Some(channel)),
            Self::PromiseUnkept { policy, .. } => (Some(*policy), None),
            _ => (None, None),
        }
    }

    /// What the same trouble is known by when it comes again.
    fn key(&self, workspace: &WorkspaceId) -> String {
        let of = format!("{SOURCE}/{}/{workspace}", self.kind());
        match self {
            Self::EventsDropped
            | Self::NotListened
            | Self::InstallationBroken { .. }
            | Self::Uninstalled
            | Self::BackfillFailed { .. } => of,
            Self::Storm { policy, channel } => {
                let policy = policy.map(|policy| policy.to_string());
                format!("{of}/{}/{channel}", policy.unwrap_or_default())
            }
            Self::PromiseUnkept { policy, action } => format!("{of}/{policy}/{action}"),
            Self::GivenUp { kind, .. } => format!("{of}/{kind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Trouble> {
        let policy = PolicyId::fresh();
        let code = || "timed_out".to_owned();
        vec![
            Trouble::EventsDropped,
            Trouble::NotListened,
            Trouble::InstallationBroken {
                reason: "token_revoked".to_owned(),
            },
            Trouble::Uninstalled,
            Trouble::Storm {
                policy: Some(policy),
                channel: "C1".to_owned(),
            },
            Trouble::PromiseUnkept {
                policy,
                action: "block",
            },
            Trouble::GivenUp {
                kind: "release".to_owned(),
                code: code(),
            },
            Trouble::BackfillFailed { code: code() },
        ]
    }

    #[test]
    fn each_trouble_of_each_workspace_is_an_alert_of_its_own() {
        let workspaces = [WorkspaceId::new("T1"), WorkspaceId::new("T2")];
        let keys = workspaces
            .iter()
            .flat_map(|workspace| all().into_iter().map(move |one| one.key(workspace)));
        let mut keys: Vec<String> = keys.collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 16);
    }

    #[test]
    fn the_same_trouble_is_known_again_whatever_slack_called_it() {
        let workspace = WorkspaceId::new("T1");
        let broken = |reason: &str| Trouble::InstallationBroken {
            reason: reason.to_owned(),
        };
        let keys = ["token_revoked", "account_inactive"].map(|word| broken(word).key(&workspace));
        assert_eq!(keys[0], keys[1]);
    }

    #[test]
    fn advice_ends_in_a_full_stop_and_titles_do_not() {
        for trouble in all() {
            assert!(trouble.advice().ends_with('.'), "{trouble:?}");
            assert!(!trouble.title().ends_with('.'), "{trouble:?}");
        }
    }
}
