//! Arithmetic that the numbers of several issuers share.
//!
//! Owns sums, check digit systems, calendar dates and text encodings with a checksum. Leaves which number
//! uses which of them to the validators.
//! **Invariant:** everything here is a pure function of its input and refuses what it cannot read.

pub(super) mod base64_any;
pub(super) mod crc32;
pub(super) mod marvin32;
mod date;
mod digits;
mod iso7064;
mod luhn;
mod verhoeff;

pub(super) use date::{is_date, is_date_of_some_century};
pub(super) use digits::{digits, letters, number, weighted};
pub(super) use iso7064::{mod_11_2, mod_11_10, mod_97};
pub(super) use luhn::luhn;
pub(super) use verhoeff::verhoeff;
