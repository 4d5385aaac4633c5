//! Requests that name themselves, so that they can be sent again: `Idempotency-Key`.
//!
//! Owns the header, and giving the same answer to the same request. A handler takes a [`KeyHeader`] and does its
//! work through [`once`].
//! **Invariant:** the answer is stored in the transaction of the deed: a request that is sent again after its
//! answer was lost finds either both or neither.
//!
//! # Source
//! draft-ietf-httpapi-idempotency-key-header-07.

use std::convert::Infallible;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::future::{Ready, ready};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::ids::UserId;
use utoipa::IntoParams;

use super::problem::{ApiError, ErrorCode};
use crate::store::idempotency::{self, Known, NamedRequest};
use crate::store::{Conn, Store, StoreError, StoreResult};

/// The header.
pub const HEADER: &str = "idempotency-key";
/// Says that an answer was given before.
pub const REPLAYED: &str = "idempotent-replayed";
/// Longest key, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// The header, for the API document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what `KeyHeader` reads")]
pub struct IdempotencyKey {
    /// Names the request: sent again within a day, it gets the same answer.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$"
    )]
    idempotency_key: Option<String>,
}

/// What a request says of its name, not yet judged: who may not call a route learns nothing of it.
pub struct KeyHeader(Option<Result<String, NotAKey>>);

/// The header holds no key, or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NotAKey;

/// An answer that can be given again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Where what was made can be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Its body.
    pub body: Value,
}

impl FromRequest for KeyHeader {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut all = request.headers().get_all(HEADER);
        let first = all.next().map(|value| match all.next() {
            Some(_another) => Err(NotAKey),
            None => key(value.as_bytes()),
        });
        ready(Ok(Self(first)))
    }
}

fn key(bytes: &[u8]) -> Result<String, NotAKey> {
    let fits = (1..=MAX_KEY_BYTES).contains(&bytes.len());
    if !fits || !bytes.iter().all(u8::is_ascii_graphic) {
        return Err(NotAKey);
    }
    String::from_utf8(bytes.to_vec()).map_err(|_no_ascii| NotAKey)
}

impl KeyHeader {
    /// The request by its name; none if it has none.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] (permanent): the name is none.
    pub fn named(
        self,
        caller: UserId,
        route: &'static str,
        request_hash: Vec<u8>,
    ) -> Result<Option<NamedRequest>, ApiError> {
        match self.0 {
            None => Ok(None),
            Some(Ok(key)) => Ok(Some(NamedRequest {
                caller,
                route,
                key,
                request_hash,
            })),
            Some(Err(NotAKey)) => Err(ApiError::invalid(
                "`Idempotency-Key` is not usable; give it once, 1 to 255 visible characters of ASCII",
            )),
        }
    }
}

/// Does `work` in a transaction, and answers; what was done under that name before is answered again.
///
/// # Errors
/// [`ErrorCode::Unusable`] (permanent) if another request had the name; those of the database.
pub async fn once<W>(
    store: &Store,
    request: Option<NamedRequest>,
    work: W,
) -> Result<HttpResponse, ApiError>
where
    W: FnOnce(&mut Conn) -> StoreResult<Answer> + Send + 'static,
{
    let Some(request) = request else {
        return Ok(fresh(store.write(work).await?));
    };
    let doing = move |conn: &mut Conn| match idempotency::claim(conn, &request)? {
        Known::New => {
            let answer = work(conn)?;
            let stored = serde_json::to_value(&answer).map_err(|_quotes_input| UNWRITABLE)?;
            idempotency::record(conn, &request, stored)?;
            Ok(Some((answer, false)))
        }
        Known::Answered(stored) => {
            let answer = serde_json::from_value(stored).map_err(|_quotes_input| UNWRITABLE)?;
            Ok(Some((answer, true)))
        }
        Known::Other => Ok(None),
    };
    match store.write(doing).await? {
        Some((answer, false)) => Ok(fresh(answer)),
        Some((answer, true)) => Ok(replayed(answer)),
        None => Err(another()),
    }
}

const UNWRITABLE: StoreError = StoreError::Refused("an answer that cannot be kept");

fn another() -> ApiError {
    let told = "`Idempotency-Key` was used for another body; give this request a name of its own";
    ApiError::new(ErrorCode::Unusable).with_detail(told)
}

fn fresh(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    if let Some(location) = answer.location {
        response.insert_header((LOCATION, location));
    }
    response.json(answer.body)
}

fn replayed(answer: Answer) -> HttpResponse {
    use actix_web::http::header::{HeaderName, HeaderValue};
    let mut response = fresh(answer);
    let name = HeaderName::from_static(REPLAYED);
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn named(sent: &[&str]) -> Result<Option<NamedRequest>, ApiError> {
        let mut request = TestRequest::post();
        for value in sent {
            request = request.append_header((HEADER, *value));
        }
        let header = KeyHeader::from_request(&request.to_http_request(), &mut Payload::None);
        let Ok(header) = header.into_inner();
        header.named(UserId::fresh(), "POST /x", Vec::new())
    }

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length_and_given_once() {
        assert!(named(&[]).unwrap().is_none());
        for good in ["k", "\"8e03978e-40d5\"", &"x".repeat(255)] {
            assert_eq!(named(&[good]).unwrap().unwrap().key, good);
        }
        for bad in [
            &[""][..],
            &["a b"],
            &[&"x".repeat(256)],
            &["ä"],
            &["a", "b"],
            &["a", "a"],
        ] {
            assert_eq!(
                named(bad).err().map(|error| error.code()),
                Some(ErrorCode::Invalid),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn an_answer_reads_back_and_says_that_it_was_given_before() {
        let answer = Answer {
            status: 201,
            location: Some("/x/1".to_owned()),
            body: serde_json::json!({"id": 1}),
        };
        let kept = serde_json::to_value(&answer).unwrap();
        assert_eq!(serde_json::from_value::<Answer>(kept).unwrap(), answer);
        let again = replayed(answer);
        let header = |name: &str| again.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!((again.status().as_u16(), header("location")), (201, "/x/1"));
        assert_eq!(header(REPLAYED), "true");
    }
}
