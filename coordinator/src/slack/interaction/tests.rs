//! What is made of clicks and commands, and of what only looks like them.

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::secret::ExposeSecret;

use super::*;

fn block_actions() -> Value {
    json!({
        "type": "block_actions", "api_app_id": "A1", "token": "old", "is_enterprise_install": false,
        "team": {"id": "T1", "domain": "one"}, "enterprise": null,
        "user": {"id": "U1", "username": "ada", "team_id": "T1"},
        "container": {"type": "message", "message_ts": "1700000000.000100", "channel_id": "C1"},
        "channel": {"id": "C1", "name": "general"},
        "message": {"ts": "1700000000.000100", "text": "hidden words", "thread_ts": "1699999999.000000"},
        "state": {"values": {"b1": {
            "why": {"type": "plain_text_input", "value": "mistaken words"},
            "how": {"type": "static_select", "selected_option": {"value": "fast"}},
            "when": {"type": "plain_text_input", "value": null},
        }}},
        "response_url": "https://hooks.slack.com/actions/T1/1/made-up", "trigger_id": "1.2.made-up",
        "actions": [{"type": "button", "action_id": "weir_release", "block_id": "a1", "value": "42",
            "action_ts": "1700000009.000000"}],
    })
}

fn click(payload: &Value) -> Click {
    match parse_interactive(payload) {
        Interaction::Click(click) => *click,
        other => panic!("{other:?}"),
    }
}

fn encoded(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).finish().into_bytes()
}

#[test]
fn a_click_says_who_clicked_what_and_where() {
    let body = encoded(&[("payload", &block_actions().to_string())]);
    let Interaction::Click(click) = parse_interactivity(&body) else {
        panic!("no click");
    };
    assert_eq!(
        (click.workspace.as_str(), click.user.as_str()),
        ("T1", "U1")
    );
    assert_eq!(click.channel.as_deref(), Some("C1"));
    assert_eq!(click.message_ts.as_deref(), Some("1700000000.000100"));
    assert_eq!(click.thread_ts.as_deref(), Some("1699999999.000000"));
    assert_eq!(
        (click.action_id.as_str(), click.value.as_deref()),
        ("weir_release", Some("42"))
    );
    assert_eq!(click.written("why"), Some("mistaken words"));
    assert_eq!(click.written("how"), Some("fast"));
    assert_eq!(click.written("when"), None);
    let address = click.response_url.as_ref().unwrap().expose_secret();
    assert!(address.starts_with("https://hooks.slack.com/"));
    let shown = format!("{click:?}");
    assert!(
        !shown.contains("words") && !shown.contains("made-up"),
        "{shown}"
    );
}

#[test]
fn the_installation_is_found_however_it_is_named() {
    for (team, enterprise, user_team, expected) in [
        (json!({"id": "T1"}), json!({"id": "E1"}), json!("T2"), "T1"),
        (json!(null), json!({"id": "E1"}), json!("T2"), "E1"),
        (json!(null), json!(null), json!("T2"), "T2"),
        (json!({"id": "api"}), json!(7), json!(null), "unknown"),
    ] {
        let mut payload = block_actions();
        payload["team"] = team;
        payload["enterprise"] = enterprise;
        payload["user"]["team_id"] = user_team;
        assert_eq!(click(&payload).workspace.as_str(), expected);
    }
}

#[test]
fn a_click_told_again_is_the_same_and_another_is_not() {
    let first = click(&block_actions());
    assert_eq!(first.id(), click(&block_actions()).id());
    assert_eq!(first.id().len(), 64);
    for (place, value) in [
        ("/actions/0/action_ts", "1700000010.000000"),
        ("/actions/0/action_id", "weir_keep"),
        ("/user/id", "U2"),
        ("/channel/id", "C2"),
        ("/team/id", "T2"),
    ] {
        let mut other = block_actions();
        *other.pointer_mut(place).unwrap() = value.into();
        assert_ne!(click(&other).id(), first.id(), "{place}");
    }
    // What it is told with may differ.
    let mut again = block_actions();
    again["trigger_id"] = "3.4".into();
    again["message"]["text"] = "changed".into();
    assert_eq!(click(&again).id(), first.id());
}

#[test]
fn nothing_is_longer_than_it_may_be() {
    let mut payload = block_actions();
    payload["actions"][0]["value"] = "é".repeat(5_000).into();
    payload["response_url"] = "x".repeat(5_000).into();
    let fields = (0..50).map(|n| (format!("f{n}"), json!({"value": "é".repeat(9_000)})));
    payload["state"]["values"] = json!({"b": fields.collect::<serde_json::Map<_, _>>()});
    let click = click(&payload);
    assert_eq!(click.value.unwrap().chars().count(), 2_000);
    assert!(click.response_url.is_none());
    assert_eq!(click.state.len(), 20);
    assert!(
        click
            .state
            .iter()
            .all(|field| field.text.chars().count() == 3_000)
    );
}

#[test]
fn what_is_no_click_is_told_apart() {
    let without = |place: &str| {
        let mut payload = block_actions();
        *payload.pointer_mut(place).unwrap() = Value::Null;
        payload
    };
    for payload in [
        without("/user"),
        without("/actions"),
        without("/type"),
        json!([]),
    ] {
        assert!(matches!(
            parse_interactive(&payload),
            Interaction::Unreadable
        ));
    }
    for (kind, expected) in [("view_closed", "view_closed"), ("my secret", "unknown")] {
        let interaction = parse_interactive(&json!({"type": kind}));
        assert!(matches!(interaction, Interaction::Other(word) if word == expected));
    }
    for body in [&b"payload=%7B"[..], b"", b"text=hi", b"\xff\xfe"] {
        assert!(matches!(parse_interactivity(body), Interaction::Unreadable));
    }
}

#[test]
fn a_check_of_tls_is_known_on_both_endpoints() {
    let body = encoded(&[("token", "old"), ("ssl_check", "1")]);
    assert!(matches!(parse_interactivity(&body), Interaction::SslCheck));
    assert!(matches!(parse_command(&body), Slash::SslCheck));
}

#[test]
fn a_command_is_the_same_over_http_and_a_socket() {
    let fields = [
        ("team_id", "T1"),
        ("enterprise_id", "E1"),
        ("channel_id", "C1"),
        ("user_id", "U1"),
        ("command", "/dlp"),
        ("text", "status of words"),
        ("api_app_id", "A1"),
        ("is_enterprise_install", "false"),
        ("response_url", "https://hooks.slack.com/commands/1"),
    ];
    let payload: serde_json::Map<String, Value> = fields
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).into()))
        .collect();
    for slash in [
        parse_command(&encoded(&fields)),
        parse_command_payload(&Value::Object(payload)),
    ] {
        let Slash::Command(command) = slash else {
            panic!("no command");
        };
        assert_eq!(
            (command.workspace.as_str(), command.user.as_str()),
            ("T1", "U1")
        );
        assert_eq!(
            (command.command.as_str(), command.text.as_str()),
            ("/dlp", "status of words")
        );
        assert!(!command.is_enterprise_install && command.response_url.is_some());
        assert!(!format!("{command:?}").contains("words"));
    }
    let nobody = encoded(&[("command", "/dlp"), ("team_id", "T1")]);
    assert!(matches!(parse_command(&nobody), Slash::Unreadable));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        proptest::sample::select(vec!["block_actions", "U1", "T1", "/dlp", "1"])
            .prop_map(Value::from),
    ];
    let keys = vec![
        "type",
        "user",
        "id",
        "team",
        "team_id",
        "enterprise",
        "actions",
        "action_id",
        "value",
        "state",
        "values",
        "container",
        "command",
        "user_id",
        "ssl_check",
        "payload",
        "selected_option",
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let key = proptest::sample::select(keys.clone()).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_something(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _interaction = parse_interactivity(&body);
        let _slash = parse_command(&body);
    }

    #[test]
    fn any_json_is_something(part in any_json(), place in 0..12_usize) {
        let _alone = (parse_interactive(&part), parse_command_payload(&part));
        let mut payload = block_actions();
        let places = [
            "/team", "/enterprise", "/user/id", "/container", "/channel", "/message", "/state/values",
            "/actions/0", "/actions/0/action_ts", "/response_url", "/type", "/state",
        ];
        *payload.pointer_mut(places[place]).unwrap() = part;
        if let Interaction::Click(click) = parse_interactive(&payload) {
            prop_assert_eq!(click.id().len(), 64);
        }
    }
}
