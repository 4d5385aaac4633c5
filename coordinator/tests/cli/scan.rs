//! `weir scan`.

use serde_json::Value;

use crate::support::{CARD, Weir};

/// A card in a file of each kind, and a clean one.
fn planted() -> Weir {
    Weir::new()
        .file(
            "in/notes.txt",
            format!("hello\nthe card is {CARD}, thanks\n"),
        )
        .file("in/cards.csv", format!("name,card\nana,{CARD}\n"))
        .file(
            "in/deep/er.json",
            format!(r#"{{"user": {{"card": "{CARD}"}}}}"#),
        )
        .file(
            "in/page.html",
            format!("<html><body><p>card {CARD}</p></body></html>"),
        )
        .file("in/clean.txt", "nothing to see here\n")
        .file("in/image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
        .file("in/target/built.txt", CARD)
}

fn paths(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|item| item["path"].as_str().unwrap())
        .collect()
}

#[test]
fn a_clean_file_ends_with_0() {
    let run = planted().run(&["scan", "in/clean.txt"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(
        run.out.starts_with("0 findings in 1 file, 20 B"),
        "{}",
        run.out
    );
}

#[test]
fn a_folder_of_planted_cards_is_shown_as_a_table_without_the_cards() {
    let run = planted().run(&["scan", "in"]).without(CARD);
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    let time = run
        .out
        .lines()
        .find(|line| line.contains(" findings in "))
        .unwrap();
    let (counts, _) = time.rsplit_once(" in ").unwrap();
    insta::assert_snapshot!(run.out.replace(time, counts), @"
    PLACE                         INFO TYPE           LIKELIHOOD   SEVERITY  PREVIEW
    in/cards.csv:row 2, column 2  CREDIT_CARD_NUMBER  VERY_LIKELY  HIGH      4539********1486
    in/deep/er.json:1 /user/card  CREDIT_CARD_NUMBER  VERY_LIKELY  HIGH      4539********1486
    in/notes.txt:2                CREDIT_CARD_NUMBER  VERY_LIKELY  HIGH      4539********1486
    in/page.html (body)           CREDIT_CARD_NUMBER  VERY_LIKELY  HIGH      4539********1486

    4 findings in 6 files, 202 B
    not examined: 1 file (1 of an unsupported type)
      in/image.png
    passed over: 1 build or version-control folder
    ");
}

#[test]
fn the_same_folder_gives_the_same_json_each_time_in_order_of_path() {
    let weir = planted();
    let args = ["scan", "in", "--format", "json"];
    let first = weir.run(&args).without(CARD);
    assert_eq!(first.code, 1);
    for _ in 0..3 {
        assert_eq!(weir.run(&args).out, first.out);
    }
    let document = first.json();
    let found = [
        "in/cards.csv",
        "in/deep/er.json",
        "in/notes.txt",
        "in/page.html",
    ];
    assert_eq!(paths(&document["findings"]), found);
    assert_eq!(paths(&document["files"]).len(), 6);
    assert!(paths(&document["files"]).is_sorted());
    assert_eq!(paths(&document["skipped"]), ["in/target"]);
}

#[test]
fn json_says_what_where_how_sure_and_how_much_was_examined() {
    let document = planted().run(&["scan", "in", "--format", "json"]).json();
    let csv = &document["findings"][0];
    assert_eq!(csv["info_type"], "CREDIT_CARD_NUMBER");
    assert_eq!(csv["preview"], "4539********1486");
    assert_eq!(
        (&csv["location"]["row"], &csv["location"]["column"]),
        (&2.into(), &2.into())
    );
    assert!(csv.get("fingerprint").is_none() && csv.get("id").is_none());
    assert!(!csv["explanation"].as_array().unwrap().is_empty());
    assert_eq!(document["findings"][1]["location"]["pointer"], "/user/card");
    let image = &document["files"][3];
    assert_eq!(
        (&image["path"], &image["state"]),
        (&"in/image.png".into(), &"not_examined".into())
    );
    assert_eq!(image["gaps"][0]["reason"], "unsupported_type");
    let totals = &document["totals"];
    assert_eq!(
        (&totals["files"], &totals["findings"]),
        (&6.into(), &4.into())
    );
    assert_eq!(
        (&totals["examined"], &totals["not_examined"]),
        (&5.into(), &1.into())
    );
}

#[test]
fn sarif_has_a_rule_for_each_result_and_exact_regions() {
    let run = planted()
        .run(&["scan", "in", "--format", "sarif"])
        .without(CARD);
    assert_eq!(run.code, 1);
    let document = run.json();
    assert_eq!(document["version"], "2.1.0");
    assert!(
        document["$schema"]
            .as_str()
            .unwrap()
            .contains("sarif-2.1.0")
    );
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(!rules[index]["help"]["text"].as_str().unwrap().is_empty());
        assert_eq!(result["level"], "error");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    }
    let place = &results[2]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "in/notes.txt");
    let region = serde_json::json!({ "startLine": 2, "byteOffset": 18, "byteLength": 16 });
    assert_eq!(place["region"], region);
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    assert_eq!(
        invocation["toolExecutionNotifications"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn standard_input_is_scanned() {
    let run = Weir::new()
        .run_with(format!("card {CARD}"), &["scan", "-"])
        .without(CARD);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("-:1 ") && run.out.contains("4539********1486"));
    assert_eq!(Weir::new().run_with("hello", &["scan", "-"]).code, 0);
}

#[test]
fn a_missing_path_ends_with_2_and_the_rest_is_still_scanned() {
    let run = planted().run(&["scan", "missing.txt", "in/notes.txt"]);
    assert_eq!(run.code, 2);
    let error = "error: cannot read missing.txt\n  because: entity not found\n";
    assert_eq!(run.err, error);
    assert!(run.out.contains("in/notes.txt:2 "));
    assert!(
        run.out
            .contains("not readable: 1 file (1 entity not found)\n  missing.txt\n")
    );
}

/// Opening it works, reading its first byte does not, also for root.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_fails_while_it_is_read_ends_with_2() {
    let run = Weir::new().run(&["scan", "/proc/self/mem", "--format", "json"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err
            .starts_with("error: cannot read /proc/self/mem\n  because: ")
    );
    assert_eq!(run.json()["files"][0]["state"], "unreadable");
}

#[test]
fn utf16_is_found_and_its_offsets_are_not_taken_for_those_of_the_file() {
    let utf16 = |mark: bool| -> Vec<u8> {
        let text = format!("grün\ncard {CARD}\n");
        let mark = mark.then_some(0xfeff);
        mark.into_iter()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    for mark in [true, false] {
        let weir = Weir::new().file("a.txt", utf16(mark));
        let run = weir
            .run(&["scan", "a.txt", "--format", "sarif"])
            .without(CARD);
        assert_eq!(run.code, 1);
        let result = &run.json()["runs"][0]["results"][0];
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(*region, serde_json::json!({ "startLine": 2 }));
    }
}

#[test]
fn a_value_used_as_a_key_is_shown_in_no_format() {
    let json = format!(r#"{{"{CARD}": {{"mail": "ana@corp.io"}}}}"#);
    let weir = Weir::new().file("a.json", json);
    for format in ["table", "json", "sarif"] {
        let run = weir.run(&["scan", ".", "--format", format]);
        let run = run.without(CARD).without("ana@corp.io");
        assert_eq!(run.code, 1);
        assert!(run.out.contains("/4539********1486/mail"), "{}", run.out);
    }
}

#[test]
fn findings_can_be_limited_to_kinds_and_likelihoods() {
    let weir = Weir::new().file("a.txt", format!("card {CARD}, ana@corp.io"));
    let kinds = |args: &[&str]| {
        let run = weir.run(&[&["scan", "a.txt", "--format", "json"], args].concat());
        let found = run.json()["findings"].as_array().unwrap().clone();
        let kinds = found
            .iter()
            .map(|finding| finding["info_type"].as_str().unwrap().to_owned());
        (run.code, kinds.collect::<Vec<_>>())
    };
    let card = vec!["CREDIT_CARD_NUMBER".to_owned()];
    assert_eq!(kinds(&[]).1.len(), 2);
    assert_eq!(
        kinds(&["--info-type", "CREDIT_CARD_NUMBER"]),
        (1, card.clone())
    );
    assert_eq!(kinds(&["--min-likelihood", "very_likely"]), (1, card));
    assert_eq!(
        kinds(&["--info-type", "US_SOCIAL_SECURITY_NUMBER"]),
        (0, vec![])
    );
}

#[test]
fn a_kind_that_nothing_finds_is_an_error_and_not_a_clean_folder() {
    let run = planted().run(&["scan", "in", "--info-type", "CREDIT_CRAD_NUMBER"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("weir detectors list"));
}

#[test]
fn what_lies_beyond_the_size_limit_is_reported_as_not_examined() {
    let text = format!("{}\ncard {CARD}\n", "x".repeat(100_000));
    let weir = Weir::new().file("a.txt", text);
    let run = weir.run(&["scan", "a.txt", "--max-file-size", "64 KiB"]);
    assert_eq!(run.code, 0);
    assert!(
        run.out
            .contains("partly examined: 1 file (1 longer than the limit)\n  a.txt")
    );
    assert_eq!(weir.run(&["scan", "a.txt"]).code, 1);
}

#[test]
fn colours_come_only_when_wanted() {
    let weir = planted().variable("NO_COLOR", "1");
    let coloured = |args: &[&str]| {
        let run = weir.run(&[&["scan", "in/notes.txt"], args].concat());
        run.out.contains("\x1b[")
    };
    assert!(!coloured(&[]));
    assert!(!coloured(&["--color", "never"]));
    assert!(coloured(&["--color", "always"]));
}

#[cfg(unix)]
#[test]
fn a_file_name_cannot_steer_the_terminal() {
    let weir = Weir::new().file("in/a\x1b[2J.txt", format!("card {CARD}"));
    let run = weir.run(&["scan", "in"]);
    assert_eq!(run.code, 1);
    assert!(!run.out.contains('\x1b') && run.out.contains("in/a\u{fffd}[2J.txt:1"));
}

#[test]
fn many_files_on_all_threads_lose_none() {
    let weir = (0..200).fold(Weir::new(), |weir, number| {
        weir.file(&format!("in/{number:03}.txt"), format!("card {CARD}"))
    });
    let document = weir.run(&["scan", "in", "--format", "json"]).json();
    let found = paths(&document["findings"]);
    assert_eq!(found.len(), 200);
    assert!(found.is_sorted());
    assert_eq!(weir.folder().join("in").read_dir().unwrap().count(), 200);
}
