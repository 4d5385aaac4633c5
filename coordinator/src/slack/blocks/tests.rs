//! What must hold of any text in any block.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::cut::{cut, length};
use super::*;

/// Text with more of what means something to Slack than chance would bring.
fn tricky() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        proptest::sample::select(vec![
            "<",
            ">",
            "&",
            "|",
            "!",
            "^",
            "&amp;",
            "&lt",
            "<!channel>",
            "<!here|here>",
            "@",
            "`",
            "*",
            "<!subteam^S1|@x>",
            "<!date^1^{date}|x>",
            "😀",
            "\n",
            " ",
            "<@U1>",
            "<https://a.test|b>",
        ])
        .prop_map(str::to_owned),
    ];
    let some = proptest::collection::vec(piece.clone(), 0..12).prop_map(|pieces| pieces.concat());
    let many = (piece, 0..600_usize).prop_map(|(piece, times)| piece.repeat(times));
    prop_oneof![some, many]
}

/// Whether all `&` are entities and no bracket is left.
fn is_inert(text: &str) -> bool {
    let entities = ["&amp;", "&lt;", "&gt;"];
    let bare = entities
        .iter()
        .fold(text.to_owned(), |text, entity| text.replace(entity, ""));
    !bare.contains(['&', '<', '>'])
}

/// Whether `text` is of `min..=max` units.
fn fits(text: &Value, max: usize) -> bool {
    text.as_str()
        .is_some_and(|text| (1..=max).contains(&length(text)))
}

#[test]
fn a_card_is_what_slack_expects() {
    let confirm = Confirm {
        title: Plain::said("Release?"),
        text: Plain::said("It will be seen again."),
        yes: Plain::said("Release"),
        no: Plain::said("Keep"),
    };
    let release = Button::new("weir_release", &Plain::said("Release"))
        .value("1")
        .primary();
    let open = Button::new("weir_open", &Plain::said("Open"))
        .url(&"https://weir.example.test/alerts/1".parse().unwrap());
    let card = Card::new(&Mrkdwn::own("Taken away"))
        .with(Block::header(&Plain::said("Taken away")))
        .with(Block::section(
            &Mrkdwn::own("From ").then(&Mrkdwn::user("U1")),
        ))
        .with(Block::fields(&[]))
        .with(Block::divider())
        .with(Block::actions("a1", [release.confirm(&confirm), open]))
        .with(Block::input(
            "i1",
            Input::new("why", &Plain::said("Why?"))
                .multiline()
                .optional(),
        ));
    let plain = |text: &str| json!({"type": "plain_text", "text": text, "emoji": false});
    let expected = json!([
        {"type": "header", "text": plain("Taken away")},
        {"type": "section", "text": {"type": "mrkdwn", "text": "From <@U1>", "verbatim": true}},
        {"type": "divider"},
        {"type": "actions", "block_id": "a1", "elements": [
            {"type": "button", "action_id": "weir_release", "text": plain("Release"), "value": "1",
             "style": "primary", "confirm": {
                "title": plain("Release?"), "text": plain("It will be seen again."),
                "confirm": plain("Release"), "deny": plain("Keep")}},
            {"type": "button", "action_id": "weir_open", "text": plain("Open"),
             "url": "https://weir.example.test/alerts/1"},
        ]},
        {"type": "input", "block_id": "i1", "label": plain("Why?"), "optional": true, "element":
            {"type": "plain_text_input", "action_id": "why", "multiline": true, "max_length": 3000}},
    ]);
    assert_eq!(Value::from(card.blocks()), expected);
    assert_eq!(card.text(), "Taken away");
}

#[test]
fn more_blocks_than_a_message_may_have_end_in_an_ellipsis() {
    let card = |blocks| {
        (0..blocks).fold(Card::new(&Mrkdwn::own("x")), |card, _| {
            card.with(Block::divider())
        })
    };
    assert_eq!(card(50).blocks().last().unwrap()["type"], "divider");
    let long = card(51).blocks();
    assert_eq!(long.len(), 50);
    assert_eq!(long[49]["elements"][0]["text"], "…");
}

#[test]
fn an_address_that_is_too_long_is_left_out() {
    let button = Button::new("a", &Plain::said("b"));
    let long = format!("https://example.test/{}", "a".repeat(3_000))
        .parse()
        .unwrap();
    assert_eq!(button.clone().url(&long), button);
}

#[test]
fn no_more_parts_than_a_block_may_have() {
    let texts = vec![Mrkdwn::own("x"); 40];
    let count = |block: Option<Block>, key: &str| block.unwrap().0[key].as_array().unwrap().len();
    assert_eq!(count(Block::fields(&texts), "fields"), 10);
    assert_eq!(count(Block::context(&texts), "elements"), 10);
    let buttons = vec![Button::new("a", &Plain::said("b")); 40];
    assert_eq!(count(Block::actions("", buttons), "elements"), 25);
}

proptest! {
    #[test]
    fn nobody_breaks_out_of_an_escaped_text(text in tricky(), max in 0..80_usize) {
        prop_assert!(is_inert(&escape(&text)));
        prop_assert!(is_inert(Mrkdwn::code(&text).as_str()));
        let short = cut(&escape(&text), max);
        prop_assert!(is_inert(&short) && length(&short) <= max);
    }

    #[test]
    fn a_text_that_is_cut_keeps_its_brackets_in_pairs(text in tricky(), max in 0..80_usize) {
        let short = cut(&defuse(&text), max);
        let mut open = false;
        for character in short.chars() {
            prop_assert!(!matches!((character, open), ('<', true) | ('>', false)));
            open = (open || character == '<') && character != '>';
        }
        prop_assert!(!open);
    }

    #[test]
    fn of_commands_only_times_are_left(text in tricky()) {
        let safe = defuse(&text);
        prop_assert!(safe.split("<!").skip(1).all(|rest| rest.starts_with("date^")), "{}", safe);
        prop_assert_eq!(defuse(&safe), safe);
    }

    #[test]
    fn every_part_is_within_its_limit(text in tricky(), value in tricky()) {
        let (said, plain) = (Mrkdwn::reposted(&text), Plain::said(&text));
        prop_assert!(fits(&Block::header(&plain).0["text"]["text"], 150));
        prop_assert!(fits(&Block::section(&said).0["text"]["text"], 3_000));
        let fields = Block::fields(std::slice::from_ref(&said)).unwrap();
        prop_assert!(fits(&fields.0["fields"][0]["text"], 2_000));
        let confirm = Confirm {
            title: plain.clone(), text: plain.clone(), yes: plain.clone(), no: plain.clone(),
        };
        let button = Button::new(&value, &plain).value(&value).confirm(&confirm).into_json();
        prop_assert!(fits(&button["text"]["text"], 75));
        prop_assert!(value.is_empty() || fits(&button["action_id"], 255));
        prop_assert!(value.is_empty() || fits(&button["value"], 2_000));
        for (part, max) in [("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)] {
            prop_assert!(fits(&button["confirm"][part]["text"], max));
        }
        let input = Block::input(&value, Input::new("a", &plain).placeholder(&plain));
        prop_assert!(fits(&input.0["label"]["text"], 2_000));
        prop_assert!(fits(&input.0["element"]["placeholder"]["text"], 150));
        prop_assert!(length(Card::new(&said).text()) <= 3_000);
    }

    #[test]
    fn a_link_holds_one_address_and_one_label(path in "\\PC{0,40}", label in tricky()) {
        let mut url: url::Url = "https://example.test/".parse().unwrap();
        url.set_path(&path);
        url.set_query(Some(&path));
        let link = Mrkdwn::link(&url, &label);
        let inside = link.as_str().strip_prefix('<').and_then(|text| text.strip_suffix('>'));
        prop_assert!(is_inert(inside.unwrap()));
        prop_assert!(!inside.unwrap().split_once('|').unwrap().0.contains('|'));
    }
}
