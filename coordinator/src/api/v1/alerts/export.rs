//! `GET /api/v1/alerts/export`: all alerts that pass, as one file.
//!
//! Owns writing CSV and JSON page by page: memory stays the same however many there are, and no transaction
//! lasts longer than a page.
//! **Invariant:** the audit entry is stored before the first byte leaves; a file that could not be read to the
//! end ends in an error of the connection and never looks whole; no cell is a formula.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::stream::{Stream, try_unfold};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::clock::SharedClock;
use shared::job::RetryClass;
use url::form_urlencoded;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use super::query::{AlertQuery, read_filter};
use super::views::AlertView;
use crate::api::auth::{Authorized, permit};
use crate::api::problem::ApiError;
use crate::api::state::AppState;
use crate::api::v1::known_among;
use crate::store::alerts::{self, Alert, AlertFilter};
use crate::store::audit::{self, NewAuditEvent};
use crate::store::{Paging, Position, Store};

/// Alerts read at once.
const PAGE: u32 = 500;

/// The form of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A table with a row of names, RFC 4180.
    #[default]
    Csv,
    /// An array.
    Json,
}

/// As what to export.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `csv`, which is what an absent one is, or `json`.
    #[param(value_type = Option<Format>, inline, example = "csv")]
    format: Option<String>,
}

/// All that an export takes.
struct Whole;

impl IntoParams for Whole {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = ExportQuery::into_params(&place);
        all.extend(AlertQuery::into_params(&place));
        all
    }
}

/// All alerts that pass, newest first, as a file. An entry in the audit trail says who took how many.
#[utoipa::path(
    get, operation_id = "exportAlerts", path = "/api/v1/alerts/export", tag = "alerts", security(("bearer" = [])),
    params(ExportQuery, AlertQuery),
    responses(
        (status = 200, description = "the file", content(
            (Vec<AlertView> = "application/json"),
            (String = "text/csv", example = json!("id,status,severity,source,title\r\n")),
        )),
    ),
)]
pub async fn export(
    auth: Authorized<permit::AlertsRead>,
    request: HttpRequest,
    export: web::Query<ExportQuery>,
    query: web::Query<AlertQuery>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    known_among(&request, &Whole::into_params(|| None))?;
    let format = match export.format.as_deref() {
        None | Some("csv") => Format::Csv,
        Some("json") => Format::Json,
        Some(_) => {
            return Err(ApiError::invalid(
                "`format` is not usable; give csv or json",
            ));
        }
    };
    let by = auth.principal.user;
    let filter = read_filter(query.into_inner(), by)?;
    let names = filter_names(&request);
    let counted = filter.clone();
    let note = move |conn: &mut crate::store::Conn| {
        let count = alerts::count(conn, &counted, u32::MAX)?;
        let data = json!({ "count": count, "filters": names, "format": format });
        let deed = NewAuditEvent::deed("alerts.exported", Some(by), "alerts".to_owned(), data);
        audit::append(conn, [deed]);
        Ok(())
    };
    app.store.write(note).await?;
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "alerts.csv"),
        Format::Json => ("application/json", "alerts.json"),
    };
    let file = File {
        store: app.store.clone(),
        clock: app.clock.clone(),
        filter,
        format,
        after: None,
        stage: Stage::Beginning,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .streaming(file.bytes()))
}

/// Which filters were used, without their values.
fn filter_names(request: &HttpRequest) -> Vec<String> {
    let sent = form_urlencoded::parse(request.query_string().as_bytes());
    let mut names: Vec<String> = sent.map(|(name, _)| name.into_owned()).collect();
    names.retain(|name| name != "format");
    names
}

/// How far a file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Beginning,
    Middle,
    Ended,
}

/// Which part of a file a page is.
#[derive(Clone, Copy)]
struct Part {
    first: bool,
    last: bool,
}

/// A file under way.
struct File {
    store: Store,
    clock: SharedClock,
    filter: AlertFilter,
    format: Format,
    after: Option<Position>,
    stage: Stage,
}

impl File {
    fn bytes(self) -> impl Stream<Item = Result<Bytes, ApiError>> {
        try_unfold(self, |mut file| async move {
            if file.stage == Stage::Ended {
                return Ok(None);
            }
            let chunk = file.next().await?;
            Ok(Some((chunk, file)))
        })
    }

    /// The bytes of the next page.
    async fn next(&mut self) -> Result<Bytes, ApiError> {
        let filter = self.filter.clone();
        let paging = Paging {
            after: self.after,
            limit: PAGE,
        };
        let read = self
            .store
            .read(move |conn| alerts::portion(conn, &filter, paging));
        let page = read.await?;
        self.after = page
            .last()
            .map(|last| alerts::place(self.filter.ordering, last));
        let first = self.stage == Stage::Beginning;
        self.stage = if page.len() < PAGE as usize {
            Stage::Ended
        } else {
            Stage::Middle
        };
        let part = Part {
            first,
            last: self.stage == Stage::Ended,
        };
        let now = self.clock.now();
        match self.format {
            Format::Csv => csv_of(page, part, now),
            Format::Json => json_of(page, part, now),
        }
    }
}

fn json_of(page: Vec<Alert>, part: Part, now: DateTime<Utc>) -> Result<Bytes, ApiError> {
    let Part { first, last } = part;
    let mut bytes = Vec::new();
    let mut front: &[u8] = if first { b"[" } else { b",\n" };
    if first && page.is_empty() {
        bytes.extend_from_slice(front);
    }
    for alert in page {
        bytes.extend_from_slice(front);
        serde_json::to_writer(&mut bytes, &AlertView::of(alert, now))
            .map_err(|error| ApiError::failed(RetryClass::Permanent, error))?;
        front = b",\n";
    }
    if last {
        bytes.extend_from_slice(b"]\n");
    }
    Ok(bytes.into())
}

const COLUMNS: [&str; 22] = [
    "id",
    "status",
    "severity",
    "source",
    "title",
    "description",
    "info_type",
    "fingerprint",
    "policy_id",
    "workspace",
    "channel",
    "user",
    "message",
    "event_id",
    "occurrences",
    "created_at",
    "last_seen_at",
    "assignee",
    "due_at",
    "overdue",
    "resolution",
    "closed_at",
];

fn csv_of(page: Vec<Alert>, part: Part, now: DateTime<Utc>) -> Result<Bytes, ApiError> {
    let failed =
        |error: csv::Error| ApiError::failed(RetryClass::Permanent, Unwritable::from(error));
    let mut table = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    if part.first {
        table.write_record(COLUMNS).map_err(failed)?;
    }
    for alert in page {
        let cells = cells(AlertView::of(alert, now)).map(guarded);
        table.write_record(cells).map_err(failed)?;
    }
    let bytes = table.into_inner();
    let bytes = bytes.map_err(|_unflushed| ApiError::failed(RetryClass::Permanent, Unwritable));
    bytes.map(Bytes::from)
}

/// A table could not be written.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a row of a table cannot be written")]
struct Unwritable;

impl From<csv::Error> for Unwritable {
    fn from(_may_quote_a_row: csv::Error) -> Self {
        Self
    }
}

/// As [`COLUMNS`] names them.
fn cells(view: AlertView) -> [String; 22] {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    [
        view.id.to_string(),
        view.status.to_owned(),
        view.severity.to_owned(),
        view.source,
        view.title,
        view.description.unwrap_or_default(),
        view.info_type.unwrap_or_default(),
        view.fingerprint.unwrap_or_default(),
        id(view.policy_id),
        view.workspace.unwrap_or_default(),
        view.channel.unwrap_or_default(),
        view.user.unwrap_or_default(),
        id(view.message),
        id(view.event_id),
        view.occurrences.to_string(),
        time(view.created_at),
        time(view.last_seen_at),
        id(view.assignee),
        view.due_at.map(time).unwrap_or_default(),
        view.overdue.to_string(),
        view.resolution.unwrap_or_default(),
        view.closed_at.map(time).unwrap_or_default(),
    ]
}

/// A cell that a spreadsheet takes for a formula gets a mark in front, which it takes for "this is text".
fn guarded(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for sign in ["=", "+", "-", "@", "\t", "\r"] {
            let cell = format!("{sign}SUM(A1)");
            assert_eq!(guarded(cell.clone()), format!("'{cell}"));
        }
        assert_eq!(guarded("a=b".to_owned()), "a=b");
        assert_eq!(guarded(String::new()), "");
    }

    #[test]
    fn an_array_without_alerts_is_one_too() {
        let now = DateTime::UNIX_EPOCH;
        let part = |first| Part { first, last: true };
        let whole = json_of(Vec::new(), part(true), now).unwrap();
        assert_eq!(
            serde_json::from_slice::<Vec<u8>>(&whole).unwrap(),
            Vec::<u8>::new()
        );
        assert_eq!(json_of(Vec::new(), part(false), now).unwrap(), "]\n");
    }

    proptest! {
        #[test]
        fn a_guarded_cell_keeps_its_text(text in "[=+@a\\-\t\r]{0,6}") {
            let cell = guarded(text.clone());
            prop_assert!(cell.ends_with(&text) && cell.len() <= text.len() + 1);
        }
    }
}
