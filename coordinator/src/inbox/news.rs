//! What is told beside content.
//!
//! **Invariant:** what follows from it is written before it counts as taken in, and may be written twice.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use shared::ids::WorkspaceId;

use super::{Inbox, InboxError};
use crate::alarms::Trouble;
use crate::domain::backfill::Span;
use crate::domain::capability::Ability;
use crate::mended;
use crate::slack::event::{Event, FileNews, News};
use crate::store::audit::{self, NewAuditEvent};
use crate::store::installations::{self, InstallationState, note_state};
use crate::store::slack_actions::{Row, SlackActions, SlackDeed};
use crate::store::{Conn, StoreResult, clock, outbox};
use crate::survey::Joining;

/// What Slack names when it dropped events.
const A_MINUTE: TimeDelta = TimeDelta::minutes(1);

impl Inbox {
    /// Writes down what follows from news; says whether that is all there is to the event.
    pub(super) async fn news(
        &self,
        event: &Event,
        news: News,
        files_are_read: bool,
    ) -> Result<bool, InboxError> {
        let workspace = event.workspace.clone();
        let actions = self.actions.clone();
        match news {
            News::MessageGone { channel, ts } => {
                let writing = move |conn: &mut Conn| {
                    mended::after_deletion(conn, &actions, &workspace, (&channel, &ts))
                };
                self.store.write(writing).await?;
                self.bell.ring();
                Ok(true)
            }
            News::File { id, news, at } if files_are_read => {
                let writing =
                    move |conn: &mut Conn| look_at(conn, &actions, &workspace, (id, news, at));
                self.store.write(writing).await?;
                self.bell.ring();
                Ok(true)
            }
            News::Uninstalled => {
                self.ended(workspace, InstallationState::Uninstalled, "app_uninstalled")
                    .await
            }
            News::TokensRevoked { users, bots } => self.revoked(workspace, &users, &bots).await,
            News::ChannelCreated { channel } => self.enter(workspace, channel).await,
            News::ChannelRenumbered { old, new } => self.renumbered(workspace, old, new).await,
            News::AccessChanged { teams } => self.reaches(workspace, teams).await,
            // A file that nobody can fetch is a gap, which the event itself tells.
            News::File { .. } => Ok(false),
        }
    }

    /// What is said in a channel that nobody entered is not heard.
    async fn enter(&self, workspace: WorkspaceId, channel: String) -> Result<bool, InboxError> {
        let known = self.installations.of(&workspace);
        let able = known.is_some_and(|known| known.capabilities.allow(Ability::JoinChannels));
        if self.joining == Joining::Invited || !able {
            return Ok(true);
        }
        let actions = self.actions.clone();
        let writing = move |conn: &mut Conn| {
            let row = Row::new(format!("join/{workspace}/{channel}"), &workspace);
            let row = actions.row(
                &SlackDeed::Join {
                    channel: channel.clone(),
                },
                row,
            )?;
            let now = clock::now(conn)?;
            outbox::enqueue(conn, &[row], now)
        };
        self.store.write(writing).await?;
        self.bell.ring();
        Ok(true)
    }

    /// A channel that is shared with others, or no longer, may get another id.
    async fn renumbered(
        &self,
        workspace: WorkspaceId,
        old: String,
        new: String,
    ) -> Result<bool, InboxError> {
        let writing = move |conn: &mut Conn| {
            let moved = installations::move_review_channel(conn, &workspace, (&old, &new))?;
            let data = json!({ "old": old, "new": new, "was_for_reviews": moved });
            let subject = workspace.to_string();
            let deed = NewAuditEvent::deed("slack.channel_renumbered", None, subject, data);
            audit::append(conn, [deed]);
            Ok(())
        };
        self.store.write(writing).await?;
        Ok(true)
    }

    /// An organisation's installation reaches other workspaces than before: Slack has to be asked which.
    async fn reaches(
        &self,
        workspace: WorkspaceId,
        teams: Vec<String>,
    ) -> Result<bool, InboxError> {
        let writing = move |conn: &mut Conn| {
            let data = json!({ "teams": teams });
            let subject = workspace.to_string();
            let deed = NewAuditEvent::deed("slack.access_changed", None, subject, data);
            audit::append(conn, [deed]);
            Ok(())
        };
        self.store.write(writing).await?;
        self.installations.doubt();
        Ok(true)
    }

    async fn revoked(
        &self,
        workspace: WorkspaceId,
        users: &[String],
        bots: &[String],
    ) -> Result<bool, InboxError> {
        let known = self.installations.of(&workspace);
        let is_ours = known.is_some_and(|known| known.is_anybody_of(users, bots));
        if !is_ours {
            return Ok(true);
        }
        self.ended(workspace, InstallationState::Broken, "tokens_revoked")
            .await
    }

    async fn ended(
        &self,
        workspace: WorkspaceId,
        state: InstallationState,
        reason: &'static str,
    ) -> Result<bool, InboxError> {
        tracing::warn!(%workspace, reason, "an installation works no longer");
        let alarms = self.alarms.clone();
        let writing = move |conn: &mut Conn| {
            if note_state(conn, &workspace, state, reason)? {
                alarms.raise(conn, &workspace, &trouble(state, reason))?;
            }
            Ok(())
        };
        self.store.write(writing).await?;
        self.installations.refresh(&self.store).await?;
        Ok(true)
    }

    /// Between these times nobody listened.
    ///
    /// # Errors
    /// As any query.
    pub async fn was_deaf(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), InboxError> {
        let gaps = self.gaps.clone();
        let silence = Span::of_silence(from, to);
        let noting = move |conn: &mut Conn| gaps.nobody_listened(conn, silence);
        Ok(self.store.write(noting).await?)
    }

    /// Slack dropped events: there is a gap.
    pub(super) async fn missed_events(
        &self,
        workspace: WorkspaceId,
        minute: Option<DateTime<Utc>>,
    ) -> Result<(), InboxError> {
        let gaps = self.gaps.clone();
        let noting = move |conn: &mut Conn| {
            let from = minute.unwrap_or(clock::now(conn)? - A_MINUTE);
            let span = Span {
                from,
                until: from + A_MINUTE,
            };
            gaps.slack_dropped(conn, &workspace, span)
        };
        Ok(self.store.write(noting).await?)
    }
}

fn trouble(state: InstallationState, reason: &str) -> Trouble {
    match state {
        InstallationState::Uninstalled => Trouble::Uninstalled,
        InstallationState::Active | InstallationState::Broken => Trouble::InstallationBroken {
            reason: reason.to_owned(),
        },
    }
}

/// Somebody has to ask Slack where the file is, and what it is now.
fn look_at(
    conn: &mut Conn,
    actions: &SlackActions,
    workspace: &WorkspaceId,
    (file, news, at): (String, FileNews, String),
) -> StoreResult<()> {
    // Of one sharing there are several events; only a change makes the file another one.
    let change = if news == FileNews::There {
        ""
    } else {
        at.as_str()
    };
    let key = format!("file/{workspace}/{file}/{}/{change}", news.as_str());
    let deed = SlackDeed::File {
        file,
        news: news.as_str().to_owned(),
        at,
    };
    let row = actions.row(&deed, Row::new(key, workspace))?;
    let now = clock::now(conn)?;
    outbox::enqueue(conn, &[row], now)
}
