//! Checks of a value by its own arithmetic or structure, by name.
//!
//! Owns the list of validators. Leaves what their word is worth to `likelihood`.
//! **Invariant:** a validator is a pure function of the value; it says Invalid only of what cannot be one.

mod aba_routing;
mod age_key;
#[cfg(test)]
mod agreement;
mod arithmetic;
mod atlassian_token;
mod australia_nz;
mod austria;
mod aws_key_id;
mod azure_key;
mod baltics;
mod base64_key;
mod basic_auth;
mod belgium;
mod bic;
mod birth_date;
mod brazil;
mod bulgaria;
mod canada;
mod card_track;
mod connection_string;
mod croatia_slovenia;
mod crypto_address;
mod crypto_key;
mod czech_slovak;
mod denmark;
mod east_asia;
mod email;
mod finland;
mod france;
mod germany;
mod github_token;
mod gitlab_token;
mod greece;
mod hungary;
mod iban;
mod iccid;
mod imei;
mod india;
mod ip_address;
mod ireland;
mod israel;
mod italy;
mod jwt;
mod mexico;
mod mnemonic;
mod mrz;
mod netherlands;
mod norway;
mod npm_token;
mod password;
mod payment_card;
mod pem;
mod phone;
mod poland;
mod portugal;
mod random_key;
mod romania;
mod south_africa;
mod south_america;
mod southeast_asia;
mod spain;
mod sweden;
mod switzerland;
mod turkey;
mod uk;
mod us_health;
mod us_ssn;
mod us_tax;
mod vehicle;

use shared::detector::Check;

use super::entropy::millibits as entropy_millibits;

/// A check of a value.
pub type Validator = fn(&str) -> Verdict;

/// What a validator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Its word.
    pub check: Check,
    /// Why, for the explanation: fixed words, never the value.
    pub note: &'static str,
    /// The value is a published example or test number.
    pub test_value: bool,
    /// How many bytes from the start belong to the value, where the validator knows better than the
    /// pattern.
    pub bytes: Option<usize>,
}

/// In order of name.
const VALIDATORS: &[(&str, Validator)] = &[
    ("aba_routing", aba_routing::check),
    ("age_key", age_key::check),
    ("argentina_cuit", south_america::argentina_cuit),
    ("atlassian_token", atlassian_token::check),
    ("australia_medicare", australia_nz::medicare),
    ("australia_tfn", australia_nz::tax_file_number),
    ("austria_svnr", austria::social_insurance),
    ("aws_key_id", aws_key_id::check),
    ("azure_key", azure_key::check),
    ("base64_key", base64_key::check),
    ("basic_auth", basic_auth::check),
    ("belgium_national_number", belgium::national_number),
    ("bic", bic::check),
    ("birth_date", birth_date::check),
    ("bitcoin_address", crypto_address::bitcoin),
    ("brazil_cnpj", brazil::cnpj),
    ("brazil_cpf", brazil::cpf),
    ("bulgaria_egn", bulgaria::egn),
    ("canada_sin", canada::social_insurance),
    ("card_track", card_track::check),
    ("chile_rut", south_america::chile_rut),
    ("china_resident_id", east_asia::china_resident),
    ("colombia_nit", south_america::colombia_nit),
    ("connection_string", connection_string::check),
    ("croatia_oib", croatia_slovenia::oib),
    ("crypto_address", crypto_address::other),
    ("crypto_private_key", crypto_key::check),
    ("czech_birth_number", czech_slovak::birth_number),
    ("denmark_cpr", denmark::cpr),
    ("ecuador_cedula", south_america::ecuador_cedula),
    ("email", email::check),
    ("estonia_personal_code", baltics::estonia),
    ("ethereum_address", crypto_address::ethereum),
    ("finland_hetu", finland::hetu),
    ("france_nir", france::nir),
    ("france_tax_number", france::tax_number),
    ("germany_document", germany::document),
    ("germany_pension", germany::pension),
    ("germany_tax_id", germany::tax_id),
    ("github_token", github_token::check),
    ("gitlab_token", gitlab_token::check),
    ("greece_amka", greece::amka),
    ("hong_kong_id", east_asia::hong_kong),
    ("hungary_taj", hungary::taj),
    ("hungary_tax_id", hungary::tax_id),
    ("iban", iban::check),
    ("iccid", iccid::check),
    ("imei", imei::check),
    ("india_aadhaar", india::aadhaar),
    ("india_pan", india::pan),
    ("indonesia_nik", southeast_asia::indonesia),
    ("ip_address", ip_address::check),
    ("ireland_ppsn", ireland::ppsn),
    ("israel_id", israel::identity),
    ("italy_fiscal_code", italy::fiscal_code),
    ("japan_individual_number", east_asia::japan_individual),
    ("jwt", jwt::check),
    ("korea_rrn", east_asia::korea_resident),
    ("latvia_personal_code", baltics::latvia),
    ("lithuania_personal_code", baltics::lithuania),
    ("malaysia_nric", southeast_asia::malaysia),
    ("mexico_clabe", mexico::clabe),
    ("mexico_curp", mexico::curp),
    ("mnemonic", mnemonic::check),
    ("mrz", mrz::check),
    ("netherlands_bsn", netherlands::bsn),
    ("new_zealand_ird", australia_nz::inland_revenue),
    ("norway_fodselsnummer", norway::fodselsnummer),
    ("npm_token", npm_token::check),
    ("password", password::check),
    ("payment_card", payment_card::check),
    ("pem", pem::check),
    ("phone", phone::check),
    ("poland_pesel", poland::pesel),
    ("portugal_citizen_card", portugal::citizen_card),
    ("portugal_nif", portugal::tax_number),
    ("random_key", random_key::check),
    ("romania_cnp", romania::cnp),
    ("singapore_nric", southeast_asia::singapore),
    ("slovenia_emso", croatia_slovenia::emso),
    ("south_africa_id", south_africa::identity),
    ("spain_identity", spain::identity),
    ("spain_social_security", spain::social_security),
    ("sweden_personnummer", sweden::personnummer),
    ("switzerland_ahv", switzerland::ahv),
    ("taiwan_id", east_asia::taiwan),
    ("thailand_id", southeast_asia::thailand),
    ("turkey_id", turkey::identity),
    ("uk_driving_licence", uk::driving_licence),
    ("uk_national_insurance", uk::national_insurance),
    ("uk_nhs", uk::nhs),
    ("uk_utr", uk::taxpayer_reference),
    ("us_dea", us_health::dea),
    ("us_ein", us_tax::ein),
    ("us_itin", us_tax::itin),
    ("us_mbi", us_health::mbi),
    ("us_npi", us_health::npi),
    ("us_ssn", us_ssn::check),
    ("vehicle", vehicle::check),
];

/// The validator of that name.
pub fn by_name(name: &str) -> Option<Validator> {
    VALIDATORS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, validator)| *validator)
}

/// The names there are, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    VALIDATORS.iter().map(|(name, _)| *name)
}

impl Verdict {
    const fn new(check: Check, note: &'static str) -> Self {
        Self {
            check,
            note,
            test_value: false,
            bytes: None,
        }
    }

    const fn valid(note: &'static str) -> Self {
        Self::new(Check::Valid, note)
    }

    const fn shaped(note: &'static str) -> Self {
        Self::new(Check::StructurallyValid, note)
    }

    const fn invalid(note: &'static str) -> Self {
        Self::new(Check::Invalid, note)
    }

    const fn test_value(self, yes: bool) -> Self {
        Self {
            test_value: yes,
            ..self
        }
    }
}

/// The ASCII digits of a value, as digits.
fn digits_of(value: &str) -> Vec<u8> {
    value
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|byte| byte - b'0')
        .collect()
}

/// The number that the first `count` digits spell; 0 where there are none.
fn leading(digits: &[u8], count: usize) -> u32 {
    digits
        .iter()
        .take(count)
        .fold(0, |number, &digit| number * 10 + u32::from(digit))
}

fn all_same(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair.first() == pair.last())
}

/// Asserts what a validator says of each value of a table.
#[cfg(test)]
fn holds(check: Validator, table: &[(&str, Check)]) {
    for (value, expected) in table {
        assert_eq!(check(value).check, *expected, "{value}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn validators_are_listed_in_order_and_found_by_name() {
        assert!(names().is_sorted());
        assert!(names().all(|name| by_name(name).is_some()));
        assert!(by_name("nope").is_none());
    }

    proptest! {
        #[test]
        fn no_validator_panics_on_any_text(value in "\\PC{0,80}", ascii in "[ -~\\n]{0,80}") {
            for (_, validator) in VALIDATORS {
                validator(&value);
                validator(&ascii);
            }
        }

        #[test]
        fn no_validator_panics_on_digits_and_separators(value in "[0-9A-Z ().+-]{0,40}") {
            for (_, validator) in VALIDATORS {
                validator(&value);
            }
        }
    }
}
