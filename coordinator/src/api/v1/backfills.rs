//! `/api/v1/backfills`: reading again what was said.
//!
//! **Invariant:** how far one is, is told by what was read; how long it will go on is an estimate and called one.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::ids::{BackfillId, WorkspaceId};
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

use super::policies::is_slack_id;
use super::{page_of, paging};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::cursor::{Page, PageQuery};
use crate::api::fields::{Fields, Item, read_draft};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::domain::backfill::{LOOK_BACK, Span, Tally};
use crate::store::backfills::{
    self, Backfill, BackfillMode, BackfillReason, BackfillState, NewBackfill, Part,
};
use crate::store::installations::{self, InstallationState};

/// Channels of one backfill, at most.
const MAX_CHANNELS: usize = 1_000;
/// Backfills that somebody asked for and that have not ended, at most, of one workspace.
const MAX_OPEN: i64 = 20;
/// Longest workspace id.
const MAX_ID_CHARS: usize = 64;
const AN_ID: &str = "one of Slack's ids";

/// A backfill to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"workspace": "T0001", "from": "2026-01-01T00:00:00Z", "channels": ["C0001"], "mode": "alert"}))]
#[expect(dead_code, reason = "describes what is taken field by field")]
pub struct BackfillDraft {
    /// Slack's id of the workspace or organisation.
    #[schema(min_length = 1, max_length = 64)]
    workspace: String,
    /// What was said from then on is read.
    from: DateTime<Utc>,
    /// Up to then; now, if absent.
    until: Option<DateTime<Utc>>,
    /// Only these channels; all that the bot is in, if absent.
    #[schema(min_items = 1, max_items = 1000)]
    channels: Option<Vec<String>>,
    /// `alert` raises alerts and leaves messages where they are; `enforce` does all that policies say.
    #[schema(value_type = Option<ModeWord>, example = "alert")]
    mode: Option<String>,
    /// Scans again what was scanned before, such as after a change of detectors.
    again: Option<bool>,
}

/// What follows from what is found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModeWord {
    /// Alerts.
    Alert,
    /// All that policies say.
    Enforce,
}

/// A backfill, and how far it is.
#[derive(Serialize, ToSchema)]
pub struct BackfillView {
    /// Its id.
    id: Uuid,
    /// Slack's id of the workspace or organisation.
    #[schema(example = "T0001")]
    workspace: String,
    /// `asked` for by somebody, `events_dropped` by Slack, or `not_listened`: nobody took in what Slack sent.
    #[schema(example = "asked")]
    reason: &'static str,
    /// `alert` or `enforce`.
    #[schema(example = "alert")]
    mode: &'static str,
    /// Whether what was scanned before is scanned again.
    again: bool,
    /// `waiting`, `reading`, `done`, `failed` or `cancelled`.
    #[schema(example = "reading")]
    state: &'static str,
    /// Why it failed, or what it waits for: a word of Slack's, or ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<String>,
    /// What was said from then on is read.
    from: DateTime<Utc>,
    /// Up to then.
    until: DateTime<Utc>,
    /// Only these channels; all that the bot is in, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["C0001"]))]
    channels: Option<Vec<String>>,
    /// How far it is.
    progress: ProgressView,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_by: Option<Uuid>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    began_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
}

/// How far a backfill is.
#[derive(Serialize, ToSchema)]
pub struct ProgressView {
    /// Hundredths that are done; absent before its channels are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 42)]
    percent: Option<u8>,
    /// Channels.
    channels: u64,
    /// Channels that were read.
    channels_done: u64,
    /// Channels that cannot be read; `GET /api/v1/backfills/{id}` says which and why.
    channels_skipped: u64,
    /// Threads that were found in them.
    threads: u64,
    /// Threads that were read.
    threads_done: u64,
    /// Messages that were looked at.
    messages: u64,
    /// Scans that were begun because of them.
    jobs: u64,
    /// When it will end if it goes on as it went: an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_end: Option<DateTime<Utc>>,
}

/// A backfill, and what of it cannot be read.
#[derive(Serialize, ToSchema)]
pub struct BackfillDetail {
    #[serde(flatten)]
    backfill: BackfillView,
    /// Channels and threads that cannot be read, a hundred at most.
    skipped: Vec<SkippedView>,
}

/// A channel or a thread that cannot be read.
#[derive(Serialize, ToSchema)]
pub struct SkippedView {
    /// The channel.
    #[schema(example = "C0001")]
    channel: String,
    /// The thread, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    /// Why: Slack's word.
    #[schema(example = "not_in_channel")]
    because: String,
}

/// Backfills, newest first.
#[utoipa::path(
    get, operation_id = "listBackfills", path = "/api/v1/backfills", tag = "backfills", security(("bearer" = [])),
    params(PageQuery),
    responses((status = 200, description = "a page", body = Page<BackfillView>)),
)]
pub async fn list(
    _auth: Authorized<permit::WorkspacesRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<BackfillView>>, ApiError> {
    let paging = paging::<PageQuery>(&request, &page, &app.cursors)?;
    let reading = move |conn: &mut _| {
        let found = backfills::page(conn, paging)?;
        let ids: Vec<BackfillId> = found.items.iter().map(|one| one.id).collect();
        let tallies = backfills::tallies(conn, &ids)?;
        Ok((found, tallies))
    };
    let (found, tallies) = app.store.read(reading).await?;
    let now = app.clock.now();
    let view = |one: Backfill| {
        let tally = tallies.get(&one.id).copied().unwrap_or_default();
        (one.id.as_uuid(), BackfillView::of(one, &tally, now))
    };
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// One backfill.
#[utoipa::path(
    get, operation_id = "getBackfill", path = "/api/v1/backfills/{id}", tag = "backfills", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the backfill")),
    responses(
        (status = 200, description = "the backfill", body = BackfillDetail),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::WorkspacesRead>,
    id: web::Path<BackfillId>,
    app: web::Data<AppState>,
) -> Result<web::Json<BackfillDetail>, ApiError> {
    Ok(web::Json(detail(&app, *id).await?))
}

/// Reads again what was said. It begins within seconds, goes on however often coordinators stop, and reads as fast as
/// Slack lets it.
#[utoipa::path(
    post, operation_id = "createBackfill", path = "/api/v1/backfills", tag = "backfills", security(("bearer" = [])),
    request_body = BackfillDraft,
    responses(
        (status = 201, description = "made", body = BackfillDetail,
            headers(("Location" = String, description = "where it is"))),
        (status = 409, description = "there are 20 of that workspace already that have not ended", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::WorkspacesWrite>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let now = app.clock.now();
    let new = read(body.into_inner(), now).map_err(ApiError::unusable)?;
    let new = NewBackfill {
        requested_by: Some(auth.principal.user),
        ..new
    };
    let id = new.id;
    let making = move |conn: &mut _| {
        let known = installations::of_tenant(conn, &new.workspace)?;
        if known.is_none_or(|known| known.state == InstallationState::Uninstalled) {
            return Ok(Err(not_connected()));
        }
        if backfills::open_of(conn, &new.workspace)? >= MAX_OPEN {
            return Ok(Err(too_many()));
        }
        backfills::insert(conn, &new).map(Ok)
    };
    app.store.write(making).await??;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/backfills/{id}")))
        .json(detail(&app, id).await?))
}

/// Stops a backfill. What it found stays.
#[utoipa::path(
    post, operation_id = "cancelBackfill", path = "/api/v1/backfills/{id}/cancel", tag = "backfills", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the backfill")),
    responses(
        (status = 200, description = "it stops", body = BackfillDetail),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "it has ended", body = crate::api::Problem),
    ),
)]
pub async fn cancel(
    auth: Authorized<permit::WorkspacesWrite>,
    id: web::Path<BackfillId>,
    app: web::Data<AppState>,
) -> Result<web::Json<BackfillDetail>, ApiError> {
    let (id, by) = (*id, auth.principal.user);
    let cancelling = move |conn: &mut _| {
        if backfills::get(conn, id)?.is_none() {
            return Ok(Err(ApiError::new(ErrorCode::NotFound)));
        }
        let cancelled = (BackfillState::Cancelled, None);
        let ended = backfills::end(conn, id, cancelled, Some(by))?;
        Ok(if ended { Ok(()) } else { Err(over()) })
    };
    app.store.write(cancelling).await??;
    Ok(web::Json(detail(&app, id).await?))
}

async fn detail(app: &AppState, id: BackfillId) -> Result<BackfillDetail, ApiError> {
    let reading = move |conn: &mut _| {
        let Some(found) = backfills::get(conn, id)? else {
            return Ok(None);
        };
        let tally = backfills::tallies(conn, &[id])?.remove(&id);
        Ok(Some((
            found,
            tally.unwrap_or_default(),
            backfills::skipped(conn, id)?,
        )))
    };
    let found = app.store.read(reading).await?;
    let (found, tally, skipped) = found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
    Ok(BackfillDetail {
        backfill: BackfillView::of(found, &tally, app.clock.now()),
        skipped: skipped.into_iter().map(SkippedView::of).collect(),
    })
}

fn read(draft: Object, now: DateTime<Utc>) -> Result<NewBackfill, Vec<String>> {
    read_draft(draft, |fields| {
        let workspace = fields.need_line("workspace", MAX_ID_CHARS);
        if workspace.as_deref().is_some_and(|id| !is_slack_id(id)) {
            fields.note("workspace", format_args!("give {AN_ID}"));
        }
        let from = fields.need_time("from");
        let until = fields.time_or_null("until").flatten().unwrap_or(now);
        let channels = channels(fields);
        let mode: Option<BackfillMode> = mode(fields);
        let again: Option<bool> = fields.read("again", "true or false");
        let from = from?;
        if from >= until.min(now) {
            fields.note(
                "from",
                "give a time that lies before `until`, and before now",
            );
            return None;
        }
        Some(NewBackfill {
            id: BackfillId::fresh(),
            workspace: WorkspaceId::new(workspace?),
            reason: BackfillReason::Asked,
            mode: mode.unwrap_or(BackfillMode::Alert),
            again: again.unwrap_or(false),
            span: Span {
                from,
                until: until.min(now + TimeDelta::seconds(1)),
            },
            look_back: LOOK_BACK,
            channels,
            requested_by: None,
            due_in: Duration::ZERO,
        })
    })
}

fn mode(fields: &mut Fields<'_>) -> Option<BackfillMode> {
    let word: String = fields.read("mode", "`alert` or `enforce`")?;
    let all = [BackfillMode::Alert, BackfillMode::Enforce];
    let mode = all.into_iter().find(|mode| mode.as_str() == word);
    if mode.is_none() {
        fields.note("mode", "give `alert` or `enforce`");
    }
    mode
}

fn channels(fields: &mut Fields<'_>) -> Option<Vec<String>> {
    let items = fields.list("channels", MAX_CHANNELS)?;
    if items.is_empty() {
        fields.note("channels", "give at least one, or leave it out for all");
    }
    let mut channels: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        match item.as_text().filter(|id| is_slack_id(id)) {
            Some(id) => channels.push(id.to_owned()),
            None => note_item(fields, &item),
        }
    }
    channels.sort_unstable();
    channels.dedup();
    Some(channels)
}

fn note_item(fields: &Fields<'_>, item: &Item) {
    fields.note_whole(format_args!("{}: give {AN_ID}", item.at));
}

fn not_connected() -> ApiError {
    ApiError::unusable(vec![
        "workspace: the app is not installed there; `/api/v1/workspaces` lists where it is"
            .to_owned(),
    ])
}

fn too_many() -> ApiError {
    let told = "there are 20 backfills of this workspace that have not ended; wait, or cancel one";
    ApiError::new(ErrorCode::Conflict).with_detail(told)
}

fn over() -> ApiError {
    ApiError::new(ErrorCode::Conflict).with_detail("it has ended already")
}

impl BackfillView {
    fn of(found: Backfill, tally: &Tally, now: DateTime<Utc>) -> Self {
        let progress = ProgressView::of(&found, tally, now);
        Self {
            id: found.id.as_uuid(),
            workspace: found.workspace.to_string(),
            reason: found.reason.as_str(),
            mode: found.mode.as_str(),
            again: found.again,
            state: found.state.as_str(),
            reason_code: found.error_code,
            from: found.from_at,
            until: found.until_at,
            channels: found.channels.0,
            progress,
            requested_by: found.requested_by.map(|user| user.as_uuid()),
            created_at: found.created_at,
            began_at: found.began_at,
            ended_at: found.ended_at,
        }
    }
}

impl ProgressView {
    fn of(found: &Backfill, tally: &Tally, now: DateTime<Utc>) -> Self {
        let done = if found.state == BackfillState::Done {
            Some(1.0)
        } else {
            tally.done()
        };
        let elapsed = found.began_at.and_then(|began| (now - began).to_std().ok());
        let remaining = elapsed.and_then(|elapsed| tally.remaining(elapsed));
        let remaining = remaining.filter(|_| found.state == BackfillState::Reading);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 100"
        )]
        let percent = done.map(|done| (done * 100.0).floor() as u8);
        Self {
            percent,
            channels: tally.channels,
            channels_done: tally.channels_done,
            channels_skipped: tally.channels_skipped,
            threads: tally.threads,
            threads_done: tally.threads_done,
            messages: tally.messages,
            jobs: tally.jobs,
            estimated_end: remaining
                .and_then(|remaining| TimeDelta::from_std(remaining).ok())
                .and_then(|remaining| now.checked_add_signed(remaining)),
        }
    }
}

impl SkippedView {
    fn of(part: Part) -> Self {
        Self {
            thread: part.thread().map(str::to_owned),
            channel: part.channel_id,
            because: part.code.unwrap_or_default(),
        }
    }
}
