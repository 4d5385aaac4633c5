//! Whether the validators and two independent libraries judge the same numbers alike.
//!
//! Owns the list of what they share: `idsmith` makes numbers, `stdnum` checks them. Leaves published
//! examples to each validator. **Invariant:** where judgements differ on purpose, the reason stands here.

use rand_08::Rng;
use rand_08::rngs::ThreadRng;
use shared::detector::Check;

use super::{Validator, by_name};
use Relation::{Laxer, Same, Stricter};

/// Numbers made per scheme.
const MADE: usize = 100;
/// Changes tried on each of them.
const CHANGES: usize = 10;

/// Countries whose account numbers are not in the registry: they use those of another country, or have
/// none that another country's banks take.
const NOT_REGISTERED: &str = "AO AX BF BJ CF CG CI CM CV DZ GA GF GG GN GP GQ GW IM IR JE KM MA MF MG ML \
    MQ MZ NC NE PF PM RE SN TD TF TG WF YT";

/// A scheme that a library knows too.
struct Scheme {
    /// Name of our validator.
    ours: &'static str,
    /// Country whose personal numbers `idsmith` makes.
    makes: Option<&'static str>,
    /// Name under which `stdnum` checks it.
    checks: Option<&'static str>,
    /// Numbers to start from besides those that are made.
    seeds: &'static [&'static str],
    /// How our judgement of changed numbers relates to that of `stdnum`.
    relation: Relation,
    /// Numbers that are judged the other way round.
    except: fn(&str) -> bool,
}

/// Which of two judges refuses more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// Neither.
    Same,
    /// We do: all that we let pass, it lets pass.
    Stricter,
    /// It does: all that it lets pass, we let pass.
    Laxer,
}

const fn both(ours: &'static str, makes: &'static str, checks: &'static str) -> Scheme {
    Scheme {
        ours,
        makes: Some(makes),
        checks: Some(checks),
        seeds: &[],
        relation: Same,
        except: |_| false,
    }
}

const fn made(ours: &'static str, makes: &'static str) -> Scheme {
    Scheme {
        ours,
        makes: Some(makes),
        checks: None,
        seeds: &[],
        relation: Same,
        except: |_| false,
    }
}

const fn checked(
    ours: &'static str,
    checks: &'static str,
    seeds: &'static [&'static str],
) -> Scheme {
    Scheme {
        ours,
        makes: None,
        checks: Some(checks),
        seeds,
        relation: Same,
        except: |_| false,
    }
}

impl Scheme {
    const fn judged(self, relation: Relation) -> Self {
        Self { relation, ..self }
    }

    const fn except(self, except: fn(&str) -> bool) -> Self {
        Self { except, ..self }
    }
}

const SCHEMES: &[Scheme] = &[
    // It does not know the prefixes 25 and 26.
    both("argentina_cuit", "AR", "ar/cuit").judged(Laxer),
    both("australia_tfn", "AU", "au/tfn"),
    // It does not know the months from 13 on, and lets serials below 100 pass.
    both("austria_svnr", "AT", "at/vnr")
        .judged(Laxer)
        .except(|number| number.starts_with('0')),
    // It has a clock and refuses birthdays to come; to it 98 is as good as 1.
    both("belgium_national_number", "BE", "be/insz")
        .judged(Laxer)
        .except(|number| ["00", "98", "99"].iter().any(|end| number.ends_with(end))),
    both("brazil_cpf", "BR", "br/cpf"),
    // It does not look at the date.
    both("bulgaria_egn", "BG", "bg/egn").judged(Stricter),
    // It lets numbers of companies, which begin with 8, pass.
    both("canada_sin", "CA", "ca/sin").judged(Stricter),
    both("chile_rut", "CL", "cl/rut"),
    // It lets birthdays of any century up to now pass.
    both("china_resident_id", "CN", "cn/ric")
        .judged(Stricter)
        .except(|number| number.get(6..10) > Some("2025")),
    both("colombia_nit", "CO", "co/nit"),
    both("croatia_oib", "HR", "hr/oib"),
    // It has a clock, and lets months that are raised by 20, or by 40, pass before 2004 too.
    both("czech_birth_number", "CZ", "cz/rc")
        .judged(Laxer)
        .except(has_raised_month),
    both("czech_birth_number", "SK", "sk/rc")
        .judged(Laxer)
        .except(has_raised_month),
    // It has a clock.
    both("denmark_cpr", "DK", "dk/cpr").judged(Laxer),
    both("ecuador_cedula", "EC", "ec/ci"),
    // It does not look at the date.
    both("estonia_personal_code", "EE", "ee/ik").judged(Stricter),
    // It has a clock, and lets the serials 0 and 1 pass.
    both("finland_hetu", "FI", "fi/hetu")
        .judged(Laxer)
        .except(|number| matches!(number.get(7..10), Some("000" | "001"))),
    // It looks at neither sex nor month.
    both("france_nir", "FR", "fr/nir").judged(Stricter),
    // It lets three equal digits in a row pass.
    checked("germany_tax_id", "de/idnr", &["36574261809", "47654892137"]).judged(Stricter),
    both("greece_amka", "GR", "gr/amka"),
    // It knows the letters given out so far.
    checked(
        "hong_kong_id",
        "hk/hkid",
        &["G123456(A)", "L555555(0)", "AB987654(3)"],
    )
    .judged(Laxer),
    both("india_aadhaar", "IN", "in/aadhaar"),
    // It does not know the letter B in the end.
    both("ireland_ppsn", "IE", "ie/pps").judged(Laxer),
    both("israel_id", "IL", "il/idnr"),
    // It lets days from 32 to 40 pass.
    both("italy_fiscal_code", "IT", "it/codicefiscale").judged(Stricter),
    // It knows only numbers with a check digit.
    both("korea_rrn", "KR", "kr/rrn").judged(Laxer),
    // It has a clock.
    both("lithuania_personal_code", "LT", "lt/asmens").judged(Laxer),
    // It knows places that the registry does not.
    checked(
        "malaysia_nric",
        "my/nric",
        &["770305021234", "890131061224"],
    )
    .judged(Stricter),
    // It refuses letters that spell bad words, which the registry replaces by others.
    both("mexico_curp", "MX", "mx/curp").judged(Laxer),
    both("netherlands_bsn", "NL", "nl/bsn"),
    // It does not know where the range ends.
    both("new_zealand_ird", "NZ", "nz/ird").judged(Stricter),
    both("norway_fodselsnummer", "NO", "no/fodselsnummer"),
    // It has a clock.
    both("poland_pesel", "PL", "pl/pesel").judged(Laxer),
    both("portugal_nif", "PT", "pt/nif"),
    // It has a clock.
    both("romania_cnp", "RO", "ro/cnp").judged(Laxer),
    // It has a clock.
    both("slovenia_emso", "SI", "si/emso").judged(Laxer),
    // It does not know refugees.
    both("south_africa_id", "ZA", "za/idnr").judged(Laxer),
    both("spain_identity", "ES", "es/dni"),
    // It has a clock.
    both("sweden_personnummer", "SE", "se/personnummer").judged(Laxer),
    both("switzerland_ahv", "CH", "ch/ssn"),
    both("taiwan_id", "TW", "tw/natid"),
    both("thailand_id", "TH", "th/idnr"),
    both("turkey_id", "TR", "tr/tckimlik"),
    both("uk_national_insurance", "GB", "gb/nino"),
    // It lets the serial 0000 pass.
    both("us_ssn", "US", "us/ssn").judged(Stricter),
    made("indonesia_nik", "ID"),
    made("japan_individual_number", "JP"),
    made("latvia_personal_code", "LV"),
    made("singapore_nric", "SG"),
    checked("brazil_cnpj", "br/cnpj", &["16.727.230/0001-97"]),
    checked(
        "france_tax_number",
        "fr/nif",
        &["3023217600053", "0701987765493"],
    ),
    // It knows the areas given out so far.
    checked(
        "germany_pension",
        "de/svnr",
        &["15070649C103", "65170839J003"],
    )
    .judged(Laxer),
    checked("india_pan", "in/pan", &["ACUPA7085R", "AAPPV8261K"]),
    // It knows the cities of the branches.
    checked(
        "mexico_clabe",
        "mx/clabe",
        &["032180000118359719", "002010077777777771"],
    )
    .judged(Laxer),
    checked("portugal_citizen_card", "pt/cc", &["000000000ZZ4"]),
    checked("spain_identity", "es/nie", &["X2482300W"]),
    // It knows the provinces, but not that serials below ten million have seven digits.
    checked("spain_social_security", "es/nss", &["281234567840"])
        .judged(Laxer)
        .except(|number| number.get(2..3) == Some("0")),
    checked("uk_utr", "gb/utr", &["1955839661", "1123456789"]),
    checked("us_ein", "us/ein", &["91-1144442", "04-2103594"]),
];

/// Whether more than the sex is added to the month of a Czech birth number.
fn has_raised_month(number: &str) -> bool {
    !matches!(number.as_bytes().get(2), Some(b'0' | b'1' | b'5' | b'6'))
}

/// The scheme's validator, and numbers to try it on.
fn numbers(scheme: &Scheme, rng: &mut ThreadRng) -> (Validator, Vec<String>) {
    let validator = by_name(scheme.ours).unwrap();
    let mut numbers: Vec<String> = scheme.seeds.iter().map(|&seed| seed.to_owned()).collect();
    if let Some(country) = scheme.makes {
        let options = idsmith::personal_id::GenOptions::default();
        numbers.extend((0..MADE).map(|_| {
            idsmith::personal_ids()
                .generate(country, &options, rng)
                .unwrap()
        }));
    }
    (validator, numbers)
}

/// The number with one or two of its characters replaced by others of their kind.
fn changed(number: &str, rng: &mut ThreadRng) -> String {
    let mut bytes = number.as_bytes().to_vec();
    for _ in 0..rng.gen_range(1..=2) {
        let place = rng.gen_range(0..bytes.len());
        bytes[place] = match bytes[place] {
            b'0'..=b'9' => rng.gen_range(b'0'..=b'9'),
            b'A'..=b'Z' => rng.gen_range(b'A'..=b'Z'),
            other => other,
        };
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn numbers_that_a_library_makes_are_never_refused() {
    let mut rng = rand_08::thread_rng();
    let mut refused = Vec::new();
    for scheme in SCHEMES.iter().filter(|scheme| scheme.makes.is_some()) {
        let (validator, numbers) = numbers(scheme, &mut rng);
        for number in numbers {
            let verdict = validator(&number);
            if verdict.check == Check::Invalid {
                refused.push((scheme.ours, number, verdict.note));
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn a_library_and_we_judge_changed_numbers_alike() {
    let mut rng = rand_08::thread_rng();
    let mut disputed = Vec::new();
    for scheme in SCHEMES {
        let Some(oracle) = scheme.checks.map(|name| stdnum::find(name).unwrap()) else {
            continue;
        };
        let (validator, numbers) = numbers(scheme, &mut rng);
        for number in &numbers {
            for _ in 0..CHANGES * MADE / numbers.len() {
                let number = changed(number, &mut rng);
                if (scheme.except)(&number) {
                    continue;
                }
                let verdict = validator(&number);
                let theirs = oracle.validate(&number).is_ok();
                let ours = verdict.check != Check::Invalid;
                if ours && !theirs && scheme.relation != Laxer
                    || theirs && !ours && scheme.relation != Stricter
                {
                    disputed.push((scheme.ours, number, verdict.note, theirs));
                }
            }
        }
    }
    assert!(disputed.is_empty(), "{disputed:#?}");
}

#[test]
fn account_numbers_of_every_registered_country_hold() {
    let mut rng = rand_08::thread_rng();
    let iban = by_name("iban").unwrap();
    let mut refused = Vec::new();
    let registered = idsmith::iban::supported_countries()
        .into_iter()
        .filter(|country| !NOT_REGISTERED.contains(country));
    for country in registered {
        for _ in 0..CHANGES {
            let number = idsmith::iban::generate_iban(Some(country), &mut rng).unwrap();
            if iban(&number).check != Check::Valid {
                refused.push(number);
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn cards_of_every_issuer_are_known() {
    let mut rng = rand_08::thread_rng();
    let card = by_name("payment_card").unwrap();
    let options = idsmith::credit_card::GenOptions {
        brand: None,
        current_year: Some(26),
    };
    let mut refused = Vec::new();
    for _ in 0..MADE * CHANGES {
        let made = idsmith::credit_cards()
            .generate(&options, &mut rng)
            .unwrap();
        if card(&made.number).check == Check::Invalid {
            refused.push((made.brand, made.number));
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}
