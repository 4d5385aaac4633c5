//! What tests and commands do with a stand-in.
//!
//! Owns one file for each: founding companies, speaking for people, looking, and letting things fail.
//! **Invariant:** what a person says is there when the call returns; what it tells the app is under way then,
//! and [`FakeSlack::settled`](super::FakeSlack::settled) waits for that.

mod failing;
mod founding;
mod looking;
mod speaking;
mod visiting;
