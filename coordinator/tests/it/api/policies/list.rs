//! `GET /api/v1/policies`.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};

use super::{PATH, cards};
use crate::support::server::Server;

fn names(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|policy| policy["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn policies_are_listed_highest_priority_first_page_by_page() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    server.post_as(&token, PATH, &cards()).await.json(201);
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("{PATH}?limit=2{cursor}");
        let page = server.get_as(&token, &path).await.json(200);
        assert_eq!(page["total"], 6);
        walked.extend(names(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(
        walked,
        [
            "Cards",
            "Secrets and keys",
            "Payment cards",
            "National identity numbers",
            "Personal contact details in bulk",
            "Everything likely",
        ]
    );
}

#[tokio::test]
async fn policies_are_chosen_by_mode_and_name_and_no_search_is_sql() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    server.post_as(&token, PATH, &cards()).await.json(201);
    for (query, expected) in [
        ("mode=enforce", vec!["Cards"]),
        ("mode=off", vec![]),
        ("search=card", vec!["Cards", "Payment cards"]),
        ("search=card&mode=simulate", vec!["Payment cards"]),
        ("search=%27%20OR%201%3D1--", vec![]),
        ("search=cards%27)%3B%20DROP%20TABLE%20policies%3B--", vec![]),
    ] {
        let page = server
            .get_as(&token, &format!("{PATH}?{query}"))
            .await
            .json(200);
        assert_eq!(names(&page), expected, "{query}");
    }
    assert_eq!(server.get_as(&token, PATH).await.json(200)["total"], 6);
    let first = server
        .get_as(&token, &format!("{PATH}?limit=1"))
        .await
        .json(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    for (query, code) in [
        ("mode=zanarkand".to_owned(), "invalid"),
        (format!("search={}", "x".repeat(201)), "invalid"),
        ("limit=0".to_owned(), "invalid"),
        ("cursor=zanarkand".to_owned(), "invalid_cursor"),
        (format!("mode=enforce&cursor={cursor}"), "invalid_cursor"),
    ] {
        let refused = server.get_as(&token, &format!("{PATH}?{query}")).await;
        let problem = refused.problem(400, code);
        assert!(!problem.to_string().contains("zanarkand"), "{problem}");
    }
    assert_eq!(first["items"][0].get("warnings"), None, "{}", json!(first));
}
