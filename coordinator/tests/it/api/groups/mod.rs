//! `/api/v1/groups`.

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};
use shared::ids::PeopleGroupId;

use crate::support::server::{Answer, Server};

const PATH: &str = "/api/v1/groups";

fn finance() -> Value {
    json!({"name": "Finance", "members": ["U2", "U1", "U2"]})
}

async fn send(server: &Server, method: Method, path: &str, token: &str, body: &Value) -> Answer {
    let request = server.request(method, path).bearer_auth(token);
    Answer::to(request.json(body)).await
}

#[tokio::test]
async fn a_group_is_made_listed_replaced_and_deleted() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let made = server.post_as(&token, PATH, &finance()).await;
    assert_eq!(made.headers["etag"], "\"1\"");
    let path = made.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(made.json(201)["members"], json!(["U1", "U2"]));
    let list = server.get_as(&token, PATH).await.json(200);
    assert_eq!(
        (&list["total"], &list["items"][0]["members"]),
        (&json!(1), &json!(2))
    );
    let other = json!({"name": "Sales", "members": []});
    let late = server.request(Method::PUT, &path).bearer_auth(&token);
    let late = Answer::to(late.header("if-match", "\"9\"").json(&other)).await;
    late.problem(412, "precondition_failed");
    let replaced = send(&server, Method::PUT, &path, &token, &other).await;
    assert_eq!(replaced.headers["etag"], "\"2\"");
    assert_eq!(
        server.get_as(&token, &path).await.json(200),
        replaced.json(200)
    );
    assert_eq!(
        send(&server, Method::DELETE, &path, &token, &json!(null))
            .await
            .status,
        204
    );
    server.get_as(&token, &path).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_group_that_a_policy_names_is_not_deleted() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let group = server.post_as(&token, PATH, &finance()).await.json(201)["id"].clone();
    let path = format!("{PATH}/{}", group.as_str().unwrap());
    let policy =
        json!({"name": "Not them", "rules": [{}], "scope": {"exclude": {"groups": [group]}}});
    let policy = server
        .post_as(&token, "/api/v1/policies", &policy)
        .await
        .json(201);
    let refused = send(&server, Method::DELETE, &path, &token, &json!(null)).await;
    assert_eq!(
        refused.problem(409, "conflict")["detail"],
        "policies name it: “Not them”; take it out of them first"
    );
    let policy = format!("/api/v1/policies/{}", policy["id"].as_str().unwrap());
    assert_eq!(
        send(&server, Method::DELETE, &policy, &token, &json!(null))
            .await
            .status,
        204
    );
    assert_eq!(
        send(&server, Method::DELETE, &path, &token, &json!(null))
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn names_are_taken_once() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    server.post_as(&token, PATH, &finance()).await.json(201);
    server
        .post_as(&token, PATH, &finance())
        .await
        .problem(409, "conflict");
    let sales = json!({"name": "Sales", "members": []});
    let sales = server.post_as(&token, PATH, &sales).await.json(201);
    let path = format!("{PATH}/{}", sales["id"].as_str().unwrap());
    let renamed = send(&server, Method::PUT, &path, &token, &finance()).await;
    renamed.problem(409, "conflict");
}

#[tokio::test]
async fn what_is_no_group_is_refused_with_everything_that_is_wrong() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let draft = json!({"name": "a\nb", "members": ["U1", "@zanarkand", 7], "zanarkand": 1});
    let refused = server
        .post_as(&token, PATH, &draft)
        .await
        .problem(422, "unusable");
    assert_eq!(
        refused["errors"],
        json!([
            "`name`: give a text of 1 to 200 characters on one line",
            "`members[1]`: give a person's id as Slack writes it, such as U0123",
            "`members[2]`: give a person's id as Slack writes it, such as U0123",
            "1 fields are not known here; there are name, members",
        ])
    );
    let ids = |count: usize| (0..count).map(|at| format!("U{at}")).collect::<Vec<_>>();
    let many = json!({"name": "many", "members": ids(5_000)});
    let made = server.post_as(&token, PATH, &many).await.json(201);
    assert_eq!(made["members"].as_array().unwrap().len(), 5_000);
    let more = json!({"name": "more", "members": ids(5_001)});
    let refused = server
        .post_as(&token, PATH, &more)
        .await
        .problem(422, "unusable");
    assert_eq!(refused["errors"], json!(["`members`: give at most 5000"]));
}

#[tokio::test]
async fn only_an_admin_changes_groups_and_unknown_ones_are_not_there() {
    let server = Server::start().await;
    let analyst = server.token(Role::Analyst).await;
    server
        .post_as(&analyst, PATH, &finance())
        .await
        .problem(403, "forbidden");
    let token = server.token(Role::Admin).await;
    for id in [PeopleGroupId::fresh().to_string(), "x".to_owned()] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = send(&server, method, &format!("{PATH}/{id}"), &token, &finance()).await;
            answer.problem(404, "not_found");
        }
    }
}
