//! What was found, as it is reported and stored.
//!
//! Owns the words for kind, certainty and gravity, and the shape of a finding on the wire and in the API.
//! **Invariant:** a finding holds a masked preview and a keyed fingerprint, never the value.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::content::Location;
use crate::ids::{DetectorId, FindingId};

/// A kind of sensitive data: `CREDIT_CARD_NUMBER`. Upper snake case, Google's name where there is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InfoType(String);

/// The text is no InfoType.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an info type is 1 to 100 upper-case letters, digits and underscores, starting with a letter"
)]
pub struct InvalidInfoType;

impl InfoType {
    /// What a draft finds whose author has not said yet.
    pub fn unnamed() -> Self {
        Self("UNNAMED".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for InfoType {
    type Error = InvalidInfoType;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let well_formed = name.len() <= 100
            && name.starts_with(|first: char| first.is_ascii_uppercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if well_formed {
            Ok(Self(name))
        } else {
            Err(InvalidInfoType)
        }
    }
}

impl FromStr for InfoType {
    type Err = InvalidInfoType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::try_from(name.to_owned())
    }
}

impl From<InfoType> for String {
    fn from(info_type: InfoType) -> Self {
        info_type.0
    }
}

impl fmt::Display for InfoType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! scale {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant = $number,)+
        }

        impl $name {
            /// Every value, from the lowest up.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word, as written in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The number it is stored as.
            pub const fn as_number(self) -> i16 {
                self as i16
            }

            /// The value stored as `number`.
            pub fn from_number(number: i16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }

            /// The value `steps` up or down the scale, held at its ends.
            #[must_use]
            pub fn shifted(self, steps: i16) -> Self {
                let last = Self::ALL.last().map_or(self.as_number(), |last| last.as_number());
                let first = Self::ALL.first().map_or(self.as_number(), |first| first.as_number());
                Self::from_number(self.as_number().saturating_add(steps).clamp(first, last)).unwrap_or(self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(UnknownWord) }
            }
        }
    };
}

/// The word names no step of the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown word")]
pub struct UnknownWord;

scale! {
    /// How sure the engine is that a match is what it looks like.
    Likelihood {
        /// Almost certainly something else.
        VeryUnlikely = 1 "VERY_UNLIKELY",
        /// Probably something else.
        Unlikely = 2 "UNLIKELY",
        /// As likely as not.
        Possible = 3 "POSSIBLE",
        /// Probably right.
        Likely = 4 "LIKELY",
        /// Almost certainly right.
        VeryLikely = 5 "VERY_LIKELY",
    }
}

scale! {
    /// How bad it is if it is right.
    Severity {
        /// Worth counting.
        Info = 1 "INFO",
        /// Worth knowing.
        Low = 2 "LOW",
        /// Worth a look.
        Medium = 3 "MEDIUM",
        /// Worth acting on today.
        High = 4 "HIGH",
        /// Worth acting on now.
        Critical = 5 "CRITICAL",
    }
}

/// The same secret has the same fingerprint wherever it is seen: a keyed HMAC, 32 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Wraps a fingerprint that was made by the fingerprint key.
    pub fn new(hex: impl Into<String>) -> Self {
        Self(hex.into())
    }

    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One thing that spoke for or against a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was seen, in words. Never the value.
    pub reason: String,
    /// By how many steps it moved the likelihood.
    #[serde(default)]
    pub effect: i16,
}

/// One hit, as reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The finding's own id.
    pub id: FindingId,
    /// What kind of data.
    pub info_type: InfoType,
    /// Which detector found it.
    pub detector: DetectorId,
    /// How sure.
    pub likelihood: Likelihood,
    /// How bad.
    pub severity: Severity,
    /// First byte, counted in the text as sent; on a character boundary.
    pub start: u64,
    /// One past the last byte; on a character boundary.
    pub end: u64,
    /// The value, masked: `4111 **** **** 1111`.
    pub preview: String,
    /// The same for the same value.
    pub fingerprint: Fingerprint,
    /// Where the text stands.
    pub location: Location,
    /// Why the engine thinks so, in the order it was weighed.
    pub explanation: Vec<Evidence>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_info_type_is_upper_snake_case() {
        assert!("CREDIT_CARD_NUMBER".parse::<InfoType>().is_ok());
        for bad in [
            "",
            "card",
            "CARD NUMBER",
            "1CARD",
            "_CARD",
            &"A".repeat(101),
        ] {
            assert_eq!(bad.parse::<InfoType>(), Err(InvalidInfoType), "{bad}");
        }
    }

    #[test]
    fn a_scale_holds_at_its_ends() {
        assert_eq!(Likelihood::Likely.shifted(3), Likelihood::VeryLikely);
        assert_eq!(Likelihood::Unlikely.shifted(-9), Likelihood::VeryUnlikely);
        assert_eq!(Severity::Low.shifted(1), Severity::Medium);
    }

    #[test]
    fn words_and_numbers_of_a_scale_agree() {
        for &likelihood in Likelihood::ALL {
            assert_eq!(
                Likelihood::from_number(likelihood.as_number()),
                Some(likelihood)
            );
            assert_eq!(likelihood.as_str().parse(), Ok(likelihood));
            assert_eq!(
                serde_json::to_value(likelihood).unwrap(),
                likelihood.as_str()
            );
        }
        assert_eq!(Severity::from_number(0), None);
    }
}
