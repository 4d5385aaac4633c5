//! Addresses of crypto currencies: `Base58Check`, Bech32, and the letter case of Ethereum (EIP-55).
//!
//! Owns which version bytes and prefixes are addresses. Leaves private keys to `crypto_key`.
//! **Invariant:** valid means that a checksum holds; an address without one is shaped at most.
//!
//! # Source
//! <https://en.bitcoin.it/wiki/List_of_address_prefixes>,
//! <https://github.com/ethereum/ercs/blob/master/ERCS/erc-55.md>,
//! <https://docs.getmonero.org/public-address/standard-address/>,
//! <https://cips.cardano.org/cip/CIP-19>.

use sha3::{Digest, Keccak256};

use super::Verdict;
use super::arithmetic::{base58, base58check, bech32, segwit};

/// Version bytes of litecoin (`L`, `M`), dogecoin (`D`), dash (`X`) and tron (`T`).
const OTHER_VERSIONS: [u8; 5] = [0x30, 0x32, 0x1e, 0x4c, 0x41];
/// The address of the first block ever, and that which nobody has the key of.
const KNOWN_BITCOIN: [&str; 2] = [
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "1BitcoinEaterAddressDontSendf59kuE",
];

/// Checks an address of Bitcoin.
pub(super) fn bitcoin(value: &str) -> Verdict {
    let is_known = KNOWN_BITCOIN.contains(&value);
    // Hashes of keys and of scripts.
    let is_address =
        matches!(base58check(value).as_deref(), Some([0 | 5, hash @ ..]) if hash.len() == 20);
    if is_address || segwit("bc", value) {
        return Verdict::valid("checksum holds").test_value(is_known);
    }
    Verdict::invalid("checksum does not hold")
}

/// Checks an address of Ethereum, or of a chain with the same addresses.
pub(super) fn ethereum(value: &str) -> Verdict {
    let Some(hex) = value
        .strip_prefix("0x")
        .filter(|hex| hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    else {
        return Verdict::invalid("not forty hexadecimal digits");
    };
    if hex.bytes().all(|byte| byte == b'0') {
        return Verdict::invalid("the address of nobody");
    }
    let has = |test: fn(&u8) -> bool| hex.as_bytes().iter().any(test);
    if !(has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase)) {
        return Verdict::shaped("of one letter case, which has no checksum");
    }
    if !case_holds(hex) {
        return Verdict::invalid("letter case does not hold");
    }
    Verdict::valid("letter case holds")
}

/// A letter is upper case where the digit of the hash in its place is eight or more.
fn case_holds(hex: &str) -> bool {
    let hash = Keccak256::digest(hex.to_ascii_lowercase());
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    hex.bytes()
        .zip(nibbles)
        .all(|(byte, nibble)| byte.is_ascii_digit() || byte.is_ascii_uppercase() == (nibble > 7))
}

/// Checks an address of one of the other currencies.
pub(super) fn other(value: &str) -> Verdict {
    if segwit("ltc", value) || bech32("addr", value) || bech32("cosmos", value) {
        return Verdict::valid("checksum holds");
    }
    match base58check(value).as_deref() {
        Some([version, hash @ ..]) if hash.len() == 20 && OTHER_VERSIONS.contains(version) => {
            return Verdict::valid("checksum holds");
        }
        // Transparent addresses of Zcash.
        Some([0x1c, 0xb8 | 0xbd, hash @ ..]) if hash.len() == 20 => {
            return Verdict::valid("checksum holds");
        }
        _ => {}
    }
    if value.len() == 95 && value.starts_with(['4', '8']) {
        return Verdict::shaped("length and start of a Monero address");
    }
    let is_solana =
        matches!(value.len(), 43 | 44) && base58(value).is_some_and(|key| key.len() == 32);
    if is_solana {
        return Verdict::shaped("32 bytes, as a Solana address has");
    }
    Verdict::invalid("checksum does not hold")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::super::holds;
    use super::*;

    #[test]
    fn bitcoin_addresses_need_their_checksum() {
        holds(
            bitcoin,
            &[
                ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", Valid),
                ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", Valid),
                ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", Valid),
                ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", Invalid),
                ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", Invalid),
                (
                    "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
                    Invalid,
                ),
            ],
        );
        assert!(bitcoin("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa").test_value);
    }

    #[test]
    fn ethereum_addresses_need_their_letter_case_if_they_mix_it() {
        holds(
            ethereum,
            &[
                ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Valid),
                ("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", Valid),
                (
                    "0x52908400098527886E0F7030069857D2E4169EE7",
                    StructurallyValid,
                ),
                (
                    "0xde709f2102306220921060314715629080e2fb77",
                    StructurallyValid,
                ),
                ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed", Invalid),
                ("0x0000000000000000000000000000000000000000", Invalid),
                ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", Invalid),
            ],
        );
    }

    #[test]
    fn other_addresses_need_a_checksum_or_a_length_of_their_own() {
        holds(
            other,
            &[
                ("LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1", Valid),
                ("DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L", Valid),
                ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", Valid),
                ("t1YHc7RKi8PtsSfqd8XpfaQdwF8iiY7QsRC", Valid),
                (
                    "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
                    StructurallyValid,
                ),
                (
                    "addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8",
                    Valid,
                ),
                ("LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc2", Invalid),
                ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u", Invalid),
                ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", Invalid),
            ],
        );
    }
}
