//! Claims about what is found through views, made with the built-in detectors.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use shared::content::TextUnit;
use shared::finding::Likelihood;

use super::tests::odd_text;
use crate::detect::{Engine, Match, Scratch, builtin};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::compile(&builtin().unwrap()).unwrap());

fn scan(text: &str) -> Vec<Match> {
    ENGINE
        .scan(&TextUnit::plain(text), &mut Scratch::new())
        .matches
}

/// Info type, value as read, and what stands in its place, of each match that is POSSIBLE at least.
fn found(text: &str) -> Vec<(String, String, String)> {
    let matches = scan(text)
        .into_iter()
        .filter(|found| found.likelihood >= Likelihood::Possible);
    matches
        .map(|found| {
            let sent = text.get(found.span.clone()).unwrap().to_owned();
            (
                found.detector.info_type.to_string(),
                found.value(text).to_owned(),
                sent,
            )
        })
        .collect()
}

fn reasons(found: &Match) -> Vec<&str> {
    found
        .evidence
        .iter()
        .map(|evidence| evidence.reason.as_str())
        .collect()
}

fn one(info_type: &str, value: &str, sent: &str) -> [(String, String, String); 1] {
    [(info_type.to_owned(), value.to_owned(), sent.to_owned())]
}

/// What stands before a value, the value, and its type.
const VALUES: &[(&str, &str, &str)] = &[
    ("my card is ", "4539 5787 6362 1486", "CREDIT_CARD_NUMBER"),
    ("my ssn is ", "536-90-4399", "US_SOCIAL_SECURITY_NUMBER"),
    ("please pay to ", "DE89 3704 0044 0532 0130 00", "IBAN_CODE"),
    ("call me at ", "+1 415-555-2671", "PHONE_NUMBER"),
    ("write to ", "ana-lopez7@corp-mail2.io", "EMAIL_ADDRESS"),
    (
        "nhs number ",
        "943-476-5919",
        "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
    ),
    ("aws key ", "AKIAYVP4CIPPERUVIFXG", "AWS_ACCESS_KEY_ID"),
];

/// The value with every separator replaced, with a character put inside, or with wide digits.
fn spellings(value: &str) -> Vec<String> {
    let is_number = !value.contains(|c: char| c.is_ascii_lowercase());
    let between = |sign: char| match is_number {
        true if value.contains([' ', '-']) => value.replace([' ', '-'], &sign.to_string()),
        _ if value.contains('-') && sign != '\u{A0}' && sign != '\u{2007}' => {
            value.replace('-', &sign.to_string())
        }
        _ => format!("{sign}{value}{sign}"),
    };
    let inside = |sign: char| {
        let (head, tail) = value.split_at(value.len() / 2);
        format!("{sign}{head}{sign}{tail}{sign}")
    };
    let wide = |c: char| {
        c.to_digit(10)
            .and_then(|digit| char::from_u32('０' as u32 + digit))
            .unwrap_or(c)
    };
    let mut all: Vec<String> = "\u{2011}\u{2013}\u{2212}\u{A0}\u{2007}"
        .chars()
        .map(between)
        .collect();
    all.extend("\u{AD}\u{200B}\u{200D}\u{200E}".chars().map(inside));
    all.push(value.chars().map(wide).collect());
    all
}

#[test]
fn no_spelling_hides_a_value() {
    let mut lost = Vec::new();
    let mut count = 0;
    for (before, value, info_type) in VALUES {
        for spelling in spellings(value) {
            count += 1;
            let text = format!("{before}{spelling} as agreed");
            let found = found(&text);
            let letters = |text: &str| {
                text.chars()
                    .filter(char::is_ascii_alphanumeric)
                    .collect::<String>()
            };
            let is_it = |(of, read, _): &(String, String, String)| {
                of == info_type && letters(read) == letters(value)
            };
            if !found.iter().any(is_it) || found.len() != 1 {
                lost.push(format!("{info_type} {spelling:?}: {found:?}"));
            }
        }
    }
    assert_eq!(count, 70);
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn a_value_in_another_spelling_is_shown_and_kept_in_ascii() {
    let text = "card ４１１１\u{200B} １１１１ １１１１ １１１１ ok";
    let matches = scan(text);
    assert_eq!(matches.len(), 1);
    assert_eq!(matches[0].preview(text), "4111 **** **** 1111");
    assert_eq!(matches[0].value(text), "4111 1111 1111 1111");
    assert_eq!(
        text.get(matches[0].span.clone()),
        Some("４１１１\u{200B} １１１１ １１１１ １１１１")
    );
    assert!(reasons(&matches[0]).contains(&"found after Unicode normalisation"));
    assert!(!format!("{:?}", matches[0].reading).contains("1111"));
}

#[test]
fn what_is_found_as_sent_is_not_said_to_be_found_otherwise() {
    let matches = scan("card 4111 1111 1111 1111 — ‘4111’ a\u{200B}b");
    assert_eq!(matches.len(), 1);
    assert_eq!(matches[0].reading, None);
    assert!(
        !reasons(&matches[0])
            .iter()
            .any(|reason| reason.contains("Unicode"))
    );
}

#[test]
fn slack_formatting_hides_nothing() {
    for (text, info_type, value, sent) in [
        (
            "*4111* 1111 *1111* 1111",
            "CREDIT_CARD_NUMBER",
            "4111 1111 1111 1111",
            "4111* 1111 *1111* 1111",
        ),
        (
            "4111*1111*11111111",
            "CREDIT_CARD_NUMBER",
            "4111111111111111",
            "4111*1111*11111111",
        ),
        (
            "_AKIAYVP4CIPPERUVIFXG_",
            "AWS_ACCESS_KEY_ID",
            "AKIAYVP4CIPPERUVIFXG",
            "AKIAYVP4CIPPERUVIFXG",
        ),
        (
            "~4539578763621486~",
            "CREDIT_CARD_NUMBER",
            "4539578763621486",
            "4539578763621486",
        ),
        (
            "*_4539578763621486_*",
            "CREDIT_CARD_NUMBER",
            "4539578763621486",
            "4539578763621486",
        ),
        (
            "`4539578763621486`",
            "CREDIT_CARD_NUMBER",
            "4539578763621486",
            "4539578763621486",
        ),
        (
            "ana@<http://corp.io|corp.io>",
            "EMAIL_ADDRESS",
            "ana@corp.io",
            "ana@<http://corp.io|corp.io",
        ),
        (
            "<mailto:a@corp.io|a@corp.io>",
            "EMAIL_ADDRESS",
            "a@corp.io",
            "a@corp.io",
        ),
        (
            "<tel:+14155552671|+1 (415) 555-2671>",
            "PHONE_NUMBER",
            "+14155552671",
            "+14155552671",
        ),
        (
            "<https://corp.io/?key=AKIAYVP4CIPPERUVIFXG|the page>",
            "AWS_ACCESS_KEY_ID",
            "AKIAYVP4CIPPERUVIFXG",
            "AKIAYVP4CIPPERUVIFXG",
        ),
        (
            "<https://corp.io|4539578763621486>",
            "CREDIT_CARD_NUMBER",
            "4539578763621486",
            "4539578763621486",
        ),
    ] {
        assert_eq!(found(text), one(info_type, value, sent), "{text}");
    }
}

#[test]
fn escapes_hide_nothing() {
    for (text, info_type, value, sent) in [
        (
            "&#52;539578763621486",
            "CREDIT_CARD_NUMBER",
            "4539578763621486",
            "&#52;539578763621486",
        ),
        (
            r#"{"card":"\u0034539578763621486"}"#,
            "CREDIT_CARD_NUMBER",
            "4539578763621486",
            r"\u0034539578763621486",
        ),
        (
            "https://corp.io/?to=ana%40corp.io&x=1",
            "EMAIL_ADDRESS",
            "ana@corp.io",
            "ana%40corp.io",
        ),
        (
            "postgres://app:k3yB&amp;0ard@db-1.corp.io:5432",
            "DATABASE_URL",
            "postgres://app:k3yB&0ard@db-1.corp.io:5432",
            "postgres://app:k3yB&amp;0ard@db-1.corp.io:5432",
        ),
    ] {
        assert_eq!(found(text), one(info_type, value, sent), "{text}");
    }
}

#[test]
fn encoded_values_are_found_and_said_to_be() {
    let plain = "the deploy key is AKIAYVP4CIPPERUVIFXG since June";
    let digits = plain.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    for (coded, reason) in [
        (STANDARD.encode(plain), "decoded from base64"),
        (URL_SAFE_NO_PAD.encode(plain), "decoded from base64"),
        (
            STANDARD.encode(STANDARD.encode(plain)),
            "decoded from base64",
        ),
        (hex, "decoded from hex"),
    ] {
        let text = format!("see {coded} please");
        let matches = scan(&text);
        assert_eq!(matches.len(), 1, "{matches:?}");
        assert_eq!(matches[0].detector.info_type.as_str(), "AWS_ACCESS_KEY_ID");
        assert_eq!(matches[0].value(&text), "AKIAYVP4CIPPERUVIFXG");
        assert!(reasons(&matches[0]).contains(&reason));
        let span = matches[0].span.clone();
        assert!(span.start >= 4 && span.end <= 4 + coded.len());
    }
}

#[test]
fn several_values_in_one_encoded_run_are_several_findings() {
    let plain = "AWS=AKIAYVP4CIPPERUVIFXG\nMAIL=ana@corp.io\nCARD=4539578763621486\n";
    let found = found(&STANDARD.encode(plain));
    let types: Vec<&str> = found
        .iter()
        .map(|(info_type, ..)| info_type.as_str())
        .collect();
    assert_eq!(
        types,
        ["AWS_ACCESS_KEY_ID", "EMAIL_ADDRESS", "CREDIT_CARD_NUMBER"]
    );
}

#[test]
fn what_a_token_says_is_no_finding_beside_the_token() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let token = format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256","typ":"JWT"}"#),
        part(r#"{"sub":"ana@corp.io","iat":1516239022}"#),
        part("a signature of 32 bytes, or so..")
    );
    assert_eq!(found(&token), one("JSON_WEB_TOKEN", &token, &token));
}

#[test]
fn harmless_text_of_any_script_is_no_finding() {
    for text in [
        "Привет! Встреча в 10:30 — 12:45, комната 4-15; бюджет 1 250 000 ₽ (на 2–3 мес.)",
        "Сорт «Хор» растёт на 3х4 м, цена 12,50 ₽ за кг, т. е. дёшево. Тел. кафедры знает О. С.",
        "Η συνάντηση είναι στις 10:30 – 12:45, τιμή 1.250,00 €, αρ. 5α",
        "会议在２０２６年１１月２１日１０：３０，预算１，２５０，０００元，①②③",
        "これはテスト（ｔｅｓｔ）です。価格は１２，５００円〜１５，０００円。",
        "الاجتماع في ١٠:٣٠، الميزانية ١٬٢٥٠٬٠٠٠ دينار",
        "family 👩‍👩‍👧‍👦 ❤️ 1️⃣2️⃣3️⃣ 🇩🇪 🏳️‍🌈 ✅ don’t “worry” — it’s 10–15 °C, x² + y³ = ½",
        "*bold* _really_ ~gone~ `code` 2*3*4*5 = 120, 1024*1024*1024 and 1_000_000",
        "see <https://example.com/a%20b?x=1&amp;y=2|the page> &gt; <#C0123456789|general> <@U0123456789>",
        "<!date^1392734382^Posted {date_num} {time_secs}|Posted 2014-02-18 6:39:42 AM>",
        "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91IHRvZGF5PyBmaW5lIHRoYW5rcw==",
        "d41d8cd98f00b204e9800998ecf8427e e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

/// Digits in some alphabet, with or without something unseen or a style mark behind them.
fn disguised(digits: &'static str) -> impl Strategy<Value = String> {
    let disguise = (
        proptest::sample::select(vec!['0', '０', '٠', '०', '𝟎', '𝟬']),
        proptest::sample::select(vec!["", "", "\u{200B}", "\u{AD}\u{2060}", "\u{FE0F}", "*"]),
    );
    proptest::collection::vec(disguise, digits.len()).prop_map(|disguises| {
        let pairs = digits.chars().zip(disguises);
        let digit = |(digit, (zero, behind)): (char, (char, &str))| {
            let counts = digit.to_digit(10).unwrap();
            format!("{}{behind}", char::from_u32(zero as u32 + counts).unwrap())
        };
        pairs.map(digit).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_mixture_of_disguises_hides_a_card(card in disguised("4539578763621486"), around in "[a-z .]{0,20}") {
        let text = format!("{around} {card} {around}");
        let found = found(&text);
        prop_assert!(found.iter().any(|(info_type, value, _)| {
            info_type == "CREDIT_CARD_NUMBER" && value == "4539578763621486"
        }), "{:?} {:?}", text, found);
        prop_assert_eq!(found.len(), 1);
    }

    #[test]
    fn with_and_without_the_filter_odd_text_gives_the_same(texts in proptest::collection::vec(odd_text(), 1..4)) {
        let mut scratch = Scratch::new();
        for text in texts {
            let unit = TextUnit::plain(text.clone());
            let scan = ENGINE.scan(&unit, &mut scratch);
            prop_assert_eq!(&scan, &ENGINE.scan_unfiltered(&unit, &mut scratch));
            prop_assert_eq!(&scan, &ENGINE.scan(&unit, &mut Scratch::new()));
            let mut end = 0;
            for found in &scan.matches {
                prop_assert!(text.get(found.span.clone()).is_some_and(|sent| !sent.is_empty()));
                prop_assert!(found.span.start >= end);
                end = found.span.end;
            }
        }
    }
}
