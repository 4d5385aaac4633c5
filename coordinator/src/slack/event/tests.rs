//! What becomes of each form of event, and what may never happen to any.

use proptest::prelude::*;
use serde_json::json;
use shared::content::{GapReason, Location};

use chrono::DateTime;

use super::*;

fn own() -> OwnIds {
    OwnIds {
        bot_id: Some("B0OURS".into()),
        bot_user_id: Some("U0OURS".into()),
        app_id: Some("A0OURS".into()),
    }
}

fn parsed(body: &Value) -> Inbound {
    parse(&serde_json::to_vec(body).unwrap(), |_| own())
}

fn event_of(inner: &Value) -> Event {
    let body = json!({
        "type": "event_callback", "team_id": "T0TEAM", "event_id": "Ev0EVENT",
        "event_time": 1_701_743_154, "event": inner,
    });
    match parsed(&body) {
        Inbound::Event(event) => *event,
        other => panic!("not an event: {other:?}"),
    }
}

fn content(inner: &Value) -> Content {
    match event_of(inner).disposition {
        Disposition::Scan(content) => *content,
        Disposition::Skip(reason) => panic!("skipped: {reason:?}"),
    }
}

fn texts(inner: &Value) -> Vec<String> {
    content(inner)
        .units
        .into_iter()
        .map(|unit| unit.text)
        .collect()
}

fn skipped(inner: &Value) -> Option<SkipReason> {
    match event_of(inner).disposition {
        Disposition::Scan(_) => None,
        Disposition::Skip(reason) => Some(reason),
    }
}

#[test]
fn a_plain_message_is_scanned_under_its_own_key() {
    let event = event_of(&json!({
        "type": "message", "channel": "C1", "user": "U1", "text": "hello",
        "ts": "1701743154.000500", "thread_ts": "1701743000.000100", "channel_type": "channel",
    }));
    assert_eq!((event.kind, event.subtype), ("message", "none"));
    assert_eq!(
        (event.event_id.as_str(), event.workspace.as_str()),
        ("Ev0EVENT", "T0TEAM")
    );
    let Disposition::Scan(content) = event.disposition else {
        panic!("skipped");
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        *content,
        Content {
            subject: MessageRef {
                channel: some("C1"),
                user: some("U1"),
                bot: None,
                external: false,
                ts: some("1701743154.000500"),
                thread_ts: some("1701743000.000100"),
                channel_type: some("channel"),
                team: some("T0TEAM"),
                said_at: DateTime::from_timestamp_micros(1_701_743_154_000_500),
                ..MessageRef::default()
            },
            units: vec![TextUnit {
                text: "hello".to_owned(),
                base: 0,
                location: Location::pointer("/event/text"),
            }],
            gaps: vec![],
            files: vec![],
        }
    );
}

#[test]
fn every_form_with_text_is_scanned() {
    for form in [
        json!({"type": "message", "subtype": "bot_message", "bot_id": "B1", "text": "leak"}),
        json!({"type": "message", "bot_id": "B1", "bot_profile": {"app_id": "A1"}, "text": "leak"}),
        json!({"type": "message", "subtype": "me_message", "text": "leak"}),
        json!({"type": "message", "subtype": "channel_topic", "topic": "leak"}),
        json!({"type": "message", "subtype": "channel_purpose", "purpose": "leak"}),
        json!({"type": "message", "subtype": "invented_tomorrow", "words": "leak"}),
        json!({"type": "message", "subtype": 7, "text": "leak"}),
        json!({"type": "message", "text": null, "attachments": [{"fallback": "leak"}]}),
        json!({"type": "app_mention", "text": "leak"}),
        json!({"type": "invented_tomorrow", "text": "leak"}),
        json!({"type": "channel_invented_tomorrow", "text": "leak"}),
        json!({"type": "message", "subtype": "message_changed", "message": null, "text": "leak"}),
        json!({"text": "leak"}),
    ] {
        assert_eq!(texts(&form), ["leak"], "{form}");
    }
}

#[test]
fn files_count_with_and_without_a_subtype() {
    for form in [
        json!({"type": "message", "subtype": "file_share", "files": [{"id": "F1", "name": "a.pdf"}]}),
        json!({"type": "message", "files": [{"id": "F1", "name": "a.pdf"}]}),
    ] {
        let content = content(&form);
        assert_eq!(content.units[0].text, "a.pdf");
        assert_eq!(content.gaps[0].reason, GapReason::NotFetched);
        assert_eq!(content.gaps[0].part.as_deref(), Some("/event/files/0"));
    }
}

#[test]
fn a_file_event_says_that_the_file_was_not_examined() {
    let content = content(&json!({
        "type": "file_shared", "channel_id": "C1", "user_id": "U1", "file_id": "F1", "file": {"id": "F1"},
    }));
    assert_eq!(content.units, []);
    assert_eq!(content.gaps.len(), 1);
    assert_eq!(content.subject.channel.as_deref(), Some("C1"));
    assert_eq!(content.subject.user.as_deref(), Some("U1"));
}

#[test]
fn a_broadcast_reply_is_scanned_without_its_parent() {
    let form = json!({"type": "message", "subtype": "thread_broadcast", "text": "reply",
        "root": {"text": "parent"}});
    assert_eq!(texts(&form), ["reply"]);
}

#[test]
fn an_edit_is_scanned_under_the_key_of_the_message() {
    let content = content(&json!({
        "type": "message", "subtype": "message_changed", "channel": "C1", "ts": "1701743154.000500",
        "message": {"user": "U1", "text": "now", "ts": "1701735043.989889"},
        "previous_message": {"user": "U1", "text": "before", "ts": "1701735043.989889"},
    }));
    assert_eq!(content.subject.ts.as_deref(), Some("1701735043.989889"));
    assert_eq!(content.subject.channel.as_deref(), Some("C1"));
    assert_eq!(content.units.len(), 1);
    assert_eq!(
        content.units[0].location.pointer.as_deref(),
        Some("/event/message/text")
    );
}

#[test]
fn an_update_without_a_change_of_text_is_skipped() {
    let changed = |now: Value, before: Value| {
        skipped(&json!({"type": "message", "subtype": "message_changed",
            "message": now, "previous_message": before}))
    };
    let message = json!({"text": "a", "ts": "1701735043.989889"});
    let counted =
        json!({"text": "a", "ts": "1701735043.989889", "reply_count": 2, "reply_users": ["U1"]});
    let unfurled = json!({"text": "a", "ts": "1701735043.989889", "attachments": [{"title": "t"}]});
    let with_file = json!({"text": "a", "ts": "1701735043.989889", "files": [{"id": "F1"}]});
    assert_eq!(
        changed(counted, message.clone()),
        Some(SkipReason::Unchanged)
    );
    assert_eq!(changed(unfurled, message.clone()), None);
    assert_eq!(changed(with_file, message.clone()), None);
    assert_eq!(changed(message, Value::Null), None);
}

#[test]
fn what_nobody_wrote_is_skipped_with_its_reason() {
    for (form, reason) in [
        (
            json!({"type": "message", "subtype": "message_deleted", "previous_message": {"text": "leak"}}),
            SkipReason::Deleted,
        ),
        (
            json!({"subtype": "message_deleted", "text": "leak"}),
            SkipReason::Deleted,
        ),
        (
            json!({"type": "message", "subtype": "tombstone", "text": "gone"}),
            SkipReason::Tombstone,
        ),
        (
            json!({"type": "message", "subtype": "message_changed",
            "message": {"subtype": "tombstone", "text": "This message was deleted."}}),
            SkipReason::Tombstone,
        ),
        (
            json!({"type": "message", "subtype": "channel_join", "text": "<@U1> has joined"}),
            SkipReason::System,
        ),
        (
            json!({"type": "message", "subtype": "ekm_access_denied", "text": ""}),
            SkipReason::System,
        ),
        (
            json!({"type": "message", "bot_id": "B0OURS", "text": "notice"}),
            SkipReason::OwnPost,
        ),
        (
            json!({"type": "message", "user": "U0OURS", "text": "notice"}),
            SkipReason::OwnPost,
        ),
        (
            json!({"type": "message", "bot_profile": {"app_id": "A0OURS"}, "text": "notice"}),
            SkipReason::OwnPost,
        ),
        (
            json!({"type": "message", "subtype": "message_changed",
            "message": {"bot_id": "B0OURS", "text": "notice"}}),
            SkipReason::OwnPost,
        ),
        (
            json!({"type": "reaction_added", "user": "U1"}),
            SkipReason::Lifecycle,
        ),
        (
            json!({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}),
            SkipReason::Lifecycle,
        ),
        (
            json!({"type": "invented_tomorrow", "user": "U1"}),
            SkipReason::UnknownType,
        ),
    ] {
        assert_eq!(skipped(&form), Some(reason), "{form}");
    }
}

#[test]
fn without_own_ids_nothing_is_taken_for_ours() {
    let body = json!({"event": {"type": "message", "text": "hi", "user": ""}});
    let Inbound::Event(event) = parse(body.to_string().as_bytes(), |_| OwnIds::default()) else {
        panic!("not an event");
    };
    assert!(matches!(event.disposition, Disposition::Scan(_)));
}

#[test]
fn answers_the_two_questions_outside_of_events() {
    assert_eq!(
        parsed(&json!({"type": "url_verification", "challenge": "3eZbrw1a", "token": "t"})),
        Inbound::UrlVerification {
            challenge: "3eZbrw1a".into()
        }
    );
    assert_eq!(
        parsed(
            &json!({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1_518_467_820})
        ),
        Inbound::RateLimited {
            workspace: WorkspaceId::new("T1"),
            minute: DateTime::from_timestamp(1_518_467_820, 0),
        }
    );
}

#[test]
fn only_what_is_no_json_is_refused() {
    assert_eq!(parse(b"payload=%7B%7D", |_| own()), Inbound::NotJson);
    for body in [
        json!("leak"),
        json!(["leak"]),
        json!({"event": ["leak"]}),
        json!({"x": {"y": "leak"}}),
    ] {
        let Inbound::Event(event) = parsed(&body) else {
            panic!("not an event: {body}");
        };
        assert_eq!(event.kind, "unreadable");
        let Disposition::Scan(content) = event.disposition else {
            panic!("skipped: {body}");
        };
        assert_eq!(content.units[0].text, "leak", "{body}");
    }
}

#[test]
fn hostile_nesting_is_scanned_as_far_as_it_goes_and_said_so() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let body = format!(r#"{{"event":{{"type":"message","text":"hi","blocks":{deep}}}}}"#);
    let Inbound::Event(event) = parse(body.as_bytes(), |_| own()) else {
        panic!("not an event");
    };
    let Disposition::Scan(content) = event.disposition else {
        panic!("skipped");
    };
    assert_eq!(content.units.len(), 1);
    assert_eq!(content.gaps, [Gap::whole(GapReason::TooComplex)]);
}

const MARKER: &str = "marker 4111 1111 1111 1111";

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "text",
            "blocks",
            "elements",
            "type",
            "user",
            "ts",
            "files",
            "attachments",
            "fields",
            "title",
            "subtype",
            "id",
            "block_id",
            "metadata",
            "url_private",
            "thumb_64",
            "token",
            "accessory",
        ])
        .prop_map(str::to_owned),
        "[a-z_]{1,8}",
        "\\PC{0,12}",
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        proptest::sample::select(vec![
            "message",
            "rich_text_section",
            "message_changed",
            "message_deleted",
            "tombstone",
            "U1",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(key(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Puts the marker in the place of one value, chosen by `path`.
fn plant(value: &mut Value, path: &[proptest::sample::Index]) {
    let Some((index, rest)) = path.split_first() else {
        *value = MARKER.into();
        return;
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let at = index.index(items.len());
            plant(&mut items[at], rest);
        }
        Value::Object(members) if !members.is_empty() => {
            let at = index.index(members.len());
            plant(members.values_mut().nth(at).unwrap(), rest);
        }
        other => *other = MARKER.into(),
    }
}

fn holds_marker(inbound: Inbound) -> bool {
    let Inbound::Event(event) = inbound else {
        return false;
    };
    matches!(event.disposition, Disposition::Scan(content)
        if content.units.iter().any(|unit| unit.text.contains(MARKER)))
}

proptest! {
    #[test]
    fn never_panics_on_any_json(body in any_json()) {
        let _inbound = parsed(&body);
        let _event = event_of(&body);
    }

    #[test]
    fn a_string_anywhere_in_a_message_is_scanned(
        mut part in any_json(),
        name in key(),
        path in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
        edited in any::<bool>(),
    ) {
        plant(&mut part, &path);
        prop_assume!(!["root", "previous_message"].contains(&name.as_str()));
        let mut message = json!({"type": "message", "text": "hi", "ts": "1701743154.000500", "user": "U1"});
        message[&name] = part;
        let event = if edited {
            json!({"type": "message", "subtype": "message_changed", "message": message, "channel": "C1"})
        } else {
            message
        };
        let body = json!({"team_id": "T1", "event": event});
        prop_assert!(holds_marker(parsed(&body)));
    }

    #[test]
    fn an_edit_that_brings_a_string_anywhere_is_scanned(
        mut part in any_json(),
        path in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
    ) {
        let before = json!({"text": "hi", "blocks": part.clone()});
        plant(&mut part, &path);
        let event = json!({"type": "message", "subtype": "message_changed",
            "message": {"text": "hi", "blocks": part}, "previous_message": before});
        let body = json!({"event": event});
        prop_assert!(holds_marker(parsed(&body)));
    }

    #[test]
    fn a_deleted_message_never_yields_text(mut event in any_json(), other in any_json()) {
        if let Value::Object(members) = &mut event {
            members.insert("subtype".into(), "message_deleted".into());
            members.insert("previous_message".into(), other);
            prop_assert_eq!(skipped(&event), Some(SkipReason::Deleted));
        }
    }
}

/// Runs over a folder of real shapes where there is one; the repository's own samples are above.
#[test]
#[expect(clippy::disallowed_methods, reason = "says where the samples are")]
fn every_sample_of_a_corpus_is_an_event_or_a_question() {
    let Some(folder) = std::env::var_os("WEIR_CORPORA") else {
        return;
    };
    let events = std::path::Path::new(&folder).join("slack-shapes/events");
    let mut seen = 0;
    for sample in std::fs::read_dir(events).unwrap() {
        let path = sample.unwrap().path();
        let raw = std::fs::read(&path).unwrap();
        let inbound = parse(&raw, |_| own());
        assert_ne!(inbound, Inbound::NotJson, "{path:?}");
        if let Inbound::Event(event) = inbound {
            assert_ne!(event.kind, "unreadable", "{path:?}");
            assert_ne!(
                event.disposition,
                Disposition::Skip(SkipReason::UnknownType),
                "{path:?}"
            );
        }
        seen += 1;
    }
    assert!(seen > 0);
}
