//! Calls of the Web API.

use coordinator::fake_slack::model::{Conversation, User, Workspace};
use coordinator::fake_slack::seed::{ADA, BO, CY, GENERAL, PRIVATE, TEAM};
use serde_json::json;

use super::stand::{Stand, error};

#[tokio::test]
async fn a_token_tells_who_it_is_for_and_what_it_may() {
    let stand = Stand::start();
    let url = stand.slack.base_url() + "auth.test";
    let answer = stand
        .http
        .post(&url)
        .bearer_auth(&stand.tokens.bot)
        .send()
        .await
        .unwrap();
    let scopes = answer.headers()["x-oauth-scopes"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(scopes.contains("chat:write.public"), "{scopes}");
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(answer["user_id"], stand.tokens.bot_user);
    assert_eq!(answer["bot_id"], stand.tokens.bot_id);
    assert_eq!(answer["team_id"], TEAM);
    for (token, word) in [("", "not_authed"), ("xoxb-nobody", "invalid_auth")] {
        assert_eq!(error(&stand.call(token, "auth.test", &[]).await), word);
    }
    assert_eq!(
        error(&stand.bot("chat.unheardOf", &[]).await),
        "unknown_method"
    );
    let empty = stand.http.post(&url).bearer_auth(&stand.tokens.bot);
    let empty = empty
        .header("Content-Type", "application/json")
        .send()
        .await
        .unwrap();
    let empty: serde_json::Value = empty.json().await.unwrap();
    assert_eq!(
        (&empty["ok"], &empty["warning"]),
        (&json!(true), &json!("missing_charset"))
    );
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let stand = Stand::start();
    let refused = stand
        .admin("users.lookupByEmail", &[("email", "bo@example.com")])
        .await;
    assert_eq!(error(&refused), "missing_scope");
    assert_eq!(refused["needed"], "users:read.email");
    assert!(
        refused["provided"]
            .as_str()
            .unwrap()
            .contains("files:write")
    );
    let found = stand
        .bot("users.lookupByEmail", &[("email", "bo@example.com")])
        .await;
    assert_eq!(found["user"]["id"], BO);
}

#[tokio::test]
async fn a_bot_takes_away_its_own_messages_only_and_an_admin_those_of_others() {
    let stand = Stand::start();
    let ts = stand
        .slack
        .say(BO, GENERAL, "my card is 4111 1111 1111 1111")
        .unwrap();
    let place = [("channel", GENERAL), ("ts", ts.as_str())];
    assert_eq!(
        error(&stand.bot("chat.delete", &place).await),
        "cant_delete_message"
    );
    let update = [("channel", GENERAL), ("ts", ts.as_str()), ("text", "x")];
    for refused in [
        stand.bot("chat.update", &update).await,
        stand.admin("chat.update", &update).await,
    ] {
        assert_eq!(error(&refused), "cant_update_message");
    }
    assert_eq!(stand.admin("chat.delete", &place).await["ok"], true);
    assert_eq!(
        error(&stand.admin("chat.delete", &place).await),
        "message_not_found"
    );

    let said = stand
        .bot(
            "chat.postMessage",
            &[("channel", GENERAL), ("text", "removed")],
        )
        .await;
    let own = said["ts"].as_str().unwrap();
    assert_eq!(said["message"]["bot_id"], stand.tokens.bot_id);
    let changed = stand
        .bot(
            "chat.update",
            &[("channel", GENERAL), ("ts", own), ("text", "gone")],
        )
        .await;
    assert_eq!(changed["text"], "gone");
    assert_eq!(
        stand
            .bot("chat.delete", &[("channel", GENERAL), ("ts", own)])
            .await["ok"],
        true
    );
}

#[tokio::test]
async fn what_an_admin_does_not_see_or_what_strangers_wrote_stays() {
    let stand = Stand::start();
    let slack = &stand.slack;
    slack.add_workspace(Workspace::new("T0ELSE", "Else"));
    slack.add_user(User::new("U0SAM", "T0ELSE", "sam"));
    slack.add_channel(
        Conversation::public("C0BOTH", TEAM, "both")
            .with(&[ADA, "U0SAM"])
            .shared_with("T0ELSE"),
    );
    let bot = stand.tokens.bot_user.clone();
    let secret = Conversation::private("C0CLOSED", TEAM, "closed").with(&[BO, CY, &bot]);
    slack.add_channel(secret);
    let direct = slack.open_direct(TEAM, &[BO, CY]);
    for (user, channel, word) in [
        ("U0SAM", "C0BOTH", "cant_delete_message"),
        (BO, "C0CLOSED", "channel_not_found"),
        (BO, direct.as_str(), "channel_not_found"),
    ] {
        let ts = slack.say(user, channel, "hello").unwrap();
        let refused = stand
            .admin("chat.delete", &[("channel", channel), ("ts", &ts)])
            .await;
        assert_eq!(error(&refused), word, "{channel}");
    }
}

#[tokio::test]
async fn the_first_of_a_thread_leaves_a_tombstone_and_its_answers() {
    let stand = Stand::start();
    let root = stand.slack.say(BO, GENERAL, "a secret").unwrap();
    let reply = stand.slack.reply(CY, GENERAL, &root, "oh").unwrap();
    stand
        .admin("chat.delete", &[("channel", GENERAL), ("ts", &root)])
        .await;
    let thread = stand
        .bot(
            "conversations.replies",
            &[("channel", GENERAL), ("ts", &root)],
        )
        .await;
    assert_eq!(thread["messages"][0]["subtype"], "tombstone");
    assert_eq!(thread["messages"][0]["text"], "This message was deleted.");
    assert_eq!(thread["messages"][1]["ts"], reply);
    assert!(!thread.to_string().contains("a secret"));
    let kept = stand.slack.message(GENERAL, &root).unwrap();
    assert_eq!(kept.original.unwrap().text, "a secret");
}

#[tokio::test]
async fn posting_is_refused_as_slack_refuses_it() {
    let stand = Stand::start();
    let slack = &stand.slack;
    slack.add_channel(Conversation::private("C0CLOSED", TEAM, "closed").with(&[BO]));
    slack.add_channel(Conversation::public("C0OLD", TEAM, "old").archived());
    slack.add_channel(Conversation::public("C0OPEN", TEAM, "open"));
    let fifty_one = vec![json!({ "type": "divider" }); 51];
    let blocks = serde_json::Value::Array(fifty_one).to_string();
    for (form, word) in [
        (vec![("channel", GENERAL)], "no_text"),
        (
            vec![("channel", "C0CLOSED"), ("text", "x")],
            "channel_not_found",
        ),
        (vec![("channel", "C0OLD"), ("text", "x")], "is_archived"),
        (
            vec![("channel", GENERAL), ("text", "x"), ("blocks", "[")],
            "invalid_blocks_format",
        ),
        (
            vec![("channel", GENERAL), ("blocks", &blocks)],
            "invalid_blocks",
        ),
        (
            vec![
                ("channel", GENERAL),
                ("text", "x"),
                ("thread_ts", "1.000001"),
            ],
            "thread_not_found",
        ),
    ] {
        assert_eq!(error(&stand.bot("chat.postMessage", &form).await), word);
    }
    let outside = [("channel", "C0OPEN"), ("text", "x")];
    assert_eq!(
        error(&stand.admin("chat.postMessage", &outside).await),
        "not_in_channel"
    );
    assert_eq!(stand.bot("chat.postMessage", &outside).await["ok"], true);
    let whisper = [("channel", PRIVATE), ("user", CY), ("text", "x")];
    assert_eq!(
        error(&stand.bot("chat.postEphemeral", &whisper).await),
        "user_not_in_channel"
    );
    let whisper = [("channel", PRIVATE), ("user", BO), ("text", "psst")];
    assert_eq!(stand.bot("chat.postEphemeral", &whisper).await["ok"], true);
    assert_eq!(slack.whispers(PRIVATE, BO)[0].text, "psst");
}

#[tokio::test]
async fn history_goes_back_page_by_page() {
    let stand = Stand::start();
    let said: Vec<String> = (0..7)
        .map(|n| stand.slack.say(BO, GENERAL, &n.to_string()).unwrap())
        .collect();
    stand
        .slack
        .reply(CY, GENERAL, &said[0], "in the thread")
        .unwrap();
    stand
        .slack
        .broadcast(CY, GENERAL, &said[0], "for all")
        .unwrap();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let form = [("channel", GENERAL), ("limit", "3"), ("cursor", &cursor)];
        let page = stand.bot("conversations.history", &form).await;
        let texts = page["messages"].as_array().unwrap().iter();
        seen.extend(texts.map(|message| message["text"].as_str().unwrap().to_owned()));
        cursor = page["response_metadata"]["next_cursor"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(page["has_more"], !cursor.is_empty());
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["for all", "6", "5", "4", "3", "2", "1", "0"]);
    let since = [("channel", GENERAL), ("oldest", said[5].as_str())];
    let page = stand.bot("conversations.history", &since).await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn files_are_for_those_who_may_have_them() {
    let stand = Stand::start();
    let (ts, id) = stand
        .slack
        .upload(BO, GENERAL, "cards.csv", "4111 1111 1111 1111", "look")
        .unwrap();
    let info = stand.bot("files.info", &[("file", &id)]).await;
    let url = info["file"]["url_private_download"].as_str().unwrap();
    assert_eq!(info["file"]["shares"]["public"][GENERAL][0]["ts"], ts);
    let get = |token: &str| stand.http.get(url).bearer_auth(token).send();
    let good = get(&stand.tokens.bot).await.unwrap();
    assert_eq!(good.headers()["content-type"], "text/csv");
    assert_eq!(good.text().await.unwrap(), "4111 1111 1111 1111");
    let bad = get("xoxb-nobody").await.unwrap();
    assert_eq!(bad.status(), 200);
    assert!(bad.text().await.unwrap().starts_with("<!DOCTYPE html>"));

    assert_eq!(
        error(&stand.bot("files.delete", &[("file", &id)]).await),
        "cant_delete_file"
    );
    assert_eq!(
        stand.admin("files.delete", &[("file", &id)]).await["ok"],
        true
    );
    assert_eq!(
        error(&stand.admin("files.delete", &[("file", &id)]).await),
        "file_deleted"
    );
    let left = stand
        .bot("conversations.history", &[("channel", GENERAL)])
        .await;
    assert_eq!(left["messages"][0]["files"][0]["mode"], "tombstone");
}

#[tokio::test]
async fn an_upload_takes_three_steps() {
    let stand = Stand::start();
    let form = [("filename", "notes.txt"), ("length", "5")];
    let begun = stand.bot("files.getUploadURLExternal", &form).await;
    let (url, id) = (
        begun["upload_url"].as_str().unwrap(),
        begun["file_id"].as_str().unwrap(),
    );
    let files = json!([{ "id": id, "title": "Notes" }]).to_string();
    let finish = [
        ("files", files.as_str()),
        ("channel_id", GENERAL),
        ("initial_comment", "see"),
    ];
    let early = stand.bot("files.completeUploadExternal", &finish).await;
    assert_eq!(error(&early), "file_update_failed");
    assert_eq!(
        stand
            .http
            .post(url)
            .body("hello")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let done = stand.bot("files.completeUploadExternal", &finish).await;
    assert_eq!(done["files"][0]["title"], "Notes");
    let shared = stand.slack.messages(GENERAL);
    assert_eq!(
        (shared[0].text.as_str(), shared[0].files[0].as_str()),
        ("see", id)
    );
    assert_eq!(stand.slack.file(id).unwrap().bytes, "hello");
}

#[tokio::test]
async fn every_call_is_in_the_log_without_its_token() {
    let stand = Stand::start();
    stand
        .bot("chat.postMessage", &[("channel", GENERAL), ("text", "x")])
        .await;
    let calls = stand.slack.calls_of("chat.postMessage");
    assert!(calls[0].is_ok());
    assert_eq!(calls[0].param("channel"), Some(GENERAL));
    assert!(!format!("{calls:?}").contains(&stand.tokens.bot));
}
