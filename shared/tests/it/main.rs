//! The integration tests of `shared`, in one binary: each links the whole tree.
//!
//! Owns what needs real servers. They are named by the environment, or started by a test that breaks them.
//! **Invariant:** a test whose server is missing fails; none is skipped.

#[cfg(test)]
mod queue;
