//! How likelihoods and severities are given to commands.
//!
//! Owns reading them, in either case; what else is given is refused with the words that there are.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use shared::finding::{Likelihood, Severity};

/// Reads a likelihood.
pub(super) fn likelihood() -> impl TypedValueParser<Value = Likelihood> {
    PossibleValuesParser::new(Likelihood::ALL.iter().map(|step| step.as_str()))
        .try_map(|word| word.to_ascii_uppercase().parse::<Likelihood>())
}

/// Reads a severity.
pub(super) fn severity() -> impl TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(Severity::ALL.iter().map(|step| step.as_str()))
        .try_map(|word| word.to_ascii_uppercase().parse::<Severity>())
}
