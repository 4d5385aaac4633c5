//! The coordinator from outside: one binary, so that it links once.
//!
//! Owns nothing itself; `support` starts what tests need, the other folders hold the claims.
//! **Invariant:** tests share no state: each has its own database.

mod store;
mod support;
