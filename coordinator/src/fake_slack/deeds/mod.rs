//! What is done in the world, whoever asks for it: people by the handle or the page, apps by the Web API.
//!
//! Owns the rules (who sees what, who may take away what) and what is told of each deed. Leaves reading
//! arguments and scopes to `web`.
//! **Invariant:** a deed that is refused changed nothing.

mod conversations;
mod files;
mod hiding;
mod installing;
mod messages;
mod responding;
mod rights;
mod speaking;
mod typed;
mod visiting;

pub(super) use conversations::Found;
pub(super) use files::NewFile;
pub(super) use installing::{Access, EXPIRES_IN};
pub use installing::{InstallPlan, Tokens};
pub(super) use messages::Change;
pub(super) use rights::Caller;
pub use speaking::Draft;
pub(super) use visiting::Visit;
