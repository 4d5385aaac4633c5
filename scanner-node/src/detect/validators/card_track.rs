//! The magnetic stripe of a payment card: track one and track two.
//!
//! Owns the fields around the number. Leaves the number itself to `payment_card`.
//! **Invariant:** valid means that the number holds and the card expires in some month.
//!
//! # Source
//! ISO/IEC 7813; <https://en.wikipedia.org/wiki/ISO/IEC_7813>.

use shared::detector::Check;

use super::{Verdict, payment_card};

/// Checks `%B<number>^<name>^<YYMM>…` and `;<number>=<YYMM>…`.
pub(super) fn check(value: &str) -> Verdict {
    let Some((number, expiry)) = fields(value) else {
        return Verdict::invalid("not a track");
    };
    let month = expiry.get(2..4).and_then(|month| month.parse::<u8>().ok());
    if !month.is_some_and(|month| (1..=12).contains(&month)) {
        return Verdict::invalid("no such month of expiry");
    }
    let card = payment_card::check(number);
    if card.check == Check::Invalid {
        return card;
    }
    Verdict::valid("card number and month of expiry hold").test_value(card.test_value)
}

/// The card number, and what begins with the expiry date.
fn fields(value: &str) -> Option<(&str, &str)> {
    if let Some(track) = value.strip_prefix("%B").or(value.strip_prefix("%b")) {
        let (number, rest) = track.split_once('^')?;
        return Some((number, rest.split_once('^')?.1));
    }
    value.strip_prefix(';')?.split_once('=')
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn number_and_month_of_expiry_have_to_hold() {
        for (track, expected) in [
            ("%B4539578763621486^LOPEZ/ANA^27122010000000000000?", Valid),
            ("%b4539578763621486^LOPEZ/ANA^2712", Valid),
            (";4539578763621486=27122010000000000000?", Valid),
            (";4539578763621487=27122010000000000000?", Invalid),
            (";4539578763621486=27132010000000000000?", Invalid),
            (";4539578763621486=2", Invalid),
            ("%B4539578763621486^LOPEZ/ANA", Invalid),
            ("4539578763621486", Invalid),
        ] {
            assert_eq!(check(track).check, expected, "{track}");
        }
        assert!(check(";4111111111111111=2712201?").test_value);
    }
}
