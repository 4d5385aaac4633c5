//! `/api/v1`: one file per resource.
//!
//! Owns the handlers and the shapes they take and give. A handler loads, lets `domain` decide, stores, and
//! answers; the right it needs is in its first argument.

#![expect(
    clippy::missing_errors_doc,
    reason = "a handler's errors are its documented answers"
)]

pub mod alerts;
pub mod audit;
pub mod auth;
pub mod backfills;
pub mod detectors;
pub mod events;
pub mod findings;
pub mod groups;
pub mod held;
pub mod mail;
pub mod messages;
mod moment;
pub mod nodes;
pub mod policies;
pub mod privacy;
pub mod queue;
pub mod scans;
pub mod stats;
pub mod suppressions;
pub mod tokens;
pub mod users;
pub mod views;
pub mod webhooks;
pub mod workspaces;

use super::cursor::{CursorKey, Page, PageQuery};
use super::problem::ApiError;
use crate::store::{self, Paging, Position};
use actix_web::HttpRequest;
use url::form_urlencoded;
use utoipa::IntoParams;
use utoipa::openapi::path::Parameter;

/// What a list is called in its cursors: the path, and all of the query but the page.
fn list_name(request: &HttpRequest) -> String {
    let filters: Vec<&str> = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.starts_with("cursor=") && !pair.starts_with("limit="))
        .collect();
    format!("{}?{}", request.path(), filters.join("&"))
}

/// Refuses a query with a parameter that is not of `Q`: a filter that is misspelt would otherwise show
/// everything.
fn known_only<Q: IntoParams>(request: &HttpRequest) -> Result<(), ApiError> {
    known_among(request, &Q::into_params(|| None))
}

/// Refuses a query with a parameter that is not among these, or with a value that no database takes.
fn known_among(request: &HttpRequest, known: &[Parameter]) -> Result<(), ApiError> {
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
            return Err(not_among(known));
        };
        // A cursor with one is none of ours, which is said in other words.
        if value.contains('\0') && parameter.name != "cursor" {
            let told = format!("`{}` is not usable: it has a NUL in it", parameter.name);
            return Err(ApiError::invalid(told));
        }
    }
    Ok(())
}

fn not_among(known: &[Parameter]) -> ApiError {
    let names: Vec<&str> = known
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    ApiError::invalid(format!(
        "the query has a parameter that is not known here; known are {}",
        names.join(", ")
    ))
}

/// What to ask the store for: one item more than the page has, to know whether the list goes on. `Q` is what the
/// list knows beside the page; anything else in the query is refused.
fn paging<Q: IntoParams>(
    request: &HttpRequest,
    page: &PageQuery,
    key: &CursorKey,
) -> Result<Paging, ApiError> {
    let mut known = PageQuery::into_params(|| None);
    known.extend(Q::into_params(|| None));
    known_among(request, &known)?;
    let after = match &page.cursor {
        Some(cursor) => Some(key.open(&list_name(request), cursor)?),
        None => None,
    };
    Ok(Paging {
        after,
        limit: u32::from(page.limit.get()) + 1,
    })
}

/// The page of a list, as the API shows it.
fn page_of<T, V, P: Into<Position>>(
    request: &HttpRequest,
    query: &PageQuery,
    key: &CursorKey,
    found: store::Page<T>,
    view: impl Fn(T) -> (P, V),
) -> Page<V> {
    let name = list_name(request);
    let placed = |item| {
        let (place, view) = view(item);
        (place.into(), view)
    };
    let items: Vec<(Position, V)> = found.items.into_iter().map(placed).collect();
    let page = Page::of(items, query.limit, found.total, |(place, _)| {
        key.seal(&name, *place)
    });
    Page {
        items: page.items.into_iter().map(|(_, view)| view).collect(),
        next_cursor: page.next_cursor,
        total: page.total,
    }
}
