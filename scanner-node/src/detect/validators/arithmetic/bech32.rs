//! Bech32 and Bech32m: texts with a checksum, and the addresses of segregated witness.
//!
//! Owns the checksum and the lengths of witness programs. **Invariant:** version 0 takes the older
//! constant, every later version the newer one.
//!
//! # Source
//! BIP-173 and BIP-350, <https://github.com/bitcoin/bips/blob/master/bip-0350.mediawiki>.

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR: [u32; 5] = [
    0x3b6a_57b2,
    0x2650_8e6d,
    0x1ea1_19fa,
    0x3d42_33dd,
    0x2a14_62b3,
];
const BECH32: u32 = 1;
const BECH32M: u32 = 0x2bc8_30a3;

/// Whether the text is an address of the network with this human-readable part.
pub(crate) fn segwit(network: &str, text: &str) -> bool {
    is_segwit(network, text).unwrap_or(false)
}

/// Whether the text has this human-readable part and a Bech32 checksum that holds, whatever it says.
pub(crate) fn bech32(prefix: &str, text: &str) -> bool {
    decoded(prefix, text).is_some_and(|(_, checksum)| checksum == BECH32)
}

fn is_segwit(network: &str, text: &str) -> Option<bool> {
    let (values, checksum) = decoded(network, text)?;
    let version = *values.first()?;
    // Without version and checksum; five bits each, less than one of them left over.
    let program_bits = values.len().checked_sub(7)? * 5;
    let program = program_bits / 8;
    let length_fits = match version {
        0 => program == 20 || program == 32,
        1..=16 => (2..=40).contains(&program),
        _ => false,
    };
    let constant = if version == 0 { BECH32 } else { BECH32M };
    Some(checksum == constant && length_fits && program_bits % 8 < 5)
}

/// The values behind the separator, checksum included, and the remainder of the whole.
fn decoded(prefix: &str, text: &str) -> Option<(Vec<u8>, u32)> {
    let lower = text.to_ascii_lowercase();
    if lower != text && text.to_ascii_uppercase() != text {
        return None;
    }
    let data = lower.strip_prefix(prefix)?.strip_prefix('1')?;
    let values: Vec<u8> = data
        .bytes()
        .map(|byte| {
            let place = ALPHABET.iter().position(|&known| known == byte)?;
            u8::try_from(place).ok()
        })
        .collect::<Option<_>>()?;
    let high = prefix.bytes().map(|byte| byte >> 5);
    let low = prefix.bytes().map(|byte| byte & 31);
    let checksum = polymod(high.chain([0]).chain(low).chain(values.iter().copied()));
    Some((values, checksum))
}

fn polymod(values: impl Iterator<Item = u8>) -> u32 {
    values.fold(1, |checksum, value| {
        let top = checksum >> 25;
        let shifted = (checksum & 0x01ff_ffff) << 5 ^ u32::from(value);
        GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| top >> bit & 1 == 1)
            .fold(shifted, |checksum, (_, generator)| checksum ^ generator)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_the_proposal_hold_and_its_wrong_ones_do_not() {
        for (address, holds) in [
            ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", true),
            (
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                true,
            ),
            ("BC1SW50QGDZ25J", true),
            ("bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", true),
            (
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
                false,
            ),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", false),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", false),
            ("bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", false),
            ("bc1gmk9yu", false),
            ("bc1", false),
            ("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", false),
        ] {
            assert_eq!(segwit("bc", address), holds, "{address}");
        }
    }

    #[test]
    fn any_prefix_may_carry_the_older_checksum() {
        assert!(bech32(
            "split",
            "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"
        ));
        assert!(!bech32(
            "split",
            "split1checkupstagehandshakeupstreamerranterredcaperredlc445v"
        ));
        assert!(!bech32(
            "spli",
            "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"
        ));
        assert!(!bech32("a", "a1"));
    }
}
