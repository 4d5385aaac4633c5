//! A name for each HTTP request, by which the caller and the log can meet.
//!
//! Owns which names of a caller are taken over. Leaves setting the header to `boundary`.
//! **Invariant:** a name is at most 64 letters, digits and `._-`: it goes into logs and headers as it is.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use shared::ids::RequestId;

/// The header, in requests and in every answer.
pub const HEADER: &str = "x-request-id";

const MAX_LENGTH: usize = 64;

/// The request's name: the caller's if it is well-formed, otherwise one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestName(Arc<str>);

impl RequestName {
    /// Makes a new one.
    pub fn fresh() -> Self {
        Self(RequestId::fresh().to_string().into())
    }

    /// Takes the caller's, or makes a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        headers
            .get(HEADER)
            .and_then(|value| value.to_str().ok())
            .filter(|name| is_well_formed(name))
            .map_or_else(Self::fresh, |name| Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name the boundary gave; a new one where there is no boundary.
impl FromRequest for RequestName {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = request.extensions().get::<Self>().cloned();
        ready(Ok(given.unwrap_or_else(Self::fresh)))
    }
}

fn is_well_formed(name: &str) -> bool {
    (1..=MAX_LENGTH).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn taken(name: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_static(HEADER),
            HeaderValue::from_str(name).unwrap(),
        );
        RequestName::of(&headers).as_str() == name
    }

    #[test]
    fn a_well_formed_name_is_taken_over() {
        assert!(taken("req_1.a-B"));
        assert!(taken(&"a".repeat(64)));
    }

    #[test]
    fn any_other_name_is_replaced() {
        for bad in ["", "a b", "a\tb", "{}", "caf\u{e9}", &"a".repeat(65)] {
            assert!(!taken(bad), "{bad}");
        }
        assert_ne!(
            RequestName::of(&HeaderMap::new()),
            RequestName::of(&HeaderMap::new())
        );
    }
}
