//! Identifiable keys of Azure: they end in a Marvin32 hash of what precedes it, under a seed that tells
//! what the key is for.
//!
//! Owns both generations: keys with a signature of the service (`AzFu`, `+ASt`), and common annotated
//! keys (`JQQJ99`). **Invariant:** never refuses a key that decodes; a seed that is not public may have
//! made it.
//!
//! # Source
//! <https://github.com/microsoft/security-utilities>.

use super::Verdict;
use super::arithmetic::base64_any::decoded;
use super::arithmetic::marvin32;

/// What every common annotated key holds, and where.
const ANNOTATED: (usize, &str) = (52, "JQQJ9");
/// Characters of a common annotated key that its hash covers.
const ANNOTATED_BODY: usize = 80;
/// Bytes of the hash.
const HASH: usize = 4;
/// Seeds that are public: eight letters and digits each.
const SEEDS: &[&[u8; 8]] = &[
    b"Default0",
    b"System00",
    b"Unknown0",
    b"Send0000",
    b"Manage00",
    b"Listen00",
    b"AbAcct00",
    b"Master00",
    b"Functi00",
    b"SysAll00",
    b"Resour00",
    b"MastRO00",
    b"SystRO00",
    b"Encryp00",
    b"MastRW00",
    b"SystRW00",
    b"Access00",
    b"Query000",
    b"PAdmin00",
    b"Classic0",
    b"ACRDflt0",
    b"UsrPwd00",
    b"IoTHub00",
    b"DpsKey00",
    b"Device00",
    b"Tenant00",
    b"Gatewy00",
    b"GitKey00",
    b"SendRecv",
];

/// Decodes the key and checks its hash.
pub(super) fn check(value: &str) -> Verdict {
    let (at, signature) = ANNOTATED;
    let is_annotated = value
        .get(at..)
        .is_some_and(|rest| rest.starts_with(signature));
    let held = if is_annotated {
        annotated_holds(value)
    } else {
        signed_holds(value)
    };
    match held {
        Some(true) => Verdict::valid("hash holds"),
        Some(false) => Verdict::shaped("hash holds under no public seed"),
        None => Verdict::invalid("does not decode"),
    }
}

/// The hash covers the first sixty bytes; three bytes of it are kept.
fn annotated_holds(value: &str) -> Option<bool> {
    let body = decoded(value.get(..ANNOTATED_BODY)?)?;
    let kept = decoded(value.get(ANNOTATED_BODY..ANNOTATED_BODY + 4)?)?;
    let hash = marvin32::hash(u64::from_be_bytes(*b"Default0"), &body).to_le_bytes();
    Some(hash.starts_with(&kept))
}

/// The hash is the last four bytes.
fn signed_holds(value: &str) -> Option<bool> {
    let key = decoded(value)?;
    let (body, hash) = key.split_at_checked(key.len().checked_sub(HASH)?)?;
    let holds =
        |seed: &&[u8; 8]| marvin32::hash(u64::from_be_bytes(**seed), body).to_le_bytes() == *hash;
    Some(SEEDS.iter().any(holds))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use shared::detector::Check;

    use super::*;

    fn signed(seed: [u8; 8], length: u8) -> String {
        let mut key: Vec<u8> = (0..length - 4).map(|byte| byte.wrapping_mul(37)).collect();
        let hash = marvin32::hash(u64::from_be_bytes(seed), &key);
        key.extend(hash.to_le_bytes());
        STANDARD_NO_PAD.encode(key)
    }

    fn annotated() -> String {
        let body = format!(
            "{}JQQJ99AKAC{}Azfu0",
            "aB3dE6gH9kLm2".repeat(4),
            "0".repeat(13)
        );
        let body = format!("{body:a<80}");
        let hash = marvin32::hash(u64::from_be_bytes(*b"Default0"), &decoded(&body).unwrap());
        let kept = &hash.to_le_bytes()[..3];
        format!("{body}{}", STANDARD_NO_PAD.encode(kept))
    }

    #[test]
    fn tells_hashes_that_hold_from_those_that_do_not() {
        for good in [
            signed(*b"Default0", 64),
            signed(*b"Manage00", 32),
            annotated(),
        ] {
            assert_eq!(check(&good).check, Check::Valid, "{good}");
            let first = if good.starts_with('A') { "B" } else { "A" };
            let wrong = format!("{first}{}", good.split_at(1).1);
            assert_eq!(check(&wrong).check, Check::StructurallyValid, "{wrong}");
        }
        assert_eq!(
            check(&signed(*b"Secret00", 32)).check,
            Check::StructurallyValid
        );
        assert_eq!(check("A=A").check, Check::Invalid);
        assert_eq!(check("").check, Check::Invalid);
    }

    #[test]
    fn both_alphabets_are_read() {
        let url_safe = signed(*b"Functi00", 40).replace('+', "-").replace('/', "_");
        assert_eq!(check(&format!("{url_safe}==")).check, Check::Valid);
    }
}
