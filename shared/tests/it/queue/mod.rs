//! The queue's backends: one conformance suite for all, and what is special to each.
//!
//! **Invariant:** tests share servers but no keys and no queues, so all run at once.

mod embedded;
mod redis;
mod redis_server;
mod sqs;

/// The value of a variable that names a server.
#[expect(
    clippy::disallowed_methods,
    reason = "the runner of the tests names their servers in the environment"
)]
fn server(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("no server to test with: run `make test`, or set {variable}"))
}
