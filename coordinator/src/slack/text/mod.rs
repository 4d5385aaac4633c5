//! Every string of an event that a person or a program may have written.
//!
//! Owns reading a body within bounds ([`Document`]), the walk that collects text units, and the knowledge
//! which strings are mere structure. Leaves what the strings mean to `event`, what is in them to the engine.
//! **Invariant:** a string is left out only if its key calls for an identifier *and* it has that
//! identifier's very shape; parts past the bounds are a [`Gap`](shared::content::Gap).

mod document;
mod shape;
mod walk;

pub use document::{Document, NotJson};
pub use walk::{Texts, collect};
