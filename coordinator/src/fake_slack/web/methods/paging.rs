//! Lists, page by page.
//!
//! **Invariant:** a page that is not the last names the next one, and no other does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::params::Params;
use crate::fake_slack::refusal::{Outcome, Refusal};

/// A page, and the cursor of the next.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: String,
}

/// Cuts the page that the arguments ask for. Cursors name the first item of a page by its key.
///
/// # Errors
/// `invalid_cursor`.
pub(super) fn page<T>(
    all: Vec<T>,
    params: &Params,
    limit: usize,
    key: impl Fn(&T) -> String,
) -> Outcome<Page<T>> {
    let start = match params.text("cursor") {
        None => 0,
        Some(cursor) => {
            let wanted = read(&cursor).ok_or_else(|| Refusal::of("invalid_cursor"))?;
            // What the cursor named may be gone: the list goes on behind it all the same.
            let found = all.iter().position(|item| key(item) == wanted);
            found.unwrap_or(all.len())
        }
    };
    let mut rest = all.into_iter().skip(start);
    let items: Vec<T> = rest.by_ref().take(limit).collect();
    let next = rest
        .next()
        .map(|item| write(&key(&item)))
        .unwrap_or_default();
    Ok(Page { items, next })
}

impl<T> Page<T> {
    pub(super) fn metadata(&self) -> Value {
        json!({ "next_cursor": self.next })
    }

    pub(super) fn has_more(&self) -> bool {
        !self.next.is_empty()
    }
}

fn write(key: &str) -> String {
    STANDARD.encode(format!("next:{key}"))
}

fn read(cursor: &str) -> Option<String> {
    let decoded = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    decoded.strip_prefix("next:").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_everything_once() {
        let all: Vec<u32> = (0..25).collect();
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let mut params = Params::default();
            params.add_form(format!("cursor={}", cursor.replace('=', "%3D")).as_bytes());
            let page = page(all.clone(), &params, 10, ToString::to_string).unwrap();
            seen.extend(page.items.iter().copied());
            assert!(page.items.len() <= 10);
            if !page.has_more() {
                break;
            }
            cursor = page.next;
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_made_up_cursor_is_refused() {
        let mut params = Params::default();
        params.add_form(b"cursor=hello");
        let refusal = page(vec![1], &params, 10, ToString::to_string).unwrap_err();
        assert_eq!(refusal.error, "invalid_cursor");
    }
}
