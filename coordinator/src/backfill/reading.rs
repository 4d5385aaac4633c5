//! Reading a page, and taking in what stands there.
//!
//! **Invariant:** what is taken in of a page and where reading goes on are one transaction.

use shared::failpoint;
use shared::ids::WorkspaceId;
use shared::secret::SecretString;

use super::page::{Contents, Wanted, contents, range};
use super::{Backfills, Halt};
use crate::inbox::Found;
use crate::slack::client::{HistoryPage, SlackError};
use crate::store::backfills::{self, Backfill, BackfillState, Part, PartState, Step};
use crate::store::intake::{self, NewInbound, Outcome};
use crate::store::{StoreError, jobs};

/// Messages asked for at once, and fewer if they are too much to read.
const LIMITS: [u16; 3] = [200, 15, 1];

impl Backfills {
    /// Reads a page of the next part, or ends what has none.
    pub(super) async fn read_on(&self, backfill: &Backfill) -> Result<(), Halt> {
        let id = backfill.id;
        let next = self
            .parts
            .store
            .read(move |conn| backfills::next_part(conn, id));
        let Some(part) = next.await? else {
            let done = (BackfillState::Done, None);
            let ending = move |conn: &mut _| backfills::end(conn, id, done, None);
            self.parts.store.write(ending).await?;
            tracing::info!(backfill = %id, "a backfill is done");
            return Ok(());
        };
        let (_, token) = self.reader(&backfill.workspace)?;
        failpoint::pass("backfill");
        match self.fetch(backfill, &part, &token).await {
            Ok(page) => self.take_in(backfill, part, page).await,
            Err(error) => match self.halt(&error) {
                Some(halt) => Err(halt),
                None => self.skip(part, &error).await,
            },
        }
    }

    async fn fetch(
        &self,
        backfill: &Backfill,
        part: &Part,
        token: &SecretString,
    ) -> Result<HistoryPage, SlackError> {
        let session = self.parts.prober.client.with(token, &backfill.workspace);
        let mut page = None;
        for limit in LIMITS {
            let range = range(backfill, part, limit);
            let read = match part.thread() {
                Some(thread) => session.replies(&part.channel_id, thread, &range).await?,
                None => session.history(&part.channel_id, &range).await?,
            };
            let is_whole = read.gaps.is_empty();
            page = Some(read);
            if is_whole {
                break;
            }
        }
        page.ok_or(SlackError::TooLong)
    }

    async fn skip(&self, part: Part, error: &SlackError) -> Result<(), Halt> {
        tracing::info!(backfill = %part.backfill, channel = %part.channel_id, %error, "a channel is not read");
        let step = Step {
            state: PartState::Skipped,
            code: Some(error.code().to_owned()),
            position: None,
            covered: crate::domain::backfill::WHOLE,
            messages: 0,
            jobs: 0,
        };
        let skipping = move |conn: &mut _| backfills::advance(conn, &part, &step);
        self.parts.store.write(skipping).await?;
        Ok(())
    }

    async fn take_in(
        &self,
        backfill: &Backfill,
        part: Part,
        page: HistoryPage,
    ) -> Result<(), Halt> {
        let gaps = page.gaps.clone();
        let Contents {
            wanted,
            threads,
            mut step,
        } = contents(backfill, &part, page);
        let wanted = self.unseen(backfill, &part, wanted).await?;
        let mut events: Vec<NewInbound> = Vec::with_capacity(wanted.len());
        for one in wanted {
            let event_id = event_id(backfill, &part, &one);
            let found = Found {
                workspace: &backfill.workspace,
                channel: &part.channel_id,
                kind: part.kind.as_deref(),
                external: part.external,
                message: one.message,
                gaps: &gaps,
            };
            let made = self.parts.inbox.found(found, event_id, backfill.mode);
            events.extend(made.map_err(|_no_randomness| StoreError::Busy)?);
        }
        failpoint::pass("backfill_page_read");
        let id = backfill.id;
        let taking = move |conn: &mut _| {
            let outcomes = intake::commit(conn, &events)?;
            let accepted = events.iter().zip(outcomes);
            let accepted = accepted.filter(|(_, outcome)| *outcome == Outcome::Accepted);
            step.jobs = accepted.map(|(event, _)| event.jobs.len() as u64).sum();
            backfills::add_parts(conn, id, &threads)?;
            backfills::advance(conn, &part, &step)
        };
        self.parts.store.write(taking).await?;
        failpoint::pass("backfill_page_taken_in");
        Ok(())
    }

    /// Leaves out what was scanned as it stands there now.
    async fn unseen(
        &self,
        backfill: &Backfill,
        part: &Part,
        wanted: Vec<Wanted>,
    ) -> Result<Vec<Wanted>, StoreError> {
        if backfill.again || wanted.is_empty() {
            return Ok(wanted);
        }
        let messages: Vec<String> = wanted.iter().map(|one| one.ts.clone()).collect();
        let (workspace, channel): (WorkspaceId, String) =
            (backfill.workspace.clone(), part.channel_id.clone());
        let reading = move |conn: &mut _| jobs::scanned(conn, &workspace, &channel, &messages);
        let scanned = self.parts.store.read(reading).await?;
        let is_seen = |one: &Wanted| scanned.get(&one.ts).is_some_and(|seen| *seen >= one.since);
        Ok(wanted.into_iter().filter(|one| !is_seen(one)).collect())
    }
}

/// What a second reading of the same state of a message has in common with the first.
fn event_id(backfill: &Backfill, part: &Part, one: &Wanted) -> String {
    let edited = one.edited.as_deref().unwrap_or_default();
    let of = format!(
        "{}/{}/{}/{edited}",
        backfill.workspace, part.channel_id, one.ts
    );
    if backfill.again {
        format!("{}/{of}", backfill.id)
    } else {
        of
    }
}
