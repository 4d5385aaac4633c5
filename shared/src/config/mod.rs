//! Configuration: defaults, then a TOML file, then the environment.
//!
//! Owns the layers, the reading of every key, and the reference that documents them. A binary declares its
//! sections once ([`config_section!`](crate::config_section)) and their sum
//! ([`configuration!`](crate::configuration)); what the values mean is for the code they configure.
//! **Invariant:** all problems are reported at once, each with the names of its key, and none shows a value.

mod cidr;
mod problem;
mod section;
mod sections;
mod source;
mod value;

pub use cidr::{Cidr, NotANetwork};
pub use problem::{ConfigErrors, Problem, nearest};
pub use section::{KeySpec, Section, SectionSpec};
pub use sections::{QueueBackend, QueueConfig, SecretsConfig, StorageConfig, TelemetryConfig};
pub use source::Source;
pub use value::{ByteSize, ConfigValue, Ratio};

use std::path::{Path, PathBuf};

/// The file that is read if none is named and it is there.
pub const DEFAULT_FILE: &str = "weir.toml";

/// All sections of a binary. Made by [`configuration!`](crate::configuration).
pub trait Configuration: Sized {
    /// The sections, in the order of the reference.
    fn sections() -> Vec<SectionSpec>;

    /// Sections of other binaries, whose keys are passed over: several may share one environment.
    fn foreign() -> &'static [&'static str];

    /// Reads all sections. Problems are left in `source`.
    fn read(source: &mut Source) -> Option<Self>;
}

/// Reads the configuration.
///
/// # Errors
/// All problems at once; permanent.
pub fn load<C: Configuration>(
    file: Option<&Path>,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<C, ConfigErrors> {
    let mut source = Source::new(C::sections(), C::foreign(), file, env);
    let read = C::read(&mut source);
    source.finish(read)
}

/// The file to read: the one named, else [`DEFAULT_FILE`] if it is there.
pub fn file_or_default(named: Option<PathBuf>) -> Option<PathBuf> {
    named.or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.is_file()))
}

/// The environment of this process: what begins with `WEIR_` or `OTEL_`.
pub fn process_env() -> Vec<(String, String)> {
    let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
    std::env::vars_os()
        .map(|(name, value)| (text(name), text(value)))
        .filter(|(name, _)| {
            name.starts_with("WEIR_") || name.starts_with("OTEL_") || name == "HOSTNAME"
        })
        .collect()
}

/// A TOML file with every key, what it means, and its default.
pub fn reference<C: Configuration>() -> String {
    let sections: Vec<String> = C::sections().iter().map(SectionSpec::reference).collect();
    sections.join("\n")
}
