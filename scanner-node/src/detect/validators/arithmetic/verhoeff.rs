//! The Verhoeff check digit: the dihedral group of the pentagon.
//!
//! Owns the two tables. **Invariant:** any wrong digit and any swap of neighbours breaks it.
//!
//! # Source
//! <https://en.wikipedia.org/wiki/Verhoeff_algorithm>.

/// The group's multiplication.
const PRODUCT: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
/// One step of the permutation; a digit's place says how often it is applied.
const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/// Whether the digits, the last of which is the check digit, come out at the group's unit.
pub(crate) fn verhoeff(digits: &[u8]) -> bool {
    let product = digits
        .iter()
        .rev()
        .enumerate()
        .try_fold(0_u8, |product, (place, &digit)| {
            let permuted = (0..place % 8).try_fold(digit, |digit, _| {
                PERMUTATION.get(usize::from(digit)).copied()
            })?;
            let row = PRODUCT.get(usize::from(product))?;
            row.get(usize::from(permuted)).copied()
        });
    product == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_digits_and_swaps_break_it() {
        let good = [2, 3, 6, 3];
        assert!(verhoeff(&good));
        assert!(verhoeff(&[1, 2, 3, 4, 5, 1]));
        for place in 0..good.len() {
            for add in 1..10 {
                let mut wrong = good;
                wrong[place] = (wrong[place] + add) % 10;
                assert!(!verhoeff(&wrong), "{wrong:?}");
            }
        }
        assert!(!verhoeff(&[3, 2, 6, 3]));
        assert!(!verhoeff(&[2, 3, 3, 6]));
        assert!(!verhoeff(&[200]));
    }
}
