//! What goes wrong, and what is said of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use shared::ids::WorkspaceId;
use shared::secret::SecretString;

use super::server::{Reply, Server};
use crate::slack::client::{HoldListener, Limits, Meaning, Method, SlackClient, SlackError};

const TOKEN: &str = "made-up-token";

#[derive(Default)]
struct Notes(Mutex<Vec<(String, Method, Duration)>>);

impl HoldListener for Notes {
    fn held(&self, workspace: &WorkspaceId, method: Method, wait: Duration) {
        let note = (workspace.to_string(), method, wait);
        self.0.lock().unwrap().push(note);
    }
}

/// What deleting a message brings, and the server that answered.
async fn delete(client: &SlackClient) -> Result<(), SlackError> {
    let (token, workspace) = (SecretString::from(TOKEN), WorkspaceId::new("T1"));
    client
        .with(&token, &workspace)
        .delete_message("C1", "1.2")
        .await
}

fn client(server: &Server) -> SlackClient {
    SlackClient::new(server.base.clone(), Limits::new(Arc::new(()))).unwrap()
}

async fn fault(reply: Reply) -> SlackError {
    let server = Server::start([reply]).await;
    let error = delete(&client(&server)).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        !shown.contains(TOKEN) && !shown.contains("127.0.0.1"),
        "{shown}"
    );
    error
}

#[tokio::test]
async fn a_limit_holds_the_method_and_is_told_on() {
    let server = Server::start([Reply::new(429, &[("retry-after", "60")], "")]).await;
    let notes = Arc::new(Notes::default());
    let listener: Arc<dyn HoldListener> = Arc::<Notes>::clone(&notes);
    let client = SlackClient::new(server.base.clone(), Limits::new(listener)).unwrap();
    let minute = Duration::from_mins(1);
    let limited = SlackError::RateLimited {
        retry_after: minute,
    };
    assert_eq!(delete(&client).await, Err(limited));
    assert_eq!(
        *notes.0.lock().unwrap(),
        [("T1".to_owned(), Method::ChatDelete, minute)]
    );
    // The second call is not sent, and not told on: nobody said anything new.
    let held = delete(&client).await.unwrap_err();
    assert!(matches!(held.meaning(), Meaning::Wait(left) if left <= minute));
    assert_eq!(server.asked().len(), 1);
    assert_eq!(notes.0.lock().unwrap().len(), 1);
    // Another method goes through to the server.
    let (token, workspace) = (SecretString::from(TOKEN), WorkspaceId::new("T1"));
    drop(client.with(&token, &workspace).delete_file("F1").await);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_page_to_sign_in_is_no_answer() {
    let page = Reply::new(
        200,
        &[("content-type", "text/html")],
        "<!DOCTYPE html><p>Sign in",
    );
    assert_eq!(fault(page).await, SlackError::Unreadable { status: 200 });
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start([Reply::json(r#"{"ok":true}"#)]).await;
    let moved = Reply::new(302, &[("location", elsewhere.base.as_str())], "");
    assert_eq!(fault(moved).await, SlackError::Unreadable { status: 302 });
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_fault_of_slacks_may_have_happened() {
    let error = fault(Reply::new(502, &[], "<html>bad gateway")).await;
    assert_eq!(error, SlackError::Failed { status: 502 });
    assert!(error.may_have_happened());
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let half = Reply::json(r#"{"ok":true,"chan"#);
    assert_eq!(fault(half).await, SlackError::Unreadable { status: 200 });
    let torn = Reply::announcing(100, 200, &[], r#"{"ok":true}"#);
    assert_eq!(fault(torn).await, SlackError::Interrupted);
    assert_eq!(fault(Reply::silence()).await, SlackError::Interrupted);
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let huge = Reply::json(&" ".repeat(2 * 1024 * 1024));
    assert_eq!(fault(huge).await, SlackError::TooLong);
}

#[tokio::test]
async fn nobody_there_means_nothing_was_sent() {
    let server = Server::start([Reply::silence()]).await;
    let mut base = server.base.clone();
    // Nobody listens on the port that is kept for trying that out.
    base.set_port(Some(9)).unwrap();
    let client = SlackClient::new(base, Limits::new(Arc::new(()))).unwrap();
    let error = delete(&client).await.unwrap_err();
    assert_eq!(error, SlackError::Unreachable);
    assert!(!error.may_have_happened());
}

#[tokio::test]
async fn a_token_that_fits_no_header_is_not_shown() {
    let server = Server::start([Reply::silence()]).await;
    let (token, workspace) = (SecretString::from("two\nlines"), WorkspaceId::new("T1"));
    let client = client(&server);
    let error = client
        .with(&token, &workspace)
        .auth_test()
        .await
        .unwrap_err();
    assert_eq!(error, SlackError::Unsendable);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn gone_already_is_told_as_such() {
    let gone = Reply::json(r#"{"ok":false,"error":"message_not_found"}"#);
    assert_eq!(fault(gone).await.meaning(), Meaning::AlreadyDone);
}

#[test]
fn an_address_of_another_kind_is_refused() {
    for base in ["ftp://slack.com/api/", "data:text/plain,x"] {
        let limits = Limits::new(Arc::new(()));
        assert!(
            SlackClient::new(base.parse().unwrap(), limits).is_err(),
            "{base}"
        );
    }
}
