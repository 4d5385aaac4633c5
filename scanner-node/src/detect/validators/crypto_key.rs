//! Private keys of crypto wallets: WIF, extended keys, keys locked by a passphrase, and `nsec`.
//!
//! Owns which version bytes are private. **Invariant:** valid means that the checksum holds and the bytes
//! are a private key, not an address or a public one.
//!
//! # Source
//! <https://en.bitcoin.it/wiki/Wallet_import_format>,
//! <https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki>,
//! <https://github.com/bitcoin/bips/blob/master/bip-0038.mediawiki>,
//! <https://github.com/satoshilabs/slips/blob/master/slip-0132.md>,
//! <https://github.com/nostr-protocol/nips/blob/master/19.md>.

use super::Verdict;
use super::arithmetic::{base58check, bech32};

/// Version bytes of xprv, yprv, zprv, and of tprv, uprv, vprv on the test network.
const EXTENDED: [[u8; 4]; 6] = [
    [0x04, 0x88, 0xad, 0xe4],
    [0x04, 0x9d, 0x78, 0x78],
    [0x04, 0xb2, 0x43, 0x0c],
    [0x04, 0x35, 0x83, 0x94],
    [0x04, 0x4a, 0x4e, 0x28],
    [0x04, 0x5f, 0x18, 0xbc],
];
const TEST_NETWORK: [[u8; 4]; 3] = [EXTENDED[3], EXTENDED[4], EXTENDED[5]];

/// Checks a private key.
pub(super) fn check(value: &str) -> Verdict {
    if bech32("nsec", value) {
        return Verdict::valid("checksum of a Nostr key holds");
    }
    match base58check(value).as_deref() {
        // 32 bytes; one more says that the public key is compressed.
        Some([version @ (0x80 | 0xef | 0xb0), key @ ..]) if matches!(key.len(), 32 | 33) => {
            Verdict::valid("checksum of a wallet key holds").test_value(*version == 0xef)
        }
        Some([0x01, 0x42 | 0x43, key @ ..]) if key.len() == 37 => {
            Verdict::valid("checksum of a key locked by a passphrase holds")
        }
        Some(&[v1, v2, v3, v4, ref key @ ..])
            if key.len() == 74 && EXTENDED.contains(&[v1, v2, v3, v4]) =>
        {
            let is_test = TEST_NETWORK.contains(&[v1, v2, v3, v4]);
            Verdict::valid("checksum of an extended key holds").test_value(is_test)
        }
        _ => Verdict::invalid("checksum does not hold, or no private key"),
    }
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn the_checksum_of_a_private_key_has_to_hold() {
        let xprv = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
        let xpub = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
        for (key, expected) in [
            ("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ", Valid),
            (
                "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617",
                Valid,
            ),
            (
                "6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg",
                Valid,
            ),
            (
                "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5",
                Valid,
            ),
            (xprv, Valid),
            (xpub, Invalid),
            (
                "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTK",
                Invalid,
            ),
            ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", Invalid),
            (
                "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe6",
                Invalid,
            ),
        ] {
            assert_eq!(check(key).check, expected, "{key}");
        }
    }
}
