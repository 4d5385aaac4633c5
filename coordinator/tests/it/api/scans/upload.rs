//! `POST /api/v1/scans` with a file.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use coordinator::domain::roles::Role;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, header};
use serde_json::Value;

use crate::support::server::{Answer, Server};

const PATH: &str = "/api/v1/scans?wait=60";
/// The default of `http.max_upload`.
const LIMIT: usize = 100_000_000;
const CHUNK: usize = 64 * 1024;

async fn upload(
    server: &Server,
    token: &str,
    name: &str,
    media_type: &str,
    file: Vec<u8>,
) -> Answer {
    let part = Part::bytes(file)
        .file_name(name.to_owned())
        .mime_str(media_type)
        .unwrap();
    let form = Form::new()
        .text("note", "a part nobody asked for")
        .part("file", part);
    Answer::to(
        server
            .request(Method::POST, PATH)
            .bearer_auth(token)
            .multipart(form),
    )
    .await
}

async fn found_in(name: &str, media_type: &str, file: impl Into<Vec<u8>>) -> Value {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let scan = upload(&server, &token, name, media_type, file.into())
        .await
        .json(200);
    assert_eq!(scan["finding_count"], 1, "{scan}");
    assert_eq!(scan["coverage"]["state"], "complete", "{scan}");
    let finding = &scan["findings"][0];
    assert_eq!(finding["info_type"], "CREDIT_CARD_NUMBER");
    finding["location"].clone()
}

#[tokio::test]
async fn a_card_in_a_table_is_found_in_its_cell() {
    let table = "name,credit card\nAna,none\nBob,4111 1111 1111 1111\n";
    let at = found_in("people.csv", "text/csv", table).await;
    assert_eq!(
        (&at["file"], &at["row"], &at["column"]),
        (&"people.csv".into(), &3.into(), &2.into())
    );
}

#[tokio::test]
async fn a_card_in_markup_is_found() {
    let page =
        "<!doctype html><html><body><p>my card is <b>4111 1111 1111 1111</b></p></body></html>";
    let at = found_in("page.html", "text/html", page).await;
    assert_eq!(at["file"], "page.html");
}

#[tokio::test]
async fn a_card_in_a_json_document_is_found_by_its_pointer() {
    let document = r#"{"people": [{"name": "Bob", "note": "credit card 4111 1111 1111 1111"}]}"#;
    let at = found_in("people.json", "application/json", document).await;
    assert_eq!(at["pointer"], "/people/0/note");
}

#[tokio::test]
async fn a_card_in_utf_16_is_found() {
    let text = "\u{feff}my card is 4111 1111 1111 1111\n";
    let file: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let at = found_in("note.txt", "text/plain", file).await;
    assert_eq!(at["line"], 1);
}

#[tokio::test]
async fn a_file_nobody_can_read_is_never_called_clean() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let mut file = b"\x7fELF\x02\x01\x01\x00".to_vec();
    file.extend(
        (0..4096_u32).flat_map(|number| (number.wrapping_mul(2_654_435_761)).to_le_bytes()),
    );
    let scan = upload(&server, &token, "program", "application/octet-stream", file)
        .await
        .json(200);
    assert_eq!(scan["coverage"]["state"], "partial");
    assert_eq!(scan["coverage"]["gaps"][0]["reason"], "unsupported_type");
}

#[tokio::test]
async fn an_empty_file_is_scanned_and_a_blob_is_gone_after_its_result() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let scan = upload(&server, &token, "", "text/plain", Vec::new())
        .await
        .json(200);
    assert_eq!(scan["finding_count"], 0);
}

#[tokio::test]
async fn a_form_without_a_file_or_cut_off_is_refused_and_leaves_nothing() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let post = |content_type: &str, body: &str| {
        let request = server.request(Method::POST, PATH).bearer_auth(&token);
        request
            .header(header::CONTENT_TYPE, content_type)
            .body(body.to_owned())
    };
    let form = "multipart/form-data; boundary=b";
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n";
    for (content_type, body) in [
        (form, String::new()),
        (form, "--b--\r\n".to_owned()),
        (form, "garbage".to_owned()),
        (form, head.replace("file", "other") + "x\r\n--b--\r\n"),
        (form, format!("{head}half a file")),
        ("multipart/form-data", head.to_owned()),
    ] {
        Answer::to(post(content_type, &body))
            .await
            .problem(400, "malformed");
    }
    assert_eq!(std::fs::read_dir(server.blobs()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_refused_before_a_byte_is_sent() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let head = format!(
        "POST /api/v1/scans HTTP/1.1\r\nHost: weir\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 200000000\r\n\r\n"
    );
    let address = server.address();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(std::fs::read_dir(server.blobs()).unwrap().count(), 0);
}

#[tokio::test]
async fn one_byte_beyond_the_limit_is_refused_unbuffered_and_leaves_nothing() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    // The first upload warms up what every upload needs.
    upload(
        &server,
        &token,
        "small.txt",
        "text/plain",
        vec![b'x'; CHUNK],
    )
    .await
    .json(200);
    let before = server.peak_memory_kib();
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.txt\"\r\n\r\n";
    let whole = LIMIT / CHUNK;
    let rest = LIMIT + 1 - whole * CHUNK;
    let chunks = std::iter::once(head.as_bytes().to_vec())
        .chain((0..whole).map(|_| vec![b'x'; CHUNK]))
        .chain([vec![b'x'; rest], b"\r\n--b--\r\n".to_vec()]);
    let stream = futures_util::stream::iter(chunks.map(Ok::<_, std::io::Error>));
    let request = server
        .request(Method::POST, PATH)
        .bearer_auth(&token)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(reqwest::Body::wrap_stream(stream));
    Answer::to(request).await.problem(413, "payload_too_large");
    let grown = server.peak_memory_kib() - before;
    assert!(grown < 64 * 1024, "{grown} KiB");
    let left = server.blobs();
    server
        .eventually("empty folder", async |_| {
            (std::fs::read_dir(&left).unwrap().count() == 0).then_some(())
        })
        .await;
}
