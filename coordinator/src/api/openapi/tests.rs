//! What the document says of every operation, whichever it is.

use actix_web::{App, test};
use serde_json::Value;

use super::*;
use crate::api::{Access, problem};

async fn get(path: &str) -> (u16, String) {
    let app = test::init_service(App::new().configure(crate::api::configure)).await;
    let request = test::TestRequest::get().uri(path).to_request();
    let response = test::call_service(&app, request).await;
    let status = response.status().as_u16();
    let body = test::read_body(response).await;
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[test]
async fn the_document_is_openapi_3_1_with_the_scheme_and_the_error_format() {
    let (status, body) = get(DOCUMENT_PATH).await;
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&body).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let components = &document["components"];
    assert_eq!(components["securitySchemes"][BEARER]["scheme"], "bearer");
    assert!(components["schemas"]["Problem"]["properties"]["request_id"].is_object());
    assert_eq!(
        components["schemas"]["ErrorCode"]["enum"]
            .as_array()
            .unwrap()
            .len(),
        ErrorCode::ALL.len()
    );
}

fn described() -> Value {
    serde_json::to_value(document()).unwrap()
}

#[test]
async fn the_document_and_the_route_table_name_the_same_routes() {
    let mut routes: Vec<(String, String)> = crate::api::routes()
        .iter()
        .filter(|entry| !entry.path().starts_with("/internal/"))
        .map(|entry| {
            (
                entry.path().to_owned(),
                entry.method().as_str().to_lowercase(),
            )
        })
        .collect();
    let document = described();
    let mut named: Vec<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (path.clone(), method.clone()))
        })
        .collect();
    routes.sort_unstable();
    named.sort_unstable();
    assert_eq!(named, routes);
}

#[test]
async fn an_operation_asks_for_a_credential_exactly_if_its_guard_does() {
    let document = described();
    for entry in crate::api::routes().iter() {
        let method = entry.method().as_str().to_lowercase();
        let operation = &document["paths"][entry.path()][&method];
        let asked = operation["security"].as_array();
        let asks = asked.is_some_and(|schemes| !schemes.is_empty());
        let guarded = matches!(entry.access(), Access::SignedIn | Access::Needs(_));
        assert_eq!(asks, guarded, "{method} {}", entry.path());
    }
}

#[test]
async fn every_operation_has_a_name_of_its_own_a_known_tag_and_its_path_parameters() {
    let document = described();
    let tags: Vec<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut names = std::collections::HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(
                names.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{at}"
            );
            assert!(
                tags.contains(&operation["tags"][0].as_str().unwrap()),
                "{at}"
            );
            let in_path = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .count();
            assert_eq!(in_path, path.matches('{').count(), "{at}");
            assert!(
                !operation["responses"].as_object().unwrap().is_empty(),
                "{at}"
            );
        }
    }
}

#[test]
async fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(to) = members.get("$ref").and_then(Value::as_str) {
                    found.push(to.to_owned());
                }
                members
                    .values()
                    .for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = described();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for to in found {
        let target = document.pointer(to.strip_prefix('#').unwrap());
        assert!(target.is_some(), "{to}");
    }
}

/// Every operation with where it is.
fn each_operation(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let operations = item.as_object().unwrap().iter();
            operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

/// What is meant: itself, or what it refers to.
fn meant<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(to) => document.pointer(to.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

/// Every answer with where it is and its status.
fn each_answer(document: &Value) -> Vec<(String, u16, &Value)> {
    let operations = each_operation(document).into_iter();
    operations
        .flat_map(|(at, operation)| {
            let answers = operation["responses"].as_object().unwrap().iter();
            answers.map(move |(status, answer)| {
                let status = status.parse().unwrap();
                (at.clone(), status, meant(document, answer))
            })
        })
        .collect()
}

#[test]
async fn errors_are_problems_and_nothing_else() {
    let document = described();
    let mut refusals = 0;
    for (at, status, answer) in each_answer(&document) {
        // Readiness has an answer of its own for "not ready".
        if status < 400 || at == "get /readyz" {
            continue;
        }
        let contents = answer["content"].as_object().unwrap();
        assert_eq!(contents.len(), 1, "{at} {status}");
        let problem = &contents[problem::CONTENT_TYPE]["schema"]["$ref"];
        assert_eq!(problem, "#/components/schemas/Problem", "{at} {status}");
        refusals += 1;
    }
    assert!(refusals > 500, "{refusals}");
}

#[test]
async fn every_answer_names_its_headers() {
    let document = described();
    for (at, status, answer) in each_answer(&document) {
        let has = |name: &str| answer["headers"][name].is_object();
        assert!(has("X-Request-Id"), "{at} {status}");
        assert_eq!(
            has("Retry-After"),
            [429, 503].contains(&status),
            "{at} {status}"
        );
        let standing = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"].map(has);
        assert!(standing.iter().all(|has| *has == standing[0]), "{at}");
        // Whose credentials do not hold is nobody whose calls could be counted.
        let counted = at.contains("/api/v1/") && status != 401;
        assert!(standing[0] || !counted, "{at} {status}");
    }
}

#[test]
async fn every_code_stands_in_the_table_and_its_status_is_answered_somewhere() {
    let document = described();
    let table = document["components"]["schemas"]["ErrorCode"]["description"]
        .as_str()
        .unwrap();
    let answers = each_answer(&document);
    for code in ErrorCode::ALL {
        let (word, status, title) = (code.as_str(), code.status(), code.title());
        assert!(table.contains(&format!("| `{word}` | {status} | {title} |")));
        // What no route answers by itself: another method than it has, and our own mistakes.
        let by_itself = answers.iter().any(|(_, answered, _)| *answered == status);
        assert_eq!(by_itself, ![405, 500].contains(&status), "{word}");
    }
}

#[test]
async fn every_body_has_an_example() {
    let document = described();
    let mut lacking = Vec::new();
    for (at, operation) in each_operation(&document) {
        let contents = operation["requestBody"]["content"].as_object();
        for (kind, content) in contents.into_iter().flatten() {
            let schema = meant(&document, &content["schema"]);
            if content["example"].is_null() && schema["example"].is_null() {
                lacking.push(format!("{at} takes {kind}"));
            }
        }
    }
    for (at, status, answer) in each_answer(&document) {
        for content in answer["content"].as_object().into_iter().flatten() {
            let (_, content) = content;
            let components = &document["components"];
            if let Err(field) = examples::example(&content["schema"], components)
                && content["example"].is_null()
            {
                lacking.push(format!("{at} answers {status}: {field}"));
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[test]
async fn every_operation_says_what_it_does() {
    let document = described();
    for (at, operation) in each_operation(&document) {
        assert!(
            operation["summary"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{at}"
        );
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let answer = meant(&document, answer);
            assert!(
                answer["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{at} {status}"
            );
        }
    }
}

/// Who makes clients from it sees in a change of this file what changes for them.
#[test]
async fn the_committed_document_is_this_one() {
    let written = include_str!("../../../../deploy/openapi/weir.json");
    let now = document().to_pretty_json().unwrap();
    let differing = written
        .lines()
        .zip(now.lines())
        .position(|(was, is)| was != is);
    let same = differing.is_none() && written.trim_end() == now.trim_end();
    assert!(
        same,
        "deploy/openapi/weir.json is not what the code describes, from line {} on: run `make openapi`",
        differing.map_or(now.lines().count(), |line| line + 1)
    );
}

#[test]
async fn the_page_is_served_from_the_binary() {
    assert_eq!(get("/api/docs").await.0, 308);
    let (status, page) = get("/api/docs/").await;
    assert_eq!(status, 200);
    let (_, start) = get("/api/docs/swagger-initializer.js").await;
    for text in [&page, &start] {
        assert!(!text.contains("https://") && !text.contains("http://"));
    }
    assert!(
        start.contains(DOCUMENT_PATH) && start.contains(r#""validatorUrl": "none""#),
        "{start}"
    );
    for asset in [
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-ui-standalone-preset.js",
        "swagger-initializer.js",
    ] {
        assert_eq!(get(&format!("/api/docs/{asset}")).await.0, 200, "{asset}");
    }
}
