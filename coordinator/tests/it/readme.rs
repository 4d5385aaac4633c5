//! The README's lines, run as they stand.

use std::process::Command;

use serde_json::Value;

use crate::support::process::weir;
use crate::support::site::Site;

/// The shell between the mark and the end of its block.
fn story() -> &'static str {
    let readme = include_str!("../../../README.md");
    let (_, behind) = readme.split_once("<!-- story:").unwrap();
    let (_, block) = behind.split_once("```sh\n").unwrap();
    block.split_once("```\n").unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_of_an_alert_runs_as_the_readme_tells_it() {
    let mut site = Site::embedded();
    site.set("WEIR_AUTH__ALLOW_REGISTRATION", "true");
    site.set("WEIR_AUTH__ADMIN_EMAIL", "admin@localhost");
    site.set("WEIR_AUTH__ADMIN_PASSWORD", "correct horse battery staple");
    let _weir = site.start();
    let lines = story().replace(
        "http://127.0.0.1:8080",
        &format!("http://{}", site.address()),
    );
    // As if it were on the path.
    let lines = format!("weir() {{ '{}' \"$@\"; }}\n{lines}", weir().display());
    let ran = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &lines])
        .current_dir(site.folder())
        .envs(site.environment())
        .output()
        .unwrap();
    let told = String::from_utf8(ran.stdout).unwrap();
    let trouble = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}\n{trouble}");

    let (token_type, rest) = told.split_once('\n').unwrap();
    assert_eq!(token_type, "Bearer");
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    let alert = values.next().unwrap().unwrap();
    assert_eq!(
        (&alert["severity"], &alert["status"]),
        (&"CRITICAL".into(), &"OPEN".into())
    );
    assert!(alert["due_at"].is_string(), "{alert}");
    let rest = rest.get(values.byte_offset()..).unwrap();
    let words: Vec<&str> = rest.split_whitespace().take(3).collect();
    assert_eq!(words, ["ACKNOWLEDGED", "RESOLVED", "auditor"]);
    let deeds: Vec<&str> = rest.lines().filter(|line| line.starts_with('[')).collect();
    assert!(
        deeds[0].ends_with("\"RESOLVED\"]") && deeds[1].ends_with("\"ACKNOWLEDGED\"]"),
        "{deeds:?}"
    );
    assert_eq!(deeds.len(), 2);
    assert!(rest.contains("\"valid\": true"), "{rest}");
    assert!(
        rest.contains("the audit trail holds: entries 1 to "),
        "{rest}"
    );
}
