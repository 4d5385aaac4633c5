//! Claims about whole files.

use proptest::prelude::*;
use shared::content::{Gap, GapReason};

use super::{Block, Flow, Hint, Limits, extract};

fn read_with(bytes: &[u8], name: &str, limits: &Limits) -> (Vec<Block>, Vec<GapReason>) {
    let mut blocks = Vec::new();
    let hint = Hint {
        name: Some(name.to_owned()),
        media_type: None,
    };
    let mut input = bytes;
    let gaps = extract(&mut input, &hint, limits, &mut |block| {
        blocks.push(block);
        Flow::Continue
    });
    (
        blocks,
        gaps.unwrap().iter().map(|gap: &Gap| gap.reason).collect(),
    )
}

fn read(bytes: &[u8], name: &str) -> (Vec<Block>, Vec<GapReason>) {
    read_with(bytes, name, &Limits::default())
}

/// The owned text of each block with its pointer or part.
fn pieces(bytes: &[u8], name: &str) -> Vec<(String, String)> {
    let place = |block: &Block| {
        let location = &block.unit.location;
        location
            .pointer
            .clone()
            .or(location.part.clone())
            .unwrap_or_default()
    };
    let (blocks, _) = read(bytes, name);
    blocks
        .iter()
        .map(|block| {
            (
                place(block),
                block.unit.text.get(block.owned.clone()).unwrap().to_owned(),
            )
        })
        .collect()
}

fn pair(place: &str, text: &str) -> (String, String) {
    (place.to_owned(), text.to_owned())
}

#[test]
fn text_is_decoded_whatever_its_encoding() {
    for bytes in [
        "grüße".as_bytes().to_vec(),
        [b"\xef\xbb\xbf".to_vec(), "grüße".as_bytes().to_vec()].concat(),
        "grüße".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "grüße".encode_utf16().flat_map(u16::to_be_bytes).collect(),
        b"gr\xfc\xdfe und viele liebe Gr\xfc\xdfe aus M\xfcnchen".to_vec(),
    ] {
        let (blocks, gaps) = read(&bytes, "a.txt");
        assert!(
            blocks[0].unit.text.starts_with("grüße"),
            "{:?}",
            blocks[0].unit.text
        );
        assert!(gaps.is_empty());
    }
}

#[test]
fn a_binary_is_a_gap_whatever_its_name() {
    for bytes in [
        b"%PDF-1.7 text".as_slice(),
        b"PK\x03\x04",
        b"\x00\x01\x02\x03\x04\x05",
        b"\x89PNG",
    ] {
        let (blocks, gaps) = read(bytes, "notes.txt");
        assert!(blocks.is_empty());
        assert_eq!(gaps, [GapReason::UnsupportedType]);
    }
    let (blocks, gaps) = read(b"", "empty.txt");
    assert!(blocks.is_empty() && gaps.is_empty());
}

#[test]
fn json_gives_strings_numbers_and_keys_with_their_pointers() {
    let json = br#"{"user":{"a/b":"x\u0040y\ud83d\ude00","n":[1,true,"z"]}}"#;
    assert_eq!(
        pieces(json, "a.bin"),
        [
            pair("/", "user"),
            pair("/user/", "a/b"),
            pair("/user/a~1b", "x@y😀"),
            pair("/user/", "n"),
            pair("/user/n/0", "1"),
            pair("/user/n/2", "z"),
        ]
    );
    assert_eq!(pieces(b"{\"a\":1}\n{\"a\":2}\n", "a.ndjson").len(), 4);
}

#[test]
fn a_json_value_has_its_key_as_context_and_its_own_offset() {
    let json = br#"{"ssn": "536904399"}"#;
    let (blocks, _) = read(json, "a.json");
    let block = &blocks[1];
    assert_eq!(block.unit.text, "ssn: 536904399");
    assert_eq!(
        block.unit.base + u64::try_from(block.owned.start).unwrap(),
        9
    );
}

#[test]
fn json_nested_beyond_any_stack_is_read_through() {
    let deep = format!("{}\"x\"{}", "[".repeat(200_000), "]".repeat(200_000));
    let (blocks, gaps) = read(deep.as_bytes(), "a.json");
    assert_eq!((blocks.len(), gaps.len()), (1, 0));
}

#[test]
fn broken_json_is_read_as_text_and_said_to_be_malformed() {
    let (blocks, gaps) = read(br#"{"a": "b"} trailing 4111"#, "a.json");
    assert!(blocks.last().unwrap().unit.text.contains("4111"));
    assert_eq!(gaps, [GapReason::Malformed]);
    assert!(read(b"[INFO] started", "a.log").1.is_empty());
}

#[test]
fn html_gives_text_attributes_comments_and_scripts() {
    let html = b"<!DOCTYPE html><p title='t&amp;t'>4111 <b>1111</b></p><!-- c --><script>let s = 1 < 2;</script><td>1</td><td>2</td>";
    let pieces = pieces(html, "a");
    assert!(pieces.contains(&pair("attribute", "t&t")));
    assert!(pieces.contains(&pair("comment", " c ")));
    assert!(pieces.contains(&pair("script", "let s = 1 < 2;")));
    let body = &pieces.iter().find(|(part, _)| part == "body").unwrap().1;
    assert!(
        body.contains("4111 1111\n") && body.contains("1\n\n2"),
        "{body}"
    );
}

#[test]
fn a_table_names_row_and_column() {
    let (blocks, _) = read(b"name;note\nana;\"a;b\nc\"\nbob;here\n", "t.csv");
    let at = blocks[0].unit.text.find("here").unwrap();
    let place = blocks[0].locator().locate(at);
    assert_eq!((place.row, place.column), (Some(3), Some(2)));
}

#[test]
fn what_is_beyond_the_limit_is_a_gap() {
    let limits = Limits {
        total_bytes: 10,
        ..Limits::default()
    };
    let (blocks, gaps) = read_with(b"0123456789abcdef", "a.txt", &limits);
    assert_eq!(blocks[0].unit.text, "0123456789");
    assert_eq!(gaps, [GapReason::TooLarge]);
    let (_, gaps) = read_with(b"0123456789", "a.txt", &limits);
    assert!(gaps.is_empty());
}

#[test]
fn blocks_own_a_long_text_once_and_keep_its_offsets() {
    let lines: Vec<String> = (0..80_000).map(|n| format!("zeile {n} ä\n")).collect();
    let text = lines.concat();
    let (blocks, _) = read(text.as_bytes(), "a.txt");
    assert!(blocks.len() > 3);
    let mut next = 0;
    for block in &blocks {
        let base = usize::try_from(block.unit.base).unwrap();
        assert_eq!(base + block.owned.start, next);
        assert!(text.get(base..).unwrap().starts_with(&block.unit.text));
        assert!(block.unit.text.len() < 300_000);
        let line = text.get(..next).unwrap().matches('\n').count() + 1;
        assert_eq!(
            block.locator().locate(block.owned.start).line,
            Some(u64::try_from(line).unwrap())
        );
        next = base + block.owned.end;
    }
    assert_eq!(next, text.len());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        name in proptest::sample::select(vec!["a.txt", "a.json", "a.csv", "a.html", "a"]),
    ) {
        read(&bytes, name);
    }

    #[test]
    fn markup_and_json_are_read_or_said_to_be_broken(
        start in proptest::sample::select(vec!["{", "[", "<html>", "{\"a\":", "a,b\n", ""]),
        text in "[\\[\\]{}\",:\\\\u0-9a-f<>/&!é\\n -]{0,200}",
        name in proptest::sample::select(vec!["a.txt", "a.json", "a.csv", "a.html"]),
    ) {
        for block in read(format!("{start}{text}").as_bytes(), name).0 {
            prop_assert!(block.unit.text.get(block.owned.clone()).is_some());
        }
    }
}
