//! Deeds on accounts: each on both databases, without HTTP.
//!
//! Owns the claims about what is stored and told. Leaves requests and answers to `api`.
//! **Invariant:** a claim is written once and run on both.

mod command_line;
mod erasure;
mod office;
mod passwords;
mod people;
mod sign_in;
