//! Arithmetic that the numbers of several issuers share.
//!
//! Owns sums, check digit systems, calendar dates and text encodings with a checksum. Leaves which number
//! uses which of them to the validators.
//! **Invariant:** everything here is a pure function of its input and refuses what it cannot read.

mod base58;
pub(super) mod base64_any;
mod bech32;
pub(super) mod crc32;
mod date;
mod digits;
mod iso7064;
mod luhn;
pub(super) mod marvin32;
mod verhoeff;

pub(super) use base58::{base58, base58check};
pub(super) use bech32::{bech32, segwit};
pub(super) use date::{is_date, is_date_of_some_century};
pub(super) use digits::{digits, letters, number, weighted};
pub(super) use iso7064::{mod_11_2, mod_11_10, mod_97};
pub(super) use luhn::luhn;
pub(super) use verhoeff::verhoeff;
