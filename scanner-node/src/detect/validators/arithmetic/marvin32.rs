//! Marvin32, the hash that identifiable keys of Azure end in.
//!
//! Owns the hash. **Invariant:** the same seed and bytes give what .NET gives.
//!
//! # Source
//! <https://github.com/microsoft/security-utilities> (use); test vectors of
//! <https://github.com/dotnet/runtime>, `MarvinTests`.

/// The two halves of the hash, combined to 32 bits.
pub(in crate::detect::validators) fn hash(seed: u64, bytes: &[u8]) -> u32 {
    let (low, high) = state(seed, bytes);
    low ^ high
}

fn state(seed: u64, bytes: &[u8]) -> (u32, u32) {
    let half = |number: u64| u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    let mut pair = (half(seed), half(seed >> 32));
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        pair = mixed((pair.0.wrapping_add(u32::from_le_bytes(*word)), pair.1));
    }
    // What is left over, a byte 0x80 behind it.
    let last = rest
        .iter()
        .rev()
        .fold(0x80_u32, |last, &byte| last << 8 | u32::from(byte));
    mixed(mixed((pair.0.wrapping_add(last), pair.1)))
}

fn mixed((low, high): (u32, u32)) -> (u32, u32) {
    let high = high ^ low;
    let low = low.rotate_left(20).wrapping_add(high);
    let high = high.rotate_left(9) ^ low;
    let low = low.rotate_left(27).wrapping_add(high);
    (low, high.rotate_left(19))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_what_dotnet_gives() {
        for (seed, bytes, expected) in [
            (0x4f_b61a_001b_dbcc, &[][..], 0x30ed_35c1_00cd_3c7d_u64),
            (0x4f_b61a_001b_dbcc, &[0xaf], 0x48e7_3fc7_7d75_ddc1),
            (0x4f_b61a_001b_dbcc, &[0xe7, 0x0f], 0xb5f6_e1fc_485d_bff8),
            (
                0x4f_b61a_001b_dbcc,
                &[0x37, 0xf4, 0x95],
                0xf0b0_7c78_9b8c_f7e8,
            ),
            (
                0x4f_b61a_001b_dbcc,
                &[0x86, 0x42, 0xdc, 0x59],
                0x7008_f2e8_7e9c_f556,
            ),
            (0x804f_b61a_001b_dbcc, &[0xaf], 0x6820_1f91_960e_bf91),
        ] {
            let (low, high) = state(seed, bytes);
            assert_eq!(
                u64::from(high) << 32 | u64::from(low),
                expected,
                "{bytes:?}"
            );
        }
    }
}
