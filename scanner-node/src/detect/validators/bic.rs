//! Business identifier codes of banks (SWIFT, BIC): four letters, a country, a place, a branch.
//!
//! Owns the countries. **Invariant:** a code, which has no check digit, is never called valid.
//!
//! # Source
//! ISO 9362, <https://www.swift.com/standards/data-standards/bic-business-identifier-code>; ISO 3166-1.

use super::Verdict;

/// The countries of ISO 3166-1, and Kosovo, which has codes too.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL \
    BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK \
    DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU \
    GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ \
    LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY \
    MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU \
    RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Checks a code of eight or eleven characters.
pub(super) fn check(value: &str) -> Verdict {
    let is_form = matches!(value.len(), 8 | 11)
        && value
            .bytes()
            .enumerate()
            .all(|(place, byte)| byte.is_ascii_uppercase() || place > 5 && byte.is_ascii_digit());
    let country = value.get(4..6).unwrap_or_default();
    if !is_form || !COUNTRIES.split(' ').any(|known| known == country) {
        return Verdict::invalid("no such country, or not eight or eleven characters");
    }
    // A zero in eighth place marks the codes of the network's test system.
    let is_test = value.as_bytes().get(7) == Some(&b'0');
    Verdict::shaped("country is known").test_value(is_test)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid};

    use super::*;

    #[test]
    fn the_country_has_to_exist() {
        for (code, expected) in [
            ("DEUTDEFF", StructurallyValid),
            ("CHASUS33XXX", StructurallyValid),
            ("NEDSZAJJ", StructurallyValid),
            ("PASSWORD", Invalid),
            ("DEUTDEF", Invalid),
            ("DEUTDEFF5", Invalid),
            ("deutdeff", Invalid),
            ("DEU1DEFF", Invalid),
        ] {
            assert_eq!(check(code).check, expected, "{code}");
        }
        assert!(check("DEUTDEF0").test_value);
    }
}
