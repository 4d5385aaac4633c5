//! The fetcher against servers that keep files as Slack does, and some that do not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use shared::job::RetryClass;
use shared::secret::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const TOKEN: &str = "made-up-token";

/// Answers every request alike, and remembers what it was asked.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

fn reply(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

fn file(media_type: &str, body: &str) -> String {
    reply(200, &format!("content-type: {media_type}\r\n"), body)
}

fn redirect(to: &str) -> String {
    reply(302, &format!("location: {to}\r\n"), "")
}

impl Server {
    async fn giving(reply: String) -> Self {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                notes.lock().unwrap().push(String::from_utf8(head).unwrap());
                // A client that has heard enough hangs up.
                drop(stream.write_all(reply.as_bytes()).await);
                drop(stream.shutdown().await);
            }
        });
        Self { port, asked }
    }

    /// One that hears what it is asked and never answers.
    async fn silent() -> Self {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let _open = listener.accept().await;
            std::future::pending::<()>().await;
        });
        let asked = Arc::default();
        Self { port, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A fetcher that trusts these servers.
fn fetcher(servers: &[&Server], max_bytes: u64) -> Fetcher {
    let hosts: Vec<String> = servers.iter().map(|server| server.url("")).collect();
    Fetcher::new(FetchRules {
        hosts: hosts.join(",").parse().unwrap(),
        max_bytes,
        within: Duration::from_secs(20),
    })
    .unwrap()
}

fn text_of(bytes: u64) -> Expected {
    Expected {
        bytes: Some(bytes),
        media_type: Some("text/plain".to_owned()),
    }
}

/// What a server's file brings.
async fn fetched(server: &Server, expected: &Expected) -> Result<(Fetched, Vec<u8>), FetchError> {
    let mut written = Vec::new();
    let fetcher = fetcher(&[server], 1_000);
    let token = SecretString::from(TOKEN);
    let outcome = fetcher
        .fetch(&server.url("/f"), &token, expected, &mut written)
        .await;
    if outcome.is_err() {
        assert_eq!(written, b"");
    }
    Ok((outcome?, written))
}

async fn fault(reply: String, expected: &Expected) -> FetchError {
    let server = Server::giving(reply).await;
    let error = fetched(&server, expected).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        !shown.contains(TOKEN) && !shown.contains("127.0.0.1"),
        "{shown}"
    );
    error
}

#[tokio::test]
async fn a_file_comes_with_its_type() {
    let server = Server::giving(file("text/plain; charset=utf-8", "some text")).await;
    let (fetched, written) = fetched(&server, &text_of(9)).await.unwrap();
    let media_type = Some("text/plain".to_owned());
    assert_eq!(
        fetched,
        Fetched {
            bytes: 9,
            media_type
        }
    );
    assert_eq!(written, b"some text");
    let asked = server.asked();
    assert!(asked[0].starts_with("GET /f HTTP/1.1\r\n"));
    assert!(asked[0].contains("authorization: Bearer made-up-token\r\n"));
    assert!(!asked[0].contains("accept-encoding"));
}

#[tokio::test]
async fn a_foreign_host_is_never_contacted() {
    let foreign = Server::giving(file("text/plain", "x")).await;
    let trusted = Server::giving(file("text/plain", "x")).await;
    let token = SecretString::from(TOKEN);
    let fetcher = fetcher(&[&trusted], 1_000);
    let user = foreign.url("/f").replace("127", "me@127");
    for url in [foreign.url("/f"), user, "no address".to_owned()] {
        let outcome = fetcher
            .fetch(&url, &token, &text_of(1), &mut Vec::new())
            .await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, FetchError::ForeignHost), "{url}");
        assert_eq!(error.class(), RetryClass::Permanent);
    }
    assert!(foreign.asked().is_empty());
}

#[tokio::test]
async fn a_redirect_to_a_foreign_host_is_not_followed() {
    let foreign = Server::giving(file("text/plain", "x")).await;
    let error = fault(redirect(&foreign.url("/f")), &text_of(1)).await;
    assert!(matches!(error, FetchError::ForeignHost));
    assert!(foreign.asked().is_empty());
}

#[tokio::test]
async fn a_redirect_inside_the_list_is_followed_with_the_token() {
    let last = Server::giving(file("text/plain", "x")).await;
    let first = Server::giving(redirect(&last.url("/other"))).await;
    let fetcher = fetcher(&[&first, &last], 1_000);
    let (token, mut written) = (SecretString::from(TOKEN), Vec::new());
    let outcome = fetcher
        .fetch(&first.url("/f"), &token, &text_of(1), &mut written)
        .await;
    assert_eq!(outcome.unwrap().bytes, 1);
    let asked = last.asked();
    assert!(asked[0].starts_with("GET /other ") && asked[0].contains("Bearer made-up-token"));
}

#[tokio::test]
async fn redirects_come_to_an_end() {
    let server = Server::giving(redirect("/again")).await;
    let error = fetched(&server, &text_of(1)).await.unwrap_err();
    assert!(matches!(error, FetchError::TooManyRedirects));
    assert_eq!(server.asked().len(), 6);
}

#[tokio::test]
async fn a_page_to_sign_in_is_not_the_file() {
    let page = "<!DOCTYPE html><title>Sign in</title>";
    for reply in [
        file("text/html; charset=utf-8", page),
        file("application/octet-stream", page),
        file("text/html", "Sign in"),
        redirect("/?redir=%2Ff"),
    ] {
        let error = fault(reply, &text_of(9)).await;
        assert!(matches!(error, FetchError::LoginPage), "{error}");
        assert_eq!(error.code(), "slack_login_page");
    }
}

#[tokio::test]
async fn a_file_that_looks_like_a_page_is_the_file_if_it_is_as_long() {
    let snippet = "<html>written by somebody</html>";
    let server = Server::giving(file("text/plain", snippet)).await;
    let expected = text_of(snippet.len() as u64);
    assert_eq!(
        fetched(&server, &expected).await.unwrap().1,
        snippet.as_bytes()
    );
    let canvas = Expected {
        bytes: None,
        media_type: Some("text/html".to_owned()),
    };
    let server = Server::giving(file("text/html", snippet)).await;
    assert!(fetched(&server, &canvas).await.is_ok());
}

#[tokio::test]
async fn a_file_that_is_too_long_is_not_fetched() {
    let announced = reply(200, "", &"x".repeat(1_001));
    let endless = format!(
        "HTTP/1.1 200 X\r\nconnection: close\r\n\r\n{}",
        "x".repeat(5_000)
    );
    let error = fault(announced, &text_of(1_001)).await;
    assert!(matches!(error, FetchError::TooLong));
    let server = Server::giving(endless).await;
    let mut written = Vec::new();
    let fetched = fetcher(&[&server], 1_000)
        .fetch(
            &server.url("/f"),
            &SecretString::from(TOKEN),
            &text_of(10),
            &mut written,
        )
        .await;
    assert!(matches!(fetched, Err(FetchError::TooLong)));
    assert!(written.len() <= 1_000);
}

#[tokio::test]
async fn half_a_file_is_not_the_file() {
    let server = Server::giving(file("text/plain", "half")).await;
    let mut written = Vec::new();
    let fetched = fetcher(&[&server], 1_000)
        .fetch(
            &server.url("/f"),
            &SecretString::from(TOKEN),
            &text_of(8),
            &mut written,
        )
        .await;
    let error = fetched.unwrap_err();
    assert!(matches!(
        error,
        FetchError::Truncated {
            got: 4,
            expected: 8
        }
    ));
    assert_eq!(error.class(), RetryClass::Transient);
    let torn = "HTTP/1.1 200 X\r\ncontent-length: 8\r\n\r\nhalf".to_owned();
    assert!(matches!(
        fault(torn, &text_of(8)).await,
        FetchError::Interrupted
    ));
}

#[tokio::test]
async fn what_may_pass_is_transient() {
    let limited = fault(reply(429, "retry-after: 7\r\n", ""), &text_of(1)).await;
    assert!(matches!(limited, FetchError::RateLimited(wait) if wait == Duration::from_secs(7)));
    for (reply, code) in [
        (reply(404, "", "gone"), "not_ready"),
        (reply(200, "", ""), "not_ready"),
        (reply(503, "", ""), "failed"),
        (String::new(), "interrupted"),
    ] {
        let error = fault(reply, &text_of(1)).await;
        assert_eq!((error.code(), error.class()), (code, RetryClass::Transient));
    }
    let refused = fault(reply(403, "", ""), &text_of(1)).await;
    assert_eq!(
        (refused.code(), refused.class()),
        ("refused", RetryClass::Permanent)
    );
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let server = Server::giving(file("text/plain", "")).await;
    assert_eq!(fetched(&server, &text_of(0)).await.unwrap().0.bytes, 0);
}

#[tokio::test]
async fn the_whole_time_is_bounded() {
    let server = Server::silent().await;
    let fetcher = Fetcher::new(FetchRules {
        hosts: server.url("").parse().unwrap(),
        max_bytes: 1_000,
        within: Duration::from_millis(50),
    });
    let token = SecretString::from(TOKEN);
    let outcome = fetcher
        .unwrap()
        .fetch(&server.url("/f"), &token, &text_of(1), &mut Vec::new())
        .await;
    assert!(matches!(outcome, Err(FetchError::TimedOut)));
}
