//! The coordinator from outside: one binary, so that it links once.
//!
//! Owns nothing itself; `support` starts what tests need, the other folders hold the claims.
//! **Invariant:** tests share no state: each has its own database.

// The attribute says nothing new to the compiler; it tells clippy that the functions beside the tests are
// test code too.
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod api;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod fake_slack;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod slack;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
