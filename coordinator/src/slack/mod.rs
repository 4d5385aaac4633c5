//! What comes from Slack: is it genuine, what does it say, and which of it is text.
//!
//! Owns the request signature ([`signature`]), the tolerant view of events ([`event`]) and the walk that
//! finds every string ([`text`]). Leaves answering HTTP to `api`, storing to `store`, deciding to `domain`.
//! **Invariant:** what is not understood is scanned as raw strings and counted, never dropped.

pub mod event;
pub mod signature;
pub mod text;
