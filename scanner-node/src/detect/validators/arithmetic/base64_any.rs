//! Base64 as people paste it: of either alphabet, with or without padding.
//!
//! Owns the leniency. **Invariant:** what decodes holds letters of one of the two alphabets only.
//!
//! # Source
//! RFC 4648, sections 4 and 5.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The bytes; none if the text is no base64.
pub(in crate::detect::validators) fn decoded(text: &str) -> Option<Vec<u8>> {
    let text = text
        .trim_end_matches('=')
        .replace('-', "+")
        .replace('_', "/");
    LENIENT.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_alphabets_with_and_without_padding() {
        for text in ["+/+/Zg==", "-_-_Zg==", "-_-_Zg", "+/+/Zh"] {
            assert_eq!(decoded(text), Some(vec![0xfb, 0xff, 0xbf, 0x66]), "{text}");
        }
        assert_eq!(decoded("a"), None);
        assert_eq!(decoded("a b!"), None);
    }
}
