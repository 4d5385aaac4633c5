//! `POST /api/v1/detectors`, and what is found from then on.

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::employee_number;
use crate::support::server::{Answer, Server};

const PATH: &str = "/api/v1/detectors";

async fn info_types_in(server: &Server, token: &str, text: &str) -> Vec<String> {
    let body = json!({ "text": text });
    let scan = server
        .post_as(token, "/api/v1/scans?wait=60", &body)
        .await
        .json(200);
    assert_eq!(scan["state"], "completed", "{scan} {}", server.log());
    let findings = scan["findings"].as_array().unwrap().iter();
    findings
        .map(|found| found["info_type"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_new_detector_finds_in_the_very_next_scan() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let text = "my badge is EMP-123456";
    assert_eq!(info_types_in(&server, &token, text).await, [""; 0]);
    let made = server.post_as(&token, PATH, &employee_number()).await;
    assert_eq!(
        made.headers["location"],
        "/api/v1/detectors/employee-number"
    );
    assert_eq!(made.headers["etag"], "\"1\"");
    let made = made.json(201);
    assert_eq!(
        (&made["origin"], &made["version"]),
        (&json!("custom"), &json!(1))
    );
    assert!(
        made["cost"]["ns_per_byte"].as_f64().unwrap() < 50.0,
        "{}",
        made["cost"]
    );
    assert_eq!(info_types_in(&server, &token, text).await, ["EMPLOYEE_ID"]);
    let metrics = server.get("/metrics").await.text();
    let counted = "weir_detector_candidates_total{detector=\"employee-number\"}";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn a_dictionary_of_twenty_thousand_words_is_taken_and_finds() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let words: Vec<String> = (0..20_000)
        .map(|n| format!("code name {n} of aurora"))
        .collect();
    let body =
        json!({"name": "Projects", "info_type": "PROJECT", "kind": "dictionary", "words": words});
    let made = server.post_as(&token, PATH, &body).await.json(201);
    assert_eq!(made["words"].as_array().unwrap().len(), 20_000);
    let text = "about Code  Name 17777 of\nAURORA, not 99999 of aurora";
    assert_eq!(info_types_in(&server, &token, text).await, ["PROJECT"]);
}

#[tokio::test]
async fn a_detector_that_cannot_work_is_refused_with_everything_that_is_wrong() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let version = server.get_as(&token, PATH).await.json(200)["version"].clone();
    for (patch, expected) in [
        (
            json!({"pattern": "("}),
            "pattern 1 is not a regular expression: unclosed group at byte 0; correct the pattern",
        ),
        (
            json!({"pattern": "x*"}),
            "pattern 1 matches empty text; make at least one character mandatory",
        ),
        (
            json!({"pattern": "a{5000}"}),
            "pattern 1: the repetition at byte 1 counts to 5000; count to 1000 at most, or use `+`",
        ),
        (
            json!({"examples": ["nothing"]}),
            "does not fire in its example 1",
        ),
        (
            json!({"kind": "dictionary"}),
            "there are no words; give at least one, or choose another `kind`",
        ),
        (
            json!({"likelihood": "4111"}),
            "`likelihood`: give one of VERY_UNLIKELY, UNLIKELY, POSSIBLE, LIKELY, VERY_LIKELY",
        ),
    ] {
        let mut body = employee_number();
        body.as_object_mut()
            .unwrap()
            .extend(patch.as_object().unwrap().clone());
        let refused = server
            .post_as(&token, PATH, &body)
            .await
            .problem(422, "unusable");
        let errors: Vec<&Value> = refused["errors"].as_array().unwrap().iter().collect();
        assert_eq!(errors[0], expected);
    }
    let unchanged = server.get_as(&token, PATH).await.json(200);
    assert_eq!(unchanged["version"], version);
    assert!(!unchanged.to_string().contains("EMPLOYEE_ID"));
}

#[tokio::test]
async fn an_id_is_taken_once_and_only_an_admin_makes_detectors() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    server
        .post_as(&token, PATH, &employee_number())
        .await
        .json(201);
    server
        .post_as(&token, PATH, &employee_number())
        .await
        .problem(409, "conflict");
    let mut body = employee_number();
    body["id"] = json!("credit-card-number");
    server
        .post_as(&token, PATH, &body)
        .await
        .problem(409, "conflict");
    let analyst = server.token(Role::Analyst).await;
    server
        .post_as(&analyst, PATH, &body)
        .await
        .problem(403, "forbidden");
}

#[tokio::test]
async fn exact_data_finds_rows_and_is_shown_without_its_index() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let table = server.site.folder().join("customers.csv");
    std::fs::write(&table, "id,name\nK-20417,Anna Berg\nK-20418,Bert Cole\n").unwrap();
    let args = [
        "edm",
        "build",
        table.to_str().unwrap(),
        "--primary",
        "id",
        "--with",
        "name",
    ];
    let built = server.site.weir(&args);
    let draft: Value = serde_json::from_str(&built).unwrap();
    let made = server.post_as(&token, PATH, &draft).await.json(201);
    assert_eq!(made["exact_data"]["columns"], json!(["id", "name"]));
    assert!(made["exact_data"].get("index").is_none());
    let found = async |text| info_types_in(&server, &token, text).await;
    assert_eq!(found("K-20418: Bert Cole").await, ["EXACT_DATA"]);
    assert_eq!(found("K-20418: Anna Berg").await, [""; 0]);
    let stranger = json!({"name": "X", "info_type": "X", "kind": "exact_data_match",
        "exact_data": {"columns": ["id", "name"], "index": "d2VpcmVkbTEAAAAAAAAAAA=="}});
    let refused = server.post_as(&token, PATH, &stranger).await.json(422);
    assert!(
        refused.to_string().contains("under another key ring"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_registered_document_is_found_beside_its_values_and_shown_without_its_index() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let words = (1_u64..500).map(|at| at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 34);
    let plan: Vec<String> = words.map(|word| format!("{word:x}")).collect();
    let plan = format!("{} card 4539578763621486", plan.join(" "));
    let file = server.site.folder().join("plan.txt");
    std::fs::write(&file, &plan).unwrap();
    let path = file.to_str().unwrap();
    let built = server
        .site
        .weir(&["fingerprint", "build", path, "--name", "Plans"]);
    let draft: Value = serde_json::from_str(&built).unwrap();
    let tried = json!({"detector": draft, "text": plan});
    let tried = server
        .post_as(&token, &format!("{PATH}/test"), &tried)
        .await
        .json(200);
    assert_eq!(tried["findings"][0]["preview"], "[100 % of plan.txt]");
    let made = server.post_as(&token, PATH, &draft).await.json(201);
    let shown = json!({"documents": ["plan.txt"], "threshold_percent": 30});
    assert_eq!(made["fingerprints"], shown);
    let found = async |text: &str| info_types_in(&server, &token, text).await;
    let mut both = found(&plan).await;
    both.sort_unstable();
    assert_eq!(both, ["CREDIT_CARD_NUMBER", "REGISTERED_DOCUMENT"]);
    assert_eq!(found("no plan at all").await, [""; 0]);
    let stricter = json!({"fingerprints": {"documents": ["plan.txt"], "threshold_percent": 90}});
    let request = server.request(Method::PATCH, &format!("{PATH}/plans"));
    let changed = Answer::to(request.bearer_auth(&token).json(&stricter)).await;
    let changed = changed.json(200);
    assert_eq!(changed["fingerprints"]["threshold_percent"], 90);
    let half = plan.get(..plan.len() / 2).unwrap();
    assert_eq!(found(half).await, [""; 0]);
}
