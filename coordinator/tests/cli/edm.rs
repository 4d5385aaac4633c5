//! `weir edm build`, and using what it makes offline.

use crate::support::Weir;

/// A value of the table that must be nowhere else.
const CANARY: &str = "zanarkand";

fn table() -> String {
    format!(
        "id,name,city\nK-20417,Anna {CANARY},Kiel\nK-20418,Bert Cole,Kiel\nK-20419,Carla Dorn,Bremen\nK-1,Emil,Jena\n"
    )
}

fn with_ring() -> Weir {
    let weir = Weir::new().file("staff.csv", table());
    assert_eq!(weir.run(&["keys", "generate"]).code, 0);
    weir
}

const BUILD: [&str; 11] = [
    "edm",
    "build",
    "staff.csv",
    "--primary",
    "id",
    "--with",
    "name,city",
    "--name",
    "Customers",
    "--info-type",
    "CUSTOMER",
];

#[test]
fn a_table_becomes_a_detector_that_finds_its_rows_and_holds_none_of_its_values() {
    let weir = with_ring();
    let built = weir.run(&[&BUILD[..], &["--output", "staff.toml"]].concat());
    assert_eq!(built.code, 0, "{}", built.err);
    insta::assert_snapshot!(built.out, @"
    wrote staff.toml: 3 rows, 128 bytes of hashes in base64
    left out: 1 rows whose primary value has fewer than 4 letters and digits
    ");
    let file = std::fs::read_to_string(weir.path("staff.toml")).unwrap();
    for value in [CANARY, "20417", "Kiel", "Bremen"] {
        assert!(!file.contains(value), "{value}");
    }
    let test = |text: &str| weir.run(&["detectors", "test", "--detector", "staff.toml", text]);
    let found = test("k 20418 is BERT  COLE of Kiel");
    assert_eq!(found.code, 1, "{}", found.err);
    insta::assert_snapshot!(found.out, @"
    CUSTOMER at 0..7, VERY_LIKELY, HIGH: ********
          row of exact data `customers`, LIKELY
      +1  2 more values of the same row nearby
    ");
    assert_eq!(test("K-20418 is Carla Dorn").out.trim(), "nothing found");
    let checked = weir.run(&["detectors", "check", "staff.toml"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    let scanned = weir.run_with(
        "K-20419, Bremen",
        &["scan", "--detectors", "staff.toml", "-"],
    );
    assert_eq!(scanned.code, 1, "{}{}", scanned.out, scanned.err);
}

#[test]
fn without_its_key_ring_it_is_refused() {
    let weir = with_ring();
    weir.run(&[&BUILD[..], &["--output", "staff.toml"]].concat());
    let scan = ["scan", "--detectors", "staff.toml", "staff.csv"];
    let ring = weir.path("weir-data/keyring.json");
    std::fs::remove_file(&ring).unwrap();
    let refused = weir.run(&scan);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("say where the key ring is"),
        "{}",
        refused.err
    );
    assert_eq!(weir.run(&["keys", "generate"]).code, 0);
    let refused = weir.run(&scan);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("under another key ring"),
        "{}",
        refused.err
    );
}

#[test]
fn what_is_wrong_with_a_table_is_told_without_its_values() {
    let weir = with_ring().file("rows.csv", format!("{CANARY},x\n1,2\n"));
    for (args, says) in [
        (
            vec!["rows.csv", "--primary", "id", "--min", "0"],
            "line 1: none of its 2 columns",
        ),
        (
            vec!["staff.csv", "--primary", "id"],
            "--min 1 needs as many columns",
        ),
        (
            vec![
                "staff.csv",
                "--primary",
                "city",
                "--with",
                "a,b,c,d,e,f,g,h",
            ],
            "up to 7 are taken",
        ),
        (
            vec!["none.csv", "--primary", "id", "--min", "0"],
            "cannot use none.csv",
        ),
    ] {
        let run = weir.run(&[&["edm", "build"], &args[..]].concat());
        assert_eq!(run.code, 2);
        assert!(run.err.contains(says), "{}", run.err);
        assert!(!run.err.contains(CANARY) && run.out.is_empty());
    }
}

#[test]
fn on_standard_output_it_is_what_the_api_takes() {
    let built = with_ring().run(&BUILD);
    assert_eq!(built.code, 0, "{}", built.err);
    let detector: serde_json::Value = serde_json::from_str(&built.out).unwrap();
    assert_eq!(detector["kind"], "exact_data_match");
    assert_eq!(detector["exact_data"]["columns"][0], "id");
    assert!(built.err.starts_with("3 rows, "), "{}", built.err);
}
