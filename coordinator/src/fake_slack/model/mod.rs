//! Who and what there is: organisations, workspaces, people, bots, conversations, messages, files, tokens.
//!
//! Owns the plain data, and the [`World`] that holds all of it. Leaves what may be done with it to `deeds`,
//! and how it looks from outside to `show`.
//! **Invariant:** nothing here waits: a world is looked at and changed under one lock.

mod app;
mod conversation;
mod file;
mod message;
mod people;
mod token;
mod world;

pub use app::{App, Endpoints, Install, Reach, Transport, UserEvents};
pub use conversation::{Conversation, Ephemeral, Kind};
pub use file::{FileMode, FileState, Share, StoredFile};
pub use message::{Author, Edited, Message, Visibility};
pub use people::{Organisation, Rank, User, Workspace};
pub use token::{Code, Token, TokenKind};
pub use world::{Opened, Outgoing, OutgoingKind, Ticket, Trigger, World};
