//! What holds for every list: only its own cursors are good, and no parameter reaches the database as a command.
//!
//! Owns no list: which there are is read off the API's description.

use std::collections::BTreeMap;

use coordinator::api::cursor::CursorKey;
use coordinator::domain::roles::Role;
use coordinator::store::Position;
use reqwest::Method;
use serde_json::{Value, json};
use shared::ids::JobId;
use shared::seal::KeyRing;
use url::form_urlencoded::byte_serialize;
use uuid::Uuid;

use crate::support::server::{Answer, Server};
use crate::support::site::Site;

/// What ends a string, a statement or a search somewhere, or is no text for some database.
const HOSTILE: [&str; 22] = [
    "'",
    "\"",
    "\\",
    "%",
    "_%",
    "';--",
    "') OR 1=1 --",
    "'; DROP TABLE users; --",
    "x' UNION SELECT password_hash FROM users --",
    "(SELECT pg_sleep(0))",
    "\0",
    "a\0b",
    "created_at; SELECT 1",
    "-created_at,id DESC",
    "a & | ! ( <-> :*",
    "\"a b\" NEAR(a b) col:a -a ^a *",
    "$1 ?1 :name",
    "\u{202e}\u{feff}\u{ffff}",
    "-99999999999999999999999999",
    "1e999",
    "+262142-12-31T23:59:59Z",
    "-262143-01-01T00:00:00Z",
];

/// A list, with something in place of its path's variable.
struct List {
    path: String,
    /// The names of its parameters, of all but the page's.
    filters: Vec<String>,
    /// Whether it comes in pages.
    paged: bool,
}

/// A server with an alert and a webhook, whose own lists need one.
struct Office {
    server: Server,
    admin: String,
    alert: String,
    webhook: String,
}

async fn office(site: Site) -> Office {
    let server = Server::start_at(site).await;
    let admin = server.token(Role::Admin).await;
    let event =
        json!({"source": "fw", "event_type": "scan", "severity": "HIGH", "description": "made up"});
    server
        .post_as(&admin, "/api/v1/events", &event)
        .await
        .json(201);
    let alerts = server.get_as(&admin, "/api/v1/alerts").await.json(200);
    let webhook = json!({"name": "siem", "url": "https://hooks.example.org/weir"});
    let made = server.post_as(&admin, "/api/v1/webhooks", &webhook).await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    Office {
        alert: id(&alerts["items"][0]),
        webhook: id(&made.json(201)),
        server,
        admin,
    }
}

impl Office {
    async fn get(&self, path: &str) -> Answer {
        self.server.get_as(&self.admin, path).await
    }

    /// Every route that is asked with a query.
    async fn lists(&self) -> Vec<List> {
        let document = self.get("/api/openapi.json").await.json(200);
        let paths = document["paths"].as_object().unwrap();
        let asked = paths
            .iter()
            // Where Slack sends browsers back to is no list.
            .filter(|(path, _)| path.starts_with("/api/"))
            .filter_map(|(path, item)| Some((path, item.get("get")?)));
        asked
            .filter_map(|(path, operation)| self.list(path, operation))
            .collect()
    }

    fn list(&self, path: &str, operation: &Value) -> Option<List> {
        let id = match path {
            _ if path.starts_with("/api/v1/alerts/{id}") => &self.alert,
            _ if path.starts_with("/api/v1/webhooks/{id}") => &self.webhook,
            _ => "",
        };
        let parameters = operation["parameters"].as_array()?.iter();
        let names: Vec<&str> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let of_page = |name: &&str| ["cursor", "limit"].contains(name);
        let filters = names.iter().filter(|name| !of_page(name));
        (!names.is_empty()).then(|| List {
            path: path.replace("{id}", id),
            filters: filters.map(|name| (*name).to_owned()).collect(),
            paged: names.contains(&"cursor"),
        })
    }
}

/// Of every list: a cursor that is its own is good; whatever was done to it, it is not any more.
#[tokio::test]
async fn a_list_takes_its_own_cursors_and_no_others() {
    let office = office(Site::embedded()).await;
    let ring = KeyRing::load(&office.server.site.folder().join("keyring.json")).unwrap();
    let key = CursorKey::new(&coordinator::keys::token_keys(&ring).unwrap().cursor);
    let place = Position {
        key: i64::MAX / 2,
        id: JobId::fresh().as_uuid(),
    };
    let lists = office.lists().await;
    let paged: Vec<&List> = lists.iter().filter(|list| list.paged).collect();
    assert!(paged.len() >= 12, "{}", paged.len());
    for List { path, .. } in paged {
        let own = key.seal(&format!("{path}?"), place);
        let good = office.get(&format!("{path}?cursor={own}")).await;
        assert_eq!(good.status, 200, "{path}");
        for other in [
            altered(&own, 0),
            altered(&own, own.len() / 2),
            altered(&own, own.len() - 1),
            own.get(..own.len() - 2).unwrap().to_owned(),
            format!("{own}AA"),
            key.seal("/api/v1/nothing?", place),
            key.seal(&format!("{path}?search=x"), place),
            CursorKey::new(&[7; 32]).seal(&format!("{path}?"), place),
            Uuid::nil().to_string(),
            String::new(),
        ] {
            let refused = office.get(&format!("{path}?cursor={other}")).await;
            assert_eq!(refused.status, 400, "{path} {other}");
            refused.problem(400, "invalid_cursor");
        }
    }
}

/// The same with another character at this place.
fn altered(cursor: &str, at: usize) -> String {
    let mut bytes = cursor.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'Q' { b'g' } else { b'Q' };
    String::from_utf8(bytes).unwrap()
}

async fn no_parameter_is_a_command(site: Site) {
    let office = office(site).await;
    let before = totals(&office).await;
    let mut asked = 0;
    for list in office.lists().await {
        for name in &list.filters {
            for hostile in HOSTILE {
                let value: String = byte_serialize(hostile.as_bytes()).collect();
                let path = format!("{}?{name}={value}", list.path);
                let answer = office.get(&path).await;
                let refused = name == "ordering" || hostile.contains('\0');
                let understood = answer.status == 200 && !refused;
                assert!(
                    understood || answer.status == 400,
                    "{path}: {}",
                    answer.status
                );
                if answer.status == 400 {
                    assert_eq!(
                        answer.headers["content-type"], "application/problem+json",
                        "{path}"
                    );
                }
                assert!(!answer.text().contains("$argon2"), "{path}");
                asked += 1;
            }
        }
    }
    assert!(asked >= 30 * HOSTILE.len(), "{asked}");
    assert_eq!(totals(&office).await, before);
    let log = office.server.log();
    assert!(!log.contains("request failed"), "{log}");
}

/// How many there are of what asking does not change.
async fn totals(office: &Office) -> BTreeMap<String, u64> {
    let mut totals = BTreeMap::new();
    for list in office.lists().await {
        if list.paged && !list.path.starts_with("/api/v1/audit") {
            let page = office.get(&list.path).await.json(200);
            totals.insert(list.path, page["total"].as_u64().unwrap());
        }
    }
    assert_eq!(totals["/api/v1/users"], 4);
    totals
}

#[tokio::test]
async fn no_parameter_is_a_command_to_sqlite() {
    no_parameter_is_a_command(Site::embedded()).await;
}

#[tokio::test]
async fn no_parameter_is_a_command_to_postgres() {
    no_parameter_is_a_command(Site::on(BTreeMap::new()).await).await;
}

/// Twice the same parameter, or one that is not known, would otherwise be passed over in silence.
#[tokio::test]
async fn a_parameter_that_is_not_known_or_given_twice_is_refused() {
    let office = office(Site::embedded()).await;
    for list in office.lists().await {
        for query in ["filtre=x", "limit=1&limit=2", "%00=1"] {
            let path = format!("{}?{query}", list.path);
            let request = office.server.request(Method::GET, &path);
            let answer = Answer::to(request.bearer_auth(&office.admin)).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_length_or_a_time_that_is_none_is_refused_with_what_to_give() {
    let office = office(Site::embedded()).await;
    for (query, told) in [
        ("alerts?limit=1000", "`limit`: give a number from 1 to 100"),
        (
            "audit/events?limit=ten",
            "`limit`: give a number from 1 to 100",
        ),
        (
            "audit/events?created_after=yesterday",
            "give one such as 2026-11-21T08:00:00Z",
        ),
        (
            "findings?scan=first",
            "/api/openapi.json says what each parameter takes",
        ),
    ] {
        let request = office
            .server
            .request(Method::GET, &format!("/api/v1/{query}"));
        let answer = Answer::to(request.bearer_auth(&office.admin)).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert!(answer.text().contains(told), "{query}: {}", answer.text());
    }
}
