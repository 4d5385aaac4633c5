//! The Luhn check digit.
//!
//! Owns the sum. **Invariant:** any one wrong digit breaks it.
//!
//! # Source
//! ISO/IEC 7812-1, annex B.

/// Whether the sum, every second digit from the right doubled, is a multiple of ten.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, u32::from(digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_one_wrong_digit_breaks_the_sum() {
        let good = [7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3];
        assert!(luhn(&good));
        for place in 0..good.len() {
            for add in 1..10 {
                let mut wrong = good;
                wrong[place] = (wrong[place] + add) % 10;
                assert!(!luhn(&wrong), "{wrong:?}");
            }
        }
    }
}
