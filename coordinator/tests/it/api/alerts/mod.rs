//! Alerts over the API.
//!
//! Owns a server that has some, and calling it as somebody.

mod bulk;
mod change;
mod export;
mod list;
mod reveal;
mod risk;

use coordinator::domain::roles::Role;
use coordinator::store::alerts::{self, NewAlert};
use coordinator::store::clock;
use reqwest::Method;
use serde_json::Value;
use shared::finding::Severity;
use shared::ids::{AlertId, JobId};

use crate::support::db;
use crate::support::rows::alert;
use crate::support::server::{Answer, Server};
use crate::support::site::Site;

pub(super) const LIST: &str = "/api/v1/alerts";

/// A server, and somebody of each role that matters.
pub(super) struct Office {
    pub(super) server: Server,
    pub(super) admin: String,
    pub(super) analyst: String,
    pub(super) ids: Vec<AlertId>,
}

/// A server that starts with these alerts.
pub(super) async fn office(new: Vec<NewAlert>) -> Office {
    office_at(Site::embedded(), new).await
}

/// The same at a site.
pub(super) async fn office_at(site: Site, new: Vec<NewAlert>) -> Office {
    let store = db::connect(site.database_url()).await.unwrap();
    store.migrate().await.unwrap();
    let raising = store.write(move |c| {
        let now = clock::now(c)?;
        let mut ids = Vec::new();
        for (one, later) in new.iter().zip(0..) {
            let at = now + std::time::Duration::from_secs(later);
            ids.push(alerts::raise(c, &[one], at)?.remove(0).alert);
        }
        Ok(ids)
    });
    let ids = raising.await.unwrap();
    drop(store);
    let server = Server::start_at(site).await;
    Office {
        admin: server.token(Role::Admin).await,
        analyst: server.token(Role::Analyst).await,
        server,
        ids,
    }
}

/// So many alerts, each of another leak.
pub(super) fn several(count: usize) -> Vec<NewAlert> {
    (0..count)
        .map(|n| {
            let severity = Severity::ALL[n % Severity::ALL.len()];
            alert(&format!("m{n}"), JobId::fresh(), severity)
        })
        .collect()
}

impl Office {
    pub(super) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send_seen(method, path, body, None).await
    }

    pub(super) async fn send_seen(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        seen: Option<&str>,
    ) -> Answer {
        let mut request = self.server.request(method, path).bearer_auth(&self.admin);
        if let Some(seen) = seen {
            request = request.header("if-match", seen);
        }
        Answer::to(request.json(body)).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.server.get_as(&self.admin, path).await
    }

    /// The path of the alert that was raised as the `n`th.
    pub(super) fn path(&self, n: usize) -> String {
        format!("{LIST}/{}", self.ids[n])
    }

    /// The ids on a page, in order.
    pub(super) async fn listed(&self, query: &str) -> Vec<String> {
        let page = self.get(&format!("{LIST}?{query}")).await.json(200);
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    }
}
