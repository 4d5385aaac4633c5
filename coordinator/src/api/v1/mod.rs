//! `/api/v1`: one file per resource.
//!
//! Owns the handlers and the shapes they take and give. A handler loads, lets `domain` decide, stores, and
//! answers; the right it needs is in its first argument.

#![expect(
    clippy::missing_errors_doc,
    reason = "a handler's errors are its documented answers"
)]

pub mod auth;
pub mod detectors;
pub mod events;
pub mod findings;
pub mod messages;
pub mod nodes;
pub mod queue;
pub mod scans;
pub mod views;
pub mod webhooks;

use super::cursor::{CursorKey, Page, PageQuery};
use super::problem::ApiError;
use crate::store::{self, Paging, Position};
use actix_web::HttpRequest;

/// What a list is called in its cursors: the path, and all of the query but the page.
fn list_name(request: &HttpRequest) -> String {
    let filters: Vec<&str> = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.starts_with("cursor=") && !pair.starts_with("limit="))
        .collect();
    format!("{}?{}", request.path(), filters.join("&"))
}

/// What to ask the store for: one item more than the page has, to know whether the list goes on.
fn paging(request: &HttpRequest, page: &PageQuery, key: &CursorKey) -> Result<Paging, ApiError> {
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
