//! `weir fingerprint build`, and using what it makes offline.

use crate::support::{CARD, Run, Weir};

/// Sentences of made-up words, other ones for each seed.
fn prose(seed: u64, sentences: u64) -> String {
    let word = |at: u64| {
        format!(
            "{:x}",
            (seed * 100_003 + at + 7).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 34
        )
    };
    let sentence = |at: u64| {
        (0..9)
            .map(|n| word(at * 9 + n))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let sentences: Vec<String> = (0..sentences)
        .map(|at| format!("{}.\n", sentence(at)))
        .collect();
    sentences.concat()
}

fn with_ring() -> Weir {
    let weir = Weir::new().file("plan.txt", prose(1, 40));
    assert_eq!(weir.run(&["keys", "generate"]).code, 0);
    weir
}

fn build(weir: &Weir, args: &[&str]) -> Run {
    weir.run(&[&["fingerprint", "build"], args].concat())
}

#[test]
fn documents_become_a_detector_that_finds_them_and_holds_none_of_their_text() {
    let letter = format!("<p>{}</p>", prose(2, 30).replace(".\n", "</p><p>"));
    let weir = with_ring().file("letter.html", letter);
    let args = [
        "plan.txt",
        "letter.html",
        "--name",
        "Plans",
        "--info-type",
        "PLAN",
        "--output",
        "plans.toml",
    ];
    let built = build(&weir, &args);
    assert_eq!(built.code, 0, "{}", built.err);
    assert!(
        built.out.starts_with("wrote plans.toml: 2 documents, "),
        "{}",
        built.out
    );
    assert!(built.out.contains("\nplan.txt: ") && built.out.contains("\nletter.html: "));
    let file = std::fs::read_to_string(weir.path("plans.toml")).unwrap();
    for word in prose(1, 40).split_whitespace() {
        assert!(word.len() < 7 || !file.contains(word), "{word}");
    }
    let checked = weir.run(&["detectors", "check", "plans.toml"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    let test = |text: &str| weir.run(&["detectors", "test", "--detector", "plans.toml", text]);
    let copy = format!("FYI: {} {CARD}", prose(1, 40).to_uppercase());
    let found = test(&copy);
    assert_eq!(found.code, 1, "{}", found.err);
    assert!(
        found.out.contains("PLAN at ")
            && found
                .out
                .contains(", VERY_LIKELY, HIGH: [100 % of plan.txt]"),
        "{}",
        found.out
    );
    assert!(
        found.out.contains("  +1  100 % of document `plan.txt`, "),
        "{}",
        found.out
    );
    assert_eq!(test(&prose(3, 40)).out.trim(), "nothing found");
    let scanned = weir.run_with(
        prose(2, 12),
        &["scan", "--detectors", "plans.toml", "--format", "json", "-"],
    );
    assert_eq!(scanned.code, 1, "{}{}", scanned.out, scanned.err);
    assert!(
        scanned.out.contains(" % of letter.html]"),
        "{}",
        scanned.out
    );
}

#[test]
fn the_threshold_and_what_is_ignored_are_heeded() {
    let footer = prose(9, 20);
    let weir = with_ring()
        .file("footer.txt", &footer)
        .file("offer.txt", format!("{}{footer}", prose(4, 20)));
    let found = |args: &[&str], text: &str| {
        let built = build(
            &weir,
            &[args, &["offer.txt", "--output", "offer.toml"]].concat(),
        );
        assert_eq!(built.code, 0, "{}", built.err);
        weir.run(&["detectors", "test", "--detector", "offer.toml", text])
            .code
            == 1
    };
    assert!(found(&[], &footer));
    assert!(!found(&["--threshold", "0.8"], &footer));
    assert!(!found(&["--ignore", "footer.txt"], &footer));
    assert!(found(&["--ignore", "footer.txt"], &prose(4, 20)));
}

#[test]
fn what_cannot_be_known_again_is_told_with_what_it_needs_all_at_once() {
    let weir = with_ring()
        .file("empty.txt", "")
        .file("short.txt", "Attack at dawn.")
        .file("same.txt", "all work and no play ".repeat(50))
        .file("image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let files = [
        "plan.txt",
        "empty.txt",
        "short.txt",
        "same.txt",
        "image.png",
        "none.txt",
    ];
    let run = build(&weir, &files);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    insta::assert_snapshot!(run.err, @"
    error: empty.txt: it has 0 letters and digits, and needs 400 to be known again (those of other scripts count for two or three)
    short.txt: it has 12 letters and digits, and needs 400 to be known again (those of other scripts count for two or three)
    same.txt: it says too little that is its own: 1 fingerprints, and 8 are needed; it repeats itself, or most of it is ignored
    image.png: it is no text that can be read here; save it as plain text or HTML
    none.txt: entity not found
    ");
    let refused = build(&weir, &["plan.txt", "--threshold", "30"]);
    assert!(
        refused.err.contains("give a share from 0.01 to 1"),
        "{}",
        refused.err
    );
    let refused = build(&weir, &["plan.txt", "--ignore", "empty.txt"]);
    assert!(
        refused.err.contains("there is no text in it"),
        "{}",
        refused.err
    );
}

#[test]
fn under_another_key_ring_it_is_refused() {
    let weir = with_ring();
    assert_eq!(
        build(&weir, &["plan.txt", "--output", "plans.toml"]).code,
        0
    );
    std::fs::remove_file(weir.path("weir-data/keyring.json")).unwrap();
    assert_eq!(weir.run(&["keys", "generate"]).code, 0);
    let refused = weir.run(&["scan", "--detectors", "plans.toml", "plan.txt"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("sealed under another key ring"),
        "{}",
        refused.err
    );
}
