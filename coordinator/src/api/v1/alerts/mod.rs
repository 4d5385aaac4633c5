//! `/api/v1/alerts`: what people work on.
//!
//! Owns the routes. What the message behind an alert said is for `reveal`.

pub mod reveal;
