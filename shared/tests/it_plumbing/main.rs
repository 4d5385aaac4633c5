//! The plumbing against real actors, real files and a real OTLP receiver.
//!
//! Owns what needs more than pure code to test.
//! **Invariant:** no test waits for time to pass.

#[cfg(test)]
mod config;
#[cfg(test)]
mod guardian;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod telemetry;
