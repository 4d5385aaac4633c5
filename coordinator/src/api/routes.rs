//! Every route: which path and method leads to which handler.
//!
//! Owns the list, by area. What a route needs stands in its handler's type; mounting is for `route_table`.
//! **Invariant:** where a path could be taken for another's variable, it stands before it.

use super::route_table::{RouteEntry, RouteTable};
use super::{health, internal, openapi, slack, v1};

/// Every route.
pub fn routes() -> RouteTable {
    let areas = [
        service(),
        accounts(),
        rules(),
        scans(),
        alerts(),
        records(),
        of_nodes(),
    ];
    RouteTable::new(areas.into_iter().flatten().collect())
}

/// What is not the REST API proper: health, Slack, documents.
fn service() -> Vec<RouteEntry> {
    vec![
        RouteEntry::get("/healthz", health::alive),
        RouteEntry::get("/readyz", health::ready),
        RouteEntry::get("/metrics", health::metrics),
        RouteEntry::post("/slack/events", slack::events::receive),
        RouteEntry::post("/slack/interactivity", slack::interactivity::receive),
        RouteEntry::post("/slack/commands", slack::commands::receive),
        RouteEntry::get("/slack/install", slack::install::begin),
        RouteEntry::get("/slack/oauth/callback", slack::install::finish),
        RouteEntry::get("/api/docs", openapi::to_the_page),
    ]
}

/// People and programs that sign in.
fn accounts() -> Vec<RouteEntry> {
    vec![
        RouteEntry::post("/api/v1/auth/register", v1::auth::register),
        RouteEntry::post("/api/v1/auth/login", v1::auth::login),
        RouteEntry::post("/api/v1/auth/refresh", v1::auth::refresh),
        RouteEntry::post("/api/v1/auth/logout", v1::auth::logout),
        RouteEntry::post("/api/v1/auth/logout-all", v1::auth::logout_all),
        RouteEntry::get("/api/v1/auth/me", v1::auth::me),
        RouteEntry::post("/api/v1/auth/password", v1::auth::change_password),
        RouteEntry::post("/api/v1/auth/password/forgot", v1::auth::forgot),
        RouteEntry::post("/api/v1/auth/password/reset", v1::auth::reset),
        RouteEntry::get("/api/v1/users", v1::users::list),
        RouteEntry::post("/api/v1/users", v1::users::create),
        RouteEntry::get("/api/v1/users/{id}", v1::users::get),
        RouteEntry::patch("/api/v1/users/{id}", v1::users::change),
        RouteEntry::post(
            "/api/v1/users/{id}/reset-password",
            v1::users::reset_password,
        ),
        RouteEntry::get("/api/v1/tokens", v1::tokens::list),
        RouteEntry::post("/api/v1/tokens", v1::tokens::create),
        RouteEntry::delete("/api/v1/tokens/{id}", v1::tokens::revoke),
    ]
}

/// What is looked for, and what follows.
fn rules() -> Vec<RouteEntry> {
    vec![
        RouteEntry::get("/api/v1/detectors", v1::detectors::list),
        RouteEntry::post("/api/v1/detectors", v1::detectors::create),
        RouteEntry::post("/api/v1/detectors/test", v1::detectors::test),
        RouteEntry::get("/api/v1/detectors/{id}", v1::detectors::get),
        RouteEntry::put("/api/v1/detectors/{id}", v1::detectors::replace),
        RouteEntry::patch("/api/v1/detectors/{id}", v1::detectors::change),
        RouteEntry::delete("/api/v1/detectors/{id}", v1::detectors::delete),
        RouteEntry::get("/api/v1/policies", v1::policies::list),
        RouteEntry::post("/api/v1/policies", v1::policies::create),
        RouteEntry::post("/api/v1/policies/simulate", v1::policies::simulate_draft),
        RouteEntry::get("/api/v1/policies/{id}", v1::policies::get),
        RouteEntry::put("/api/v1/policies/{id}", v1::policies::replace),
        RouteEntry::patch("/api/v1/policies/{id}", v1::policies::change),
        RouteEntry::delete("/api/v1/policies/{id}", v1::policies::delete),
        RouteEntry::post("/api/v1/policies/{id}/simulate", v1::policies::simulate),
        RouteEntry::get("/api/v1/groups", v1::groups::list),
        RouteEntry::post("/api/v1/groups", v1::groups::create),
        RouteEntry::get("/api/v1/groups/{id}", v1::groups::get),
        RouteEntry::put("/api/v1/groups/{id}", v1::groups::replace),
        RouteEntry::delete("/api/v1/groups/{id}", v1::groups::delete),
        RouteEntry::get("/api/v1/suppressions", v1::suppressions::list),
        RouteEntry::post("/api/v1/suppressions", v1::suppressions::create),
        RouteEntry::get("/api/v1/suppressions/{id}", v1::suppressions::get),
        RouteEntry::patch("/api/v1/suppressions/{id}", v1::suppressions::change),
        RouteEntry::delete("/api/v1/suppressions/{id}", v1::suppressions::end),
    ]
}

/// What was scanned, and what was found.
fn scans() -> Vec<RouteEntry> {
    vec![
        RouteEntry::post("/api/v1/scans", v1::scans::create),
        RouteEntry::get("/api/v1/scans", v1::scans::list),
        RouteEntry::get("/api/v1/scans/{id}", v1::scans::get),
        RouteEntry::get("/api/v1/messages", v1::messages::list),
        RouteEntry::get("/api/v1/messages/{id}", v1::messages::get),
        RouteEntry::get("/api/v1/findings", v1::findings::list),
    ]
}

/// What people work on, and who else is told.
fn alerts() -> Vec<RouteEntry> {
    vec![
        RouteEntry::get("/api/v1/alerts", v1::alerts::list),
        RouteEntry::post("/api/v1/alerts/bulk", v1::alerts::change_all),
        RouteEntry::get("/api/v1/alerts/export", v1::alerts::export),
        RouteEntry::get("/api/v1/alerts/{id}", v1::alerts::get),
        RouteEntry::patch("/api/v1/alerts/{id}", v1::alerts::change),
        RouteEntry::post("/api/v1/alerts/{id}/accept-risk", v1::alerts::accept_risk),
        RouteEntry::get("/api/v1/alerts/{id}/activity", v1::alerts::activity),
        RouteEntry::post("/api/v1/alerts/{id}/assign", v1::alerts::assign),
        RouteEntry::post("/api/v1/alerts/{id}/comments", v1::alerts::comment),
        RouteEntry::get("/api/v1/alerts/{id}/occurrences", v1::alerts::occurrences),
        RouteEntry::patch("/api/v1/alerts/{id}/status", v1::alerts::set_status),
        RouteEntry::post("/api/v1/alerts/{id}/release", v1::alerts::release::release),
        RouteEntry::post("/api/v1/alerts/{id}/reveal", v1::alerts::reveal::reveal),
        RouteEntry::post("/api/v1/events", v1::events::create),
        RouteEntry::get("/api/v1/events", v1::events::list),
        RouteEntry::post("/api/v1/events/batch", v1::events::create_batch),
        RouteEntry::get("/api/v1/events/{id}", v1::events::get),
        RouteEntry::get("/api/v1/webhooks", v1::webhooks::list),
        RouteEntry::post("/api/v1/webhooks", v1::webhooks::create),
        RouteEntry::get("/api/v1/webhooks/{id}", v1::webhooks::get),
        RouteEntry::patch("/api/v1/webhooks/{id}", v1::webhooks::change),
        RouteEntry::delete("/api/v1/webhooks/{id}", v1::webhooks::delete),
        RouteEntry::post(
            "/api/v1/webhooks/{id}/rotate-secret",
            v1::webhooks::rotate_secret,
        ),
        RouteEntry::post("/api/v1/webhooks/{id}/test", v1::webhooks::test),
        RouteEntry::get("/api/v1/webhooks/{id}/deliveries", v1::webhooks::deliveries),
        RouteEntry::post("/api/v1/mail/test", v1::mail::test),
        RouteEntry::get("/api/v1/mail/test/{id}", v1::mail::get),
    ]
}

/// What was done, what is known of whom, and how it all goes.
fn records() -> Vec<RouteEntry> {
    vec![
        RouteEntry::get("/api/v1/audit/events", v1::audit::list),
        RouteEntry::post("/api/v1/audit/events", v1::audit::record),
        RouteEntry::post("/api/v1/audit/events/batch", v1::audit::record_batch),
        RouteEntry::get("/api/v1/audit/events/{id}", v1::audit::get),
        RouteEntry::get("/api/v1/audit/export", v1::audit::export),
        RouteEntry::get("/api/v1/audit/keys", v1::audit::keys),
        RouteEntry::get("/api/v1/audit/verify", v1::audit::verify),
        RouteEntry::post("/api/v1/privacy/export", v1::privacy::export),
        RouteEntry::post("/api/v1/privacy/erase", v1::privacy::erase),
        RouteEntry::post("/api/v1/privacy/users/export", v1::privacy::export_user),
        RouteEntry::post("/api/v1/privacy/users/erase", v1::privacy::erase_user),
        RouteEntry::get("/api/v1/stats", v1::stats::get),
        RouteEntry::get("/api/v1/workspaces", v1::workspaces::list),
        RouteEntry::post("/api/v1/workspaces", v1::workspaces::create),
        RouteEntry::get("/api/v1/workspaces/{id}", v1::workspaces::get),
        RouteEntry::patch("/api/v1/workspaces/{id}", v1::workspaces::change),
        RouteEntry::get("/api/v1/backfills", v1::backfills::list),
        RouteEntry::post("/api/v1/backfills", v1::backfills::create),
        RouteEntry::get("/api/v1/backfills/{id}", v1::backfills::get),
        RouteEntry::post("/api/v1/backfills/{id}/cancel", v1::backfills::cancel),
        RouteEntry::get("/api/v1/nodes", v1::nodes::list),
        RouteEntry::get("/api/v1/queue", v1::queue::status),
    ]
}

/// What our own nodes call.
fn of_nodes() -> Vec<RouteEntry> {
    vec![
        RouteEntry::get(
            "/internal/v1/detector-sets/{version}",
            internal::detector_set,
        ),
        RouteEntry::get("/internal/v1/blobs/{id}", internal::blob),
        RouteEntry::post(
            "/internal/v1/slack/{workspace}/file-tickets",
            internal::file_ticket,
        ),
        RouteEntry::post("/internal/v1/nodes/heartbeat", internal::heartbeat),
    ]
}
