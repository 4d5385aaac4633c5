//! Help, usage, detectors and the API's description.

use crate::support::{CARD, Weir};

#[test]
fn help_lists_the_commands() {
    let run = Weir::new().run(&["--help"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    insta::assert_snapshot!(run.out, @"
    Data-loss prevention for Slack

    Usage: weir [OPTIONS] [COMMAND]

    Commands:
      serve        Run the coordinator; the same as no command
      demo         Try Weir out: a made-up company on a stand-in for Slack, and Weir watching over it
      scan         Scan files, folders or standard input, offline
      detectors    List, try and check detectors
      edm          Make detectors of tables, without their values
      fingerprint  Make detectors of documents, without their text
      fake-slack   Stand in for Slack: a little company in memory, with a page to write in
      keys         Make, rotate and hand out the keys that message text is sealed with
      load         Play signed Slack events against a coordinator and check that none is lost
      migrate      Bring the database up to date
      user         Say who may sign in
      token        Make and end API tokens for machines
      audit        Prove the trail of deeds, or take it elsewhere
      queue        Look at the queue and at what was set aside
      config       Print every setting with its meaning and default, as TOML
      openapi      Print the description of the REST API
      help         Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  Configuration file [default: weir.toml, if it is there]
      -h, --help           Print help
      -V, --version        Print version
    ");
}

#[test]
fn the_help_of_scan_explains_every_option() {
    let run = Weir::new().run(&["scan", "--help"]);
    assert_eq!(run.code, 0);
    // Lines between options are indented and nothing else.
    let lines: Vec<&str> = run.out.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    Scan files, folders or standard input, offline

    Usage: weir scan [OPTIONS] <PATH>...

    Arguments:
      <PATH>...
              Files and folders to scan; `-` is standard input

    Options:
          --config <FILE>
              Configuration file [default: weir.toml, if it is there]

          --format <FORMAT>
              How to write the findings

              Possible values:
              - table: For people
              - json:  For programs
              - sarif: SARIF 2.1.0, for code hosts and editors

              [default: table]

          --min-likelihood <LIKELIHOOD>
              Report findings that are at least this likely

              [default: POSSIBLE]
              [possible values: VERY_UNLIKELY, UNLIKELY, POSSIBLE, LIKELY, VERY_LIKELY]

          --info-type <INFO_TYPE>
              Report this kind of data only, such as `CREDIT_CARD_NUMBER`; may be given several times

          --detectors <FILE>
              Look for what the detectors of this file find, too; may be given several times

          --max-file-size <SIZE>
              Read this much of a file; the rest is reported as not examined

              [default: "256 MiB"]

          --no-progress
              Show no progress bar

          --color <WHEN>
              When to colour the table

              [default: auto]
              [possible values: auto, always, never]

      -h, --help
              Print help (see a summary with '-h')

    Exits with 0 if nothing was found, 1 if something was, 2 if something could not be read.
    Folders .git, target and node_modules are passed over unless named; symbolic links are followed only if named.
    "#);
}

#[test]
fn without_a_command_it_serves() {
    let run = Weir::new()
        .variable("WEIR_DATABASE__URL", "mysql://nowhere")
        .run(&[]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("WEIR_DATABASE__URL"), "{}", run.err);
}

#[test]
fn the_version_is_that_of_the_package() {
    let run = Weir::new().run(&["--version"]);
    assert_eq!(
        (run.code, run.out),
        (0, format!("weir {}\n", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn bad_usage_ends_with_2_and_says_what_is_possible() {
    for args in [
        &["scan"][..],
        &["sacn", "a"],
        &["scan", "--min-likelihood", "SURE", "a"],
        &["scan", "--max-file-size", "many", "a"],
        &["scan", "--info-type", "card", "a"],
    ] {
        let run = Weir::new().run(args);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}");
        assert!(run.err.starts_with("error: "), "{args:?}: {}", run.err);
    }
}

#[test]
fn a_closed_standard_output_is_no_error() {
    use std::process::{Command, Stdio};
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["detectors", "list", "--format", "json"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn the_list_shows_each_detector_once_in_both_formats() {
    let table = Weir::new().run(&["detectors", "list"]);
    let list = Weir::new()
        .run(&["detectors", "list", "--format", "json"])
        .json();
    let list = list.as_array().unwrap();
    assert_eq!(table.out.lines().count(), list.len() + 1);
    for (line, detector) in table.out.lines().skip(1).zip(list) {
        assert!(line.starts_with(detector["id"].as_str().unwrap()));
        assert!(line.contains(detector["info_type"].as_str().unwrap()));
    }
}

#[test]
fn a_text_is_tried_and_the_finding_explained() {
    let text = format!("my card is {CARD}");
    let run = Weir::new().run(&["detectors", "test", &text]).without(CARD);
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    insta::assert_snapshot!(run.out, @"
    CREDIT_CARD_NUMBER at 11..27, VERY_LIKELY, HIGH: 4539********1486
          pattern of `credit-card-number`, LIKELY
          valid: Visa, Luhn digit holds
      +2  hotword `card` nearby
    ");
    let clean = Weir::new().run(&["detectors", "test", "nothing to see"]);
    assert_eq!((clean.code, clean.out.as_str()), (0, "nothing found\n"));
}

#[test]
fn a_text_from_standard_input_gives_json() {
    let args = ["detectors", "test", "-", "--format", "json"];
    let run = Weir::new()
        .run_with(format!("card {CARD}"), &args)
        .without(CARD);
    assert_eq!(run.code, 1);
    let finding = &run.json()["findings"][0];
    assert_eq!(
        (&finding["start"], &finding["end"]),
        (&5.into(), &21.into())
    );
    assert!(!finding["explanation"].as_array().unwrap().is_empty());
}

#[test]
fn a_text_that_is_not_utf8_or_too_long_is_refused_without_being_quoted() {
    for input in [
        b"card \xff 4539578763621486".to_vec(),
        vec![b'x'; (1 << 20) + 1],
    ] {
        let run = Weir::new()
            .run_with(input, &["detectors", "test", "-"])
            .without(CARD);
        assert_eq!((run.code, run.out.as_str()), (2, ""));
        assert!(run.err.contains("use `weir scan -`"));
    }
}

#[test]
fn the_built_in_detectors_do_as_they_declare() {
    let run = Weir::new().run(&["detectors", "check"]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.ends_with("counter-examples: 0 failed\n"));
}

#[test]
fn the_description_of_the_api_is_printed() {
    let run = Weir::new().run(&["openapi"]);
    assert_eq!(run.code, 0);
    let document = run.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/healthz"].is_object());
}

const OWN: &str = r#"
[[detectors]]
id = "employee-number"
name = "Employee number"
info_type = "EMPLOYEE_ID"
description = "The number on a badge."
handling = "Ask for a new badge."
patterns = ['\bEMP-\d{6}\b']
likelihood = "LIKELY"
severity = "MEDIUM"
examples = ["badge EMP-123456"]
counter_examples = ["EMP-12345"]
"#;

#[test]
fn sound_detectors_of_one_s_own_pass_the_check_and_are_used() {
    let weir = Weir::new()
        .file("own.toml", OWN)
        .file("a.txt", "mine is EMP-123456");
    let run = weir.run(&["detectors", "check", "own.toml"]);
    // What a detector costs depends on the machine.
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("1 detector: 0 wrong"), "{}", run.out);
    let run = weir.run(&[
        "detectors",
        "test",
        "--detector",
        "own.toml",
        "it is EMP-654321",
    ]);
    assert_eq!(run.code, 1);
    assert!(
        run.out.contains("EMPLOYEE_ID at 6..16") && !run.out.contains("654321"),
        "{}",
        run.out
    );
    let run = weir.run(&[
        "scan",
        "--detectors",
        "own.toml",
        "--format",
        "json",
        "a.txt",
    ]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.out.contains("employee-number"));
}

#[test]
fn everything_wrong_with_detectors_of_one_s_own_is_told_at_once() {
    let bad = OWN
        .replace("handling = \"Ask for a new badge.\"\n", "")
        .replace("'\\b", "'(\\b");
    let typo = OWN.replace("likelihood", "likelyhood");
    let silent = OWN
        .replace("badge EMP-123456", "nothing")
        .replace("employee-number", "silent");
    let weir = Weir::new().file("own.toml", format!("{bad}{typo}{silent}"));
    let run = weir.run(&["detectors", "check", "own.toml"]);
    assert_eq!(run.code, 1);
    // What a detector costs depends on the machine.
    let lines = run.out.lines();
    let lines: Vec<&str> = lines.filter(|line| !line.contains("ns a byte")).collect();
    insta::assert_snapshot!(lines[..5].join("\n"), @"
    own.toml:13:1: missing field `likelihood`
    own.toml:20:1: unknown field `likelyhood`, expected one of `id`, `name`, `info_type`, `description`, `kind`, `patterns`, `words`, `matching`, `exact_data`, `fingerprints`, `validator`, `hotwords`, `exclusions`, `min_entropy_millibits`, `likelihood`, `severity`, `precedence`, `mask`, `enabled`, `origin`, `references`, `handling`, `examples`, `counter_examples`
    own.toml:2: `employee-number`: there is no `handling`: say what to do about a leak (warning)
    own.toml:2: `employee-number`: pattern 1 is not a regular expression: unclosed group at byte 0; correct the pattern
    own.toml:25: `silent`: does not fire in its example 1
    ");
    assert!(lines[5].starts_with("2 detectors: 4 wrong"), "{}", lines[5]);
    let run = weir.run(&["scan", "--detectors", "own.toml", "own.toml"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("cannot be used"), "{}", run.err);
}
