//! Reading the bytes of a file.
//!
//! Owns the cap, comparing lengths, and telling a file from a page. A page is known by its first bytes, so
//! these wait until enough are there.
//! **Invariant:** of a page to sign in nothing is written.

use std::io::Write;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;

use super::{Expected, FetchError, Fetched, error};

/// Bytes by which a page is known.
const HEAD: usize = 512;
/// How pages begin, in lower case.
const PAGES: [&[u8]; 2] = [b"<!doctype html", b"<html"];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a body.
pub(super) async fn read(
    mut response: Response,
    max_bytes: u64,
    expected: &Expected,
    into: &mut (impl Write + Send),
) -> Result<Fetched, FetchError> {
    let announced = response.content_length();
    if announced.is_some_and(|bytes| bytes > max_bytes) {
        return Err(FetchError::TooLong);
    }
    let media_type = media_type(&response);
    let mut sieve = Sieve {
        may_be_page: may_be_page(announced, expected),
        is_html: media_type.as_deref().is_some_and(is_html),
        max_bytes,
        head: Vec::new(),
        bytes: 0,
        into,
    };
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| error::fault_of(&error))?
    {
        sieve.take(&chunk)?;
    }
    let bytes = sieve.finish()?;
    match expected.bytes {
        None if bytes == 0 => Err(FetchError::NotReady),
        Some(expected) if bytes == 0 && expected > 0 => Err(FetchError::NotReady),
        Some(expected) if bytes < expected => Err(FetchError::Truncated {
            got: bytes,
            expected,
        }),
        // A longer one was changed since somebody said how long it is.
        Some(_) | None => Ok(Fetched { bytes, media_type }),
    }
}

/// Whether what looks like a page is one. A file that is said to be HTML may look like it; and what is just as
/// long as the file should be is the file, whatever it holds.
fn may_be_page(announced: Option<u64>, expected: &Expected) -> bool {
    let as_long = expected.bytes.is_some() && announced == expected.bytes;
    !as_long && !expected.media_type.as_deref().is_some_and(is_html)
}

fn media_type(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next()?.trim().to_ascii_lowercase();
    (!essence.is_empty()).then_some(essence)
}

fn is_html(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    ["text/html", "application/xhtml+xml"]
        .iter()
        .any(|html| essence.eq_ignore_ascii_case(html))
}

/// Lets a file through and no page.
struct Sieve<'w, W> {
    may_be_page: bool,
    is_html: bool,
    max_bytes: u64,
    /// The first bytes, until they are judged.
    head: Vec<u8>,
    bytes: u64,
    into: &'w mut W,
}

impl<W: Write> Sieve<'_, W> {
    fn take(&mut self, chunk: &[u8]) -> Result<(), FetchError> {
        let judged = self.bytes >= HEAD as u64;
        self.bytes += chunk.len() as u64;
        if self.bytes > self.max_bytes {
            return Err(FetchError::TooLong);
        }
        if judged {
            return self.into.write_all(chunk).map_err(FetchError::Unwritable);
        }
        self.head.extend_from_slice(chunk);
        if self.bytes >= HEAD as u64 {
            return self.judge();
        }
        Ok(())
    }

    /// How many bytes there were.
    fn finish(mut self) -> Result<u64, FetchError> {
        if self.bytes < HEAD as u64 {
            self.judge()?;
        }
        self.into.flush().map_err(FetchError::Unwritable)?;
        Ok(self.bytes)
    }

    fn judge(&mut self) -> Result<(), FetchError> {
        let looks_like_page = self.is_html || begins_like_page(&self.head);
        if self.may_be_page && looks_like_page && !self.head.is_empty() {
            return Err(FetchError::LoginPage);
        }
        let head = std::mem::take(&mut self.head);
        self.into.write_all(&head).map_err(FetchError::Unwritable)
    }
}

fn begins_like_page(head: &[u8]) -> bool {
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let head = head.trim_ascii_start();
    PAGES.iter().any(|page| {
        let beginning = head.get(..page.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(page))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_by_how_it_begins() {
        for page in [
            &b"<!DOCTYPE html><html>"[..],
            b"\xef\xbb\xbf \n<HTML lang=\"en\">",
            b"<!doctype HTML",
        ] {
            assert!(begins_like_page(page));
        }
        for file in [
            &b""[..],
            b"<?xml version=\"1.0\"?>",
            b"see <html>",
            b"<htm",
            b"%PDF-1.7",
        ] {
            assert!(!begins_like_page(file));
        }
    }

    #[test]
    fn what_should_be_html_or_is_just_as_long_is_no_page() {
        let expected = |bytes, media_type: &str| Expected {
            bytes,
            media_type: Some(media_type.to_owned()),
        };
        assert!(may_be_page(Some(9), &expected(Some(10), "text/plain")));
        assert!(may_be_page(None, &Expected::default()));
        assert!(!may_be_page(Some(10), &expected(Some(10), "text/plain")));
        assert!(!may_be_page(
            Some(9),
            &expected(Some(10), "Text/HTML; charset=utf-8")
        ));
    }

    #[test]
    fn however_a_file_is_cut_into_chunks_it_is_the_same() {
        let file: Vec<u8> = (0..2_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        for chunk in [1, 7, 511, 512, 513, 2_000] {
            let mut written = Vec::new();
            let mut sieve = Sieve {
                may_be_page: true,
                is_html: false,
                max_bytes: 2_000,
                head: Vec::new(),
                bytes: 0,
                into: &mut written,
            };
            for chunk in file.chunks(chunk) {
                sieve.take(chunk).unwrap();
            }
            assert_eq!(sieve.finish().unwrap(), 2_000);
            assert_eq!(written, file, "{chunk}");
        }
    }
}
