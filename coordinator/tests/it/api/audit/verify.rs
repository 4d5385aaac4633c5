//! `GET /api/v1/audit/verify`, and `weir audit`, which proves the same from outside.

use std::process::Command;

use coordinator::domain::roles::Role;
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::{Value, json};

use crate::support::server::Server;

const VERIFY: &str = "/api/v1/audit/verify";

/// A server with a signed trail of some entries.
async fn with_signed_trail() -> (Server, String) {
    let server = Server::start_with(&[("WEIR_AUDIT__CHECKPOINT_EVERY", "100ms")]).await;
    let token = server.token(Role::Admin).await;
    let events: Vec<_> = (0..20)
        .map(|n| json!({"event_type": "n", "variant_data": {"n": n}}))
        .collect();
    let batch = json!({ "events": events });
    server
        .post_as(&token, "/api/v1/audit/events/batch", &batch)
        .await
        .json(201);
    server
        .eventually("the end is signed", async |server| {
            let proof = proof(server, &token).await;
            (proof["signed_to"] == proof["to"]).then_some(())
        })
        .await;
    (server, token)
}

async fn proof(server: &Server, token: &str) -> Value {
    server.get_as(token, VERIFY).await.json(200)
}

/// Does to the database what an intruder might.
fn tamper(server: &Server, statement: &str) {
    let url = server.site.database_url();
    let mut conn = SqliteConnection::establish(url.strip_prefix("sqlite://").unwrap()).unwrap();
    conn.batch_execute(&format!("PRAGMA busy_timeout = 10000; {statement}"))
        .unwrap();
}

/// Runs `weir audit` with the server's settings; gives its exit code and its output.
fn weir_audit(server: &Server, args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_weir"))
        .arg("audit")
        .args(args)
        .current_dir(server.site.folder())
        .env_clear()
        .env("WEIR_DATABASE__URL", server.site.database_url())
        .env("WEIR_SECRETS__KEYRING_FILE", "keyring.json")
        .output()
        .unwrap();
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

#[tokio::test]
async fn an_entry_that_was_altered_is_named_by_the_api_and_by_the_command() {
    let (server, token) = with_signed_trail().await;
    let sound = proof(&server, &token).await;
    assert_eq!(
        (&sound["valid"], &sound["broken"]),
        (&json!(true), &Value::Null)
    );
    let (code, told) = weir_audit(&server, &["verify"]);
    assert_eq!(code, 0, "{told}");
    assert!(
        told.starts_with("the audit trail holds: entries 1 to "),
        "{told}"
    );
    tamper(
        &server,
        "UPDATE audit_events SET variant_data = '{\"n\":999}' WHERE seq = 7",
    );
    let found = proof(&server, &token).await;
    assert_eq!(found["valid"], false);
    assert_eq!(found["broken"], json!({"seq": 7, "kind": "altered"}));
    let (code, told) = weir_audit(&server, &["verify"]);
    assert_eq!(code, 1);
    assert!(
        told.starts_with("the audit trail is BROKEN at entry 7: it was altered"),
        "{told}"
    );
}

#[tokio::test]
async fn entries_that_are_missing_or_were_moved_are_named() {
    let (server, token) = with_signed_trail().await;
    tamper(
        &server,
        "UPDATE audit_events SET seq = -1 WHERE seq = 5; UPDATE audit_events SET seq = 5 WHERE seq = 9; \
         UPDATE audit_events SET seq = 9 WHERE seq = -1;",
    );
    let moved = json!({"seq": 5, "kind": "reordered", "found_at": 9});
    assert_eq!(proof(&server, &token).await["broken"], moved);
    tamper(&server, "DELETE FROM audit_events WHERE seq = 3");
    let missing = json!({"seq": 3, "kind": "missing"});
    assert_eq!(proof(&server, &token).await["broken"], missing);
}

#[tokio::test]
async fn a_proof_can_begin_behind_any_checkpoint() {
    let (server, token) = with_signed_trail().await;
    let whole = proof(&server, &token).await;
    let path = format!("{VERIFY}?after={}", whole["signed_to"]);
    let rest = server.get_as(&token, &path).await.json(200);
    assert_eq!(
        rest["from"].as_u64().unwrap(),
        whole["signed_to"].as_u64().unwrap() + 1
    );
    assert_eq!(rest["valid"], true);
    for bad in ["-1", "x", "99999999999999999999999"] {
        let refused = server
            .get_as(&token, &format!("{VERIFY}?after={bad}"))
            .await;
        refused.problem(400, "invalid");
    }
    let beyond = server
        .get_as(&token, &format!("{VERIFY}?after={}", i64::MAX))
        .await
        .json(200);
    assert_eq!(beyond["valid"], true);
}

#[tokio::test]
async fn an_exported_trail_is_proved_without_the_database_by_a_public_key() {
    let (server, token) = with_signed_trail().await;
    let keys = server.get_as(&token, "/api/v1/audit/keys").await.json(200);
    let (name, key) = (&keys["keys"][0]["key_id"], &keys["keys"][0]["public_key"]);
    let key = format!("{}={}", name.as_str().unwrap(), key.as_str().unwrap());
    assert_eq!(weir_audit(&server, &["keys"]).1.trim_end(), key);
    let export = server.get_as(&token, "/api/v1/audit/export").await.text();
    let file = server.site.folder().join("trail.ndjson");
    let verify = |text: &str| {
        std::fs::write(&file, text).unwrap();
        weir_audit(
            &server,
            &["verify", "--file", "trail.ndjson", "--key", &key],
        )
    };
    let (code, told) = verify(&export);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("signed to"), "{told}");
    let lines: Vec<&str> = export.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.starts_with("{\"seq\":9,"))
        .unwrap();
    let mut cut = lines.clone();
    cut.remove(at);
    let (code, told) = verify(&cut.join("\n"));
    assert_eq!(code, 1);
    assert!(told.contains("BROKEN at entry 9: it is missing"), "{told}");
    let mut altered: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    altered[at] = altered[at].replace("\"n\"", "\"m\"");
    let (code, told) = verify(&altered.join("\n"));
    assert_eq!(code, 1);
    assert!(told.contains("BROKEN at entry 9: it was altered"), "{told}");
    assert_eq!(verify("nonsense").0, 2);
    let (code, exported) = weir_audit(&server, &["export"]);
    assert_eq!(code, 0);
    assert!(exported.lines().count() > lines.len());
}
