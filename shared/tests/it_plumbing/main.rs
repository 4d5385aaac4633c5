//! The plumbing against real actors, real files and a real OTLP receiver.
//!
//! Owns what needs more than pure code to test.
//! **Invariant:** no test is about how long something takes.

#[cfg(test)]
mod config;
#[cfg(test)]
mod guardian;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod telemetry;
