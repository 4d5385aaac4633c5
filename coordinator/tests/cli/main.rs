//! The offline commands, run as people run them: the real binary, its exit codes and both its outputs.
//!
//! **Invariant:** every run has its own empty folder and an environment without Weir's variables.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod edm;
#[cfg(test)]
mod fingerprint;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod support;
