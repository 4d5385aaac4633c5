//! Times in queries.
//!
//! Owns refusing what is none; what is one is for `api::fields`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

use crate::api::extract::NO_TIME;
use crate::api::fields::rfc3339;

/// A time of the years 0 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let at = rfc3339(&text).ok_or_else(|| serde::de::Error::custom(NO_TIME))?;
        Ok(Self(at))
    }
}
