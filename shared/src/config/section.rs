//! Sections: keys that belong together, declared once.
//!
//! Owns the macros that turn one declaration into the struct, its defaults, its known keys and its part of
//! the reference. The sections both binaries share are in `sections`.
//! **Invariant:** a key cannot be read without standing in the reference.

use std::fmt::Write as _;

use super::Source;
use super::problem::env_name;

/// What is known of a key.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    /// Its name in the file.
    pub name: &'static str,
    /// What it means, line by line.
    pub doc: &'static [&'static str],
    /// What it is if nobody says, as written in the environment.
    pub default: Option<&'static str>,
    /// Whether somebody must say.
    pub required: bool,
    /// Whether it is never shown, and may be read from the file that `…_FILE` names.
    pub secret: bool,
    /// What is expected, for people.
    pub expects: &'static str,
    /// Standard variables that are looked at when its own is not set.
    pub also_env: &'static [&'static str],
    /// How a value is written in TOML.
    pub literal: fn(&str) -> String,
}

/// What is known of a section.
#[derive(Clone, Debug)]
pub struct SectionSpec {
    /// Its name in the file.
    pub name: &'static str,
    /// What it is about, line by line.
    pub doc: &'static [&'static str],
    /// Its keys, in the order of the reference.
    pub keys: Vec<KeySpec>,
}

/// A section. Made by [`config_section!`](crate::config_section).
pub trait Section: Sized {
    /// What is known of it.
    fn spec() -> SectionSpec;

    /// Reads all its keys. Problems are left in `source`.
    fn read(source: &mut Source) -> Option<Self>;
}

impl SectionSpec {
    /// Its part of the reference.
    pub fn reference(&self) -> String {
        let mut text = comment(self.doc);
        // Writing to a string cannot fail.
        writeln!(text, "[{}]", self.name).ok();
        for key in &self.keys {
            writeln!(text, "\n{}{}", comment(key.doc), self.key_reference(key)).ok();
        }
        text
    }

    fn key_reference(&self, key: &KeySpec) -> String {
        let env = env_name(self.name, key.name);
        let mut text = format!("# Expects {}.\n# Environment: {env}", key.expects);
        if key.secret {
            write!(text, ", or the path of a file that holds it: {env}_FILE").ok();
        }
        for also in key.also_env {
            write!(text, ", else {also}").ok();
        }
        let (name, literal) = (key.name, key.literal);
        match key.default {
            Some(default) => write!(text, "\n{name} = {}", literal(default)),
            None if key.required => write!(text, "\n# Must be given.\n# {name} ="),
            None => write!(text, "\n# Not set by default.\n# {name} ="),
        }
        .ok();
        text
    }
}

fn comment(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| ["#", line, "\n"]).collect()
}

/// Declares a section.
///
/// ```
/// shared::config_section! {
///     /// Where the console listens.
///     pub struct HttpConfig in "http" {
///         /// Address and port.
///         bind: std::net::SocketAddr = "127.0.0.1:8080",
///         /// How others reach it.
///         public_url: Option<url::Url>,
///     }
/// }
/// ```
///
/// A key is a secret if its type is. `[env "NAME"]` before a key names a standard variable that counts when
/// its own is not set. `check = function;` after the struct has `fn(&Self, &mut Source)` look at the keys
/// together.
#[macro_export]
macro_rules! config_section {
    (
        $(#[doc = $doc:literal])+
        $vis:vis struct $name:ident in $section:literal {
            $(
                $(#[doc = $key_doc:literal])+
                $([env $also:literal])*
                $key:ident: $type:ty $(= $default:literal)?
            ),+ $(,)?
        }
        $(check = $check:path;)?
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        $vis struct $name {
            $($(#[doc = $key_doc])+ pub $key: $type,)+
        }

        impl $crate::config::Section for $name {
            fn spec() -> $crate::config::SectionSpec {
                $crate::config::SectionSpec {
                    name: $section,
                    doc: &[$($doc),+],
                    keys: vec![$(
                        $crate::config::KeySpec {
                            name: stringify!($key),
                            doc: &[$($key_doc),+],
                            default: None::<&'static str>$(.or(Some($default)))?,
                            required: <$type as $crate::config::ConfigValue>::absent().is_none(),
                            secret: <$type as $crate::config::ConfigValue>::SECRET,
                            expects: <$type as $crate::config::ConfigValue>::EXPECTS,
                            also_env: &[$($also),*],
                            literal: <$type as $crate::config::ConfigValue>::literal,
                        }
                    ),+],
                }
            }

            fn read(source: &mut $crate::config::Source) -> Option<Self> {
                // All are read before any is missed, so that all problems are seen.
                $(let $key = source.value::<$type>($section, stringify!($key));)+
                let section = Self { $($key: $key?),+ };
                $($check(&section, source);)?
                Some(section)
            }
        }
    };
}

/// Declares the sections of a binary.
///
/// `foreign` names sections of other binaries that may stand in the same file or environment;
/// `check = function;` has `fn(&Self, &mut Source)` look at the sections together.
#[macro_export]
macro_rules! configuration {
    (
        $(#[doc = $doc:literal])+
        $vis:vis struct $name:ident {
            $($(#[doc = $section_doc:literal])+ $section:ident: $type:ty),+ $(,)?
        }
        $(foreign = [$($foreign:literal),* $(,)?];)?
        $(check = $check:path;)?
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        $vis struct $name {
            $($(#[doc = $section_doc])+ pub $section: $type,)+
        }

        impl $crate::config::Configuration for $name {
            fn sections() -> Vec<$crate::config::SectionSpec> {
                vec![$(<$type as $crate::config::Section>::spec()),+]
            }

            fn foreign() -> &'static [&'static str] {
                &[$($($foreign),*)?]
            }

            fn read(source: &mut $crate::config::Source) -> Option<Self> {
                $(let $section = <$type as $crate::config::Section>::read(source);)+
                let configuration = Self { $($section: $section?),+ };
                $($check(&configuration, source);)?
                Some(configuration)
            }
        }
    };
}
