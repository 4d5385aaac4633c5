//! The types a key can have.
//!
//! Owns how each is written in the environment and in TOML. Which key has which type is for the sections.
//! **Invariant:** what is refused is described by what was expected, never by what was given.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::finding::Severity;
use crate::secret::SecretString;
use crate::telemetry::{LogFormat, OtlpProtocol};

/// A type that a key can have.
pub trait ConfigValue: Sized {
    /// What to write, for people: follows "expected".
    const EXPECTS: &'static str;

    /// Whether it must not be shown, and may be read from a file of its own.
    const SECRET: bool = false;

    /// Reads it as it is written in the environment.
    fn parse(text: &str) -> Option<Self>;

    /// Reads it as it is written in TOML.
    fn from_toml(value: &toml::Value) -> Option<Self> {
        Self::parse(value.as_str()?)
    }

    /// What it is when nobody gave one and there is no default. `None` if one must be given.
    fn absent() -> Option<Self> {
        None
    }

    /// How the default, given as in the environment, is written in TOML.
    fn literal(text: &str) -> String {
        toml::Value::String(text.to_owned()).to_string()
    }
}

/// A number of bytes: `512`, `64 KiB`, `100 MB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// A part of a whole: 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Ratio(f64);

impl ByteSize {
    /// The number, for lengths in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Ratio {
    /// The number, 0 to 1.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl ConfigValue for ByteSize {
    const EXPECTS: &'static str = "a number of bytes such as 64 KiB or 100 MB";

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let factor: u64 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return None,
        };
        number.checked_mul(factor).map(Self)
    }
}

impl ConfigValue for Duration {
    const EXPECTS: &'static str = "a time such as 500ms, 20s, 5m, 1h or 7d";

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let seconds = |factor: u64| number.checked_mul(factor).map(Self::from_secs);
        match unit {
            "ms" => Some(Self::from_millis(number)),
            "s" => seconds(1),
            "m" => seconds(60),
            "h" => seconds(3_600),
            "d" => seconds(86_400),
            _ => None,
        }
    }
}

impl ConfigValue for Ratio {
    const EXPECTS: &'static str = "a number from 0 to 1";

    fn parse(text: &str) -> Option<Self> {
        let ratio: f64 = text.parse().ok()?;
        (0.0..=1.0).contains(&ratio).then_some(Self(ratio))
    }

    fn from_toml(value: &toml::Value) -> Option<Self> {
        match value {
            toml::Value::Integer(_) | toml::Value::Float(_) => Self::parse(&value.to_string()),
            _ => None,
        }
    }

    fn literal(text: &str) -> String {
        text.to_owned()
    }
}

impl ConfigValue for SecretString {
    const EXPECTS: &'static str = "a text that is not empty";
    const SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text.to_owned()))
    }
}

impl ConfigValue for Url {
    const EXPECTS: &'static str = "a URL such as http://localhost:4317";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl<T: ConfigValue> ConfigValue for Option<T> {
    const EXPECTS: &'static str = T::EXPECTS;
    const SECRET: bool = T::SECRET;

    fn parse(text: &str) -> Option<Self> {
        T::parse(text).map(Some)
    }

    fn from_toml(value: &toml::Value) -> Option<Self> {
        T::from_toml(value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn literal(text: &str) -> String {
        T::literal(text)
    }
}

/// Separated by commas in the environment; an array in TOML. Absent is empty.
impl<T: ConfigValue> ConfigValue for Vec<T> {
    const EXPECTS: &'static str =
        "a list, separated by commas in the environment, an array in the file";
    const SECRET: bool = T::SECRET;

    fn parse(text: &str) -> Option<Self> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts.map(T::parse).collect()
    }

    fn from_toml(value: &toml::Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_toml).collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn literal(text: &str) -> String {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        format!("[{}]", parts.map(T::literal).collect::<Vec<_>>().join(", "))
    }
}

macro_rules! plain_values {
    ($($type:ty, $expects:literal, $kind:ident;)+) => {$(
        impl ConfigValue for $type {
            const EXPECTS: &'static str = $expects;

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn from_toml(value: &toml::Value) -> Option<Self> {
                match value {
                    toml::Value::String(text) => Self::parse(text),
                    other => Self::parse(&other.to_string()),
                }
                .filter(|_| matches!(value, toml::Value::$kind(_)))
            }

            fn literal(text: &str) -> String {
                let quoted = toml::Value::String(text.to_owned());
                if matches!(quoted, toml::Value::$kind(_)) { quoted.to_string() } else { text.to_owned() }
            }
        }
    )+};
}

plain_values! {
    String, "a text", String;
    PathBuf, "a path", String;
    SocketAddr, "an address and port such as 127.0.0.1:8080", String;
    bool, "true or false", Boolean;
    u16, "a whole number from 0 to 65535", Integer;
    u32, "a whole number", Integer;
    u64, "a whole number", Integer;
    usize, "a whole number", Integer;
}

/// Lets an enum of words be the type of a key: `config_words! { Colour { Red = "red", Blue = "blue" } }`.
#[macro_export]
macro_rules! config_words {
    ($type:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $crate::config::ConfigValue for $type {
            const EXPECTS: &'static str = concat!("one of", $(" ", $word),+);

            fn parse(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

config_words! { Severity { Info = "INFO", Low = "LOW", Medium = "MEDIUM", High = "HIGH", Critical = "CRITICAL" } }
config_words! { LogFormat { Text = "text", Json = "json" } }
config_words! { OtlpProtocol { Grpc = "grpc", HttpProtobuf = "http/protobuf" } }

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_read_as_people_write_them() {
        assert_eq!(Duration::parse("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(Duration::parse("5 m"), Some(Duration::from_mins(5)));
        assert_eq!(ByteSize::parse("100 MB"), Some(ByteSize(100_000_000)));
        assert_eq!(ByteSize::parse("64KiB"), Some(ByteSize(65_536)));
        assert_eq!(ByteSize::parse("512"), Some(ByteSize(512)));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "s",
            "20",
            "-1s",
            "20 parsecs",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
        assert_eq!(ByteSize::parse("18446744073709551615 GB"), None);
        for text in ["1.1", "-0.1", "NaN", "half"] {
            assert_eq!(Ratio::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_wrong_toml_type_is_refused() {
        assert_eq!(u32::from_toml(&toml::Value::String("5".to_owned())), None);
        assert_eq!(u32::from_toml(&toml::Value::Integer(-5)), None);
        assert_eq!(String::from_toml(&toml::Value::Integer(5)), None);
        assert_eq!(u32::from_toml(&toml::Value::Integer(5)), Some(5));
        assert_eq!(
            Vec::<String>::from_toml(&toml::Value::String("a".to_owned())),
            None
        );
    }

    #[test]
    fn lists_are_separated_by_commas() {
        assert_eq!(Vec::<u16>::parse("1, 2,3,"), Some(vec![1, 2, 3]));
        assert_eq!(Vec::<String>::literal("a,b"), r#"["a", "b"]"#);
    }
}
