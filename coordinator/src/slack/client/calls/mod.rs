//! The calls, by family.
//!
//! Each asks for what it needs and gives what Weir uses of the answer. Leaves how they are sent to `transport`.

mod auth;
mod chat;
mod conversations;
mod discovery;
mod files;
mod grant;
mod history;
mod upload;
mod users;

pub use auth::Identity;
pub use chat::{Metadata, NewMessage, Posted};
pub use conversations::{Listing, Page};
pub use discovery::{Enterprise, Spot};
pub use grant::{Grant, Granted, Named};
pub use history::{HistoryPage, Range};
pub use upload::{Upload, Uploads};
