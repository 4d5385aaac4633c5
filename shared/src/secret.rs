//! Values that must not be printed.
//!
//! Owns the wrapper for secrets that come from configuration. Key material lives in `seal`.
//! **Invariant:** `Debug` never shows the value.

pub use secrecy::{ExposeSecret, SecretString};
