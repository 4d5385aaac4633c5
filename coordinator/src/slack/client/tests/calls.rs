//! What each call asks, and what it makes of the answer.

use std::sync::Arc;

use serde_json::json;
use shared::ids::WorkspaceId;
use shared::secret::SecretString;
use url::Url;

use super::server::{Reply, Server};
use crate::slack::client::{
    AppCredentials, Limits, Listing, Metadata, NewMessage, Range, SlackClient, Spot, Upload,
    Uploads,
};

struct Desk {
    server: Server,
    client: SlackClient,
    token: SecretString,
    workspace: WorkspaceId,
}

impl Desk {
    async fn answering(body: &str) -> Self {
        Self::with(Server::start([Reply::json(body)]).await)
    }

    fn with(server: Server) -> Self {
        let limits = Limits::new(Arc::new(()));
        Self {
            client: SlackClient::new(server.base.clone(), limits).unwrap(),
            server,
            token: SecretString::from("made-up-token"),
            workspace: WorkspaceId::new("T1"),
        }
    }

    fn session(&self) -> crate::slack::client::Session<'_> {
        self.client.with(&self.token, &self.workspace)
    }

    /// The arguments of the last call, if it was of this method.
    fn arguments(&self, method: &str) -> Vec<(String, String)> {
        let asked = self.server.last();
        assert_eq!(asked.line, format!("POST /api/{method} HTTP/1.1"));
        assert_eq!(asked.header("authorization"), Some("Bearer made-up-token"));
        let form = "application/x-www-form-urlencoded";
        assert_eq!(asked.header("content-type"), Some(form));
        asked.form()
    }
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    list.iter().map(owned).collect()
}

#[tokio::test]
async fn a_message_is_posted_as_a_form_with_json_inside() {
    let desk = Desk::answering(r#"{"ok":true,"channel":"C1","ts":"1700000000.000100"}"#).await;
    let message = NewMessage {
        channel: "C1".to_owned(),
        thread_ts: Some("1700000000.000000".to_owned()),
        text: "Taken away & kept".to_owned(),
        blocks: vec![json!({"type": "divider"})],
        metadata: Some(Metadata {
            event_type: "weir_notice".to_owned(),
            payload: json!({"id": "1"}),
        }),
    };
    let posted = desk.session().post_message(&message).await.unwrap();
    assert_eq!(
        (posted.channel.as_str(), posted.ts.as_str()),
        ("C1", "1700000000.000100")
    );
    let metadata = r#"{"event_payload":{"id":"1"},"event_type":"weir_notice"}"#;
    let expected = pairs(&[
        ("channel", "C1"),
        ("text", "Taken away & kept"),
        ("blocks", r#"[{"type":"divider"}]"#),
        ("metadata", metadata),
        ("thread_ts", "1700000000.000000"),
        ("reply_broadcast", "false"),
        ("unfurl_links", "false"),
        ("unfurl_media", "false"),
    ]);
    assert_eq!(desk.arguments("chat.postMessage"), expected);
    assert!(!format!("{message:?}").contains("Taken"));
}

#[tokio::test]
async fn an_ephemeral_message_is_known_by_another_name() {
    let desk = Desk::answering(r#"{"ok":true,"message_ts":"1.2"}"#).await;
    let message = NewMessage {
        channel: "C1".to_owned(),
        text: "only you".to_owned(),
        ..NewMessage::default()
    };
    let posted = desk.session().post_ephemeral("U1", &message).await.unwrap();
    assert_eq!((posted.channel.as_str(), posted.ts.as_str()), ("C1", "1.2"));
    let expected = pairs(&[("user", "U1"), ("channel", "C1"), ("text", "only you")]);
    assert_eq!(desk.arguments("chat.postEphemeral"), expected);
}

#[tokio::test]
async fn whose_token_it_is_comes_with_its_scopes() {
    let body = r#"{"ok":true,"url":"https://one.slack.com/","team_id":null,"user_id":"U1",
        "bot_id":"B1","enterprise_id":"E1","is_enterprise_install":true}"#;
    let reply = Reply::new(200, &[("X-OAuth-Scopes", "chat:write,im:write")], body);
    let desk = Desk::with(Server::start([reply]).await);
    let identity = desk.session().auth_test().await.unwrap();
    assert_eq!(identity.scopes, ["chat:write", "im:write"]);
    assert_eq!(
        (identity.team_id, identity.is_enterprise_install),
        (None, true)
    );
    assert!(desk.arguments("auth.test").is_empty());
}

#[tokio::test]
async fn a_list_goes_on_until_the_cursor_is_empty() {
    let first = r#"{"ok":true,"channels":[{"id":"C1","is_private":true},{"name":"no id"}],
        "response_metadata":{"next_cursor":"next="}}"#;
    let second = r#"{"ok":true,"channels":[],"response_metadata":{"next_cursor":""}}"#;
    let desk = Desk::with(Server::start([Reply::json(first), Reply::json(second)]).await);
    let listing = Listing {
        team: Some("T1".to_owned()),
        ..Listing::default()
    };
    let page = desk.session().channels(&listing).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(page.items[0].is_private);
    let listing = listing.at(page.next_cursor.unwrap());
    let page = desk.session().channels(&listing).await.unwrap();
    assert_eq!(page.next_cursor, None);
    let expected = pairs(&[
        ("limit", "200"),
        ("types", "public_channel,private_channel,mpim,im"),
        ("team_id", "T1"),
        ("cursor", "next="),
    ]);
    assert_eq!(desk.arguments("conversations.list"), expected);
}

#[tokio::test]
async fn a_history_keeps_its_timestamps_as_texts() {
    let body = r#"{"ok":true,"messages":[{"ts":"1700000000.000100","text":"a\ud800b"}],
        "has_more":true,"response_metadata":{"next_cursor":"c"}}"#;
    let desk = Desk::answering(body).await;
    let range = Range {
        oldest: Some("1699999999.999999".to_owned()),
        ..Range::default()
    };
    let page = desk.session().history("C1", &range).await.unwrap();
    assert_eq!(page.messages[0]["ts"], "1700000000.000100");
    assert_eq!(page.messages[0]["text"], "a\u{fffd}b");
    assert!(page.has_more && page.gaps.is_empty());
    assert_eq!(page.next_cursor.as_deref(), Some("c"));
    let asked = desk.arguments("conversations.history");
    assert!(asked.contains(&("oldest".to_owned(), "1699999999.999999".to_owned())));
}

#[tokio::test]
async fn a_tombstone_names_workspace_channel_and_message() {
    let desk = Desk::answering(r#"{"ok":true}"#).await;
    let spot = Spot {
        team: Some("T1"),
        channel: "C1",
        ts: "1.2",
    };
    desk.session()
        .discovery_chat_tombstone(spot, "Hidden")
        .await
        .unwrap();
    let expected = pairs(&[
        ("team", "T1"),
        ("channel", "C1"),
        ("ts", "1.2"),
        ("content", "Hidden"),
    ]);
    assert_eq!(desk.arguments("discovery.chat.tombstone"), expected);
}

#[tokio::test]
async fn a_code_is_exchanged_under_the_apps_own_name() {
    let desk = Desk::answering(r#"{"ok":true,"access_token":"t","token_type":"bot"}"#).await;
    let app = AppCredentials {
        client_id: "1.2".to_owned(),
        client_secret: SecretString::from("hush"),
    };
    let back = "https://weir.example.test/slack/oauth/callback"
        .parse()
        .unwrap();
    let grant = desk
        .client
        .exchange_code(&app, &SecretString::from("code"), &back)
        .await;
    assert!(grant.unwrap().bot.is_some());
    let asked = desk.server.last();
    // base64 of `1.2:hush`
    assert_eq!(asked.header("authorization"), Some("Basic MS4yOmh1c2g="));
    assert_eq!(asked.argument("code").as_deref(), Some("code"));
    assert_eq!(asked.argument("client_secret"), None);
    desk.client
        .refresh(&app, &SecretString::from("again"))
        .await
        .unwrap();
    assert_eq!(
        desk.server.last().argument("grant_type").as_deref(),
        Some("refresh_token")
    );
}

/// What the API answers to who wants to send a file to `place`.
fn place_to_send(place: &Url) -> Reply {
    let told = json!({"ok": true, "file_id": "F1", "upload_url": place});
    Reply::json(&told.to_string())
}

#[tokio::test]
async fn an_upload_carries_its_bytes_and_no_token() {
    let server = Server::start_with(|base| {
        let place = base.join("/upload/1").unwrap();
        let shared = Reply::json(r#"{"ok":true}"#);
        [place_to_send(&place), Reply::new(200, &[], "OK"), shared].into()
    });
    let desk = Desk::with(server.await);
    let ids = desk.session().upload(uploads()).await.unwrap();
    assert_eq!(ids, ["F1"]);
    let asked = desk.server.asked();
    assert_eq!(asked[0].argument("length").as_deref(), Some("5"));
    assert_eq!(asked[1].line, "POST /upload/1 HTTP/1.1");
    assert_eq!(asked[1].body, b"bytes");
    assert_eq!(asked[1].header("authorization"), None);
    let files = asked[2].argument("files");
    assert_eq!(files.as_deref(), Some(r#"[{"id":"F1","title":"a.txt"}]"#));
}

#[tokio::test]
async fn nothing_is_sent_up_in_clear_to_another_server() {
    let elsewhere = Server::start([Reply::json("{}")]).await;
    let desk = Desk::with(Server::start([place_to_send(&elsewhere.base)]).await);
    let refused = desk.session().upload(uploads()).await;
    assert_eq!(refused.unwrap_err().code(), "unsendable");
    assert!(elsewhere.asked().is_empty());
}

fn uploads() -> Uploads {
    Uploads {
        channel: "C1".to_owned(),
        thread_ts: None,
        comment: None,
        files: vec![Upload {
            name: "a.txt".to_owned(),
            bytes: 5,
            content: Box::new(&b"bytes and more"[..]),
        }],
    }
}
